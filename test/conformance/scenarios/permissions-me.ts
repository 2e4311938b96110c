/** Custom rules: what somebody is told of their own permissions. */
import { autoKey, field } from '../fields.ts'
import { library } from '../library.ts'
import { as, person } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  await api.table('p_single', [autoKey(), field('title', 'string'), field('note', 'string')], { singleton: true })
  const ann = await person(
    api,
    'ann',
    [
      { collection: 'q_books', fields: ['id', 'title'], permissions: { pages: { _gt: 300 } } },
      { collection: 'q_books', action: 'create', fields: ['title'], presets: { title: 'x', author: 1 } },
      { collection: 'q_books', action: 'update', fields: ['title'], permissions: { pages: { _gt: 300 } }, presets: { price: 1 } },
      { collection: 'q_authors', permissions: null, fields: null },
      { collection: 'p_single', action: 'update', fields: ['title'], presets: { note: 'n' } },
    ],
    [
      { collection: 'q_books', fields: ['pages'] },
      { collection: 'q_books', action: 'create', fields: ['pages'], presets: { pages: 1, title: 'y', tags: ['$CURRENT_USER'] } },
      { collection: 'q_books', action: 'update', fields: ['*'], permissions: { pages: { _eq: 200 } } },
      { collection: 'q_books', action: 'delete', fields: [], permissions: { id: { _eq: 2 } } },
      { collection: 'q_books', action: 'share', fields: [] },
      { collection: 'q_genres', fields: [] },
    ],
  )
  const none = await person(api, 'none')
  const nobody = as(api, 'nobody', null)
  const admin = as(api, 'admin', api.target.admin.token)
  const keep = (body: { data?: Record<string, unknown> }) =>
    body.data && Object.fromEntries(Object.entries(body.data).filter(([name]) => /^[qp]_/.test(name)))

  api.proves('permissions: permissions-me')
  await ann.get('/permissions/me', { keep })
  await none.get('/permissions/me')
  await nobody.get('/permissions/me')
  await admin.get('/permissions/me', { keep: (body) => (Object.keys(body.data).length > 20 ? 'every collection' : body) })

  api.proves('permissions: item-check')
  for (const who of [ann, none, nobody, admin]) {
    for (const path of [
      'q_books/1',
      'q_books/2',
      'q_books/3',
      'q_books/99',
      'q_books/x',
      'q_books',
      'nope/1',
      'nope',
      'p_single',
      'q_authors/1',
    ])
      await who.get(`/permissions/me/${path}`)
  }
}

export default scenario

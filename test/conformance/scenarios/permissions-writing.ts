/** Custom rules: what may be written, and with which values. */
import { autoKey, field } from '../fields.ts'
import { library } from '../library.ts'
import { give, type Person, person, policy } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  await api.table('p_notes', [
    autoKey(),
    field('title', 'string'),
    field('pages', 'integer'),
    field('price', 'decimal', { schema: { numeric_precision: 10, numeric_scale: 2 } }),
    field('tags', 'csv'),
    field('published', 'date'),
    field('sold', 'timestamp'),
    field('author', 'integer'),
  ])
  await api.relate('p_notes', 'author', 'q_authors')
  await api.seed('p_notes', [
    { title: 'Kristin', author: 1, pages: 900 },
    { title: 'Atom Station', author: 2, pages: 200 },
    { title: 'Sagas' },
    { title: 'Letters', author: 3, pages: 200 },
    { title: 'Olav', author: 1, pages: 500 },
  ])
  const titles = { collection: 'p_notes', fields: ['id', 'title', 'pages'] }
  const path = '/items/p_notes'
  let n = 0
  /** The same again, told apart. */
  const again = () => `#${++n}`

  const maker = await person(
    api,
    'maker',
    [titles],
    [
      {
        collection: 'p_notes',
        action: 'create',
        fields: ['title', 'pages'],
        presets: { title: 'preset', price: 7.5, tags: ['a'], pages: 10 },
      },
    ],
  )
  api.proves('permissions: presets')
  await maker.post(path, {})
  await maker.post(path, { title: 'mine' })
  await maker.post(path, { title: null, pages: null })
  await maker.post(path, { price: 8 })
  await maker.post(path, { title: 'x', price: null })
  await maker.post(path, [{ title: 'one' }, { title: 'two', pages: 3 }])
  await maker.post(path, [{ title: 'three' }, { price: 3 }])
  await api.get(`${path}?filter[id][_gt]=5&sort=id&fields=title,pages,price,tags`, { label: 'what was made' })

  api.proves('permissions: field-list-write', 'access: unknown-write')
  await maker.post(path, { title: 'x', nope: 1 })
  await maker.post(path, { id: 77, title: 'x' })
  const starMaker = await person(api, 'star maker', [titles, { collection: 'p_notes', action: 'create' }])
  await starMaker.post(path, { title: 'x', nope: 1 }, { mask: ['data.id'] })
  await starMaker.post(path, { id: 78, title: 'x' })
  const emptyMaker = await person(api, 'empty maker', [{ collection: 'p_notes', action: 'create', fields: [] }])
  await emptyMaker.post(path, {})
  await emptyMaker.post(path, { title: 'x' })
  await api.get(`${path}?aggregate[count]=*`, { label: 'how many there are' })

  api.proves('permissions: by-query', 'access: write-without-read')
  const blind = await person(api, 'blind', [
    { collection: 'p_notes', action: 'create' },
    { collection: 'p_notes', action: 'update' },
    { collection: 'p_notes', action: 'delete' },
  ])
  await blind.post(path, { title: 'unseen' })
  await blind.post(path, [{ title: 'unseen' }])
  await blind.patch(`${path}/1`, { pages: 901 })
  await blind.patch(path, { keys: [1, 2], data: { pages: 902 } })
  await blind.patch(path, [{ id: 1, pages: 903 }])
  await blind.patch(path, { query: { filter: { id: { _eq: 1 } } }, data: { pages: 904 } })
  await blind.call('DELETE', path, { label: 'by query', body: { query: { filter: { title: { _eq: 'unseen' } } } } })
  await blind.call('DELETE', path, { label: 'by keys', body: [3] })
  await blind.delete(`${path}/4`)
  await api.get(`${path}?fields=id,pages&filter[id][_lt]=6&sort=id`, { label: 'what the blind did' })
  await api.call('DELETE', path, { setup: true, body: [3, 4] })
  await api.seed('p_notes', [
    { id: 3, title: 'Sagas' },
    { id: 4, title: 'Letters', pages: 200, author: 3 },
  ])

  api.proves('permissions: validation', 'access: rule-validation')
  const strict = await person(
    api,
    'strict',
    [titles],
    [
      {
        collection: 'p_notes',
        action: 'create',
        validation: { _and: [{ pages: { _between: [10, 20] } }, { title: { _contains: 'ok' } }] },
      },
      { collection: 'p_notes', action: 'update', validation: { pages: { _lt: 1000 } } },
    ],
  )
  await strict.post(path, {}, { mask: ['data.id'] })
  await strict.post(path, { title: 'ok' }, { mask: ['data.id'] })
  await strict.post(path, { title: 'ok', pages: 15 }, { mask: ['data.id'] })
  await strict.post(path, { title: 'ok', pages: 9 })
  await strict.post(path, { title: 'ok', pages: 21 })
  await strict.post(path, { title: 'no', pages: 9 })
  await strict.post(path, { title: null, pages: null })
  await strict.patch(`${path}/1`, { pages: 1000 })
  await strict.patch(`${path}/1`, { pages: 999 })
  await strict.patch(`${path}/1`, { title: 'x' })

  api.proves('permissions: all-validations')
  const twice = await person(
    api,
    'twice',
    [titles],
    [
      { collection: 'p_notes', action: 'create', fields: ['title'], validation: { pages: { _gt: 5 } } },
      {
        collection: 'p_notes',
        action: 'update',
        permissions: { id: { _eq: 1 } },
        fields: ['title'],
        validation: { title: { _contains: 'a' } },
      },
    ],
    [
      { collection: 'p_notes', action: 'create', fields: ['pages'], validation: { pages: { _lt: 50 } } },
      {
        collection: 'p_notes',
        action: 'update',
        permissions: { id: { _eq: 2 } },
        fields: ['pages', 'title'],
        validation: { pages: { _lt: 50 } },
      },
    ],
  )
  await twice.post(path, { title: 'a', pages: 20 }, { mask: ['data.id'] })
  await twice.post(path, { title: 'a', pages: 1 })
  await twice.post(path, { title: 'a', pages: 60 })
  await twice.patch(`${path}/1`, { title: 'b' })
  await twice.patch(`${path}/2`, { title: 'b' })
  await twice.patch(`${path}/2`, { pages: 60 })
  await twice.patch(`${path}/2`, { title: 'aa', pages: 6 })

  api.proves('permissions: update-fields', 'access: unknown-write')
  await twice.patch(`${path}/1`, { title: 'ab' })
  await twice.patch(`${path}/1`, { pages: 6 })
  await twice.patch(`${path}/3`, { title: 'ac' })
  await twice.patch(`${path}/3`, {})
  await twice.patch(`${path}/1`, {})
  await twice.patch(`${path}/99`, { title: 'ad' })
  await twice.patch(path, { keys: [1, 2], data: { title: 'ae' } })
  await twice.patch(path, { keys: [1, 2], data: { pages: 7 } })
  await twice.patch(path, { keys: [1, 3], data: { title: 'af' } })
  await twice.patch(path, { keys: [1, 99], data: { title: 'ag' } })
  await twice.patch(path, [
    { id: 1, title: 'ah' },
    { id: 2, pages: 8 },
  ])
  await twice.patch(path, [
    { id: 1, title: 'ai' },
    { id: 3, title: 'ai' },
  ])
  await api.get(`${path}?fields=id,title,pages&filter[id][_lt]=6&sort=id`, { label: 'after updates' })

  const owner = await person(api, 'owner', [
    titles,
    { collection: 'p_notes', action: 'update', permissions: { pages: { _lt: 250 } }, fields: ['title', 'pages'] },
    { collection: 'p_notes', action: 'delete', permissions: { pages: { _lt: 250 } } },
  ])
  api.proves('permissions: many-rows', 'permissions: by-query', 'access: batch-scope')
  await owner.patch(
    path,
    { query: { filter: { id: { _in: [2, 5] } }, sort: ['id'] }, data: { title: 'by query' } },
    { label: 'update by query, one not own' },
  )
  await owner.patch(
    path,
    { query: { filter: { id: { _in: [2, 4] } }, sort: ['id'] }, data: { title: 'by query' } },
    { label: 'update by query, own ones' },
  )
  await owner.patch(path, { query: { filter: { id: { _eq: 5 } } }, data: { title: 'by query' } }, { label: 'update by query, none own' })
  await owner.patch(path, { query: { filter: { id: { _eq: 99 } } }, data: { title: 'by query' } }, { label: 'update by query, none there' })
  await owner.patch(
    path,
    { query: { filter: { price: { _gt: 1 } } }, data: { title: 'by query' } },
    { label: 'update by query, by a field not to be read' },
  )
  await owner.call('DELETE', path, { label: 'delete by query, one not own', body: { query: { filter: { id: { _in: [2, 5] } } } } })
  await owner.call('DELETE', path, { label: 'delete by keys, one not own', body: [2, 5] })
  await owner.call('DELETE', path, { label: 'delete by keys, one missing', body: [2, 99] })
  await owner.delete(`${path}/5`)
  await owner.delete(`${path}/99`)
  await api.get(`${path}?fields=id,title&filter[id][_lt]=6&sort=id`, { label: 'all are there' })
  await owner.call('DELETE', path, { label: 'delete by query, own ones', body: { query: { filter: { id: { _eq: 4 } } } } })
  await owner.call('DELETE', path, { label: 'delete by query, none there', body: { query: { filter: { id: { _eq: 4 } } } } })
  await api.get(`${path}?fields=id,title&filter[id][_lt]=6&sort=id`, { label: 'one is gone' })

  api.proves('permissions: result-out-of-sight')
  const narrow = await person(api, 'narrow', [
    { collection: 'p_notes', permissions: { pages: { _lt: 300 } }, fields: ['id', 'title', 'pages'] },
    { collection: 'p_notes', action: 'create' },
    { collection: 'p_notes', action: 'update' },
  ])
  await narrow.post(path, { title: 'big', pages: 400 })
  await narrow.post(path, { title: 'small', pages: 40 }, { mask: ['data.id'] })
  await narrow.post(path, [{ title: 'big', pages: 400 }])
  await narrow.patch(`${path}/2`, { pages: 401 })
  await narrow.patch(path, { keys: [2, 3], data: { pages: 402 } })
  await narrow.patch(path, { keys: [2, 3], data: { pages: 40 } })
  await narrow.patch(path, [
    { id: 2, pages: 400 },
    { id: 3, pages: 41 },
  ])

  api.proves('permissions: unreadable-answer')
  await narrow.post(`${path}?fields=price`, { title: 'asked', pages: 1 })
  await narrow.post(`${path}?fields=title,nope`, { title: 'asked', pages: 1 })
  await narrow.patch(`${path}/3?fields=price`, { title: 'asked' })
  await narrow.patch(`${path}?fields=price`, { keys: [3], data: { title: 'asked' } })
  await api.get(`${path}?aggregate[count]=*&filter[title][_eq]=asked`, { label: 'asked for' })

  api.proves('permissions: create-scope')
  const scoped = await person(api, 'scoped', [
    titles,
    { collection: 'p_notes', action: 'create', permissions: { pages: { _lt: 300 } } },
    { collection: 'p_notes', action: 'update', permissions: { pages: { _lt: 300 } } },
  ])
  await scoped.post(path, { title: 'out', pages: 500 }, { mask: ['data.id'] })
  await scoped.post(path, { title: 'in', pages: 50 }, { mask: ['data.id'] })
  await scoped.post(
    path,
    [
      { title: 'in', pages: 50 },
      { title: 'out', pages: 500 },
    ],
    { mask: ['data.*.id'] },
  )
  await scoped.patch(`${path}/3`, { pages: 500 })
  await scoped.patch(`${path}/3`, { pages: 50 })
  await scoped.patch(`${path}/3`, { title: 'still in' })

  api.proves('permissions: faults')
  const rule = (await person(api, 'checked', [titles, { collection: 'q_authors' }])) as Person
  const checks = await policy(api, 'checks', [{ collection: 'p_notes', action: 'create' }])
  await give(api, { user: rule.id }, checks)
  const [{ id }] = (await api.get(`/permissions?filter[policy][_eq]=${checks}&fields=id`, { setup: true })).data
  const check = async (validation: object, ...bodies: unknown[]) => {
    await api.patch(`/permissions/${id}`, { validation }, { setup: true })
    for (const body of bodies)
      await rule.post(path, body, {
        label: `${JSON.stringify(validation)} ${JSON.stringify(body)}${again()}`,
        mask: ['data.id', 'data.*.id'],
      })
  }
  await check({ title: { _eq: 'a' } }, { title: 'b' }, { title: 'a' }, { title: null }, {})
  await check({ title: { _neq: 'a' } }, { title: 'a' }, { title: 'b' })
  await check({ pages: { _gt: 1 } }, { pages: 1 }, { pages: 2 }, { pages: null }, { pages: '3' }, { pages: 'x' })
  await check({ pages: { _gte: 1 } }, { pages: 0 })
  await check({ pages: { _lt: 1 } }, { pages: 1 })
  await check({ pages: { _lte: 1 } }, { pages: 2 })
  await check({ pages: { _in: [1, 2] } }, { pages: 3 }, { pages: 2 })
  await check({ pages: { _nin: [1, 2] } }, { pages: 1 }, { pages: 3 })
  await check({ title: { _null: true } }, { title: 'a' }, { title: null }, {})
  await check({ title: { _nnull: true } }, { title: null }, { title: 'a' }, {})
  await check({ title: { _empty: true } }, { title: 'a' }, { title: '' })
  await check({ title: { _nempty: true } }, { title: '' }, { title: 'a' }, {})
  await check({ title: { _contains: 'a' } }, { title: 'b' }, { title: 'A' }, { title: 'bab' })
  await check({ title: { _icontains: 'a' } }, { title: 'b' }, { title: 'A' })
  await check({ title: { _ncontains: 'a' } }, { title: 'bab' }, { title: 'b' })
  await check({ title: { _starts_with: 'a' } }, { title: 'ba' }, { title: 'ab' })
  await check({ title: { _nstarts_with: 'a' } }, { title: 'ab' }, { title: 'ba' })
  await check({ title: { _istarts_with: 'a' } }, { title: 'ba' }, { title: 'Ab' })
  await check({ title: { _ends_with: 'a' } }, { title: 'ab' }, { title: 'ba' })
  await check({ title: { _nends_with: 'a' } }, { title: 'ba' }, { title: 'ab' })
  await check({ pages: { _between: [1, 3] } }, { pages: 0 }, { pages: 4 }, { pages: 2 })
  await check({ pages: { _nbetween: [1, 3] } }, { pages: 2 }, { pages: 4 })
  await check({ title: { _regex: '^a+$' } }, { title: 'b' }, { title: 'aa' })
  await check({ title: { _submitted: true } }, {}, { title: 'a' })
  await check({ published: { _gt: '2000-01-01' } }, { published: '1999-01-01' }, { published: '2001-01-01' })
  await check({ sold: { _lt: '$NOW' } }, { sold: '2999-01-01T00:00:00Z' }, { sold: '1999-01-01T00:00:00Z' })
  await check({ title: { _eq: 'a' }, pages: { _gt: 1 } }, { title: 'b', pages: 1 }, { title: 'b' })
  await check({ _and: [{ title: { _eq: 'a' } }, { pages: { _gt: 1 } }] }, { title: 'b', pages: 1 })
  await check(
    { _or: [{ title: { _eq: 'a' } }, { pages: { _gt: 1 } }] },
    { title: 'b', pages: 1 },
    { title: 'a', pages: 1 },
    { title: 'b' },
    {},
  )
  await check({ _or: [{ _and: [{ title: { _eq: 'a' } }, { pages: { _gt: 1 } }] }, { title: { _eq: 'c' } }] }, { title: 'b', pages: 1 })
  await check({ title: { _starts_with: 'a', _ends_with: 'z' } }, { title: 'b' }, { title: 'ab' })
  await check({ title: { _eq: 'a' } }, [{ title: 'a' }, { title: 'b' }, { title: 'c' }], [{ title: 'a' }])
  await check({ title: { _eq: '$CURRENT_USER.email' } }, { title: 'checked@example.com' }, { title: 'x' })
  await check({}, { title: 'x' })
  await check({ _and: [] }, { title: 'x' })
  await check({ author: { name: { _eq: 'Sigrid' } } }, { author: 1 }, { author: 2 }, {})
}

export default scenario

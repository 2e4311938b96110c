/** What somebody who is no administrator is told of the model: collections, fields and relations that they may read something of. */
import { autoKey, field } from '../fields.ts'
import { library } from '../library.ts'
import { as, give, type Person, person, policy, type Rule } from '../people.ts'
import type { Json, Scenario } from '../runner.ts'

/** Of answers about our tables: their names. */
const named = (body: Json) => {
  if (!Array.isArray(body.data))
    return body.errors ? body.errors.map((error: Json) => error.extensions.code) : (body.data.field ?? body.data.collection)
  return body.data
    .map(({ collection, field: name }: Json) => (name === undefined ? collection : `${collection}.${name}`))
    .filter((name: string) => /^[qp]_/.test(name))
    .sort()
}

/** Of answers about the system's: how many there are is the reference's own affair. */
const system = (body: Json) => {
  if (!Array.isArray(body.data)) return named(body)
  const names: string[] = body.data.flatMap(({ collection }: Json) => (/^directus_/.test(collection) ? [collection] : []))
  return [...new Set(names)]
    .filter((name) => /_(users|roles|policies|access|permissions|collections|fields|relations|activity|revisions)$/.test(name))
    .sort()
}

const scenario: Scenario = async (api) => {
  await library(api)
  await api.post('/collections', { collection: 'p_folder', schema: null, meta: {} }, { setup: true })
  api.owns('p_folder')
  await api.post(
    '/fields/q_books',
    { field: 'p_note', type: 'alias', meta: { special: ['alias', 'no-data'], interface: 'presentation-divider' } },
    { setup: true },
  )
  await api.table('p_grouped', [autoKey(), field('who', 'uuid'), field('loose', 'string')], { group: 'p_folder' })
  await api.relate('p_grouped', 'who', 'directus_users')
  await api.table('p_writable', [autoKey(), field('title', 'string'), field('note', 'string')])

  const rules: Rule[] = [
    { collection: 'q_books', fields: ['id', 'title', 'author', 'comments'] },
    { collection: 'q_authors', fields: ['id', 'name'], permissions: { id: { _eq: 1 } } },
    { collection: 'q_genres', fields: [] },
    { collection: 'q_comments', fields: ['id', 'text'] },
    { collection: 'p_writable', action: 'create', fields: ['title'] },
    { collection: 'p_writable', action: 'update', fields: ['note'] },
  ]
  const more: Rule[] = [{ collection: 'q_books', fields: ['pages'], permissions: { pages: { _gt: 300 } } }]
  const all = ['q_books', 'q_authors', 'q_countries', 'q_books_blocks', 'q_texts'].map((collection): Rule => ({ collection }))
  const told = ['directus_collections', 'directus_fields', 'directus_relations'].map((collection): Rule => ({ collection }))
  const sides: Rule[] = [
    { collection: 'q_books', fields: ['author', 'comments', 'id'] },
    { collection: 'q_authors', fields: ['books', 'country', 'mentor'] },
    { collection: 'q_countries', fields: ['name'] },
    { collection: 'q_comments', fields: ['book'] },
    { collection: 'p_folder', fields: ['*'] },
    { collection: 'p_grouped', fields: ['id', 'who', 'loose'] },
  ]
  const any = (collection: string, ...fields: string[]): Rule => ({ collection, fields })
  const blocks = [any('q_texts', 'body'), any('q_images', 'width')]
  const app = async (name: string, ...lists: Rule[][]) => {
    const who = await person(api, name, ...lists)
    await give(api, { user: who.id }, await policy(api, `${name} app`, [], { app_access: true }))
    return who
  }
  const people: Omit<Person, 'id'>[] = [
    as(api, 'nobody', null),
    await person(api, 'none'),
    await app('app alone'),
    await person(api, 'rules', rules, more),
    await app('app and rules', rules, more),
    await app('app and all', all),
    await app('sides', sides),
    await app('any', [any('q_books_blocks', 'item', 'collection'), ...blocks]),
    await app('any without where', [any('q_books_blocks', 'item'), ...blocks]),
    await app('any one of two', [any('q_books_blocks', 'item', 'collection'), any('q_texts', 'body')]),
    await person(api, 'told', told),
    await person(api, 'told and rules', told, rules, more),
    await person(api, 'told some', rules, [
      { collection: 'directus_collections', permissions: { collection: { _eq: 'q_authors' } } },
      { collection: 'directus_fields', permissions: { field: { _eq: 'id' } } },
      { collection: 'directus_relations', permissions: { id: { _lt: 0 } } },
    ]),
    await person(api, 'told parts', rules, [
      { collection: 'directus_collections', fields: ['collection'] },
      { collection: 'directus_fields', fields: ['field'] },
      { collection: 'directus_relations', fields: [] },
    ]),
    await person(api, 'told nothing', rules, [
      { collection: 'directus_collections', fields: [] },
      { collection: 'directus_fields', fields: [] },
    ]),
    await person(api, 'may write', rules, [
      ...told,
      ...(['create', 'update', 'delete'] as const).flatMap((action) => told.map(({ collection }): Rule => ({ collection, action }))),
    ]),
  ]

  const paths = [
    'collections',
    'collections/q_books',
    'collections/q_genres',
    'collections/q_countries',
    'collections/p_folder',
    'collections/p_writable',
    'collections/p_grouped',
    'collections/nope',
    'collections/directus_users',
    'collections/directus_permissions',
    'fields',
    'fields/q_books',
    'fields/q_genres',
    'fields/q_countries',
    'fields/p_writable',
    'fields/nope',
    'fields/q_books/title',
    'fields/q_books/price',
    'fields/q_books/author',
    'fields/q_books/comments',
    'fields/q_books/p_note',
    'fields/q_books/nope',
    'fields/q_countries/name',
    'fields/nope/nope',
    'fields/directus_users/email',
    'fields/directus_users/token',
    'fields/directus_permissions/policy',
    'relations',
    'relations/q_books',
    'relations/q_comments',
    'relations/q_countries',
    'relations/nope',
    'relations/q_books/author',
    'relations/q_comments/book',
    'relations/q_authors/country',
    'relations/q_authors/mentor',
    'relations/q_books_blocks/item',
    'relations/p_grouped/who',
    'relations/q_books/title',
    'relations/q_books/nope',
    'relations/directus_users/role',
  ]
  api.proves('permissions: model', 'access: own-rules')
  for (const who of people) {
    for (const path of paths) await who.get(`/${path}`, { keep: named })
    for (const path of [
      'collections',
      'fields',
      'relations',
      'fields/directus_users',
      'fields/directus_permissions',
      'relations/directus_users',
    ])
      await who.get(`/${path}`, { label: `system: ${path}`, keep: system })
    await who.search('/collections', { keys: ['q_books', 'q_countries'] }, { keep: named })
    await who.search('/collections', {}, { keep: named })
  }

  api.proves('access: own-rules')
  const writes: [method: string, path: string, body?: unknown][] = [
    ['POST', '/collections', { collection: 'p_made', schema: {} }],
    ['PATCH', '/collections/q_books', { meta: { note: 'x' } }],
    ['PATCH', '/collections', [{ collection: 'q_books', meta: { note: 'x' } }]],
    ['DELETE', '/collections/q_books'],
    ['POST', '/fields/q_books', { field: 'made', type: 'string' }],
    ['PATCH', '/fields/q_books/title', { meta: { note: 'x' } }],
    ['PATCH', '/fields/q_books', [{ field: 'title', meta: { note: 'x' } }]],
    ['DELETE', '/fields/q_books/price'],
    ['POST', '/relations', { collection: 'q_books', field: 'pages', related_collection: 'q_authors' }],
    ['PATCH', '/relations/q_books/author', { meta: { one_field: null } }],
    ['DELETE', '/relations/q_books/author'],
    ['GET', '/schema/snapshot'],
  ]
  for (const who of people.filter(({ token }) => ['', 'token-of-app-and-all', 'token-of-may-write'].includes(token))) {
    for (const [method, path, body] of writes) await who.call(method, path, { body, keep: named })
  }
  await api.get('/fields/q_books', { keep: named, label: 'all is as it was' })
}

export default scenario

/** The database that a reference server made, and what it answered about it: made by record.ts, kept in test/fixtures/adopted.sql. */
import { autoKey, field, key } from '../fields.ts'
import type { Api, Json } from '../runner.ts'
import { signToken } from '../tokens.ts'

/** What the reference server signed its tokens with, and the fixture's server must too. */
export const SECRET = 'adoption-secret-0123456789abcdef0123456789'

const password = 'Adopted-Password-1'
const people = {
  author: { email: 'author@example.com', password, first_name: 'Ada' },
  reader: { email: 'reader@example.com', token: 'adopted-static-token' },
  sleeper: { email: 'sleeper@example.com', password, token: 'adopted-suspended-token', status: 'suspended' },
  second: { email: 'second@example.com', password, token: 'adopted-admin-token' },
}

const alias = (name: string, special: string, relation: string) =>
  field(name, 'alias', { schema: null as unknown as object, meta: { special: [special], interface: relation } })

/** Collections joined by every plain kind of relation, rows with values of every type, users of every kind. */
export async function makeData(api: Api): Promise<void> {
  const setup = { setup: true }
  const make = (collection: string, fields: object[], meta = {}) =>
    api.post('/collections', { collection, schema: {}, meta, fields }, setup)
  await make('ad_countries', [key('code', 'string'), field('name', 'string')])
  await make('ad_authors', [autoKey(), field('name', 'string'), field('country', 'string'), alias('articles', 'o2m', 'list-o2m')])
  await make('ad_tags', [autoKey(), field('word', 'string', { schema: { is_unique: true } })])
  await make(
    'ad_articles',
    [
      field('id', 'uuid', { schema: { is_primary_key: true }, meta: { special: ['uuid'] } }),
      field('title', 'string', { schema: { is_nullable: false } }),
      field('body', 'text'),
      field('author', 'integer'),
      field('status', 'string', { schema: { default_value: 'draft' } }),
      field('words', 'integer'),
      field('views', 'bigInteger'),
      field('price', 'decimal', { schema: { numeric_precision: 10, numeric_scale: 2 } }),
      field('rating', 'float'),
      field('featured', 'boolean', { schema: { default_value: false } }),
      field('day', 'date'),
      field('at', 'time'),
      field('local', 'dateTime'),
      field('published', 'timestamp'),
      field('extra', 'json'),
      field('keywords', 'csv'),
      field('secret', 'string', { meta: { special: ['conceal'] } }),
      field('made_on', 'timestamp', { meta: { special: ['date-created'] } }),
      field('made_by', 'uuid', { meta: { special: ['user-created'] } }),
      alias('tags', 'm2m', 'list-m2m'),
    ],
    { archive_field: 'status', archive_value: 'archived', unarchive_value: 'draft' },
  )
  await make('ad_articles_tags', [autoKey(), field('article', 'uuid'), field('tag', 'integer')], { hidden: true })
  await make('ad_settings', [autoKey(), field('motto', 'string')], { singleton: true })
  const relate = (collection: string, name: string, related: string, meta = {}) =>
    api.post('/relations', { collection, field: name, related_collection: related, meta, schema: { on_delete: 'SET NULL' } }, setup)
  await relate('ad_authors', 'country', 'ad_countries')
  await relate('ad_articles', 'author', 'ad_authors', { one_field: 'articles' })
  await relate('ad_articles', 'made_by', 'directus_users')
  await relate('ad_articles_tags', 'article', 'ad_articles', { one_field: 'tags', junction_field: 'tag' })
  await relate('ad_articles_tags', 'tag', 'ad_tags', { junction_field: 'article' })

  await api.seed('ad_countries', [
    { code: 'NO', name: 'Norway' },
    { code: 'JP', name: '日本' },
  ])
  await api.seed('ad_authors', [
    { name: 'Sigrid', country: 'NO' },
    { name: 'Murasaki', country: 'JP' },
    { name: 'Nobody', country: null },
  ])
  await api.seed('ad_tags', [{ word: 'prose' }, { word: 'old' }])
  const article = (last: number) => `aaaaaaaa-0000-4000-8000-00000000000${last}`
  await api.seed('ad_articles', [
    {
      ...{ id: article(1), title: 'Kristin', body: 'Three volumes.\n"Quoted" \\ é', author: 1, status: 'published', words: 1200 },
      ...{ views: '9007199254740993', price: '12.50', rating: 4.5, featured: true, day: '1920-10-01', at: '07:08:09' },
      ...{
        local: '1920-10-01T12:00:00',
        published: '1920-10-01T12:00:00Z',
        extra: { a: [1, null] },
        keywords: ['long', 'novel'],
        secret: 'x',
      },
      made_on: '2001-02-03T04:05:06Z',
    },
    { id: article(2), title: 'Genji', author: 2, extra: [1, 'two'], keywords: [], views: 0 },
    { id: article(3), title: 'Untold', author: null },
  ])
  await api.seed('ad_articles_tags', [
    { article: article(1), tag: 1 },
    { article: article(1), tag: 2 },
    { article: article(2), tag: 1 },
  ])
  await api.patch('/items/ad_settings', { motto: 'Keep going' }, setup)
  const role = (await api.get('/users/me?fields=role', setup)).data.role
  await api.post('/users', [people.author, people.reader, people.sleeper, { ...people.second, role }], setup)
}

/** What is asked of the server that made the database, and then of ours. */
export async function readData(api: Api): Promise<void> {
  api.proves('design: Point it at a database that the reference made and it serves the same data')
  const mask = ['data.*.made_on']
  for (const path of [
    ...['/items/ad_countries', '/items/ad_authors?sort=id', '/items/ad_authors?fields=*,country.*&sort=id', '/items/ad_tags?sort=-id'],
    ...[
      '/items/ad_articles?sort=id',
      '/items/ad_articles?fields=*&sort=title&meta=*',
      '/items/ad_articles?fields=title,author.country.name&sort=id',
    ],
    ...['/items/ad_articles?filter[author][_eq]=1&fields=id', '/items/ad_articles?filter[featured]=true&fields=title'],
    ...['/items/ad_articles?filter[views][_gt]=1&fields=title', '/items/ad_articles?filter[keywords][_contains]=novel&fields=title'],
    ...['/items/ad_articles_tags?sort=id', '/items/ad_articles_tags?fields=article.title,tag.word&sort=id', '/items/ad_settings'],
    ...['/items/ad_missing', '/items/directus_users'],
  ]) {
    await api.get(path, { mask })
  }
  await api.get('/items/ad_articles/aaaaaaaa-0000-4000-8000-000000000001', { mask: ['data.made_on'] })
  await api.get('/items/ad_articles/aaaaaaaa-0000-4000-8000-000000000009')

  api.proves('design: the meta tables are read as they are')
  for (const name of ['countries', 'authors', 'articles', 'tags', 'articles_tags', 'settings']) {
    await api.get(`/collections/ad_${name}`)
    await api.get(`/fields/ad_${name}`, { mask: ['data.*.meta.id'] })
    await api.get(`/relations/ad_${name}`, { mask: ['data.*.meta.id'] })
  }

  api.proves('design: the same users with the same passwords and tokens')
  const tokens: string[] = []
  for (const [who, { email }] of Object.entries(people)) {
    const answer = await api.post('/auth/login', { email, password }, { label: `login of ${who}`, token: null })
    if (answer.data) tokens.push(answer.data.access_token)
    await api.post('/auth/login', { email, password: 'wrong' }, { label: `login of ${who}, wrong password`, token: null })
  }
  for (const [i, token] of tokens.entries()) await api.get('/users/me?fields=email', { label: `who logged in, ${i + 1}`, token })
  for (const token of [people.reader.token, people.sleeper.token, people.second.token, 'unknown']) {
    await api.get('/users/me?fields=id,email', { label: `users/me with ${token}`, token })
    await api.get('/items/ad_tags', { label: `items with ${token}`, token })
  }
  await api.get('/users/me?fields=email,status,provider,role.name', { label: 'the first administrator', mask: ['data.role.name'] })
  const { id, role } = (await api.get('/users/me?fields=id,role', { setup: true })).data
  const signed = await signToken(api.target.secret, { id, role, app_access: true, admin_access: true })
  await api.get('/users/me?fields=email', { label: 'a token signed with the same secret', token: signed })
  await api.get('/server/info', { label: "the project's name", keep: (body: Json) => body.data.project.project_name })
}

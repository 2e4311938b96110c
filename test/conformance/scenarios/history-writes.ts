/** What activity and revisions tell of writes: flat, nested, with secrets, by collection. */
import { autoKey, field, key } from '../fields.ts'
import type { CallOptions, Json, Scenario } from '../runner.ts'

const alias = (name: string, special: string) => field(name, 'alias', { schema: null as unknown as object, meta: { special: [special] } })
const special = (name: string, type: string, ...specials: string[]) => field(name, type, { meta: { special: specials } })
const headers = { 'user-agent': 'Scenario/1.0', origin: 'https://app.example.com' }

const scenario: Scenario = async (api) => {
  await api.table('c_hist_authors', [autoKey(), field('name', 'string'), alias('books', 'o2m')])
  await api.table('c_hist_tags', [autoKey(), field('word', 'string')])
  await api.table('c_hist_books', [
    autoKey(),
    field('title', 'string'),
    field('pages', 'integer', { schema: { default_value: 7 } }),
    field('views', 'bigInteger'),
    field('out', 'date'),
    field('sold', 'timestamp'),
    field('local', 'dateTime'),
    field('flag', 'boolean'),
    field('tags', 'csv'),
    field('data', 'json'),
    special('made', 'timestamp', 'date-created'),
    special('made_by', 'uuid', 'user-created'),
    field('author', 'integer'),
    alias('words', 'm2m'),
  ])
  await api.table('c_hist_words', [autoKey(), field('book', 'integer'), field('tag', 'integer'), field('sort', 'integer')])
  await api.table('c_hist_kept', [
    autoKey(),
    field('name', 'string'),
    special('changed', 'timestamp', 'date-updated'),
    special('changed_by', 'uuid', 'user-updated'),
  ])
  await api.relate('c_hist_books', 'author', 'c_hist_authors', { one_field: 'books' })
  await api.relate('c_hist_words', 'book', 'c_hist_books', { one_field: 'words', junction_field: 'tag' })
  await api.relate('c_hist_words', 'tag', 'c_hist_tags', { junction_field: 'book' })

  let last = 0
  /** What was told since it was asked the last time, by collection and item: rows of one collection may be written in any order. */
  const told = async (label: string, options: CallOptions = {}) => {
    const fields =
      'action,collection,item,user,user_agent,origin,revisions.data,revisions.delta,revisions.parent.collection,revisions.parent.item'
    const filter = JSON.stringify({ id: { _gt: last }, collection: { _starts_with: 'c_hist' } })
    await api.get(`/activity?filter=${filter}&sort=collection,item,id&fields=${fields}`, { label, ...options })
    last = (await api.get('/activity?sort=-id&limit=1&fields=id', { setup: true })).data[0]?.id ?? 0
  }
  const setup = { setup: true, headers }
  await told('before')

  api.proves('writing: revision-data')
  const given = {
    ...{ title: 'a', views: '12', out: '2020-01-02', sold: '2020-01-02T10:00:00+02:00', local: '2020-01-02T10:00:00' },
    ...{ flag: true, tags: ['x', 'y'], data: { x: [1, null] }, nothing: 5 },
  }
  await api.post('/items/c_hist_books', given, setup)
  await told('a create')
  await api.post('/items/c_hist_books', [{ title: 'b' }, { id: 50, title: null }], setup)
  await told('a create of two')
  await api.post('/items/c_hist_books', {}, setup)
  await told('a create of nothing')

  api.proves('writing: revision-data')
  await api.patch('/items/c_hist_books/1', { title: 'a2', views: '13', tags: ['z'], nothing: 3, id: 9 }, setup)
  await told('an update')
  await api.patch('/items/c_hist_books/1', { title: 'a2' }, setup)
  await told('an update to the same')
  await api.patch('/items/c_hist_books', { keys: [2, 1], data: { pages: 8 } }, setup)
  await told('an update of two')
  await api.patch(
    '/items/c_hist_books',
    [
      { id: 1, title: 'one' },
      { id: 2, pages: 9 },
    ],
    setup,
  )
  await told('a list of updates')
  await api.patch('/items/c_hist_books/1', {}, setup)
  await told('an update of nothing')
  await api.post('/items/c_hist_kept', { name: 'a' }, setup)
  await api.patch('/items/c_hist_kept/1', { name: 'b' }, setup)
  await told('what the server changes along')
  await api.delete('/items/c_hist_books', { body: [50, 2], setup: true, headers })
  await told('a delete')
  await api.patch('/items/c_hist_books/999', { title: 'x' }, setup)
  await api.delete('/items/c_hist_books/999', { setup: true, headers })
  await told('of an item that is not there')

  api.proves('writing: revision-parent')
  await api.post('/items/c_hist_books', { title: 'n', author: { name: 'Ann' }, words: [{ tag: { word: 'w1' } }] }, setup)
  await told('a nested create')
  await api.post('/items/c_hist_authors', { name: 'Bob', books: [{ title: 'by Bob' }, 1] }, setup)
  await told('an author with books')
  await api.patch('/items/c_hist_books/1', { author: { name: 'Cleo' }, title: 'c' }, setup)
  await told('a nested update')
  await api.patch('/items/c_hist_books/1', { author: null }, setup)
  await told('an author taken away')
  await api.patch(
    '/items/c_hist_authors/2',
    { books: { create: [{ title: 'more' }], update: [{ id: 1, title: 'renamed' }], delete: [] } },
    setup,
  )
  await told('a list changed, the item itself not')

  api.proves('writing: revision-masked')
  await api.table('c_hist_secrets', [autoKey(), special('secret', 'string', 'conceal'), special('pin', 'hash', 'hash')])
  await api.post('/items/c_hist_secrets', { secret: 'x', pin: '1234' }, setup)
  await told('a secret made')
  await api.patch('/items/c_hist_secrets/1', { secret: 'y', pin: '12345' }, setup)
  await told('a secret changed')
  await api.patch('/items/c_hist_secrets/1', { secret: null, pin: null }, setup)
  await told('a secret taken away')

  api.proves('writing: accountability')
  for (const [collection, accountability] of [
    ['c_hist_activity', 'activity'],
    ['c_hist_none', null],
  ] as const) {
    await api.table(collection, [autoKey(), field('name', 'string')], { accountability })
    await api.post(`/items/${collection}`, { name: 'a' }, setup)
    await api.patch(`/items/${collection}/1`, { name: 'b' }, setup)
    await api.delete(`/items/${collection}/1`, { setup: true, headers })
    await told(`accountability ${accountability}`)
  }
  await api.table('c_hist_single', [autoKey(), field('name', 'string')], { singleton: true })
  await api.patch('/items/c_hist_single', { name: 'a' }, setup)
  await api.patch('/items/c_hist_single', { name: 'b' }, setup)
  await told('a singleton')
  await api.table('c_hist_texts', [key('slug', 'string'), field('name', 'string')])
  await api.post('/items/c_hist_texts', { slug: 'a/b', name: 'x' }, setup)
  await told('a text key')

  api.proves('writing: revision-data')
  const role = (await api.post('/roles', { name: 'Historian' }, setup)).data.id
  await api.patch(`/roles/${role}`, { name: 'Chronicler' }, setup)
  await api.delete(`/roles/${role}`, setup)
  const about = (path: string) => `${path}?filter[item][_eq]=${role}&sort=id`
  const keep = (body: Json) => body.data.map(({ id: _, activity: __, timestamp: ___, ip: ____, revisions: _____, ...rest }: Json) => rest)
  await api.get(about('/activity'), { label: 'activity of a role', keep })
  await api.get(about('/revisions'), { label: 'revisions of a role', keep })

  api.proves('writing: history-access')
  const [{ id }] = (await api.get('/revisions?filter[collection][_eq]=c_hist_texts&fields=id', { setup: true })).data
  await api.get(`/revisions/${id}?fields=collection,item,data,activity.action`, { label: 'a revision by key' })
  await api.get('/revisions/99999999')
  await api.get('/revisions/abc')
  await api.get('/activity/99999999')
  await api.search('/revisions', { query: { filter: { collection: 'c_hist_texts' }, fields: ['data'] } })
  await api.search('/activity', { query: { filter: { collection: 'c_hist_texts' }, aggregate: { count: '*' }, groupBy: ['action'] } })
  for (const path of ['/activity', '/revisions', '/activity/1', '/revisions/1']) {
    await api.post(path, {})
    await api.patch(path, {})
    await api.delete(path)
  }
  await api.get('/activity', { token: null, label: 'activity, for the public' })
  await api.get('/revisions', { token: null, label: 'revisions, for the public' })
  await api.user({ email: 'nobody@example.com', token: 'hist-nobody' })
  await api.get('/activity', { token: 'hist-nobody', label: 'activity, without rights' })
  await api.get('/revisions', { token: 'hist-nobody', label: 'revisions, without rights' })
}

export default scenario

/**
 * One resolver for field paths: every channel by which a field or row can be named, counted, ordered by, written or pointed at goes through it. Each
 * is tried on what is hidden, on what does not exist, and, as its twin, on what may be seen.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ann, startWorlds, type Worlds } from './worlds.ts'

type Query = Readonly<Record<string, unknown>>

const count = { count: ['*'] }
const known = { _nnull: true }

/** Ways to name a field of book: hidden and missing ones are refused alike, and the twin works. */
const doors: [channel: string, query: (field: string) => Query, collection?: string][] = [
  ['fields', (field) => ({ fields: [field] })],
  ['fields below a relation', (field) => ({ fields: [`author.books.${field}`] })],
  ['fields beside a wildcard', (field) => ({ fields: ['*', field] })],
  ['fields of a junction', (field) => ({ fields: [`tags.book.${field}`] })],
  ['fields behind $FOLLOW', (field) => ({ fields: ['id'], filter: { author: { '$FOLLOW(book,author)': { [field]: known } } } })],
  ['filter', (field) => ({ filter: { [field]: known } })],
  ['filter in a group', (field) => ({ filter: { _or: [{ id: { _gt: 0 } }, { _and: [{ [field]: known }] }] } })],
  ['filter below a relation', (field) => ({ filter: { author: { books: { [field]: known } } } })],
  ['filter in _some', (field) => ({ filter: { author: { books: { _some: { [field]: known } } } } })],
  ['filter in _none', (field) => ({ filter: { tags: { _none: { book: { [field]: known } } } } })],
  ['sort', (field) => ({ sort: [`-${field}`] })],
  ['sort behind another key', (field) => ({ sort: ['id', field] })],
  ['sort below a relation', (field) => ({ sort: [`author.books.${field}`] })],
  ['sort with a cursor', (field) => ({ sort: [field], cursor: '' })],
  ['aggregate count', (field) => ({ aggregate: { count: [field] } })],
  ['aggregate countDistinct', (field) => ({ aggregate: { countDistinct: [field] } })],
  ['aggregate min', (field) => ({ aggregate: { min: [field] } })],
  ['aggregate max', (field) => ({ aggregate: { max: [field] } })],
  ['groupBy', (field) => ({ groupBy: [field], aggregate: count })],
  ['groupBy below a relation', (field) => ({ groupBy: [`book.${field}`], aggregate: count }), 'book_tag'],
  ['sort of groups', (field) => ({ groupBy: ['id'], aggregate: { min: [field] }, sort: [`min.${field}`] })],
  ['alias', (field) => ({ alias: { x: field }, fields: ['x'] })],
  ['alias in a sort', (field) => ({ alias: { x: field }, fields: ['x'], sort: ['x'] })],
  ['deep filter', (field) => ({ fields: ['author.books.id'], deep: { author: { books: { _filter: { [field]: known } } } } })],
  ['deep sort', (field) => ({ fields: ['author.books.id'], deep: { author: { books: { _sort: [field] } } } })],
  ['deep alias', (field) => ({ fields: ['author.books.x'], deep: { author: { books: { _alias: { x: field } } } } })],
  ['deep groupBy', (field) => ({ fields: ['author.books.*'], deep: { author: { books: { _groupBy: [field], _aggregate: count } } } })],
  ['deep aggregate', (field) => ({ fields: ['author.books.*'], deep: { author: { books: { _aggregate: { max: [field] } } } } })],
  ...['csv', 'json', 'ndjson', 'xml', 'yaml'].map((format): [string, (field: string) => Query] => [
    `export as ${format}`,
    (field) => ({ fields: [field], export: format }),
  ]),
  ['the order of an export', (field) => ({ fields: ['id'], sort: [field], export: 'csv' })],
]

/** Functions of fields that Ann does not see, and of what does not exist. */
const functions: [of: string, query: Query][] = [
  'year(at)',
  'json(info, a.b)',
  'count(info)',
  'count(vaults)',
  'year(nope)',
  'count(nope)',
  'json(nope, a)',
].flatMap((of): [string, Query][] => [
  [of, { fields: [of] }],
  [of, { filter: { [of]: { _gt: 0 } } }],
  [of, { sort: [of] }],
  [of, { groupBy: [of], aggregate: count }],
  [of, { alias: { x: of }, fields: ['x'] }],
])

/** Requests whose answer must not depend on what is hidden: `[channel, request, status, body, headers]`. */
type Row = [channel: string, request: string, status: number, body?: unknown, headers?: Record<string, string>]
const search = (channel: string, query: Query, collection = 'book', keys?: unknown[]): Row => [
  channel,
  `SEARCH /items/${collection}`,
  200,
  { query, ...(keys && { keys }) },
]
const all = { limit: -1, sort: ['id'] }
const by = (query: Query, data: object) => ({ query, data })

const reads: Row[] = [
  ['a list', 'GET /items/book?sort=id', 200],
  ['wildcards', 'GET /items/book?fields=*.*.*&sort=id', 200],
  ['wildcards without the way back', 'GET /items/author?fields=*.*&backlink=false&sort=id', 200],
  ['an item', 'GET /items/book/1', 200],
  ['a hidden item', 'GET /items/book/3', 403],
  ['another hidden item', 'GET /items/book/5', 403],
  ['a missing item', 'GET /items/book/99', 403],
  search('keys', { fields: ['id'] }, 'book', [1, 3, 5, 99]),
  search('hidden fields in no wildcard', { fields: ['*', 'author.*'], ...all }),
  search('totals', { meta: ['total_count', 'filter_count', 'estimated_count'], limit: 0 }),
  search('totals of a filter', { meta: ['total_count', 'filter_count'], filter: { title: { _contains: 'e' } }, ...all }),
  search('counts', { aggregate: { count: ['*'], countDistinct: ['author'], countAll: ['*'] } }),
  search('sums and extremes', { aggregate: { sum: ['id'], avg: ['id'], min: ['title'], max: ['title'] } }),
  search('groups', { groupBy: ['author'], aggregate: count }),
  search('groups over a relation', { groupBy: ['author.name'], aggregate: count }),
  ...['three', 'five', 's5', 'x', 'hidden', '5', '500'].map((word) => search(`search for ${word}`, { search: word, ...all })),
  search('search of related rows', { fields: ['id', 'books.id'], deep: { books: { _search: 'five' } }, ...all }, 'author'),
  search('a filter over a relation', { filter: { books: { title: { _eq: 'five' } } } }, 'author'),
  search('a negated one', { filter: { books: { _none: { title: { _eq: 'five' } } } }, ...all }, 'author'),
  search('whether there are related rows', { filter: { books: { _null: true } }, ...all }, 'author'),
  search('how many', { fields: ['id', 'count(books)', 'count(pupils)'], ...all }, 'author'),
  search('a filter by how many', { filter: { 'count(books)': { _gte: 1 } }, ...all }, 'author'),
  search('a sort by how many', { fields: ['id'], sort: ['-count(books)', 'id'] }, 'author'),
  search('a sort over a relation', { fields: ['id'], sort: ['books.title', 'id'] }, 'author'),
  search('keys of related rows', { fields: ['id', 'books', 'pupils'], ...all }, 'author'),
  search('rows of a junction', { fields: ['id', 'tags.*', 'tags.tag.*'], ...all }),
  search('the way back over a junction', { fields: ['id', 'name', 'books.book.title'], ...all }, 'tag'),
  search('a junction by itself', { fields: ['*.*'], ...all }, 'book_tag'),
  search('rows of any collection', { fields: ['id', 'blocks.item:letter.*', 'blocks.collection'], ...all }),
  search('a filter over those', { fields: ['id'], filter: { blocks: { 'item:letter': { body: { _neq: 'x' } } } }, ...all }),
  search('relations to hidden collections', { fields: ['id', 'vaults.*'], ...all }),
  search('$FOLLOW', { fields: ['id'], filter: { '$FOLLOW(book,author)': { _some: { title: { _nnull: true } } } }, ...all }, 'author'),
  search('pages', { fields: ['id'], sort: ['-id'], limit: 2, page: 2 }),
  search('pages of related rows', { fields: ['id', 'books.id'], deep: { books: { _limit: 1, _sort: ['-id'] } }, ...all }, 'author'),
  search(
    'groups of related rows',
    { fields: ['id', 'books.*'], deep: { books: { _aggregate: count, _groupBy: ['author'] } }, ...all },
    'author',
  ),
  search('where the next page begins', { fields: ['title'], sort: ['-title'], limit: 1, cursor: '' }),
  ['the same where keys are hidden', 'GET /items/keyless?limit=1&meta=next_cursor', 403],
  ['a place made up', `GET /items/keyless?cursor=${btoa('["word,id",["a","5"]]')}`, 403],
  search('the order where keys are hidden', { fields: ['word'] }, 'keyless'),
  ['a filter by a hidden key', 'GET /items/keyless?filter[id][_gt]=5', 403],
  ['a hidden key', 'GET /items/keyless/1', 403],
  ...['csv', 'json', 'xml'].map(
    (format): Row => [`an export as ${format}`, `GET /items/book?export=${format}&sort=id&fields=*,author.*`, 200],
  ),
  ['an export of related rows', 'GET /items/author?export=json&sort=id&fields=id,books.*', 200],
  ['a singleton', 'GET /items/one', 200],
  ['a hidden collection', 'GET /items/vault', 403],
  ['a missing collection', 'GET /items/nope', 403],
  ['a hidden item of a hidden collection', 'GET /items/vault/1', 403],
  ['another version', 'GET /items/book/1?version=next', 403],
  ['explain', 'GET /items/book?explain', 403],
  ['explain of rules', '/permissions/explain?collection=book&action=read&key=5'.replace('/', 'GET /'), 403],
  ['may I', 'GET /permissions/me/book/5', 200],
  ['may I at all', 'GET /permissions/me', 200],
  ['activity', 'GET /activity', 403],
  ['revisions', 'GET /revisions?fields=*', 403],
  ['versions', 'GET /versions', 403],
  ['a version', 'GET /versions/00000000-0000-4000-8000-000000000001', 403],
  ['comments', 'GET /comments?meta=*', 200],
  ['the model', 'GET /fields/book/secret', 403],
  ['users', 'GET /users?filter[email][_eq]=bob@example.com', 403],
  ['a conditional read', 'GET /items/book/5', 403, undefined, { 'if-none-match': '*' }],
  ['the caller in a filter', 'GET /items/book?filter[title][_eq]=$CURRENT_USER.email', 403],
]

const graphql = (channel: string, query: string, status = 200): Row => [`GraphQL: ${channel}`, 'POST /graphql', status, { query }]
const documents: Row[] = [
  graphql(
    'lists and what they lead to',
    `{ book(sort: ["id"]) { id title price author { id name pupils_func { count } books(sort: ["-id"]) { id title } }
    tags { id tag { name books { id } } } blocks { id collection item } } }`,
  ),
  graphql('a hidden item', '{ book_by_id(id: 3) { id } }'),
  graphql('another hidden item', '{ book_by_id(id: 5) { id } }'),
  graphql('a missing item', '{ book_by_id(id: 99) { id } }'),
  graphql('counts', '{ book_aggregated { countAll count { id author } max { id } } }'),
  graphql('groups', '{ book_aggregated(groupBy: ["author"], sort: ["author"]) { group count { id } } }'),
  graphql('groups by a hidden field', '{ book_aggregated(groupBy: ["secret"]) { group } }'),
  graphql('a filter over a relation', '{ author(filter: { books: { title: { _eq: "five" } } }) { id } }'),
  graphql('a negated one', '{ author(filter: { books: { _none: { title: { _eq: "five" } } } }, sort: ["id"]) { id } }'),
  graphql('how many', '{ author(sort: ["id"]) { id books_func { count } } }'),
  graphql('a search', '{ book(search: "five") { id } }'),
  graphql('a hidden order', '{ book(sort: ["secret"]) { id } }'),
  graphql('a hidden order below', '{ author { books(sort: ["secret"]) { id } } }'),
  graphql('a hidden field', '{ book { secret } }', 400),
  graphql('a hidden filter', '{ book(filter: { secret: { _eq: "s1" } }) { id } }', 400),
  graphql('a hidden collection', '{ vault { id } }', 400),
  graphql('the types', '{ __schema { types { name fields { name } inputFields { name } } } }'),
  graphql('a change of a hidden item', 'mutation { update_book_item(id: 5, data: { title: "x" }) { id } }'),
  graphql('a change of hidden items', 'mutation { update_book_items(ids: [1, 5], data: { title: "x" }) { id } }'),
  graphql('a change', 'mutation { update_book_item(id: 1, data: { title: "x" }) { id title author { name } } }'),
  graphql('a deletion of a hidden item', 'mutation { delete_book_item(id: 5) { id } }'),
  graphql('a hidden item to point at', 'mutation { create_book_item(data: { title: "x", author: 8 }) { title } }'),
  graphql('a new item', 'mutation { create_book_item(data: { title: "x" }) { title price } }'),
  ...['activity', 'revisions', 'versions', 'users', 'permissions'].map(
    (name): Row => [`GraphQL: ${name}`, 'POST /graphql/system', 400, { query: `{ ${name} { id } }` }],
  ),
  ['GraphQL: comments', 'POST /graphql/system', 200, { query: '{ comments { id comment } comments_aggregated { countAll } }' }],
]

const writes: Row[] = [
  ['a change of a hidden item', 'PATCH /items/book/5', 403, { title: 'x' }],
  ['a change of a missing item', 'PATCH /items/book/99', 403, { title: 'x' }],
  ['an empty change of a hidden item', 'PATCH /items/book/5', 403, {}],
  ['a change of a hidden field', 'PATCH /items/book/1', 403, { secret: 's1' }],
  ['a mask for a hidden field', 'PATCH /items/book/1', 403, { secret: '**********' }],
  ['a change of what may be seen only', 'PATCH /items/book/2', 403, { title: 'x' }],
  ['a change', 'PATCH /items/book/1?fields=title', 200, { title: 'x' }],
  ['a change, answered with a hidden field', 'PATCH /items/book/1?fields=secret', 204, { title: 'x' }],
  ['a list with one hidden item', 'PATCH /items/book', 403, { keys: [1, 5], data: { title: 'x' } }],
  [
    'a list of changes',
    'PATCH /items/book',
    403,
    [
      { id: 1, title: 'x' },
      { id: 5, title: 'y' },
    ],
  ],
  ['a change by query', 'PATCH /items/book?fields=id,title', 200, by({ filter: { title: { _in: ['one', 'five'] } } }, { title: 'x' })],
  ['a change by all', 'PATCH /items/book', 403, by({ limit: -1 }, { title: 'x' })],
  ['a change by a hidden field', 'PATCH /items/book', 403, by({ filter: { secret: { _eq: 's1' } } }, { title: 'x' })],
  [
    'a change by hidden related rows',
    'PATCH /items/author?fields=id',
    200,
    by({ filter: { books: { title: { _eq: 'five' } } } }, { name: 'x' }),
  ],
  ['a change by a hidden order', 'PATCH /items/book', 403, by({ sort: ['secret'], limit: 1 }, { title: 'x' })],
  ['a change by search', 'PATCH /items/book?fields=id', 200, by({ search: 's1' }, { title: 'x' })],
  ['a deletion of a hidden item', 'DELETE /items/book/5', 403],
  ['a deletion of a missing item', 'DELETE /items/book/99', 403],
  ['a deletion by query', 'DELETE /items/book', 204, { query: { filter: { title: { _in: ['four', 'five'] } } } }],
  ['a deletion by a hidden field', 'DELETE /items/book', 403, { query: { filter: { secret: { _eq: 's4' } } } }],
  ['a deletion by a hidden order', 'DELETE /items/book', 403, { query: { sort: ['-weight'], limit: 1 } }],
  ['a hidden field of a new item', 'POST /items/book', 403, { title: 'x', secret: 's1' }],
  ['a hidden item to point at', 'POST /items/book', 403, { title: 'x', author: 8 }],
  ['a missing item to point at', 'POST /items/book', 403, { title: 'x', author: 99 }],
  ['the same by an item in its place', 'POST /items/book', 403, { title: 'x', author: { id: 8 } }],
  ['a new item', 'POST /items/book?fields=*,author.*', 200, { title: 'x', author: 1 }],
  ['a new item, answered with a hidden field', 'POST /items/book?fields=secret', 204, { title: 'x', author: 1 }],
  ['a hidden item in a list', 'PATCH /items/author/1', 403, { books: [1, 5] }],
  ['a missing item in a list', 'PATCH /items/author/1', 403, { books: [1, 99] }],
  ['a hidden item changed in a list', 'PATCH /items/author/1', 403, { books: { update: [{ id: 5, title: 'x' }] } }],
  ['the list of what is seen', 'PATCH /items/author/1?fields=*', 200, { books: [1] }],
  ['an empty list', 'PATCH /items/author/2?fields=*', 403, { books: [] }],
  ['an empty list of what is hidden', 'PATCH /items/author/3?fields=*', 200, { books: [] }],
  ['a hidden item deleted from a list', 'PATCH /items/author/1', 200, { books: { delete: [5] } }],
  ['a missing item deleted from a list', 'PATCH /items/author/1', 200, { books: { delete: [99] } }],
  ['a hidden tag to point at', 'PATCH /items/book/1', 403, { tags: { create: [{ tag: 8 }] } }],
  ['a hidden row of a junction', 'PATCH /items/book/1', 403, { tags: { update: [{ id: 7, tag: 1 }] } }],
  ['a tag', 'PATCH /items/book/1?fields=tags.tag', 200, { tags: { create: [{ tag: 1 }] } }],
  ['a version of a hidden item', 'PATCH /items/book/5', 403, { title: 'x' }, { 'if-match': '"1"' }],
  ['a version of a missing item', 'PATCH /items/book/99', 403, { title: 'x' }, { 'if-match': '"1"' }],
  ['any version of a hidden item', 'PATCH /items/book/5', 403, { title: 'x' }, { 'if-match': '*' }],
  ['a version of a hidden item to delete', 'DELETE /items/book/5', 403, undefined, { 'if-match': '"1"' }],
  ['a version of what may be seen only', 'PATCH /items/book/2', 403, { title: 'x' }, { 'if-match': '"1"' }],
  ['a wrong version of the own item', 'PATCH /items/book/1', 412, { title: 'x' }, { 'if-match': '"1"' }],
  ['the Idempotency-Key of another user', 'POST /items/book?fields=title', 200, { title: 'x' }, { 'idempotency-key': 'others-key' }],
  ['the singleton', 'PATCH /items/one?fields=*', 200, { shown: 'x' }],
  ['a hidden field of the singleton', 'PATCH /items/one', 403, { hidden: 'x' }],
  ['a comment on a hidden item', 'POST /comments', 403, { collection: 'book', item: '5', comment: 'x' }],
  ['a version of a hidden item to come', 'POST /versions', 403, { collection: 'book', item: '5', key: 'draft' }],
  ['going back to a revision', 'POST /utils/revert/1', 403],
]

describe('one resolver for field paths', () => {
  let worlds: Worlds
  before(async () => {
    worlds = await startWorlds()
    await worlds.enter('other')
  })
  after(() => worlds.close())

  const ask = (query: Query, collection = 'book') => worlds.host.api('SEARCH', `/items/${collection}`, { token: ann, body: { query } })

  describe('a field that is in no rule is refused like one that is not there', () => {
    for (const [channel, query, collection] of doors) {
      test(channel, async () => {
        const [hidden, missing, allowed] = await Promise.all(['secret', 'nopesy', 'title'].map((field) => ask(query(field), collection)))
        assert.deepEqual([hidden!.status, hidden!.code], [403, 'FORBIDDEN'], JSON.stringify(hidden!.body))
        assert.equal(JSON.stringify(hidden!.body).replaceAll('secret', 'nopesy'), JSON.stringify(missing!.body))
        assert.equal(allowed!.status, 200, JSON.stringify(allowed!.body))
      })
    }
    for (const [of, query] of functions) {
      test(`${Object.keys(query)[0]}: ${of}`, async () => {
        const { status, code, body } = await ask(query)
        assert.deepEqual([status, code], [403, 'FORBIDDEN'], JSON.stringify(body))
      })
    }
  })

  test('a row that is hidden stands in the way of a deletion, and is not named', async () => {
    await worlds.enter('plain')
    await worlds.host.kernel.db.execute(`insert into vault (id, book) values (3, 4)`)
    const { status, body } = await worlds.host.api('DELETE', '/items/book/4', { token: ann })
    assert.equal(status, 400)
    assert.deepEqual(body.errors[0].extensions, { collection: null, field: null, value: null, code: 'INVALID_FOREIGN_KEY' })
    const twin = await worlds.host.api('DELETE', '/items/book/4')
    assert.deepEqual([twin.body.errors[0].extensions.collection, twin.body.errors[0].extensions.field], ['vault', 'book'])
  })

  test('a value that a hidden row has is refused, and no more is told than was sent', async () => {
    await worlds.enter('other')
    const { body } = await worlds.host.api('POST', '/items/book', { token: ann, body: { title: 'five' } })
    assert.deepEqual(body.errors[0].extensions, { collection: 'book', field: 'title', value: 'five', code: 'RECORD_NOT_UNIQUE' })
    await worlds.host.kernel.db.execute(
      `update book set title = 'taken', secret = 's1' where id = 6; alter table book drop constraint book_title_key`,
    )
    const twice = await worlds.host.api('PATCH', '/items/book/1', { token: ann, body: { title: 'taken' } })
    await worlds.host.kernel.db.execute(`alter table book add constraint book_title_key unique (title)`)
    assert.deepEqual(twice.body.errors[0].extensions, { collection: 'book', field: null, value: null, code: 'RECORD_NOT_UNIQUE' })
  })

  test('a version of a hidden item is missing, also one that could not be written', async () => {
    const [plain, other] = await worlds.inBoth('GET', '/items/book/5?version=next')
    assert.deepEqual([plain.status, other.body], [403, plain.body])
    await worlds.enter('other')
    await worlds.host.kernel.db.execute(`update directus_versions set delta = '{"title":"six"}'`)
    const { body } = await worlds.host.api('GET', '/items/book/5?version=next', { token: ann })
    assert.deepEqual(body, plain.body)
  })

  describe('nothing that is answered depends on what is hidden', () => {
    for (const [channel, request, status, body, headers = {}] of [...reads, ...documents, ...writes]) {
      test(channel, async () => {
        const [method = '', path = ''] = request.split(/ (.*)/s)
        const [plain, other] = await worlds.inBoth(method, path, { body, headers })
        assert.equal(plain.status, status, JSON.stringify(plain.body))
        assert.deepEqual(other, plain)
      })
    }
  })
})

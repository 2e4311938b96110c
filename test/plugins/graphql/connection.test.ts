/** Connections: pages in edges, on the places that cursors of lists are, in one statement (https://relay.dev/graphql/connections.htm). */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildSchema, printType } from 'graphql'
import { definePlugin } from 'plinth'
import { itemsRead } from 'plinth/items'
import { startKernel, type TestHost } from '../../host.ts'
import { addReader } from '../../readers.ts'
import { createRecorder } from '../../recorded.ts'

const recorder = createRecorder()
const env = { GRAPHQL_CONNECTIONS: 'true', QUERY_LIMIT_DEFAULT: '22', QUERY_LIMIT_MAX: '40' }
/** Of everything few values, so that many rows are equal, and nulls. */
const sql = `
  create table authors (id serial primary key, name text, mentor int references authors);
  create table articles (id serial primary key, title text, rank int, price numeric(10, 2), at timestamptz, live boolean not null default true, author int references authors);
  create table parts (a int, b text, primary key (a, b));
  create table motto (id serial primary key, text text);
  create table keyless (n int);
  create table "PageInfo" (id serial primary key);
  insert into authors (name, mentor) values ('Ann', null), ('Bob', 1), ('Ann', 2), (null, 1);
  insert into articles (title, rank, price, at, live, author)
    select (array['x', 'y', null])[1 + n % 3], (array[1, 2, null])[1 + n % 3], (array[1.50, 2, null])[1 + n / 2 % 3],
      (array['2024-01-01 00:00:00.000001Z', '2024-01-01 00:00:00.000002Z', null])[1 + n / 3 % 3]::timestamptz, n % 2 = 0, nullif(n % 5, 0)
    from generate_series(1, 23) n;
  insert into parts select n % 3, 'b,' || n from generate_series(1, 7) n;`

let host: TestHost
before(async () => {
  host = await startKernel({ sql, env, wrap: recorder.wrap })
  await host.api('POST', '/fields/authors', { body: { field: 'articles', type: 'alias', meta: { special: ['o2m'] } } })
  await host.api('PATCH', '/relations/articles/author', { body: { meta: { one_field: 'articles' } } })
  await host.api('PATCH', '/collections/motto', { body: { meta: { singleton: true } } })
  await host.settled()
})
after(() => host.close())

const ask = async (query: string, variables: object = {}, token?: string, path = '/graphql') =>
  (await host.api('POST', path, { body: { query, variables }, ...(token && { token }) })).body

interface Connection {
  readonly edges: { readonly cursor: string; readonly node: Readonly<Record<string, unknown>> }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string
    readonly endCursor: string
  }
}

async function page(table: string, fields: string, args: object, token?: string): Promise<Connection> {
  const query = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: ${table}_filter, $sort: [String]) {
    page: ${table}_connection(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort) {
      edges { cursor node { ${fields} } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`
  const { data, errors } = await ask(query, args, token)
  assert.equal(errors, undefined, JSON.stringify(errors))
  return data.page
}

/** All rows, a page at a time, from either end; each page must tell the truth of its neighbours. */
async function walk(table: string, fields: string, args: object, size: number, backward: boolean, token?: string) {
  const rows: unknown[] = []
  let place: string | undefined
  for (let pages = 0; pages < 60; pages++) {
    const at = backward ? { last: size, before: place } : { first: size, after: place }
    const { edges, pageInfo } = await page(table, fields, { ...args, ...at }, token)
    const nodes = edges.map(({ node }) => node)
    if (backward) rows.unshift(...nodes)
    else rows.push(...nodes)
    assert.deepEqual([pageInfo.startCursor, pageInfo.endCursor], [edges[0]?.cursor ?? null, edges.at(-1)?.cursor ?? null])
    const [on, back] = backward ? [pageInfo.hasPreviousPage, pageInfo.hasNextPage] : [pageInfo.hasNextPage, pageInfo.hasPreviousPage]
    assert.equal(back, place !== undefined)
    if (!on) return rows
    assert.equal(nodes.length, size)
    place = backward ? pageInfo.startCursor : pageInfo.endCursor
  }
  assert.fail('no end')
}

const sorts = [
  [],
  ['id'],
  ['-id'],
  ['title'],
  ['-title'],
  ['rank', '-price'],
  ['-at', 'title'],
  ['live'],
  ['-live', 'rank'],
  ['author.name'],
]
const deeper = [['-author.name', '-rank'], ['author.mentor.name'], ['-author'], ['price', 'at', '-title']]
for (const sort of [...sorts, ...deeper]) {
  test(`pages lead through every row once, either way: sort ${sort.join() || 'by key'}`, async () => {
    const { data } = await ask('query ($sort: [String]) { articles(sort: $sort, limit: 40) { id title } }', { sort })
    assert.equal(data.articles.length, 23)
    for (const size of [3, 23, 30]) {
      for (const backward of [false, true])
        assert.deepEqual(await walk('articles', 'id title', { sort }, size, backward), data.articles, `${size} ${backward}`)
    }
  })
}

test('by what related rows of many have, by composite keys, and of those that a filter leaves', async () => {
  const { data } = await ask(
    '{ authors(sort: ["-articles.rank"], limit: 40) { id } parts(limit: 40) { a b } articles(sort: ["-rank"], filter: { title: { _eq: "x" } }) { id } }',
  )
  for (const backward of [false, true]) {
    assert.deepEqual(await walk('authors', 'id', { sort: ['-articles.rank'] }, 1, backward), data.authors)
    assert.deepEqual(await walk('parts', 'a b', {}, 2, backward), data.parts)
    const filter = { title: { _eq: 'x' } }
    assert.deepEqual(await walk('articles', 'id', { sort: ['-rank'], filter }, 3, backward), data.articles)
  }
})

test('a place is the same whichever way it was found, and is that of lists, too', async () => {
  const forward = await page('articles', 'id', { first: 5, sort: ['-rank'] })
  const backward = await page('articles', 'id', { last: 23, sort: ['-rank'] })
  assert.deepEqual(backward.edges.slice(0, 5), forward.edges)
  const list = await host.api('GET', `/items/articles?sort=-rank&limit=5&fields=id&cursor=`)
  assert.equal(list.body.meta.next_cursor, forward.pageInfo.endCursor)
})

test('whatever is asked of it, under whatever key, is one statement; rows are counted where that is asked for', async () => {
  const query = `query ($no: Boolean = false) {
    __typename
    c: articles_connection(first: 2, filter: { rank: { _eq: 1 } }, search: "z") { totalCount edges { cursor } }
    d: articles_connection(first: 2, sort: ["-id"], filter: { rank: { _eq: 1 } }) {
      kind: __typename one: edges { n: node { id, key: id author { name articles(limit: 1, sort: ["id"]) { id } } } t: __typename }
      two: edges { ...E node @include(if: $no) { title } } empty: edges { cursor @skip(if: true) }
      pageInfo { more: hasNextPage __typename nothing: hasNextPage @include(if: $no) } all: totalCount
    }
  } fragment E on articles_edge { node { title } node { rank } }`
  await ask(query)
  recorder.take()
  const { data } = await ask(query)
  assert.deepEqual(data, {
    __typename: 'Query',
    c: { totalCount: 0, edges: [] },
    d: {
      kind: 'articles_connection',
      one: [
        { n: { id: '21', key: '21', author: { name: 'Ann', articles: [{ id: '1' }] } }, t: 'articles_edge' },
        { n: { id: '18', key: '18', author: { name: 'Ann', articles: [{ id: '3' }] } }, t: 'articles_edge' },
      ],
      two: [{ node: { title: 'x', rank: 1 } }, { node: { title: 'x', rank: 1 } }],
      empty: [{}, {}],
      pageInfo: { more: true, __typename: 'PageInfo' },
      all: 7,
    },
  })
  assert.deepEqual(Object.keys(data.d), ['kind', 'one', 'two', 'empty', 'pageInfo', 'all'])
  assert.equal(recorder.take().length, 2)
  await ask('{ articles_connection(first: 1) { edges { node { id } } pageInfo { hasNextPage } } }')
  const [sent, ...more] = recorder.take()
  assert.deepEqual([more, /select count\(\*\) from/.test(sent!.text)], [[], false])
  await ask('{ articles_connection { totalCount } }')
  assert.match(recorder.take()[0]!.text, /select count\(\*\) from/)
})

test('the default limit counts, and the most that are allowed; a page of no rows has no places', async () => {
  const shown = (args: string) => ask(`{ articles_connection${args} { edges { node { id } } pageInfo { hasNextPage endCursor } } }`)
  const counted = async (args: string) => {
    const { edges, pageInfo } = (await shown(args)).data.articles_connection
    return [edges.length, pageInfo.hasNextPage]
  }
  assert.deepEqual(
    [await counted(''), await counted('(last: 40)'), await counted('(first: 23)')],
    [
      [22, true],
      [23, false],
      [23, false],
    ],
  )
  assert.equal((await shown('(first: 41)')).errors[0].extensions.code, 'INVALID_QUERY')
  assert.deepEqual((await shown('(first: 0)')).data.articles_connection, { edges: [], pageInfo: { hasNextPage: true, endCursor: null } })
})

const refused: [why: string, args: () => Promise<string> | string, code: string][] = [
  ['both ends', () => 'first: 1, last: 1', 'INVALID_QUERY'],
  ['a cursor of either end', () => 'after: "a", before: "b"', 'INVALID_QUERY'],
  ['last after', () => 'last: 1, after: "a"', 'INVALID_QUERY'],
  ['less than none', () => 'first: -1', 'INVALID_QUERY'],
  ['less than none, from the end', () => 'last: -2', 'INVALID_QUERY'],
  ['no cursor', () => 'after: "word"', 'INVALID_QUERY'],
  [
    'a cursor of another order',
    async () => `sort: ["-id"], after: "${(await page('articles', 'id', { first: 1 })).pageInfo.endCursor}"`,
    'INVALID_QUERY',
  ],
  ['a sort by nothing', () => 'sort: ["nope"]', 'FORBIDDEN'],
]
for (const [why, args, code] of refused) {
  test(`refused: ${why}`, async () => {
    const { errors, data } = await ask(`{ articles_connection(${await args()}) { edges { node { id } } } }`)
    assert.deepEqual([errors[0].path, errors[0].extensions.code, data], [['articles_connection'], code, undefined])
  })
}

test('rights are those of lists: rows, fields, sorts, and keys that are not seen', async () => {
  const some = await addReader(host, 'some-reader', 'articles', { rank: { _eq: 1 } }, ['id', 'title'])
  const rows = (await ask('{ articles(limit: 40) { id title } }', {}, some)).data.articles
  assert.equal(rows.length, 7)
  for (const backward of [false, true]) assert.deepEqual(await walk('articles', 'id title', {}, 3, backward, some), rows)
  assert.equal((await ask('{ articles_connection { totalCount } }', {}, some)).data.articles_connection.totalCount, 7)
  const code = async (query: string, token: string) => (await ask(query, {}, token)).errors[0].extensions.code
  assert.equal(await code('{ articles_connection { edges { node { rank } } } }', some), 'GRAPHQL_VALIDATION')
  assert.equal(await code('{ articles_connection(sort: ["rank"]) { edges { cursor } } }', some), 'FORBIDDEN')
  assert.equal(await code('{ authors_connection { totalCount } }', some), 'GRAPHQL_VALIDATION')
  const blind = await addReader(host, 'blind-reader', 'articles', {}, ['title'])
  assert.equal(await code('{ articles_connection { edges { cursor } } }', blind), 'GRAPHQL_VALIDATION')
  assert.equal((await ask('{ articles { title } }', {}, blind)).data.articles.length, 22)
})

test('of what has an order only, in the system too', async () => {
  const has = async (field: string, path?: string) => (await ask(`{ ${field} { totalCount } }`, {}, undefined, path)).data !== undefined
  assert.deepEqual(
    [await has('motto_connection'), await has('keyless_connection'), await has('users_connection', '/graphql/system')],
    [false, false, true],
  )
  const types = buildSchema((await host.api('GET', '/server/specs/graphql')).body, { assumeValidSDL: true })
  assert.equal(
    printType(types.getType('articles_connection')!),
    'type articles_connection {\n  edges: [articles_edge!]!\n  pageInfo: PageInfo!\n  totalCount: Int!\n}',
  )
  assert.match(printType(types.getType('PageInfo')!), /hasNextPage/, 'not the collection of that name')
})

test('handlers of reads see the nodes, and may leave some out', async (t) => {
  const seen: unknown[] = []
  const reader = definePlugin({
    name: 'reader',
    setup(own) {
      own.hook(itemsRead, async function change(event, next) {
        await next()
        seen.push(event.rows.length)
        if (event.rows.some(({ name }) => name === 'Bob')) event.rows = event.rows.filter(({ name }) => name !== 'Bob')
        else event.rows = event.rows.map((row) => ({ ...row, name: 'Somebody' }))
      })
    },
  })
  const read = await startKernel({ sql, env, plugins: [reader] })
  t.after(() => read.close())
  seen.length = 0
  const names = async (first: number) => {
    const query = `{ authors_connection(first: ${first}) { totalCount edges { cursor node { name } } } }`
    return (await read.api('POST', '/graphql', { body: { query } })).body.data.authors_connection.edges.map(({ node }: any) => node.name)
  }
  assert.deepEqual([await names(1), await names(3)], [['Somebody'], ['Ann', 'Ann']])
  assert.deepEqual(seen, [1, 3])
})

/** Attacks on /graphql, each with a twin: the nearest honest request, which has to work. No answer may be a 5xx, be long, or take long. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { admin, startKernel, type TestHost } from '../host.ts'
import { addReader } from '../readers.ts'

const tables = `
  create table note (id serial primary key, text text, price numeric, data json, parent int references note);
  create table picture (id serial primary key, text int, url text);
  create table secret_plan (id serial primary key, codeword text);
  create table board (id serial primary key);
  create table board_part (id serial primary key, board int references board, item text, collection text);
  insert into note (text) values ('one'), ('two');
  insert into picture (text, url) values (7, '/x');
  insert into board default values;
  insert into board_part (board, item, collection) values (1, '1', 'note'), (1, '1', 'picture'), (1, '99', 'note'), (1, null, null);`
const relations = `
  insert into directus_fields (collection, field, special) values ('board', 'parts', 'o2m'), ('board_part', 'item', 'm2a');
  insert into directus_relations (many_collection, many_field, one_collection, one_field) values ('board_part', 'board', 'board', 'parts');
  insert into directus_relations (many_collection, many_field, one_collection_field, one_allowed_collections, junction_field) values
    ('board_part', 'item', 'collection', 'note,picture', 'board');`

let host: TestHost
before(async () => {
  host = await startKernel({ sql: tables, change: ['-history'] })
  await host.kernel.db.execute(relations)
  await host.kernel.registry.reload()
})
after(() => host.close())

interface Sent {
  readonly query: string
  readonly variables?: unknown
}
const ask = (body: Sent | readonly Sent[], token?: string | null) =>
  host.api('POST', '/graphql', { body, ...(token !== undefined && { token }) })
const times = (count: number, part: (index: number) => string) => Array.from({ length: count }, (_, i) => part(i)).join(' ')
const around = (count: number, open: string, inner: string, close: string) => open.repeat(count) + inner + close.repeat(count)
const lists = (query: string, given: unknown): Sent => ({ query, variables: { given } })
const sorts = 'query ($given: [String]) { note(sort: $given) { id } }'
const filters = 'query ($given: note_filter) { note(filter: $given) { id } }'
const all = (count: number) => ({ _and: Array(count).fill({ id: { _eq: 1 } }) })

const attacks: [why: string, attack: Sent, code: string, twin: Sent][] = [
  [
    '10,000 aliases',
    { query: `{ ${times(10_000, (i) => `a${i}: note { id }`)} }` },
    'GRAPHQL_VALIDATION',
    { query: `{ ${times(100, (i) => `a${i}: note { id }`)} }` },
  ],
  [
    'sets within sets',
    { query: around(2400, '{ note ', '{ id }', '}') },
    'GRAPHQL_VALIDATION',
    { query: '{ note { parent { parent { id } } } }' },
  ],
  [
    'lists within lists',
    { query: `{ note(sort: ${around(2400, '[', '', ']')}) { id } }` },
    'GRAPHQL_VALIDATION',
    { query: '{ note(sort: ["id"]) { id } }' },
  ],
  [
    'objects within objects',
    { query: `{ note(filter: ${around(1600, '{ _and: ', '{}', '}')}) { id } }` },
    'GRAPHQL_VALIDATION',
    { query: `{ note(filter: ${around(5, '{ _and: ', '{}', '}')}) { id } }` },
  ],
  [
    'types within types',
    { query: `query ($a: ${around(2400, '[', 'Int', ']')}) { note { id } }` },
    'GRAPHQL_VALIDATION',
    { query: 'query ($a: [String]) { note(sort: $a) { id } }' },
  ],
  [
    'fragments within fragments',
    { query: `{ note { ${around(1600, '... { ', 'id', '}')} } }` },
    'GRAPHQL_VALIDATION',
    { query: '{ note { ... { ... on note { id } } } }' },
  ],
  [
    'JSON within JSON',
    { query: `mutation { create_note_item(data: { data: ${around(2400, '[', '', ']')} }) { id } }` },
    'GRAPHQL_VALIDATION',
    { query: `mutation { create_note_item(data: { data: ${around(100, '[', '', ']')} }) { id } }` },
  ],
  ['a list of 100,000 wrong values', lists(sorts, Array(100_000).fill({})), 'GRAPHQL_VALIDATION', lists(sorts, ['id', 'text'])],
  ['many conditions', lists(filters, all(300)), 'INVALID_QUERY', lists(filters, all(50))],
  [
    'a directive again and again',
    { query: `{ note { id ${times(1200, () => '@skip(if: true)')} } }` },
    'GRAPHQL_VALIDATION',
    { query: '{ note @skip(if: false) { id @include(if: true) } }' },
  ],
  [
    'a directive where there is no place for it',
    { query: 'query @skip(if: true) { note { id } }' },
    'GRAPHQL_VALIDATION',
    { query: '{ ... @skip(if: false) { note { id } } }' },
  ],
  [
    'a directive without its condition',
    { query: '{ note { id @include } }' },
    'GRAPHQL_VALIDATION',
    { query: 'query ($a: Boolean = true) { note { id @include(if: $a) } }' },
  ],
  [
    'what must not be null is null',
    { query: 'query ($a: Boolean!) { note { id @include(if: $a) } }', variables: { a: null } },
    'GRAPHQL_VALIDATION',
    { query: 'query ($a: Boolean!) { note { id @include(if: $a) } }', variables: { a: true } },
  ],
  [
    'variables of another type',
    { query: 'query ($a: Int) { note(search: $a) { id } }', variables: { a: 1 } },
    'GRAPHQL_VALIDATION',
    { query: 'query ($a: String) { note(search: $a) { id } }', variables: { a: '1' } },
  ],
  [
    'a variable that is no list of them',
    { query: 'query ($a: String) { note { id } }', variables: 'a' },
    'INVALID_PAYLOAD',
    { query: 'query ($a: String) { note(search: $a) { id } }', variables: null },
  ],
  [
    'the prototype in a filter',
    { query: filters, variables: JSON.parse('{"given":{"__proto__":{"id":1}}}') },
    'GRAPHQL_VALIDATION',
    { query: filters, variables: JSON.parse('{"__proto__":1,"constructor":2}') },
  ],
  [
    'a null character',
    { query: 'mutation { create_note_item(data: { text: "\\u0000" }) { id } }' },
    'INVALID_PAYLOAD',
    { query: 'mutation { create_note_item(data: { text: "\\u0001" }) { id } }' },
  ],
  [
    'half a character',
    { query: 'mutation ($a: String) { create_note_item(data: { text: $a }) { id } }', variables: { a: '\ud800' } },
    'INVALID_PAYLOAD',
    { query: 'mutation ($a: String) { create_note_item(data: { text: $a }) { id } }', variables: { a: '😀' } },
  ],
  [
    'a number without end',
    { query: 'mutation { create_note_item(data: { price: 1e999 }) { id } }' },
    'VALUE_OUT_OF_RANGE',
    { query: 'mutation { create_note_item(data: { price: 1e9 }) { id } }' },
  ],
  [
    'an alias longer than a name of PostgreSQL',
    { query: `{ note { ${'a'.repeat(64)}: id } }` },
    'INVALID_QUERY',
    { query: `{ ${'b'.repeat(100)}: note { ${'a'.repeat(63)}: id } }` },
  ],
  [
    'one key for what is of two types',
    { query: '{ board { parts { item { ... on note { v: text } ... on picture { v: text } } } } }' },
    'GRAPHQL_VALIDATION',
    { query: '{ board { parts { item { ... on note { v: text } ... on picture { v: url } } } } }' },
  ],
  ['one key for two fields', { query: '{ note { a: id a: text } }' }, 'GRAPHQL_VALIDATION', { query: '{ note { a: id a: id } }' }],
  [
    'the schema in the schema',
    { query: `{ __schema { types { ${around(8, 'fields { type { ', 'name', '} }')} } } }` },
    'GRAPHQL_VALIDATION',
    { query: '{ __schema { types { name fields { name } } } }' },
  ],
  ['SQL for a key', { query: `{ note_by_id(id: "1' or '1'='1") { id } }` }, 'FORBIDDEN', { query: '{ note_by_id(id: "1") { id } }' }],
]
describe('documents and variables', () => {
  for (const [why, attack, code, twin] of attacks) {
    test(why, async () => {
      const { cpu, ...refused } = await timed(() => ask(attack))
      assert.equal(refused.code, code)
      assert.ok(refused.status < 500 && JSON.stringify(refused.body).length < 30_000)
      assert.ok(cpu < 10_000, `${cpu} ms`)
      const honest = await ask(twin)
      assert.deepEqual([honest.status, honest.body.errors], [200, undefined])
    })
  }
  test('several documents in one request', async () => {
    assert.equal((await ask([{ query: '{ note { id } }' }])).code, 'INVALID_PAYLOAD')
  })
})

/** CPU rather than time, of which others take their part. */
async function timed<T extends object>(work: () => Promise<T>): Promise<T & { cpu: number }> {
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { ...result, cpu: (user + system) / 1000 }
}

test('types are told everywhere, also of links to any of several collections', async () => {
  const { body } = await ask({
    query: `query ($no: Boolean = false, $yes: Boolean = true) {
      __typename
      board { __typename parts(sort: ["id"]) { __typename item { __typename ... on note { text } ... on picture { url @include(if: $no) n: text @include(if: $yes) } } } }
      note_aggregated { __typename count { __typename } }
      note(limit: 1, sort: ["id"]) { data_func { __typename } parent { __typename } }
      only: board { parts(sort: ["id"], limit: 1) { item { t: __typename } } }
    }`,
  })
  assert.deepEqual(body, {
    data: {
      __typename: 'Query',
      board: [
        {
          __typename: 'board',
          parts: [
            { __typename: 'board_part', item: { __typename: 'note', text: 'one' } },
            { __typename: 'board_part', item: { __typename: 'picture', n: 7 } },
            { __typename: 'board_part', item: null },
            { __typename: 'board_part', item: null },
          ],
        },
      ],
      note_aggregated: [{ __typename: 'note_aggregated', count: { __typename: 'note_aggregated_count' } }],
      note: [{ data_func: { __typename: 'note_data_func' }, parent: null }],
      only: [{ parts: [{ item: { t: 'note' } }] }],
    },
  })
  const changed = await ask({ query: 'mutation { __typename delete_note_items(ids: [99]) { __typename ids } }' })
  assert.deepEqual(changed.data, { __typename: 'Mutation', delete_note_items: { __typename: 'delete_many', ids: ['99'] } })
})

test('nothing tells of collections that are not to be seen, however near the names are', async () => {
  const reader = await addReader(host, 'note-reader', 'note', {}, ['id', 'text'])
  const near = [
    '{ secret_pla { id } }',
    '{ secret_plan { id } }',
    '{ note { pric } }',
    'mutation { create_secret_plan_ite(data: {}) { id } }',
    '{ note { ...F } } fragment F on secret_pla { id }',
    'query ($a: secret_plan_filte) { note { id } }',
    'query ($a: create_secret_plan_input) { note { id } }',
    '{ note(filter: { pric: { _eq: 1 } }) { id } }',
    '{ note(sort: ["secret_plan.codeword"]) { id } }',
    '{ note(filter: { _and: [{ codeword: { _eq: "x" } }] }) { id } }',
    '{ __type(name: "secret_plan") { name } }',
    '{ __schema { types { name fields { name } inputFields { name } } } }',
  ]
  const absent = (text: string) => text.replaceAll('secret_pla', 'absent_xyz').replaceAll('codeword', 'abscissa').replaceAll('pric', 'zzzz')
  for (const query of near) {
    for (const token of [reader, null]) {
      const [hidden, missing] = [await ask({ query }, token), await ask({ query: absent(query) }, token)]
      assert.deepEqual(absent(JSON.stringify(hidden.body)), JSON.stringify(missing.body), query)
      assert.equal(hidden.status, missing.status)
      assert.doesNotMatch(JSON.stringify(missing.body), /secret_plan|codeword|price/, query)
    }
  }
})

describe('requests that pages of others can send', () => {
  const query = 'mutation { create_note_item(data: { text: "forged" }) { id } }'
  const forged = async () => (await host.api('GET', '/items/note?filter[text][_eq]=forged')).data.length
  let cookie: string
  before(async () => {
    const { email, password } = admin
    const { headers } = await host.api('POST', '/auth/login', { token: null, body: { email, password, mode: 'session' } })
    cookie = headers.getSetCookie()[0]!.split(';')[0]!
  })

  const text = JSON.stringify({ query })
  const form = `query=${encodeURIComponent(query)}`
  const multipart = `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${text}\r\n--x--\r\n`
  const simple: [why: string, type: string | null, body: string][] = [
    ['text', 'text/plain', text],
    ['text with the name of JSON behind it', 'text/plain; application/json', text],
    ['a form', 'application/x-www-form-urlencoded', form],
    ['JSON as a form', 'application/x-www-form-urlencoded', text],
    ['a form in parts', 'multipart/form-data; boundary=x', multipart],
    ['no type', '', text],
  ]
  for (const [why, type, body] of simple) {
    test(`${why}: nothing is changed`, async () => {
      const { code, status } = await host.api('POST', '/graphql', { token: null, text: body, headers: { cookie, 'content-type': type! } })
      assert.deepEqual([status, code, await forged()], [400, 'INVALID_PAYLOAD', 0])
    })
  }
  test('an address with a mutation: nothing is changed, whatever the method', async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const { status } = await host.api(method, `/graphql?${form}`, { token: null, headers: { cookie } })
      assert.ok(method === 'OPTIONS' || status >= 400, `${method} ${status}`)
      const posted = await host.api('POST', `/graphql?${form}`, { token: null, headers: { cookie } })
      assert.deepEqual([posted.code, await forged()], ['INVALID_PAYLOAD', 0])
    }
  })
  test('JSON from a page of another site: refused, from one of ours it works', async () => {
    const send = (headers: Record<string, string>) =>
      host.api('POST', '/graphql', { token: null, body: { query }, headers: { cookie, ...headers } })
    const foreign: Record<string, string>[] = [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]
    for (const headers of foreign) {
      const { code } = await send(headers)
      assert.deepEqual([code, await forged()], ['FORBIDDEN', 0], JSON.stringify(headers))
    }
    assert.equal((await send({ origin: 'http://localhost' })).status, 200)
    assert.equal(await forged(), 1)
  })
})

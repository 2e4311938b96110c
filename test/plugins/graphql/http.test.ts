/** Transport, bounds and refusals. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost

before(async () => {
  host = await startKernel({
    env: { GRAPHQL_QUERY_TOKEN_LIMIT: '200', GRAPHQL_FIELDS_MAX: '40', GRAPHQL_DEPTH_MAX: '4' },
    sql: 'create table notes (id serial primary key, text text, parent int references notes)',
  })
})
after(() => host.close())

const post = (body: unknown, token?: string | null) => host.api('POST', '/graphql', { body, ...(token !== undefined && { token }) })
const get = (query: Record<string, string>) => host.api('GET', `/graphql?${new URLSearchParams(query)}`)
const names = (count: number) => Array.from({ length: count }, (_, i) => `a${i}: id`).join(' ')
const deep = (levels: number): string => (levels ? `parent { ${deep(levels - 1)} }` : 'id')
const doubled = (times: number) =>
  Array.from({ length: times }, (_, i) => `fragment F${i} on notes { ${i ? `...F${i - 1} x${i}: parent { ...F${i - 1} }` : 'id'} }`).join(
    ' ',
  )

const cases: [why: string, ask: () => ReturnType<typeof post>, status: number, code: string | undefined][] = [
  ['a query by GET', () => get({ query: '{ notes { id } }' }), 200, undefined],
  ['variables by GET', () => get({ query: 'query ($n: Int) { notes(limit: $n) { id } }', variables: '{"n":1}' }), 200, undefined],
  ['broken variables by GET', () => get({ query: '{ notes { id } }', variables: '{' }), 400, 'INVALID_QUERY'],
  [
    'deep variables by GET',
    () =>
      get({
        query: 'query ($f: notes_filter) { notes(filter: $f) { id } }',
        variables: `{"f":${'{"_and":['.repeat(600)}{}${']}'.repeat(600)}}`,
      }),
    400,
    'INVALID_QUERY',
  ],
  ['a mutation by GET', () => get({ query: 'mutation { delete_notes_item(id: 1) { id } }' }), 405, 'METHOD_NOT_ALLOWED'],
  ['a query by HEAD', () => host.api('HEAD', `/graphql?${new URLSearchParams({ query: '{ notes { id } }' })}`), 200, undefined],
  [
    'a mutation by HEAD',
    () => host.api('HEAD', `/graphql?${new URLSearchParams({ query: 'mutation { delete_notes_item(id: 1) { id } }' })}`),
    405,
    undefined,
  ],
  ['SEARCH', () => host.api('SEARCH', '/graphql', { body: { query: '{ notes { id } }' } }), 405, 'METHOD_NOT_ALLOWED'],
  ['another method', () => host.api('PATCH', '/graphql', { body: { query: '{ notes { id } }' } }), 405, 'METHOD_NOT_ALLOWED'],
  ['no query', () => post({}), 400, 'INVALID_PAYLOAD'],
  ['an empty query', () => post({ query: ' ' }), 400, 'INVALID_PAYLOAD'],
  ['a batch', () => post([{ query: '{ notes { id } }' }]), 400, 'INVALID_PAYLOAD'],
  [
    'a document as text',
    () => host.api('POST', '/graphql', { text: '{ notes { id } }', headers: { 'content-type': 'application/graphql' } }),
    400,
    'INVALID_PAYLOAD',
  ],
  ['broken syntax', () => post({ query: '{ notes { id' }), 400, 'GRAPHQL_VALIDATION'],
  ['an unknown field', () => post({ query: '{ notes { nope } }' }), 400, 'GRAPHQL_VALIDATION'],
  ['an unknown collection', () => post({ query: '{ nope { id } }' }), 400, 'GRAPHQL_VALIDATION'],
  ['a collection that is not to be seen', () => post({ query: '{ notes { id } }' }, null), 400, 'GRAPHQL_VALIDATION'],
  [
    'a mutation where there is none',
    () => post({ query: 'mutation { delete_notes_item(id: 1) { id } }' }, null),
    400,
    'GRAPHQL_VALIDATION',
  ],
  ['a wrong argument', () => post({ query: '{ notes(limit: "x") { id } }' }), 400, 'GRAPHQL_VALIDATION'],
  [
    'a wrong variable',
    () => post({ query: 'query ($n: Int) { notes(limit: $n) { id } }', variables: { n: 'x' } }),
    400,
    'GRAPHQL_VALIDATION',
  ],
  ['several operations, none named', () => post({ query: 'query A { notes { id } } query B { notes { id } }' }), 400, 'GRAPHQL_VALIDATION'],
  [
    'several operations, one named',
    () => post({ query: 'query A { notes { id } } query B { notes { id } }', operationName: 'B' }),
    200,
    undefined,
  ],
  ['an empty name of an operation', () => post({ query: 'query A { notes { id } }', operationName: '' }), 200, undefined],
  [
    'null for a directive',
    () => post({ query: 'query ($a: Boolean = true) { notes @skip(if: $a) { id } }', variables: { a: null } }),
    400,
    'GRAPHQL_VALIDATION',
  ],
  [
    'null for a directive below',
    () => post({ query: 'query ($a: Boolean = true) { notes { id @skip(if: $a) } }', variables: { a: null } }),
    200,
    'GRAPHQL_VALIDATION',
  ],
  [
    'null for a key',
    () => post({ query: 'query ($a: ID = 1) { notes_by_id(id: $a) { id } }', variables: { a: null } }),
    200,
    'GRAPHQL_VALIDATION',
  ],
  ['a bad limit', () => post({ query: '{ notes(limit: -2) { id } }' }), 200, 'INVALID_QUERY'],
  ['a sort by nothing', () => post({ query: '{ notes(sort: ["nope"]) { id } }' }), 200, 'FORBIDDEN'],
  [
    'as many tokens as allowed',
    () => post({ query: `{ notes(filter: { id: { _in: [${Array(150).fill('1').join(' ')}] } }) { id } }` }),
    200,
    undefined,
  ],
  [
    'more tokens',
    () => post({ query: `{ notes(filter: { id: { _in: [${Array(200).fill('1').join(' ')}] } }) { id } }` }),
    400,
    'GRAPHQL_VALIDATION',
  ],
  ['as many fields as allowed', () => post({ query: `{ notes { ${names(39)} } }` }), 200, undefined],
  ['one field more', () => post({ query: `{ notes { ${names(40)} } }` }), 400, 'GRAPHQL_VALIDATION'],
  ['as deep as allowed', () => post({ query: `{ notes { ${deep(2)} } }` }), 200, undefined],
  ['a level deeper', () => post({ query: `{ notes { ${deep(3)} } }` }), 400, 'GRAPHQL_VALIDATION'],
  [
    'a fragment within itself',
    () => post({ query: '{ notes { ...A } } fragment A on notes { parent { ...B } } fragment B on notes { ...A }' }),
    400,
    'GRAPHQL_VALIDATION',
  ],
  ['fragments that double', () => post({ query: `{ notes { ...F12 } } ${doubled(13)}` }), 400, 'GRAPHQL_VALIDATION'],
]
for (const [why, ask, status, code] of cases) {
  test(why, async () => {
    const answer = await ask()
    assert.deepEqual([answer.status, answer.code], [status, code])
    assert.equal(answer.headers.get('cache-control') ?? 'no-cache', 'no-cache')
  })
}

test('what is not allowed tells what is', async () => {
  for (const method of ['PUT', 'SEARCH']) assert.equal((await host.api(method, '/graphql')).headers.get('allow'), 'GET, HEAD, POST')
})

test('where types are not told, errors and texts tell none either', async (t) => {
  const silent = await startKernel({
    env: { GRAPHQL_INTROSPECTION: 'false' },
    sql: 'create table notes (id serial primary key, text text)',
  })
  t.after(() => silent.close())
  const told = async (to: TestHost, query: string, variables: object = {}) => {
    const { status, body } = await to.api('POST', '/graphql', { body: { query, variables } })
    return [status, /Did you mean/.test(JSON.stringify(body))]
  }
  const wrong = [
    ['{ note { id } }'],
    ['{ notes { txt } }'],
    ['query ($f: notes_filter) { notes(filter: $f) { id } }', { f: { txt: { _eq: 'a' } } }],
  ] as const
  for (const [query, variables] of wrong) {
    assert.deepEqual(await told(host, query, variables), [400, true])
    assert.deepEqual(await told(silent, query, variables), [400, false])
  }
  for (const path of ['', '/items', '/system']) assert.equal((await silent.api('GET', `/server/specs/graphql${path}`)).status, 404)
  const text = await silent.api('POST', '/graphql/system', { body: { query: '{ server_specs_graphql }' } })
  assert.equal(text.code, 'GRAPHQL_VALIDATION')
})

test('errors are no longer than they need be, whatever was sent', async () => {
  const long = 'x'.repeat(100_000)
  const keys = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key${i}`, 1]))
  const sent = [
    { query: `{ ${long} }` },
    { query: `{ notes(limit: "${long}") { id } }` },
    { query: '{ __typename }', operationName: long },
    { query: 'query ($f: notes_filter) { notes(filter: $f) { id } }', variables: { f: keys } },
    { query: 'query ($n: Int) { notes(limit: $n) { id } }', variables: { n: long } },
  ]
  for (const body of sent) {
    const { status, body: answer } = await post(body)
    assert.equal(status, 400)
    assert.ok(JSON.stringify(answer).length < 4000)
  }
})

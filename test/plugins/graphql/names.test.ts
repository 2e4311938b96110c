/** Tables as they come: names that GraphQL has no place for, composite keys, views, keyless tables, names that run together. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost
before(async () => {
  host = await startKernel({
    sql: `
      create table "Query" (id serial primary key);
      create table "JSON" (id serial primary key);
      create table "with-dash" (id serial primary key);
      create table __hidden (id serial primary key);
      create table pairs (a int, b text, note text, primary key (a, b));
      create table pairs_filter (id serial primary key);
      create table pairs_by_id (id serial primary key);
      create table keyless (n int);
      create view seen as select a, b from pairs;
      create table odd (id serial primary key, "first-name" text, at date, at_func int, _and int, constructor text, "__proto" text);
      insert into pairs values (1, 'x', 'one'), (1, 'a,b', 'two');
      insert into keyless values (3), (1);
      insert into odd ("first-name", at, at_func, _and, constructor) values ('n', '2024-05-06', 7, 8, 'c');`,
  })
})
after(() => host.close())

const ask = async (query: string) => (await host.api('POST', '/graphql', { body: { query } })).body

const cases: [why: string, query: string, data: object][] = [
  ['a composite key is text', '{ pairs_by_id(id: "1,a%2Cb") { note } }', { pairs_by_id: { note: 'two' } }],
  [
    'parts of a key',
    '{ pairs(filter: { a: { _eq: 1 } }, sort: ["b"]) { a b } }',
    {
      pairs: [
        { a: '1', b: 'a,b' },
        { a: '1', b: 'x' },
      ],
    },
  ],
  [
    'changed by a composite key',
    'mutation { update_pairs_item(id: "1,x", data: { note: "new" }) { note } }',
    { update_pairs_item: { note: 'new' } },
  ],
  [
    'no key at all',
    '{ keyless(sort: ["n"]) { n } keyless_aggregated { sum { n } } }',
    { keyless: [{ n: 1 }, { n: 3 }], keyless_aggregated: [{ sum: { n: 4 } }] },
  ],
  ['a view', '{ seen(limit: 1, sort: ["-b"]) { a b } }', { seen: [{ a: 1, b: 'x' }] }],
  ['a column in the place of a function', '{ odd { at_func _and constructor } }', { odd: [{ at_func: 7, _and: 8, constructor: 'c' }] }],
]
for (const [why, query, data] of cases) test(why, async () => assert.deepEqual(await ask(query), { data }))

const absent: [why: string, query: string][] = [
  ['a name of the language', '{ Query { id } }'],
  ['a scalar', '{ JSON { id } }'],
  ['a reserved name', '{ __hidden { id } }'],
  ['what another collection needs', '{ pairs_filter { id } }'],
  ['a key where there is none', '{ keyless_by_id(id: 1) { n } }'],
  ['a mutation without a key', 'mutation { delete_keyless_item(id: 1) { id } }'],
  ['a mutation of a view', 'mutation { create_seen_item(data: { a: 1 }) { a } }'],
]
for (const [why, query] of absent) {
  test(`absent: ${why}`, async () => assert.equal((await ask(query)).errors[0].extensions.code, 'GRAPHQL_VALIDATION'))
}

const told = () => host.logs.map(({ message }) => String(message)).filter((message) => message.startsWith('GraphQL leaves out'))

test('what is left out is told at the start', () => {
  const [first] = told()
  for (const name of ['Query', 'JSON', 'with-dash', '__hidden', 'pairs_filter', 'pairs_by_id', 'odd.first-name', 'odd.__proto'])
    assert.ok(first?.includes(name), name)
})

test('what a change of the schema adds to that is told then, once', async () => {
  const before = told().length
  const make = (collection: string) => host.api('POST', '/collections', { body: { collection, schema: {} } })
  for (const name of ['fine', 'not-so', 'fine_too']) assert.equal((await make(name)).status, 200)
  assert.deepEqual(told().slice(before), ['GraphQL leaves out what it has no name for: not-so'])
})

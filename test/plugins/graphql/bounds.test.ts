/** What documents may cost, attacked: each refusal comes before anything is compared or expanded, and its twin just within the bound works. */
import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { buildSchema, getIntrospectionQuery } from 'graphql'
import { Documents } from '../../../plugins/graphql/documents.ts'

const schema = buildSchema('type Note { id: ID text: String parent: Note children: [Note] } type Query { notes(limit: Int): [Note] }')
const bounds = { tokens: 5000, fields: 2000, depth: 20, roots: 100, introspection: true }
const times = (count: number, part: (index: number) => string) => Array.from({ length: count }, (_, i) => part(i)).join(' ')
const doubling = (last: string) =>
  `{ notes { ...F0 } } ${times(40, (i) => `fragment F${i} on Note { ...F${i + 1} ...F${i + 1} }`)} fragment F40 on Note { ${last} }`

const refused: [why: string, query: string, message: RegExp][] = [
  ['tokens', `{ notes { ${times(5000, () => 'id')} } }`, /tokens/],
  ['aliases', `{ ${times(10_000, (i) => `a${i}: notes { id }`)} }`, /tokens/],
  ['root fields', `{ ${times(101, (i) => `a${i}: notes { id }`)} }`, /101 fields at its root/],
  ['one key again and again', `{ notes { ${times(101, () => 'id')} } }`, /"id" is asked for 101 times/],
  ['one key again and again, below', `{ notes { ${times(101, () => 'parent { id }')} } }`, /"parent" is asked for 101 times/],
  [
    'one key, each time in another place',
    `{ ${times(11, () => `notes { ${times(11, () => 'parent { id }')} }`)} }`,
    /"parent" is asked for 121 times/,
  ],
  [
    'one key in fragments',
    `{ notes { ${times(101, (i) => `...F${i}`)} } } ${times(101, (i) => `fragment F${i} on Note { id }`)}`,
    /101 times/,
  ],
  ['fragments that double', doubling('id'), /comes to \d+ fields/],
  ['fragments that double and end in nothing', doubling('...Nope ...Nope'), /Unknown fragment "Nope"/],
  ['fragments within themselves', '{ notes { ...A } } fragment A on Note { parent { ...B } } fragment B on Note { ...A }', /within itself/],
  ['a fragment that nobody uses', `{ notes { id } } fragment A on Note { ${times(4000, () => 'id')} }`, /never used/],
  [
    'operations beside the one that runs',
    times(30, (i) => `query Q${i} { notes { ${times(70, (n) => `a${n}: id`)} } }`),
    /tokens|comes to 2130 fields/,
  ],
  ['depth', `{ notes { ${'parent { '.repeat(20)} id ${'} '.repeat(20)} } }`, /22 levels/],
  ['the schema twice', '{ a: __schema { queryType { name } } b: __schema { queryType { name } } }', /too much at once/],
  ['all types twice', '{ __schema { a: types { name } b: types { name } } }', /too much at once/],
  ['many types', `{ ${times(31, (i) => `a${i}: __type(name: "Note") { fields { name } }`)} }`, /too much at once/],
  [
    'types in types',
    '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }',
    /introspection depth/i,
  ],
  ['a subscription', 'subscription { notes { id } }', /subscribe/],
  ['unknown directives', `{ notes { id ${times(2000, () => '@a')} } }`, /Unknown directive/],
  ['__proto__', '{ notes { __proto__ } }', /Cannot query field/],
]
for (const [why, query, message] of refused) {
  test(`refused: ${why}`, () => {
    const documents = new Documents(bounds)
    const start = process.cpuUsage()
    assert.throws(
      () => documents.check(schema, query),
      (error: any) => {
        assert.equal(error.code, 'GRAPHQL_VALIDATION')
        assert.match(error.details.errors[0].message, message)
        return true
      },
    )
    assert.ok(process.cpuUsage(start).user < 5e6)
  })
}

const allowed: [why: string, query: string][] = [
  ['as many root fields', `{ ${times(100, (i) => `a${i}: notes { id }`)} }`],
  ['a key as often', `{ notes { ${times(100, () => 'id')} } }`],
  ['fragments used often', `{ notes { ${times(90, () => '...F')} } } fragment F on Note { id text parent { id } }`],
  ['the usual introspection', getIntrospectionQuery()],
  ['thirty types', `{ ${times(30, (i) => `a${i}: __type(name: "Note") { fields { name } }`)} }`],
  ['__proto__ as an alias', '{ __proto__: notes { constructor: id } }'],
]
for (const [why, query] of allowed) {
  test(`allowed: ${why}`, () => assert.equal(new Documents(bounds).check(schema, query).operations.length, 1))
}

test('what is kept of documents is bounded by how long they are, of all schemas together', () => {
  const documents = new Documents(bounds)
  const other = buildSchema('type Query { notes: Int }')
  const [small, large] = ['{ notes { id } }', (n: number) => `{ ${times(90, (i) => `a${i}_${'x'.repeat(90)}${n}: notes { id }`)} }`]
  const kept = documents.check(schema, small)
  assert.equal(documents.check(schema, small), kept)
  assert.throws(() => documents.check(other, small), 'it is another document there')
  for (let n = 0; n < 20; n++) documents.check(schema, large(n))
  assert.equal(documents.check(schema, small), kept)
  for (let n = 0; n < 80; n++) documents.check(schema, large(n))
  assert.notEqual(documents.check(schema, small), kept)
})

test('the validator gets no document that costs it much', () => {
  const documents = new Documents(bounds)
  const worst = `{ ${times(10, () => `notes { ${times(10, () => `parent { ${times(1, () => 'id text children { id }')} }`)} }`)} }`
  const start = process.cpuUsage()
  documents.check(schema, worst)
  assert.ok(process.cpuUsage(start).user < 5e6)
})

/** The rules of a role, narrowed to one item and what relations lead to from there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rule, Snapshot } from 'plinth'
import { sharedRules } from '../../../plugins/shares/scope.ts'

interface Edge {
  readonly list?: string
  readonly any?: true
}

/** `a.f>b` → a link of `a`; with `list` one that leads back. */
function snapshotOf(edges: Readonly<Record<string, Edge>>, more: readonly string[] = []): Snapshot {
  const parts = Object.entries(edges).map(([name, edge]) => ({
    ...edge,
    parts: /^(\w+)\.(\w+)>(\w+)$/.exec(name)!.slice(1) as [string, string, string],
  }))
  const names = [...new Set([...parts.flatMap(({ parts: [from, , to] }) => [from, to]), ...more])]
  const tables = names.map((name) => {
    const links = parts.filter(({ parts: [from] }) => from === name)
    const toLink = ({ parts: [, field, target], list, any }: (typeof links)[number]) => [
      field,
      any
        ? { kind: 'm2a', field, collectionField: 'collection', targets: [target] }
        : { kind: 'm2o', field, target, targetField: 'id', relation: { meta: { one_field: list ?? null } } },
    ]
    return [name, { name, primaryKey: ['id'], links: new Map(links.map(toLink) as never) }]
  })
  return { tables: new Map(tables as never) } as never
}

const reads = (collection: string, more: Partial<Rule> = {}): Rule => ({
  policy: 'p',
  collection,
  action: 'read',
  permissions: null,
  validation: null,
  presets: null,
  fields: ['*'],
  ...more,
})

/** Collection → the rows of its rules. */
const reach = (edges: Readonly<Record<string, Edge>>, rules: readonly Rule[], collection = 'a') =>
  Object.fromEntries(sharedRules(snapshotOf(edges), rules, { collection, item: '1' }).map((rule) => [rule.collection, rule.permissions]))

const key = { id: { _eq: '1' } }
const all = (...names: string[]) => names.map((name) => reads(name))

const cases: [why: string, edges: Record<string, Edge>, rules: readonly Rule[], expected: Record<string, unknown>][] = [
  ['the item alone', { 'a.b>b': {} }, all('a'), { a: key }],
  [
    'what it points at, and no further',
    { 'a.b>b': {}, 'b.c>c': {} },
    all('a', 'b', 'c'),
    { a: key, b: { '$FOLLOW(a,b)': { _some: key } } },
  ],
  [
    'further where a list leads back',
    { 'a.b>b': { list: 'as' }, 'b.c>c': {} },
    all('a', 'b', 'c'),
    {
      a: { _or: [key, { b: { _some: { '$FOLLOW(a,b)': { _some: key } } } }] },
      b: { '$FOLLOW(a,b)': { _some: key } },
      c: { '$FOLLOW(b,c)': { _some: { '$FOLLOW(a,b)': { _some: key } } } },
    },
  ],
  [
    'what belongs to it, on and on',
    { 'b.a>a': {}, 'c.b>b': {} },
    all('a', 'b', 'c'),
    {
      a: key,
      b: { a: { _some: key } },
      c: { b: { _some: { a: { _some: key } } } },
    },
  ],
  ['its own kind below it, and not above', { 'a.up>a': {} }, all('a'), { a: { _or: [key, { up: { _some: key } }] } }],
  [
    'what may be of any collection',
    { 'a.item>b': { any: true }, 'c.b>b': {} },
    all('a', 'b', 'c'),
    { a: key, b: { '$FOLLOW(a,item)': { _some: key } } },
  ],
  ['not over a field that is not seen', { 'a.b>b': {} }, [reads('a', { fields: ['id'] }), reads('b')], { a: key }],
  ['not over a list that is not seen', { 'a.b>b': { list: 'as' } }, [reads('a'), reads('b', { fields: ['id'] })], { a: key }],
  ['not into what is not read', { 'b.a>a': {} }, [reads('a'), reads('b', { fields: [] })], { a: key }],
  [
    'through seen rows alone',
    { 'a.b>b': {} },
    [reads('a', { permissions: { open: { _eq: true } } }), reads('b', { permissions: { old: { _eq: false } } })],
    {
      a: { _and: [{ open: { _eq: true } }, key] },
      b: { _and: [{ old: { _eq: false } }, { '$FOLLOW(a,b)': { _some: { _and: [{ open: { _eq: true } }, key] } } }] },
    },
  ],
  ['nothing but that it is there', { 'a.b>b': {} }, [], { a: key }],
  ['no writing', {}, [reads('a', { action: 'update' })], {}],
]

for (const [why, edges, rules, expected] of cases) test(`sharedRules() ${why}`, () => assert.deepEqual(reach(edges, rules), expected))

test('sharedRules() shows no field where the role shows none', () => {
  const [rule, ...more] = sharedRules(snapshotOf({}, ['a']), [], { collection: 'a', item: '1' })
  assert.deepEqual([rule?.fields, more], [[], []])
  assert.deepEqual(sharedRules(snapshotOf({}), all('a'), { collection: 'a', item: '1' }), [])
})

test('sharedRules() ends: every collection pointing at every other one', () => {
  const names = Array.from({ length: 12 }, (_, i) => `t${i}`)
  const edges = Object.fromEntries(
    names.flatMap((from) => names.filter((to) => to !== from).map((to) => [`${from}.${to}>${to}`, { list: 'l' }])),
  )
  const began = performance.now()
  const rules = sharedRules(snapshotOf(edges), all(...names), { collection: 't0', item: '1' })
  assert.equal(rules.length, 12)
  assert.ok(JSON.stringify(rules).length < 500_000, String(JSON.stringify(rules).length))
  assert.ok(performance.now() - began < 2000)
})

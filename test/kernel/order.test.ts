/** The order in which plugins start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StartError } from '../../kernel/config.ts'
import { orderPlugins } from '../../kernel/order.ts'
import { type Plugin, service } from '../../kernel/plugin.ts'

interface Wishes {
  readonly gives?: string
  readonly needs?: readonly string[]
  readonly after?: readonly string[]
}

const plugin = (name: string, { gives, needs = [], after = [] }: Wishes = {}): Plugin => ({
  name,
  gives: gives === undefined ? undefined : service(gives),
  needs: needs.map((id) => service(id)),
  after,
  setup() {},
})

const namesOf = (plugins: readonly Plugin[]) => plugins.map(({ name }) => name)

test('orderPlugins() answers in an order that works', () => {
  const cases: [why: string, plugins: Plugin[], expected: string[]][] = [
    ['nothing', [], []],
    ['as listed, without wishes', [plugin('c'), plugin('a'), plugin('b')], ['c', 'a', 'b']],
    ['what is needed first', [plugin('a', { needs: ['x'] }), plugin('b'), plugin('c', { gives: 'x' })], ['c', 'a', 'b']],
    [
      'over several steps',
      [plugin('a', { needs: ['y'] }), plugin('b', { gives: 'y', needs: ['x'] }), plugin('c', { gives: 'x' })],
      ['c', 'b', 'a'],
    ],
    ['after', [plugin('a', { after: ['b'] }), plugin('b')], ['b', 'a']],
    ['after a plugin that is not there', [plugin('a', { after: ['nowhere'] }), plugin('b')], ['a', 'b']],
    ['listed right already', [plugin('c', { gives: 'x' }), plugin('b'), plugin('a', { needs: ['x'], after: ['b'] })], ['c', 'b', 'a']],
  ]
  for (const [why, plugins, expected] of cases) assert.deepEqual(namesOf(orderPlugins(plugins)), expected, why)
})

const maker = () => assert.fail('nobody should make anything')
const embedded = () => assert.fail('nobody should open anything')
const modeller = { read: async () => assert.fail('nobody should read'), build: () => assert.fail('nobody should build') }

test('orderPlugins() wants somebody to read the database for whoever makes its tables', () => {
  assert.throws(() => orderPlugins([{ ...plugin('tables'), maker }]), /^StartError: Plugin "tables" makes what the database lacks/)
  assert.equal(
    orderPlugins([
      { ...plugin('tables'), maker },
      { ...plugin('model'), modeller },
    ]).length,
    2,
  )
})

test('orderPlugins() names every gap, cycle and clash at once, a line each', () => {
  const plugins = [
    plugin('twin'),
    plugin('twin'),
    plugin('one', { gives: 'x' }),
    plugin('two', { gives: 'x' }),
    ...['first', 'second'].map((name) => ({
      ...plugin(name),
      modeller,
      maker,
      embedded,
      commands: { go: { summary: '', run: async () => {} } },
    })),
    plugin('hungry', { needs: ['bread', 'wine'] }),
    plugin('thirsty', { needs: ['wine'] }),
    plugin('hen', { gives: 'eggs', needs: ['hens'] }),
    plugin('egg', { gives: 'hens', needs: ['eggs'] }),
    plugin('self', { after: ['self'] }),
  ]
  assert.throws(
    () => orderPlugins(plugins),
    (error) => {
      assert.ok(error instanceof StartError)
      const expected = [
        /^Two plugins are called "twin"/,
        /^Plugins "one" and "two" both give the service "x"/,
        /^Plugins "first" and "second" both have the command "go"/,
        /^Plugins "first" and "second" both have the role "modeller"/,
        /^Plugins "first" and "second" both have the role "maker"/,
        /^Plugins "first" and "second" both have the role "embedded"/,
        /^Plugin "hungry" needs the service "bread", which no plugin gives/,
        /^Plugin "hungry" needs the service "wine"/,
        /^Plugin "thirsty" needs the service "wine"/,
        /^Plugins wait for each other: "hen" → "egg" → "hen"\.$/,
        /^Plugins wait for each other: "self" → "self"\.$/,
      ]
      const lines = error.message.split('\n')
      assert.equal(lines.length, expected.length, error.message)
      for (const [i, line] of expected.entries()) assert.match(lines[i]!, line)
      return true
    },
  )
})

/** Plugins numbered so that each wishes for lower numbers only, in any listed order. */
const withoutCycles = fc.integer({ min: 1, max: 12 }).chain((size) => {
  const lower = (i: number) => (i ? fc.uniqueArray(fc.integer({ min: 0, max: i - 1 }), { maxLength: 4 }) : fc.constant<number[]>([]))
  const wishes = Array.from({ length: size }, (_, i) => fc.record({ needs: lower(i), after: lower(i) }))
  return fc.tuple(...wishes).chain((all) => {
    const plugins = all.map(({ needs, after }, i) =>
      plugin(`p${i}`, { gives: `s${i}`, needs: needs.map((n) => `s${n}`), after: after.map((n) => `p${n}`) }),
    )
    return fc.shuffledSubarray(plugins, { minLength: size, maxLength: size })
  })
})

test('orderPlugins() loses nobody and starts everybody after those they wait for', () => {
  fc.assert(
    fc.property(withoutCycles, (listed) => {
      const ordered = orderPlugins(listed)
      assert.deepEqual([...namesOf(ordered)].sort(), [...namesOf(listed)].sort())
      const place = new Map(ordered.map(({ name }, i) => [name, i]))
      for (const { name, needs = [], after = [] } of ordered) {
        for (const earlier of [...needs.map(({ id }) => id.replace('s', 'p')), ...after]) assert.ok(place.get(earlier)! < place.get(name)!)
      }
    }),
  )
})

test('orderPlugins() leaves an order that works as it is', () => {
  fc.assert(
    fc.property(withoutCycles, (listed) => {
      const once = orderPlugins(listed)
      assert.deepEqual(namesOf(orderPlugins(once)), namesOf(once))
    }),
  )
})

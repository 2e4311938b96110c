/** Primary keys: from paths and bodies to parameters, and back. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Problem, type Table } from 'plinth'
import { keyLists, keyOf, keyParameters, keysCondition } from '../../../plugins/items/keys.ts'

const types: Readonly<Record<string, string>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'bigInteger',
  uuid: 'uuid',
  text: 'text',
  numeric: 'decimal',
}

/** As much of a table as keys look at: columns `a`, `b`… of these types make its key. */
function keyed(...baseTypes: string[]): Table {
  const primaryKey = baseTypes.map((_, i) => String.fromCharCode(97 + i))
  const columns = baseTypes.map((baseType, i) => [primaryKey[i]!, { baseType, sqlType: baseType }] as const)
  const fields = columns.map(([name, column]) => [name, { name, type: types[column.baseType], column }] as const)
  return { name: 'test', primaryKey, columns: new Map(columns), fields: new Map(fields) } as unknown as Table
}

function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    assert.ok(error instanceof Problem, String(error))
    return error.code
  }
}

const id = 'aaaaaaaa-0000-4000-8000-000000000001'
const refused = 'FORBIDDEN'

describe('keyParameters()', () => {
  const cases: [types: string[], raw: unknown, expected: unknown][] = [
    [['int4'], '1', ['1']],
    [['int4'], 1, ['1']],
    [['int4'], '-2147483648', ['-2147483648']],
    [['int4'], '2147483647', ['2147483647']],
    [['int4'], '2147483648', refused],
    [['int2'], '32768', refused],
    [['int8'], '9223372036854775807', ['9223372036854775807']],
    [['int8'], '9223372036854775808', refused],
    [['int4'], '1.5', refused],
    [['int4'], '', refused],
    [['int4'], 'x', refused],
    [['int4'], '1; drop table x', refused],
    [['int4'], null, refused],
    [['int4'], undefined, refused],
    [['int4'], [], refused],
    [['int4'], { b: 1 }, refused],
    [['int4'], { a: 1 }, ['1']],
    [['uuid'], id, [id]],
    [['uuid'], id.toUpperCase(), [id.toUpperCase()]],
    [['uuid'], 'x', refused],
    [['uuid'], `${id} `, refused],
    [['numeric'], '1.50', ['1.50']],
    [['numeric'], 'NaN', refused],
    [['text'], '', ['']],
    [['text'], 'a,b', ['a,b']],
    [['text'], '%2C', ['%2C']],
    [['text'], 'a\0b', refused],
    [['text'], 5, ['5']],
    [['text', 'int4'], 'x,1', ['x', '1']],
    [['text', 'int4'], 'x%2Cy,1', ['x,y', '1']],
    [['text', 'int4'], '%25,1', ['%', '1']],
    [['text', 'int4'], ',1', ['', '1']],
    [['text', 'int4'], 'x', refused],
    [['text', 'int4'], 'x,1,2', refused],
    [['text', 'int4'], 'x,y', refused],
    [['text', 'int4'], '%zz,1', refused],
    [['text', 'int4'], { b: 1, a: 'x,y', c: 5 }, ['x,y', '1']],
    [['text', 'int4'], { a: 'x' }, refused],
    [['text', 'int4'], { a: 'x', b: null }, refused],
    [[], '1', refused],
  ]
  for (const [baseTypes, raw, expected] of cases) {
    test(`(${baseTypes}) ${JSON.stringify(raw)}`, () =>
      assert.deepEqual(
        outcome(() => keyParameters(keyed(...baseTypes), raw)),
        expected,
      ))
  }
})

describe('keyLists() and keysCondition()', () => {
  test('one list a key column', () => {
    assert.deepEqual(keyLists(keyed('int4'), [1, '2']), [['1', '2']])
    assert.deepEqual(keyLists(keyed('text', 'int4'), ['x,1', { a: 'y', b: 2 }]), [
      ['x', 'y'],
      ['1', '2'],
    ])
    assert.deepEqual(keyLists(keyed('int4'), []), [[]])
  })
  test('null is no key', () =>
    assert.equal(
      outcome(() => keyLists(keyed('int4'), [1, null])),
      'INVALID_PAYLOAD',
    ))
  test('without a key there are none', () =>
    assert.equal(
      outcome(() => keyLists(keyed(), [])),
      refused,
    ))
  test('the condition names every column once, with its type', () => {
    const place = (part: number) => `$${part + 1}`
    assert.equal(keysCondition('t', keyed('int4'), place), 't."a" = any($1::int4[])')
    assert.equal(keysCondition('t', keyed('text', 'int4'), place), '(t."a", t."b") in (select * from unnest($1::text[], $2::int4[]))')
  })
})

test('what keyOf() prints keyParameters() reads, whatever the parts hold', () => {
  const part = fc.string({ maxLength: 12, unit: 'binary' }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const table = keyed(...parts.map(() => 'text'))
      const row = Object.fromEntries(parts.map((value, i) => [table.primaryKey[i]!, value]))
      assert.deepEqual(keyParameters(table, keyOf(table, row)), parts)
      assert.deepEqual(keyParameters(table, row), parts)
    }),
  )
})

test('keys of different rows are different', () => {
  const parts = fc.tuple(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }))
  const table = keyed('text', 'text')
  fc.assert(
    fc.property(parts, parts, ([a, b], [c, d]) => {
      assert.equal(keyOf(table, { a, b }) === keyOf(table, { a: c, b: d }), a === c && b === d)
    }),
  )
})

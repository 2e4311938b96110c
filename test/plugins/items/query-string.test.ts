/** Query strings with brackets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Problem } from 'plinth'
import { parseQueryString, type Raw } from '../../../plugins/items/query-string.ts'

/** Maps without prototypes compare as plain ones. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('parseQueryString() reads', () => {
  const cases: [text: string, expected: unknown][] = [
    ['', {}],
    ['&&', {}],
    ['a=1', { a: '1' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['=1', { '': '1' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&a=2', { a: ['1', '2'] }],
    ['a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['a[]=1', { a: ['1'] }],
    ['a[]=1&a[]=2', { a: ['1', '2'] }],
    ['a[0]=1&a[1]=2', { a: ['1', '2'] }],
    ['a[1]=2&a[0]=1', { a: ['1', '2'] }],
    ['a[10]=b&a[9]=a', { a: ['a', 'b'] }],
    ['a[500]=1', { a: ['1'] }],
    ['a[b]=1', { a: { b: '1' } }],
    ['a[b][c]=1&a[b][d]=2', { a: { b: { c: '1', d: '2' } } }],
    ['a[b][]=1&a[b][]=2', { a: { b: ['1', '2'] } }],
    ['a[0][b]=1&a[1][b]=2', { a: [{ b: '1' }, { b: '2' }] }],
    ['a[0]=1&a[b]=2', { a: { 0: '1', b: '2' } }],
    ['a[01]=1&a[b]=2', { a: { '01': '1', b: '2' } }],
    ['a%5Bb%5D=1', { a: { b: '1' } }],
    ['a[b%5D=1', { a: { b: '1' } }],
    ['a=x+y%20z%2B', { a: 'x y z+' }],
    ['a=%C3%A4%F0%9F%8C%B3', { a: 'ä🌳' }],
    ['a=ä', { a: 'ä' }],
    ['a=%00', { a: '\0' }],
    ['[a]=1', { '[a]': '1' }],
    ['[=1', { '[': '1' }],
    ['a]=1', { 'a]': '1' }],
    ['a.b=1', { 'a.b': '1' }],
    ['0=1', { 0: '1' }],
    ['0=1&1=2', { 0: '1', 1: '2' }],
    ['a[constructor]=1', { a: { constructor: '1' } }],
    ['a[__proto__][admin]=1', { a: JSON.parse('{"__proto__":{"admin":"1"}}') }],
    ['__proto__[admin]=1', JSON.parse('{"__proto__":{"admin":"1"}}')],
    ['filter[_or][0][a][_eq]=1&filter[_or][1][b][_in][]=2', { filter: { _or: [{ a: { _eq: '1' } }, { b: { _in: ['2'] } }] } }],
  ]
  for (const [text, expected] of cases) test(text || '(nothing)', () => assert.deepEqual(plain(parseQueryString(text)), expected))
})

describe('parseQueryString() refuses', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `a${i}=1`).join('&')
  const cases: [why: string, text: string][] = [
    ['brackets that stay open', 'a[b=1'],
    ['brackets in brackets', 'a[b[c]]=1'],
    ['text behind brackets', 'a[b]c=1'],
    ['text between brackets', 'a[b]c[d]=1'],
    ['text and group', 'a=1&a[b]=2'],
    ['group and text', 'a[b]=2&a=1'],
    ['a group below text', 'a[b]=1&a[b][c]=2'],
    ['a broken percent-encoding', 'a=%'],
    ['a broken percent-encoding of a name', '%zz=1'],
    ['bytes that are no UTF-8', 'a=%FF'],
    ['1,001 parameters', many(1001)],
    ['31 levels', `a${'[b]'.repeat(30)}=1`],
    ['an index of 501', 'a[501]=1'],
    ['an index beyond all numbers', `a[${'9'.repeat(400)}]=1`],
  ]
  for (const [why, text] of cases) {
    test(why, () =>
      assert.throws(
        () => parseQueryString(text),
        (error) => error instanceof Problem && error.code === 'INVALID_QUERY',
      ),
    )
  }
  test('and takes what is just within its bounds', () => {
    assert.equal(Object.keys(parseQueryString(many(1000))).length, 1000)
    parseQueryString(`a${'[b]'.repeat(29)}=1`)
  })
})

/** Every map within. */
function* mapsIn(value: Raw): Generator<object> {
  if (typeof value === 'string') return
  if (!Array.isArray(value)) yield value
  for (const inner of Object.values(value)) yield* mapsIn(inner)
}

const piece = fc.oneof(
  fc.constantFrom(
    '[',
    ']',
    '[]',
    '=',
    '&',
    '%',
    '+',
    '%5B',
    '%00',
    '[0]',
    '[600]',
    '__proto__',
    'constructor',
    'prototype',
    'filter',
    '[_and]',
    'a',
  ),
  fc.string({ maxLength: 4 }),
)
const mess = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))

test('parseQueryString() answers or refuses whatever comes, and no map that it makes has a prototype', () => {
  fc.assert(
    fc.property(fc.oneof(mess, fc.string({ unit: 'binary' })), (text) => {
      try {
        for (const map of mapsIn(parseQueryString(text))) assert.equal(Object.getPrototypeOf(map), null)
      } catch (error) {
        assert.ok(error instanceof Problem && error.code === 'INVALID_QUERY', String(error))
      }
    }),
    { numRuns: 2000 },
  )
  assert.equal(({} as Record<string, unknown>).admin, undefined)
})

const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !/[[\]]/.test(text) && !/^\d+$/.test(text))
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
    fc.dictionary(name, tie('tree'), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
  ),
}))

/** The usual way to write data in brackets. */
function* print(value: unknown, path: string): Generator<string> {
  if (typeof value === 'string') yield `${encodeURIComponent(path)}=${encodeURIComponent(value)}`
  else for (const [key, inner] of Object.entries(value as object)) yield* print(inner, `${path}[${key}]`)
}

test('parseQueryString() gives back what was printed', () => {
  fc.assert(
    fc.property(fc.dictionary(name, tree, { maxKeys: 4, noNullPrototype: true }), (data) => {
      const text = Object.entries(data)
        .flatMap(([key, value]) => [...print(value, key)])
        .join('&')
      assert.deepEqual(plain(parseQueryString(text)), plain(data))
    }),
  )
})

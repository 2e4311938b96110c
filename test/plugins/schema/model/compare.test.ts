import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compare, type Edit, patch } from '../../../../plugins/schema/model/compare.ts'

const cases: [why: string, before: unknown, after: unknown, edits: Edit[]][] = [
  ['equal', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ['the order of members does not count', { a: 1, b: 2 }, { b: 2, a: 1 }, []],
  ['all new', undefined, { a: 1 }, [{ kind: 'N', rhs: { a: 1 } }]],
  ['all gone', { a: 1 }, undefined, [{ kind: 'D', lhs: { a: 1 } }]],
  ['a value', { a: { b: 1 } }, { a: { b: 2 } }, [{ kind: 'E', path: ['a', 'b'], lhs: 1, rhs: 2 }]],
  ['a member comes', { a: {} }, { a: { b: 2 } }, [{ kind: 'N', path: ['a', 'b'], rhs: 2 }]],
  ['a member goes', { a: 1, b: 2 }, { a: 1 }, [{ kind: 'D', path: ['b'], lhs: 2 }]],
  ['null is a value', { a: null }, { a: {} }, [{ kind: 'E', path: ['a'], lhs: null, rhs: {} }]],
  ['a list is no object', { a: [] }, { a: {} }, [{ kind: 'E', path: ['a'], lhs: [], rhs: {} }]],
  ['an element comes', { a: [1] }, { a: [1, 2] }, [{ kind: 'A', path: ['a'], index: 1, item: { kind: 'N', rhs: 2 } }]],
  [
    'elements go from the end',
    [1, 2, 3],
    [1],
    [
      { kind: 'A', path: [], index: 2, item: { kind: 'D', lhs: 3 } },
      { kind: 'A', path: [], index: 1, item: { kind: 'D', lhs: 2 } },
    ],
  ],
  ['an element changes', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, [{ kind: 'E', path: ['a', 0, 'b'], lhs: 1, rhs: 2 }]],
  ['what objects have by nature is no member', {}, { toString: 1 }, [{ kind: 'N', path: ['toString'], rhs: 1 }]],
]

for (const [why, before, after, edits] of cases) {
  test(`compare(): ${why}`, () => {
    assert.deepEqual(compare(before, after), edits)
    assert.deepEqual(patch(before, edits), after)
  })
}

test('patch() undoes compare(), whatever the values', () => {
  // JSON.parse makes a member of that name, object literals do not.
  const isPlain = (value: unknown) => !JSON.stringify(value).includes('__proto__')
  const json = fc.jsonValue({ maxDepth: 4 }).filter(isPlain)
  fc.assert(
    fc.property(json, json, (before, after) => {
      assert.deepEqual(patch(before, compare(before, after)), after)
    }),
    { numRuns: 2000 },
  )
})

test('patch() keeps away from prototypes', () => {
  const edit: Edit = { kind: 'N', path: ['__proto__', 'polluted'], rhs: true }
  assert.throws(() => patch({}, [edit]))
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
  assert.deepEqual(patch({}, [{ kind: 'N', path: ['constructor', 'prototype', 'polluted'], rhs: true }]), {
    constructor: { prototype: { polluted: true } },
  })
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
})

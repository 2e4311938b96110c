/** The fingerprint of an item is that of object-hash 3, whose values these are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { objectHash } from '../../../plugins/history/object-hash.ts'

const cases: [value: unknown, hash: string][] = [
  [{}, '323217f643c3e3f1fe7532e72ac01bb0748c97be'],
  [{ a: 1 }, 'ca1a41f90da606b052ecf10c8286817813bc8861'],
  [{ a: { b: 1 }, c: [{}, { x: [1, 'é', null] }], d: true }, '9dae267bd79bd4726a3eba58601d08ac956ae6e3'],
  [{ data: [{ a: 1 }, { b: { c: {} } }] }, '2868d4186be199944a4feb976070ea3d0d2d2977'],
  [[1, { a: 1 }], '555d465cc0e5cfe4c8e7eab20a7d1d40f3493bcb'],
  [{ s: '日本🌳', n: -1.5e10, f: 0.1 }, 'ffbec8c5cafcb0d3bcdf0a9fd63092fe0e57f1f4'],
  // What the reference told of such an item.
  [
    { id: 1, title: 'one', n: 7, made: '2026-11-22T01:54:55.616Z', changed: null, author: 1, secret: null, kids: [1] },
    '5301a05c47e982e5a7fe6fec75cefbd7bbe27535',
  ],
]
for (const [value, hash] of cases) test(`objectHash(${JSON.stringify(value)})`, async () => assert.equal(await objectHash(value), hash))

test('objectHash() does not depend on the order of members', async () => {
  assert.equal(await objectHash({ a: 1, b: [2] }), await objectHash({ b: [2], a: 1 }))
  assert.notEqual(await objectHash({ a: [1, 2] }), await objectHash({ a: [2, 1] }))
})

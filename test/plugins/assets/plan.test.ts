/** What sharp is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Format, Wish } from '../../../plugins/assets/parameters.ts'
import { encoding, planOf } from '../../../plugins/assets/plan.ts'

const cases: [why: string, format: Format, megapixels: number, wish: Partial<Wish>, expected: object][] = [
  ['a small AVIF is made with the usual effort', 'avif', 0.5, {}, { effort: 4 }],
  ['less than is wanted, where that would take minutes', 'avif', 0.5, { steps: [['avif', { effort: 6 }]] }, { effort: 4 }],
  ['a larger one with less', 'avif', 1, { quality: 50 }, { quality: 50, effort: 2 }],
  ['the largest with none', 'avif', 12, { steps: [['toFormat', 'avif', { effort: 4, lossless: true }]] }, { effort: 0, lossless: true }],
  ['what takes little stays as it is wanted', 'avif', 2, { steps: [['avif', { effort: 1 }]] }, { effort: 1 }],
  ['a palette of many pixels', 'gif', 2, {}, { effort: 1 }],
  ['of few', 'gif', 0.2, {}, {}],
  ['a palette of a PNG, by its quality', 'png', 2, { quality: 80 }, { quality: 80, effort: 1 }],
  ['a PNG that has none gets none', 'png', 12, { steps: [['png', { compressionLevel: 9 }]] }, { compressionLevel: 9 }],
  ['what stops when it must', 'webp', 12, { steps: [['webp', { effort: 6 }]] }, { effort: 6 }],
]
for (const [why, format, megapixels, wish, expected] of cases) {
  test(`encoding(): ${why}`, () => assert.deepEqual(encoding({ steps: [], ...wish }, format, megapixels * 1e6), expected))
}

test('planOf() counts the pixels of the largest step and of the result', () => {
  const plan = (wish: Partial<Wish>) => planOf({ steps: [], ...wish }, { width: 400, height: 200 }, { dimension: 6000 })
  const counted = ({ most, result }: { most: number; result: number }) => [most, result]
  assert.deepEqual(counted(plan({})), [80_000, 80_000])
  assert.deepEqual(counted(plan({ width: 40 })), [80_000, 800])
  assert.deepEqual(counted(plan({ width: 4000 })), [8_000_000, 8_000_000])
  assert.deepEqual(counted(plan({ steps: [['resize', 4000]], width: 40 })), [8_000_000, 800])
  assert.deepEqual(counted(plan({ width: 100, height: 100, focal: { x: 0, y: 0 } })), [80_000, 10_000])
})

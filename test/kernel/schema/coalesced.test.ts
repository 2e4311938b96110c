/** Calls that share runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coalesced } from '../../../kernel/schema/coalesced.ts'

/** Work that ends when told to, and how often it began. */
function manual() {
  const ends: ((outcome: number | Error) => void)[] = []
  const work = () =>
    new Promise<number>((resolve, reject) => ends.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome))))
  return { ask: coalesced(work), ends }
}

test('coalesced() begins at once, and calls that come meanwhile share one more run', async () => {
  const { ask, ends } = manual()
  const first = ask()
  const others = [ask(), ask(), ask()]
  assert.equal(ends.length, 1)
  ends[0]!(1)
  assert.equal(await first, 1)
  await Promise.resolve()
  assert.equal(ends.length, 2)
  const later = ask()
  ends[1]!(2)
  assert.deepEqual(await Promise.all(others), [2, 2, 2])
  await Promise.resolve()
  ends[2]!(3)
  assert.equal(await later, 3)
  assert.equal(ends.length, 3)
})

test('coalesced() begins anew once idle, also after a failure', async () => {
  const { ask, ends } = manual()
  const first = ask()
  const second = ask()
  ends[0]!(new Error('no'))
  await assert.rejects(first, /no/)
  await Promise.resolve()
  ends[1]!(2)
  assert.equal(await second, 2)
  await Promise.resolve()
  const third = ask()
  assert.equal(ends.length, 3)
  ends[2]!(3)
  assert.equal(await third, 3)
})

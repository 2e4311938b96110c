/** Plays every scenario to our kernel and compares its answers with what the reference answered. `differences/` holds what is meant to differ. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTarget } from './own.ts'
import { compare, pending, play, readDifferences, readGolden, scenarioNames } from './runner.ts'

const names = await scenarioNames()
for (const name of names.filter((name) => !pending.includes(name))) {
  test(`conformance: ${name}`, async (t) => {
    const target = await startTarget(name)
    try {
      const { points, crash } = await play(name, target)
      for (const { label, wrong } of compare(await readGolden(name), points, await readDifferences(name))) {
        await t.test(label, () => assert.deepEqual(wrong, []))
      }
      assert.ifError(crash)
    } finally {
      await target.close()
    }
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createGate } from '../../../plugins/assets/gate.ts'

test('run() never lets more in than the limits say, lets all in, in the order of arrival', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }), async (weights) => {
      const gate = createGate({ weight: 20, running: 3, waiting: 100 })
      const inside: number[] = []
      const entered: number[] = []
      await Promise.all(
        weights.map((weight, i) =>
          gate.run(weight, async () => {
            entered.push(i)
            inside.push(weight)
            const carried = inside.reduce((sum, one) => sum + one, 0)
            assert.ok(inside.length === 1 || (inside.length <= 3 && carried <= 20), `${inside}`)
            await new Promise((resolve) => setImmediate(resolve))
            inside.splice(inside.indexOf(weight), 1)
          }),
        ),
      )
      assert.deepEqual(
        entered,
        weights.map((_, i) => i),
      )
    }),
  )
})

test('run() refuses one more than may wait; work that fails makes room', async () => {
  const gate = createGate({ weight: 10, running: 1, waiting: 2 })
  const { promise, resolve: end } = Promise.withResolvers<void>()
  const first = gate.run(1, () => promise)
  const failing = assert.rejects(
    gate.run(1, () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  const last = gate.run(1, async () => 'done')
  await assert.rejects(
    gate.run(1, async () => {}),
    { code: 'SERVICE_UNAVAILABLE' },
  )
  end()
  await Promise.all([first, failing])
  assert.equal(await last, 'done')
})

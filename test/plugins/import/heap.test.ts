/** Long work begins with a small heap. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { sparingly } from '../../../plugins/import/heap.node.ts'

const isNode = process.versions.bun === undefined && process.versions.deno === undefined

test('what nobody holds is gone before work on a long file begins', { skip: !isNode }, async () => {
  const left = new WeakRef({ some: 'garbage' })
  // A reference that was looked at is kept until the next turn.
  await turn()
  assert.equal(await sparingly(async () => left.deref(), 5_000_000), undefined)
  assert.equal('gc' in globalThis, false)
})

test('what work throws is thrown', async () => {
  await assert.rejects(
    sparingly(async () => {
      throw new Error('no')
    }, 5_000_000),
    /no/,
  )
})

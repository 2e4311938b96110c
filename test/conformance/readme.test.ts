/** What the README says of differences is what the recordings say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readmeWithList } from './readme.ts'

test('README.md lists every recorded difference', async () => {
  const { now, wanted } = await readmeWithList()
  assert.equal(now, wanted, 'run: node test/conformance/readme.ts')
})

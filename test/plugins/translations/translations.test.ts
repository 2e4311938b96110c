import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost

before(async () => {
  host = await startKernel()
})
after(() => host.close())

test('POST /translations: of requests for one language and key at once one is kept', async () => {
  const body = { language: 'de-DE', key: 'hello', value: 'Hallo' }
  const answers = await Promise.all(Array.from({ length: 12 }, () => host.api('POST', '/translations', { body })))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(11).fill(400)])
  const { data } = await host.api('GET', '/translations?aggregate[count]=*')
  assert.equal(Number(data[0].count), 1)
})

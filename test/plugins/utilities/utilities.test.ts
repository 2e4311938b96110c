import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { randomText } from '../../../kernel/text.ts'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost

before(async () => {
  host = await startKernel()
})
after(() => host.close())

test('POST /utils/cache/clear shows a table that was made past us', async () => {
  await host.kernel.db.execute('create table made_by_hand (id serial primary key, name text)')
  assert.equal((await host.api('GET', '/items/made_by_hand')).status, 403)
  const { status, body } = await host.api('POST', '/utils/cache/clear')
  assert.deepEqual([status, body], [200, null])
  assert.deepEqual((await host.api('GET', '/items/made_by_hand')).data, [])
})

test('POST /utils/cache/clear is for administrators', async () => {
  const { status, code } = await host.api('POST', '/utils/cache/clear', { token: null })
  assert.deepEqual([status, code], [403, 'FORBIDDEN'])
})

test('GET /utils/cache/clear is no route', async () => {
  assert.equal((await host.api('GET', '/utils/cache/clear')).code, 'ROUTE_NOT_FOUND')
})

const lengths: [query: string, length: number | undefined][] = [
  ['', 32],
  ['?length=1', 1],
  ['?length=500', 500],
  ['?length=0', undefined],
  ['?length=501', undefined],
  ['?length=-1', undefined],
  ['?length=1.5', undefined],
  ['?length=abc', undefined],
  ['?length=', undefined],
]
test('GET /utils/random/string answers everybody', async (t) => {
  for (const [query, length] of lengths) {
    await t.test(`${query || 'no length'} → ${length ?? 400}`, async () => {
      const { status, data, code } = await host.api('GET', `/utils/random/string${query}`, { token: null })
      if (length === undefined) return assert.deepEqual([status, code], [400, 'INVALID_QUERY'])
      assert.equal(status, 200)
      assert.match(data, new RegExp(`^[\\w-]{${length}}$`))
    })
  }
})

test('randomText() uses all of its alphabet and repeats itself never', () => {
  assert.equal(new Set(randomText(5000)).size, 64)
  assert.notEqual(randomText(32), randomText(32))
})

/** Server-Timing. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'
import { ask, memory } from '../assets/library.ts'
import { image, upload } from '../files/library.ts'

const told = ({ headers }: { headers: Headers }) =>
  headers
    .get('server-timing')
    ?.split(', ')
    .map((entry) => entry.split(';')[0]) ?? null

describe('with NODE_ENV=development', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({ env: { NODE_ENV: 'development', ...memory }, sql: 'create table book (id serial primary key, title text)' })
    await host.api('POST', '/users', { body: { email: 'user@example.com', token: 'user-token' } })
  })
  after(() => host.close())

  for (const [why, method, path, token, stages] of [
    ['administrators are told the stages', 'GET', '/items/book', undefined, ['auth', 'plan', 'db', 'total']],
    ['a write has the same', 'POST', '/items/book', undefined, ['auth', 'plan', 'db', 'total']],
    ['without a statement there is none to tell of', 'GET', '/nothing', undefined, ['auth', 'total']],
    ['users are told what they can measure', 'GET', '/users/me', 'user-token', ['total']],
    ['the public too', 'GET', '/server/info', null, ['total']],
    ['and who is refused', 'GET', '/items/book', 'nobody-has-this', ['total']],
    ['a refused login tells no more', 'POST', '/auth/login', null, ['total']],
    ['a path that answers without rights tells no more', 'GET', '/server/ping', undefined, ['total']],
  ] as const) {
    test(why, async () => {
      const body = method === 'POST' ? (path === '/auth/login' ? { email: 'user@example.com', password: 'x' } : { title: 'a' }) : undefined
      const answer = await host.api(method, path, { token, body })
      assert.deepEqual(told(answer), stages)
    })
  }

  test('statements are counted for each request alone', async () => {
    await host.api('GET', '/items/book')
    const answers = await Promise.all(Array.from({ length: 5 }, () => host.api('GET', '/items/book')))
    for (const { headers } of answers) {
      const form = /^auth;dur=[\d.]+, plan;dur=[\d.]+, db;dur=[\d.]+;desc="1 statement", total;dur=[\d.]+$/
      assert.match(headers.get('server-timing')!, form)
    }
  })

  test('of contents: what the storage took, and what making an image took', async () => {
    const stored = await upload(host, [['f', await image('png')]])
    assert.deepEqual(told(stored), ['auth', 'plan', 'db', 'store', 'total'])
    const asked = async (query = '', headers = {}) => told(await ask(host, `/assets/${stored.data.id}${query}`, { headers }))
    assert.deepEqual(await asked(), ['auth', 'plan', 'db', 'store', 'total'])
    assert.deepEqual(await asked('?width=10'), ['auth', 'plan', 'db', 'store', 'transform', 'total'])
    assert.deepEqual(await asked('?width=10'), ['auth', 'plan', 'db', 'total'], 'it is at hand')
    assert.deepEqual(await asked('', { 'if-none-match': '*' }), ['auth', 'plan', 'db', 'total'])
  })
})

for (const [why, env, isTold] of [
  ['nothing is said', {}, false],
  ['in production', { NODE_ENV: 'production' }, false],
  ['in development, where it is switched off', { NODE_ENV: 'development', SERVER_TIMING: 'false' }, false],
  ['in production, where it is asked for', { NODE_ENV: 'production', SERVER_TIMING: 'true' }, true],
] as const) {
  test(`${isTold ? 'times' : 'no times'} when ${why}`, async () => {
    const host = await startKernel({ env })
    try {
      assert.equal(told(await host.api('GET', '/users/me')) !== null, isTold)
    } finally {
      await host.close()
    }
  })
}

/** Which pages of other sites may ask and read. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

const base = 'http://localhost:8055'
const shown = ['origin', 'credentials', 'methods', 'headers', 'max-age', 'expose-headers']
const told = (response: Response) =>
  Object.fromEntries(
    shown
      .map((name) => [
        name,
        response.headers.get(
          name === 'expose-headers' ? `access-control-${name}` : `access-control-${name === 'max-age' ? name : `allow-${name}`}`,
        ),
      ])
      .filter(([, value]) => value !== null),
  )

describe('with CORS_ORIGIN listed', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({
      env: { CORS_ENABLED: 'true', CORS_ORIGIN: 'https://a.example,https://b.example', CORS_EXPOSED_HEADERS: 'ETag' },
    })
  })
  after(() => host.close())
  const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
    host.kernel.fetch(new Request(base + path, { method, headers }))

  const open = { origin: 'https://b.example', credentials: 'true', 'expose-headers': 'ETag' }
  const cases: [why: string, method: string, path: string, origin: string | undefined, status: number, allowed: object][] = [
    ['a listed page', 'GET', '/server/info', 'https://b.example', 200, open],
    ['a listed page, items', 'GET', '/roles', 'https://b.example', 403, open],
    ['a listed page, refused', 'GET', '/items/nothing', 'https://b.example', 403, open],
    ['a listed page, no such route', 'GET', '/nothing', 'https://b.example', 404, open],
    ['a page that is not listed', 'GET', '/server/info', 'https://evil.example', 200, { 'expose-headers': 'ETag' }],
    ['a page that begins like a listed one', 'GET', '/server/info', 'https://b.example.evil.example', 200, { 'expose-headers': 'ETag' }],
    ['a page without origin', 'GET', '/server/info', 'null', 200, { 'expose-headers': 'ETag' }],
    ['no page', 'GET', '/server/info', undefined, 200, { 'expose-headers': 'ETag' }],
  ]
  for (const [why, method, path, origin, status, allowed] of cases) {
    test(why, async () => {
      const response = await ask(method, path, origin === undefined ? {} : { origin })
      assert.deepEqual([response.status, told(response)], [status, allowed])
      assert.equal(response.headers.get('vary')?.match(/\bOrigin\b/g)?.length, 1)
    })
  }

  test('a preflight is answered for any path, with 204 and nothing in it', async () => {
    for (const path of ['/items/nothing', '/nowhere']) {
      const response = await ask('OPTIONS', path, { origin: 'https://a.example', 'access-control-request-method': 'PATCH' })
      assert.deepEqual([response.status, await response.text()], [204, ''])
      assert.deepEqual(told(response), {
        origin: 'https://a.example',
        credentials: 'true',
        methods: 'GET,POST,PATCH,DELETE,SEARCH',
        headers: 'Content-Type,Authorization,If-Match,If-None-Match,Idempotency-Key,GraphQL-Transaction',
        'max-age': '18000',
        'expose-headers': 'ETag',
      })
    }
  })
})

const exposed = 'Content-Range,ETag,X-Item-Version,X-Request-Id,Retry-After,X-RateLimit-Limit,X-RateLimit-Remaining,X-RateLimit-Reset'

test('CORS_ORIGIN=true lets any page ask, never with credentials', async () => {
  const host = await startKernel({ env: { CORS_ENABLED: 'true', CORS_ORIGIN: 'true' } })
  const response = await host.kernel.fetch(new Request(`${base}/server/info`, { headers: { origin: 'https://evil.example' } }))
  assert.deepEqual(told(response), { origin: '*', 'expose-headers': exposed })
  await host.close()
})

test('without CORS_ENABLED nothing is said', async () => {
  const host = await startKernel()
  const response = await host.kernel.fetch(new Request(`${base}/server/info`, { headers: { origin: 'https://a.example' } }))
  assert.deepEqual(told(response), {})
  await host.close()
})

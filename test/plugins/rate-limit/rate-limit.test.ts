/** Rate limits over HTTP: at the limit, beyond it, and whose limit it is. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { admin, startKernel, type TestHost } from '../../host.ts'

async function withHost(env: Record<string, string>, work: (host: TestHost) => Promise<void>): Promise<void> {
  const host = await startKernel({ env })
  try {
    await work(host)
  } finally {
    await host.close()
  }
}

const ask = (host: TestHost, ip: string | null, headers: Record<string, string> = {}) =>
  host.kernel.fetch(new Request('http://localhost/server/info', { headers }), { ip, gone: () => false })
const told = ({ status, headers }: Response) => [
  status,
  ...['limit', 'remaining'].map((name) => headers.get(`x-ratelimit-${name}`)),
  headers.has('x-ratelimit-reset'),
  headers.get('retry-after'),
]

describe('rate limits', () => {
  test('are off unless wanted', () =>
    withHost({}, async (host) => {
      const response = await ask(host, '1.2.3.4')
      assert.deepEqual(told(response), [200, null, null, false, null])
    }))

  for (const store of ['memory', 'postgres']) {
    test(`of an address: N pass, N + 1 does not (${store})`, () =>
      withHost(
        {
          RATE_LIMITER_ENABLED: 'true',
          RATE_LIMITER_POINTS: '2',
          RATE_LIMITER_DURATION: '30',
          RATE_LIMITER_STORE: store,
          CORS_ENABLED: 'true',
          CORS_ORIGIN: 'https://a.example',
        },
        async (host) => {
          assert.deepEqual(told(await ask(host, '1.2.3.4')), [200, '2', '1', true, null])
          assert.deepEqual(told(await ask(host, '1.2.3.4')), [200, '2', '0', true, null])
          const refused = await ask(host, '1.2.3.4', { origin: 'https://a.example' })
          assert.deepEqual(told(refused), [429, '2', '0', true, '30'])
          assert.equal(refused.headers.get('access-control-allow-origin'), 'https://a.example')
          const { code, limit, reset } = ((await refused.json()) as any).errors[0].extensions
          assert.deepEqual([code, limit, reset], ['REQUESTS_EXCEEDED', 2, refused.headers.get('x-ratelimit-reset')])
          assert.equal((await ask(host, '1.2.3.5')).status, 200, 'each by itself')
          assert.equal((await ask(host, '9.9.9.9', { 'x-forwarded-for': '1.2.3.4' })).status, 200)
          assert.equal((await ask(host, '1.2.3.4', { 'x-forwarded-for': '7.7.7.7' })).status, 429, 'nobody says who they are themselves')
        },
      ))
  }

  test('that are kept elsewhere are looked at by /server/health', () =>
    withHost({ RATE_LIMITER_STORE: 'postgres', CACHE_HEALTHCHECK_THRESHOLD: '4s' }, async (host) => {
      const { body } = await host.api('GET', '/server/health')
      const [{ status, threshold }] = body.checks['rate-limit:postgres:responseTime']
      assert.deepEqual([status, threshold], ['ok', 4000])
    }))

  test('whose Redis is away are an error there', () =>
    withHost({ RATE_LIMITER_STORE: 'redis', REDIS: 'redis://127.0.0.1:1' }, async (host) => {
      const { status, body } = await host.api('GET', '/server/health')
      assert.deepEqual([status, body.checks['redis:responseTime'][0].status], [503, 'error'])
    }))

  test('of an address are 100 in a second and 1,000 in a minute where nothing else is said', () =>
    withHost({ RATE_LIMITER_ENABLED: 'true' }, async (host) => {
      const response = await ask(host, '1.2.3.4')
      assert.deepEqual(told(response), [200, '100', '99', true, null])
      const { data } = await host.api('GET', '/server/info')
      assert.deepEqual([data.rateLimit, data.rateLimitGlobal], [{ points: 100, duration: 1 }, false])
    }))

  test('of a minute count beside those of a second', () =>
    withHost({ RATE_LIMITER_ENABLED: 'true', RATE_LIMITER_POINTS: '0', RATE_LIMITER_MINUTE_POINTS: '2' }, async (host) => {
      const statuses: number[] = []
      for (let i = 0; i < 3; i++) statuses.push((await ask(host, '1.2.3.4')).status)
      assert.deepEqual(statuses, [200, 200, 429])
    }))

  test('take an IPv6 network as one, and what trusted proxies say', () =>
    withHost(
      { RATE_LIMITER_ENABLED: 'true', RATE_LIMITER_POINTS: '1', RATE_LIMITER_DURATION: '30', IP_TRUST_PROXY: '10.0.0.1' },
      async (host) => {
        const by = async (ip: string, forwarded?: string) => (await ask(host, ip, forwarded ? { 'x-forwarded-for': forwarded } : {})).status
        assert.deepEqual([await by('2001:db8:1:2::1'), await by('2001:db8:1:2:ffff::2'), await by('2001:db8:1:3::1')], [200, 429, 200])
        assert.deepEqual(
          [await by('10.0.0.1', '5.5.5.5'), await by('10.0.0.1', '6.6.6.6'), await by('10.0.0.1', '5.5.5.5')],
          [200, 200, 429],
        )
      },
    ))

  test('of a user count wherever the user is, and nobody else', () =>
    withHost({ RATE_LIMITER_USER_ENABLED: 'true', RATE_LIMITER_USER_POINTS: '2', RATE_LIMITER_USER_DURATION: '30' }, async (host) => {
      const as = async (ip: string, token?: string) => told(await ask(host, ip, token ? { authorization: `Bearer ${token}` } : {}))
      assert.deepEqual(await as('1.1.1.1', admin.token), [200, '2', '1', true, null])
      assert.deepEqual(await as('2.2.2.2', admin.token), [200, '2', '0', true, null])
      assert.deepEqual(await as('3.3.3.3', admin.token), [429, '2', '0', true, '30'])
      assert.deepEqual(await as('3.3.3.3'), [200, null, null, false, null])
    }))

  test('of all count all', () =>
    withHost({ RATE_LIMITER_GLOBAL_ENABLED: 'true', RATE_LIMITER_GLOBAL_POINTS: '2', RATE_LIMITER_GLOBAL_DURATION: '30' }, async (host) => {
      const statuses: number[] = []
      for (const ip of ['1.1.1.1', '2.2.2.2', '3.3.3.3', null]) statuses.push((await ask(host, ip)).status)
      assert.deepEqual(statuses, [200, 200, 429, 429])
    }))
})

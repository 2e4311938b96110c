/** Doors that may be tried only so often from one place: N, not N + 1, and who counts as one place. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startKernel } from '../host.ts'

const limits = { LOGIN_FAILURES_MAX: '3', PASSWORD_REQUEST_MAX: '3', RATE_LIMITER_REGISTRATION_POINTS: '3' }
const quick = { LOGIN_STALL_TIME: '1ms', REGISTER_STALL_TIME: '1ms' }
const nobodys = 'aaaaaaaa-0000-4000-8000-00000000000f'

const doors: [name: string, path: string, body: object, status: number][] = [
  ['login', '/auth/login', { email: 'nobody@example.com', password: 'wrong' }, 401],
  ['a share', '/shares/auth', { share: nobodys, password: 'wrong' }, 401],
  ['a new password', '/auth/password/request', { email: 'nobody@example.com' }, 204],
  ['registration', '/users/register', { email: 'new@example.com', password: 'Chosen-1' }, 403],
]

describe('limits', () => {
  for (const [trust, forwarded] of [
    ['false', false],
    ['10.0.0.1', true],
  ] as const) {
    for (const [name, path, body, status] of doors) {
      test(`${name}, ${forwarded ? 'behind a proxy' : 'from anywhere'}`, async () => {
        const host = await startKernel({ env: { ...limits, ...quick, IP_TRUST_PROXY: trust } })
        const knock = (ip: string, said?: string) => {
          const headers = { 'content-type': 'application/json', ...(said && { 'x-forwarded-for': said }) }
          const request = new Request(`http://h${path}`, { method: 'POST', body: JSON.stringify(body), headers })
          return host.kernel.fetch(request, { ip, gone: () => false })
        }
        const statuses = async (count: number, ip: string, said = (_: number): string | undefined => undefined) => {
          const found: number[] = []
          for (let i = 0; i < count; i++) found.push((await knock(ip, said(i))).status)
          return found
        }
        if (forwarded) {
          assert.deepEqual(await statuses(4, '10.0.0.1', () => '192.0.2.1'), [status, status, status, 429])
          assert.deepEqual(await statuses(1, '10.0.0.1', () => '192.0.2.2'), [status])
          // What stands before the proxy's own word is the client's, and so is all that comes by another way.
          assert.deepEqual(await statuses(1, '10.0.0.1', () => '192.0.2.9, 192.0.2.1'), [429])
          assert.deepEqual(await statuses(4, '10.0.0.2', (i) => `192.0.2.${100 + i}`), [status, status, status, 429])
        } else {
          assert.deepEqual(await statuses(4, '192.0.2.1', (i) => `192.0.2.${100 + i}`), [status, status, status, 429])
          assert.deepEqual(await statuses(1, '192.0.2.2'), [status])
          assert.deepEqual(await statuses(3, '2001:db8::1'), [status, status, status])
          const refused = await knock('2001:db8::ffff:1')
          const { extensions } = (await refused.json()).errors[0]
          assert.deepEqual([refused.status, extensions.code, extensions.limit], [429, 'REQUESTS_EXCEEDED', 3])
          const seconds = Number(refused.headers.get('retry-after'))
          assert.ok(seconds > 0 && seconds <= 60, String(seconds))
          assert.ok(Math.abs(Date.parse(extensions.reset) - Date.now() - seconds * 1000) < 2000)
          assert.deepEqual(await statuses(1, '2001:db8:0:1::1'), [status])
        }
        await host.close()
      })
    }
  }

  test('0 is no limit', async () => {
    const off = { LOGIN_FAILURES_MAX: '0', PASSWORD_REQUEST_MAX: '0', RATE_LIMITER_REGISTRATION_ENABLED: 'false' }
    const host = await startKernel({ env: { ...off, ...quick } })
    for (const [name, path, body, status] of doors.slice(2))
      for (let i = 0; i < 60; i++) assert.equal((await host.api('POST', path, { token: null, body })).status, status, name)
    await host.close()
  })
})

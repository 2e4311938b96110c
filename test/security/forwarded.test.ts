/** Rule 13: what a request says of its sender's address counts only from proxies that were named, for policies, limits and logs alike. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startKernel, type TestHost } from '../host.ts'

const home = '192.0.2.7'
const proxy = '198.51.100.1'
const stranger = '203.0.113.9'

/** Ann reads notes from home alone. */
async function start(trust: string): Promise<TestHost> {
  const env = { IP_TRUST_PROXY: trust, LOGIN_STALL_TIME: '1ms', LOGIN_FAILURES_MAX: '2' }
  const host = await startKernel({ env, sql: 'create table note (id serial primary key, word text)' })
  const make = async (path: string, body: object) => (await host.api('POST', path, { body })).data.id
  const policy = await make('/policies', { name: 'at home', ip_access: [`${home}/32`] })
  await make('/permissions', { policy, collection: 'note', action: 'read', fields: ['*'] })
  await make('/permissions', { policy, collection: 'note', action: 'create', fields: ['*'] })
  const user = await make('/users', { email: 'ann@example.com', token: 'ann' })
  await make('/access', { user, policy })
  return host
}
async function from(host: TestHost, peer: string, forwarded: string | null, method: string, path: string, body?: object): Promise<number> {
  const headers = { authorization: 'Bearer ann', 'content-type': 'application/json', ...(forwarded && { 'x-forwarded-for': forwarded }) }
  const request = new Request(`http://h${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  return (await host.kernel.fetch(request, { ip: peer, gone: () => false })).status
}

const cases: [why: string, trust: string, peer: string, forwarded: string | null, allowed: boolean][] = [
  ['a stranger says to be at home', 'false', stranger, home, false],
  ['a stranger says so with more in front', 'false', stranger, `${home}, ${home}`, false],
  ['somebody else says to be the proxy', proxy, stranger, `${home}, ${proxy}`, false],
  ['a stranger behind the proxy writes home in front', proxy, proxy, `${home}, ${stranger}`, false],
  ['a stranger behind the proxy', proxy, proxy, stranger, false],
  ['at home', 'false', home, null, true],
  ['at home, through a dual-stack socket', 'false', `::ffff:${home}`, null, true],
  ['at home, saying to be elsewhere', 'false', home, stranger, true],
  ['at home behind the proxy', proxy, proxy, home, true],
  ['at home behind the proxy, in IPv6 words', proxy, `::ffff:${proxy}`, `::ffff:${home}`, true],
]

describe('rule 13: X-Forwarded-For counts only from configured proxies', () => {
  for (const trust of new Set(cases.map(([, trust]) => trust))) {
    test(`IP_TRUST_PROXY=${trust}`, async (t) => {
      const host = await start(trust)
      try {
        for (const [why, , peer, forwarded, allowed] of cases.filter((one) => one[1] === trust))
          await t.test(`${why}: ${allowed ? 'may read' : 'may not'}`, async () => {
            assert.equal(await from(host, peer, forwarded, 'GET', '/items/note'), allowed ? 200 : 403)
          })
        await t.test('the log tells where a write came from', async () => {
          const [peer, forwarded] = trust === 'false' ? [home, stranger] : [proxy, `${stranger}, ${home}`]
          assert.equal(await from(host, peer, forwarded, 'POST', '/items/note', { word: 'x' }), 200)
          assert.equal((await host.api('GET', '/activity?filter[collection]=note&fields=ip')).data[0].ip, home)
        })
        await t.test('refused logins count by the address that counts', async () => {
          const login = (forwarded: string) =>
            from(host, stranger, forwarded, 'POST', '/auth/login', { email: 'ann@example.com', password: 'wrong' })
          const statuses = []
          for (const n of [1, 2, 3]) statuses.push(await login(`192.0.2.${n}`))
          assert.deepEqual(statuses, [401, 401, 429])
        })
      } finally {
        await host.close()
      }
    })
  }
})

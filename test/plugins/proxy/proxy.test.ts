/** Whose word on the client's address counts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Plugin } from 'plinth'
import { clientAddress } from '../../../plugins/proxy/client-address.ts'
import { startKernel } from '../../host.ts'

describe('clientAddress()', () => {
  const cases: [why: string, trust: string, peer: string | null, forwarded: string | undefined, expected: string | null][] = [
    ['nobody is trusted', 'false', '1.1.1.1', '9.9.9.9', '1.1.1.1'],
    ['a number of 0 trusts nobody', '0', '1.1.1.1', '9.9.9.9', '1.1.1.1'],
    ['no connection at all', 'false', null, '9.9.9.9', null],
    ['everybody is trusted', 'true', '1.1.1.1', '9.9.9.9, 2.2.2.2', '9.9.9.9'],
    ['everybody, no header', 'true', '1.1.1.1', undefined, '1.1.1.1'],
    ['one proxy', '1', '1.1.1.1', '9.9.9.9, 2.2.2.2', '2.2.2.2'],
    ['two proxies', '2', '1.1.1.1', '9.9.9.9, 3.3.3.3, 2.2.2.2', '3.3.3.3'],
    ['more proxies than entries', '5', '1.1.1.1', '2.2.2.2', '2.2.2.2'],
    ['a known proxy', '1.1.1.0/24', '1.1.1.1', '9.9.9.9, 2.2.2.2', '2.2.2.2'],
    ['a chain of known proxies', '1.1.1.1, 2.2.2.2', '1.1.1.1', '9.9.9.9, 3.3.3.3, 2.2.2.2', '3.3.3.3'],
    ['a known proxy behind a dual-stack socket', '1.1.1.1', '::ffff:1.1.1.1', '2.2.2.2', '2.2.2.2'],
    ['a known proxy with IPv6', 'fd00::/8', 'fd00::1', '2001:db8::1', '2001:db8::1'],
    ['an unknown peer that claims to be a proxy', '1.1.1.1', '6.6.6.6', '9.9.9.9', '6.6.6.6'],
    ['an unknown peer that claims a known proxy', '1.1.1.1', '6.6.6.6', '9.9.9.9, 1.1.1.1', '6.6.6.6'],
    ['what a client wrote left of what the proxy wrote', '1.1.1.1', '1.1.1.1', '127.0.0.1, 6.6.6.6', '6.6.6.6'],
    ['a client that writes a known address first', '1.1.1.1', '1.1.1.1', '1.1.1.1, 6.6.6.6', '6.6.6.6'],
    ['an entry that is no address', 'true', '1.1.1.1', '9.9.9.9, unknown', '1.1.1.1'],
    ['a mapped entry', '1', '1.1.1.1', '::ffff:2.2.2.2', '2.2.2.2'],
    ['an empty header', 'true', '1.1.1.1', '', '1.1.1.1'],
  ]
  for (const [why, trust, peer, forwarded, expected] of cases) {
    test(why, () => assert.equal(clientAddress(trust)(peer, forwarded ?? null), expected))
  }
})

/** Answers what address a request seems to come from. */
const mirror: Plugin = { name: 'mirror', setup: (host) => void host.routes('/ip').get('/', (c) => c.json(c.env.ip)) }

test('IP_TRUST_PROXY decides what routes see', async () => {
  for (const [trust, expected] of [
    ['false', '1.1.1.1'],
    ['1', '9.9.9.9'],
    ['1.1.1.0/24', '9.9.9.9'],
    ['10.0.0.0/8, fd00::/8', '1.1.1.1'],
  ] as const) {
    const host = await startKernel({ plugins: [mirror], env: { IP_TRUST_PROXY: trust } })
    const request = new Request('http://h/ip', { headers: { 'x-forwarded-for': '9.9.9.9' } })
    const answer = await host.kernel.fetch(request, { ip: '::ffff:1.1.1.1', gone: () => false })
    assert.deepEqual([trust, await answer.json()], [trust, expected])
    await host.close()
  }
})

test('IP_TRUST_PROXY that makes no sense stops the start', async () => {
  for (const trust of ['yes', 'proxy.example'])
    await assert.rejects(
      startKernel({ env: { IP_TRUST_PROXY: trust } }),
      /^StartError: IP_TRUST_PROXY is .*may hold true, false, a number of proxies/,
    )
})

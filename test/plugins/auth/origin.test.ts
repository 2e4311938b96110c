/** Which pages may write with a cookie of ours. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createOriginCheck } from '../../../plugins/auth/origin.ts'

const trusted = ['https://app.example.org']
type Case = [why: string, method: string, headers: Record<string, string>, allowed: boolean]

const cases: [publicUrl: string, rows: Case[]][] = [
  [
    'https://api.example.com/base',
    [
      ['no browser', 'POST', {}, true],
      ['our own page', 'POST', { origin: 'https://api.example.com' }, true],
      ['a listed page', 'PATCH', { origin: 'https://app.example.org' }, true],
      ['another site', 'POST', { origin: 'https://evil.example' }, false],
      ['another site that reads', 'GET', { origin: 'https://evil.example' }, true],
      ['another site that searches', 'SEARCH', { origin: 'https://evil.example' }, true],
      ['another scheme', 'DELETE', { origin: 'http://api.example.com' }, false],
      ['another port', 'DELETE', { origin: 'https://api.example.com:8443' }, false],
      ['a site whose name begins like ours', 'POST', { origin: 'https://api.example.com.evil.example' }, false],
      ['a page without origin', 'POST', { origin: 'null' }, false],
      ['an origin that is none', 'POST', { origin: 'nonsense' }, false],
      ['the host alone, that PUBLIC_URL overrules', 'POST', { origin: 'http://inner:8055' }, false],
      ['another site that hides its origin', 'POST', { 'sec-fetch-site': 'cross-site' }, false],
      ['the same site', 'POST', { 'sec-fetch-site': 'same-site' }, true],
      ['the address bar', 'POST', { 'sec-fetch-site': 'none' }, true],
      ['a listed page, seen as another site', 'POST', { origin: 'https://app.example.org', 'sec-fetch-site': 'cross-site' }, true],
    ],
  ],
  [
    '',
    [
      ['our own page', 'POST', { origin: 'http://inner:8055' }, true],
      ['our own page behind a proxy that ends TLS', 'POST', { origin: 'https://inner:8055' }, true],
      ['another port', 'POST', { origin: 'http://inner:80' }, false],
      ['another site', 'POST', { origin: 'https://evil.example' }, false],
      ['a page without origin', 'POST', { origin: 'null' }, false],
    ],
  ],
]

for (const [publicUrl, rows] of cases) {
  describe(`checkOrigin() with PUBLIC_URL "${publicUrl}"`, () => {
    const check = createOriginCheck(publicUrl, trusted)
    for (const [why, method, headers, allowed] of rows) {
      test(`${allowed ? 'lets pass' : 'refuses'} ${why}`, () => {
        const run = () => check({ request: new Request('http://inner:8055/x', { method }), header: (name) => headers[name] ?? null })
        if (allowed) run()
        else assert.throws(run, { code: 'FORBIDDEN' })
      })
    }
  })
}

/** Where letters may lead. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ownAddress } from 'plinth/mail'
import { chooseAddress, withToken } from '../../../plugins/auth/links.ts'

const listed = ['https://good.test/reset', 'myapp://reset']

describe('chooseAddress()', () => {
  const usual = 'http://own/admin'
  const cases: [why: string, asked: unknown, chosen: string | null][] = [
    ['nothing', undefined, usual],
    ['an empty text', '', usual],
    ['a listed one', 'https://good.test/reset', 'https://good.test/reset'],
    ['a listed one with query and hash', 'https://good.test/reset/?a=1#b', 'https://good.test/reset/?a=1#b'],
    ['a listed one in other case', 'HTTPS://GOOD.test/reset', 'HTTPS://GOOD.test/reset'],
    ['the link of an app', 'myapp://reset', 'myapp://reset'],
    ['a longer path', 'https://good.test/reset/more', null],
    ['another scheme', 'http://good.test/reset', null],
    ['another port', 'https://good.test:444/reset', null],
    ['another host with ours as user', 'https://good.test@evil.test/reset', null],
    ['ours with a user', 'https://me@good.test/reset', null],
    ['a host that begins like ours', 'https://good.test.evil.test/reset', null],
    ['a backslash', 'https://evil.test\\@good.test/reset', null],
    ['a way up', 'https://good.test/reset/../other', null],
    ['a script', 'javascript:alert(1)', null],
    ['no address', 'good.test/reset', null],
    ['a number', 5, null],
    ['a list', ['https://good.test/reset'], null],
  ]
  for (const [why, asked, chosen] of cases) {
    test(why, () => {
      if (chosen === null) assert.throws(() => chooseAddress(asked, usual, listed), { code: 'INVALID_PAYLOAD' })
      else assert.equal(chooseAddress(asked, usual, listed), chosen)
    })
  }
})

test('withToken() keeps query and hash', () => {
  assert.equal(withToken('https://good.test/reset?a=1&token=x#b', 'a.b-c_d'), 'https://good.test/reset?a=1&token=a.b-c_d#b')
})

test('ownAddress() is what is configured, never what a request says', () => {
  const cases: [publicUrl: string, host: string, own: string][] = [
    ['https://example.com/base', '0.0.0.0', 'https://example.com/base'],
    ['', '127.0.0.1', 'http://127.0.0.1:8055'],
    ['/base', '0.0.0.0', 'http://localhost:8055/base'],
    ['', '::', 'http://localhost:8055'],
    ['', '::1', 'http://[::1]:8055'],
  ]
  for (const [publicUrl, host, own] of cases) assert.equal(ownAddress({ publicUrl, host, port: 8055 }), own)
})

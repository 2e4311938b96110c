/** One-time codes: the vectors of the standards. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { codeOf, decodeSecret, newSecret, otpauthUrl, stepAt } from '../../../plugins/auth/totp.ts'

/** `12345678901234567890`, the secret of RFC 4226 appendix D and RFC 6238 appendix B. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

describe('codeOf()', () => {
  const vectors: [step: number, code: string][] = [
    [0, '755224'],
    [1, '287082'],
    [2, '359152'],
    [9, '520489'],
    [stepAt(59_000), '287082'],
    [stepAt(1_111_111_109_000), '081804'],
    [stepAt(2_000_000_000_000), '279037'],
    [stepAt(20_000_000_000_000), '353130'],
  ]
  for (const [step, code] of vectors) test(`step ${step}`, async () => assert.equal(await codeOf(decodeSecret(secret)!, step), code))
})

describe('decodeSecret()', () => {
  test('reads base32 in any case, with and without padding', () => {
    for (const text of [secret, secret.toLowerCase(), `${secret}====`]) {
      assert.equal(new TextDecoder().decode(decodeSecret(text)), '12345678901234567890')
    }
  })
  for (const text of ['', 'ABC', 'ABCDEFGHABCDEFG1', 'A'.repeat(256), 'ÄBCDEFGHABCDEFGH']) {
    test(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => assert.equal(decodeSecret(text), undefined))
  }
})

test('newSecret() makes 16 characters of base32, others each time', () => {
  assert.match(newSecret(), /^[A-Z2-7]{16}$/)
  assert.notEqual(newSecret(), newSecret())
})

test('otpauthUrl() escapes what names hold', () => {
  assert.equal(
    otpauthUrl('ABC', 'a+b@example.com', 'My & Co'),
    'otpauth://totp/My%20%26%20Co:a%2Bb%40example.com?secret=ABC&period=30&digits=6&algorithm=SHA1&issuer=My%20%26%20Co',
  )
})

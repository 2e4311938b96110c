/** Access tokens: which are taken, and how the others are refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import { Problem } from 'plinth'
import { findToken } from '../../../plugins/auth/authenticate.ts'
import { createTokens } from '../../../plugins/auth/tokens.ts'

const secret = 'a-secret-for-tests-0123456789abcdef'
const user = '3f2d941a-c5e0-4482-8685-c3ba53c270e3'
const claims = { id: user, role: null, app_access: true, admin_access: false }
const now = () => Math.floor(Date.now() / 1000)

interface Forged {
  readonly key?: string
  readonly alg?: string
  readonly issuer?: string
  readonly expires?: number
  readonly more?: Record<string, unknown>
}

/** A token as another server might sign it. */
function forge({ key = secret, alg = 'HS256', issuer = 'directus', expires = now() + 60, more = {} }: Forged = {}): Promise<string> {
  return new SignJWT({ ...claims, ...more })
    .setProtectedHeader({ alg, typ: 'JWT' })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(key))
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error) => (error instanceof Problem ? error.code : String(error)),
  )

describe('tokens', () => {
  const tokens = createTokens(secret)

  test('read() gives back what sign() was given', async () => {
    const share = { role: null, app_access: false, admin_access: false, share: user }
    const cases: [string, object][] = [
      [await tokens.sign(claims, 'sid', 60_000), { subject: { user }, session: { id: 'sid' } }],
      [await tokens.sign(claims, null, 60_000), { subject: { user }, session: undefined }],
      [await tokens.sign({ ...claims, session: 'st' }, 'sid', 60_000), { subject: { user }, session: { token: 'st' } }],
      [await tokens.sign(share, 'sid', 60_000), { subject: { share: user }, session: { id: 'sid' } }],
    ]
    for (const [token, expected] of cases) {
      for (const _ of ['verified', 'remembered']) {
        const { subject, session } = (await tokens.read(token))!
        assert.deepEqual({ subject, session }, expected)
      }
    }
  })

  test('sign() gives exactly the claims that the reference gives', async () => {
    const token = await tokens.sign(claims, 'sid', 900_000)
    const { iat, exp, ...rest } = JSON.parse(atob(token.split('.')[1]!))
    assert.deepEqual(rest, { ...claims, iss: 'directus' })
    assert.equal(exp - iat, 900)
  })

  test('read() takes a token of another server with the same secret', async () => {
    assert.deepEqual({ ...(await tokens.read(await forge())), expires: 0 }, { subject: { user }, session: undefined, expires: 0 })
  })

  test('read() refuses', async (t) => {
    const good = await forge()
    const cases: [why: string, token: string | Promise<string>, code: string][] = [
      ['another secret', forge({ key: 'another-secret-for-tests-0123456789' }), 'INVALID_TOKEN'],
      ['expired', forge({ expires: now() - 1 }), 'TOKEN_EXPIRED'],
      ['expired, of another secret', forge({ expires: now() - 1, key: 'another-secret-for-tests-0123456789' }), 'INVALID_TOKEN'],
      ['another algorithm', forge({ alg: 'HS512' }), 'INVALID_TOKEN'],
      [
        'no algorithm',
        new UnsecuredJWT(claims)
          .setIssuer('directus')
          .setExpirationTime(now() + 60)
          .encode(),
        'INVALID_TOKEN',
      ],
      ['a shortened signature', good.slice(0, -5), 'INVALID_TOKEN'],
      ['no signature', good.slice(0, good.lastIndexOf('.') + 1), 'INVALID_TOKEN'],
      [
        'changed claims',
        good.replace(/\.[^.]+\./, `.${btoa(JSON.stringify({ ...claims, iss: 'directus', admin_access: true }))}.`),
        'INVALID_TOKEN',
      ],
      ['a link sent by mail', forge({ more: { scope: 'password-reset' } }), 'INVALID_TOKEN'],
      ['neither user nor share', forge({ more: { id: undefined } }), 'INVALID_CREDENTIALS'],
    ]
    for (const [why, token, code] of cases) await t.test(why, async () => assert.equal(await codeOf(tokens.read(await token)), code))
  })

  test('read() leaves to others', async (t) => {
    const cases: [why: string, token: string | Promise<string>][] = [
      ['a static token', 'admin-token'],
      ['three parts that are no JSON', 'a.b.c'],
      ['three parts with null inside', 'a.bnVsbA.c'],
      ['another issuer', forge({ issuer: 'somebody' })],
    ]
    for (const [why, token] of cases) await t.test(why, async () => assert.equal(await tokens.read(await token), undefined))
  })

  test('read() refuses a remembered token once it has expired', async () => {
    const token = await forge({ expires: now() + 1 })
    assert.deepEqual((await tokens.read(token))!.subject, { user })
    await new Promise((resolve) => setTimeout(resolve, 1100))
    assert.equal(await codeOf(tokens.read(token)), 'TOKEN_EXPIRED')
  })
})

describe('tokens of letters', () => {
  const tokens = createTokens(secret)
  const letter = { email: 'eve@example.com', hash: 'mark' }

  test('are read for what they were made for', async () => {
    assert.deepEqual(await tokens.readLetter('invite', await tokens.signLetter('invite', letter, 60_000)), letter)
  })

  test('are refused for anything else', async (t) => {
    const access = await tokens.sign(claims, null, 60_000)
    const cases: [why: string, token: string, code: string][] = [
      ['another purpose', await tokens.signLetter('invite', letter, 60_000), 'FORBIDDEN'],
      ['an access token', access, 'FORBIDDEN'],
      ['no address', await forge({ more: { scope: 'password-reset' } }), 'FORBIDDEN'],
      ['expired', await tokens.signLetter('password-reset', letter, -5000), 'TOKEN_EXPIRED'],
      ['another secret', await createTokens(`${secret}x`).signLetter('password-reset', letter, 60_000), 'INVALID_TOKEN'],
      ['no token', 'rubbish', 'INVALID_TOKEN'],
    ]
    for (const [why, token, code] of cases) {
      await t.test(why, async () => assert.equal(await codeOf(tokens.readLetter('password-reset', token)), code))
    }
    assert.equal(await codeOf(tokens.read(await tokens.signLetter('invite', letter, 60_000))), 'INVALID_TOKEN')
  })
})

describe('findToken()', () => {
  const tokenOf = (url: string, authorization: string | null) => findToken({ request: new Request(url), header: () => authorization })
  const cases: [why: string, query: string, authorization: string | null, token: string | undefined][] = [
    ['nothing', '', null, undefined],
    ['bearer', '', 'Bearer abc', 'abc'],
    ['bearer in any case', '', 'bEARER abc', 'abc'],
    ['query', '?fields=id&access_token=abc', null, 'abc'],
    ['encoded query', '?access_token=a%2Bb', null, 'a+b'],
    ['empty query beside a header', '?access_token=', 'Bearer abc', 'abc'],
    ['another scheme', '', 'Basic YTpi', undefined],
    ['another scheme beside the query', '?access_token=abc', 'Basic YTpi', 'abc'],
    ['no scheme', '', 'abc', undefined],
    ['two words', '', 'Bearer abc def', undefined],
    ['the word alone', '', 'Bearer', undefined],
  ]
  for (const [why, query, authorization, token] of cases) {
    test(why, () => {
      assert.equal(tokenOf(`http://localhost/items${query}`, authorization), token)
    })
  }
  test('refuses both at once', () => {
    assert.throws(() => tokenOf('http://localhost/?access_token=a', 'Bearer a'), { code: 'INVALID_PAYLOAD' })
  })
})

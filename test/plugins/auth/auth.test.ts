/** Signing in, as a client sees it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { admin, startKernel, type TestHost } from '../../host.ts'

const secret = 'a-secret-for-tests-0123456789abcdef'
const person = { email: 'Eve@Example.com', password: 'pw-1', token: 'token-of-eve' }

describe('auth', () => {
  let host: TestHost
  let eve: string
  const login = (email: string, password: string) => host.api('POST', '/auth/login', { token: null, body: { email, password } })
  const me = (token: string | null) => host.api('GET', '/users/me', { token })
  const refresh = (token: string) => host.api('POST', '/auth/refresh', { token: null, body: { refresh_token: token } })
  const change = (patch: object) => host.api('PATCH', `/users/${eve}`, { body: patch })

  before(async () => {
    host = await startKernel({ env: { LOGIN_STALL_TIME: '120ms', SECRET: secret } })
    const made = await host.api('POST', '/users', { body: person })
    assert.equal(made.status, 200, JSON.stringify(made.body))
    eve = made.data.id
  })
  after(() => host.close())

  test('login answers tokens that work', async () => {
    const { status, data } = await login('ADMIN@example.com', admin.password)
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(data).sort(), ['access_token', 'expires', 'refresh_token'])
    assert.equal(data.expires, 900_000)
    assert.match(data.refresh_token, /^[\w-]{64}$/)
    const { id, role, ...claims } = JSON.parse(atob(data.access_token.split('.')[1]))
    assert.match(`${id} ${role}`, /^[\da-f-]{36} [\da-f-]{36}$/)
    assert.deepEqual({ ...claims, iat: 0, exp: 0 }, { app_access: true, admin_access: true, iat: 0, exp: 0, iss: 'directus' })
    assert.equal((await me(data.access_token)).data.email, admin.email)
    const [user] = await host.kernel.db.query<{ seen: boolean }>(
      `select last_access > now() - interval '1 minute' as seen from directus_users where id = $1`,
      [id],
    )
    assert.equal(user!.seen, true)
  })

  describe('login refuses', () => {
    const right = { email: admin.email, password: admin.password }
    const cases: [why: string, body: unknown, status: number, code: string][] = [
      ['a wrong password', { ...right, password: 'x' }, 401, 'INVALID_CREDENTIALS'],
      ['an unknown user', { ...right, email: 'nobody@example.com' }, 401, 'INVALID_CREDENTIALS'],
      ['no email', { password: 'x' }, 400, 'INVALID_PAYLOAD'],
      ['no password', { email: admin.email }, 400, 'INVALID_PAYLOAD'],
      ['an empty password', { ...right, password: '' }, 400, 'INVALID_PAYLOAD'],
      ['a number as password', { ...right, password: 5 }, 400, 'INVALID_PAYLOAD'],
      ['an email that is none', { ...right, email: 'nobody' }, 400, 'INVALID_PAYLOAD'],
      ['an email with a host alone', { ...right, email: 'admin@localhost' }, 400, 'INVALID_PAYLOAD'],
      ['an email with blanks', { ...right, email: ` ${admin.email}` }, 400, 'INVALID_PAYLOAD'],
      ['an email with a null byte', { ...right, email: 'a\0@example.com' }, 400, 'INVALID_PAYLOAD'],
      ['an unknown mode', { ...right, mode: 'x' }, 400, 'INVALID_PAYLOAD'],
      ['a list', [], 400, 'INVALID_PAYLOAD'],
      ['no body', undefined, 400, 'INVALID_PAYLOAD'],
    ]
    for (const [why, body, status, code] of cases) {
      test(why, async () => {
        const answer = await host.api('POST', '/auth/login', { token: null, body })
        assert.deepEqual([answer.status, answer.code], [status, code])
      })
    }
  })

  test('login ignores other members, such as a password that nobody asked for', async () => {
    const body = { email: admin.email, password: admin.password, otp: '123456', more: 1 }
    assert.equal((await host.api('POST', '/auth/login', { token: null, body })).status, 200)
  })

  test('login refuses unknown users and wrong passwords with the same answer, no sooner than LOGIN_STALL_TIME', async () => {
    const answers: unknown[] = []
    for (const email of [admin.email, 'nobody@example.com']) {
      const began = performance.now()
      answers.push((await login(email, 'x')).body)
      assert.ok(performance.now() - began >= 119)
    }
    assert.deepEqual(answers[0], answers[1])
  })

  test('login refuses everyone who is not active', async () => {
    for (const status of ['suspended', 'draft', 'invited', 'archived', 'unverified']) {
      await change({ status })
      assert.deepEqual([status, (await login(person.email, person.password)).status], [status, 401])
    }
    await change({ status: 'active' })
    assert.equal((await login(person.email, person.password)).status, 200)
  })

  test('login refuses whoever has a second factor or signs in elsewhere', async () => {
    const set = (assignment: string) => host.kernel.db.query(`update directus_users set ${assignment} where id = $1`, [eve])
    await set(`tfa_secret = 'ABCDEFGHABCDEFGH'`)
    assert.deepEqual((await login(person.email, person.password)).code, 'INVALID_OTP')
    await set(`tfa_secret = null, provider = 'google'`)
    assert.deepEqual((await login(person.email, person.password)).code, 'INVALID_CREDENTIALS')
    await set(`provider = 'default'`)
  })

  test('refresh gives a new pair once for each token', async () => {
    const first = (await login(person.email, person.password)).data
    const second = await refresh(first.refresh_token)
    assert.equal(second.status, 200)
    assert.notEqual(second.data.refresh_token, first.refresh_token)
    assert.equal((await me(second.data.access_token)).data.id, eve)
    assert.deepEqual([(await refresh(first.refresh_token)).status, (await refresh(second.data.refresh_token)).status], [401, 200])
  })

  test('refresh with one token from many sides at once lets one through', async () => {
    const { data } = await login(person.email, person.password)
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(data.refresh_token)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(401)])
  })

  test('refresh refuses a session that is over', async () => {
    const { data } = await login(person.email, person.password)
    await host.kernel.db.query(`update directus_sessions set expires = now() - interval '1 second' where token = $1`, [data.refresh_token])
    assert.equal((await refresh(data.refresh_token)).code, 'INVALID_CREDENTIALS')
  })

  test('refresh and logout without a token answer 400, with an unknown one 401 and 204', async () => {
    const cases: [path: string, body: unknown, status: number][] = [
      ['refresh', undefined, 400],
      ['refresh', {}, 400],
      ['refresh', { refresh_token: '' }, 400],
      ['refresh', { refresh_token: 'x', mode: 'x' }, 400],
      ['refresh', { refresh_token: 'x' }, 401],
      ['refresh', { refresh_token: 5 }, 401],
      ['refresh', { refresh_token: 'a\0b' }, 401],
      ['logout', undefined, 400],
      ['logout', { refresh_token: 'x' }, 204],
      ['logout', { refresh_token: 5 }, 204],
    ]
    for (const [path, body, status] of cases) {
      const answer = await host.api('POST', `/auth/${path}`, { token: null, body })
      assert.deepEqual([path, body, answer.status], [path, body, status])
    }
  })

  test('logout ends the session', async () => {
    const { data } = await login(person.email, person.password)
    const body = { refresh_token: data.refresh_token }
    assert.equal((await host.api('POST', '/auth/logout', { token: null, body })).status, 204)
    assert.equal((await refresh(data.refresh_token)).status, 401)
  })

  test('a suspended user is refused at once with every kind of token, and let in again', async () => {
    const { data } = await login(person.email, person.password)
    const tokens = [data.access_token, person.token]
    const codes = async () => Promise.all(tokens.map(async (token) => (await me(token)).code ?? 'none'))
    assert.deepEqual(await codes(), ['none', 'none'])
    await change({ status: 'suspended' })
    assert.deepEqual(await codes(), ['INVALID_CREDENTIALS', 'INVALID_CREDENTIALS'])
    assert.equal((await refresh(data.refresh_token)).status, 401)
    await change({ status: 'active' })
    assert.deepEqual(await codes(), ['INVALID_CREDENTIALS', 'none'], 'the session has ended for good')
    assert.equal((await refresh(data.refresh_token)).status, 401)
  })

  test('so it is when somebody else suspends them in the database', async () => {
    assert.equal((await me(person.token)).status, 200)
    await host.kernel.db.query(`update directus_users set status = 'suspended' where id = $1`, [eve])
    await settle()
    assert.equal((await me(person.token)).status, 401)
    await host.kernel.db.query(`update directus_users set status = 'active' where id = $1`, [eve])
    await settle()
    assert.equal((await me(person.token)).status, 200)
  })

  test('a changed password ends access tokens and sessions; another change does not', async () => {
    const before = (await login(person.email, person.password)).data
    await change({ title: 'Dr' })
    assert.equal((await me(before.access_token)).status, 200)
    await change({ password: '**********' })
    assert.equal((await me(before.access_token)).status, 200, 'the mask changes nothing')

    await change({ password: 'pw-2' })
    assert.equal((await me(before.access_token)).status, 401)
    assert.equal((await refresh(before.refresh_token)).status, 401)
    assert.equal((await me(person.token)).status, 200, 'a static token has no password')
    assert.deepEqual([(await login(person.email, 'pw-1')).status, (await login(person.email, 'pw-2')).status], [401, 200])
    await change({ password: person.password })
  })

  test('a new static token replaces the old one at once', async () => {
    assert.equal((await me(person.token)).status, 200)
    await change({ token: 'another-token' })
    assert.deepEqual([(await me(person.token)).status, (await me('another-token')).status], [401, 200])
    await change({ token: person.token })
  })

  describe('tokens of requests', () => {
    const cases: [why: string, path: string, authorization: string | null, status: number, code: string | undefined][] = [
      ['header', '/users/me', `Bearer ${admin.token}`, 200, undefined],
      ['header in another case', '/users/me', `bEARER ${admin.token}`, 200, undefined],
      ['query', `/users/me?access_token=${admin.token}`, null, 200, undefined],
      ['both', `/users/me?access_token=${admin.token}`, `Bearer ${admin.token}`, 400, 'INVALID_PAYLOAD'],
      ['both, on ping', '/server/ping?access_token=a', 'Bearer b', 400, 'INVALID_PAYLOAD'],
      ['none', '/users/me', null, 401, 'INVALID_CREDENTIALS'],
      ['Basic', '/users/me', 'Basic YTpi', 401, 'INVALID_CREDENTIALS'],
      ['unknown', '/users/me', 'Bearer unknown', 401, 'INVALID_CREDENTIALS'],
      ['unknown, with a null byte', '/users/me?access_token=a%00b', null, 401, 'INVALID_CREDENTIALS'],
      ['unknown, very long', '/users/me', `Bearer ${'a'.repeat(5000)}`, 401, 'INVALID_CREDENTIALS'],
      ['unknown, on ping', '/server/ping', 'Bearer unknown', 200, undefined],
      ['unknown, on a path that only looks like ping', '/server/info?x=/server/ping', 'Bearer unknown', 401, 'INVALID_CREDENTIALS'],
      ['unknown, on an unknown route', '/nope', 'Bearer unknown', 401, 'INVALID_CREDENTIALS'],
      ['unknown, on login', '/auth/login', 'Bearer unknown', 401, 'INVALID_CREDENTIALS'],
      ['unsigned', '/users/me', 'Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJkaXJlY3R1cyJ9.', 403, 'INVALID_TOKEN'],
    ]
    for (const [why, path, authorization, status, code] of cases) {
      test(why, async () => {
        const answer = await host.api('GET', path, { token: null, headers: authorization === null ? {} : { authorization } })
        assert.deepEqual([answer.status, answer.code], [status, code])
      })
    }
  })

  test('nothing secret is logged', () => {
    const logged = JSON.stringify(host.logs)
    for (const text of [admin.password, person.password, person.token, secret]) assert.ok(!logged.includes(text), text)
  })
})

/** Time for a notice from the database to arrive. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 100))

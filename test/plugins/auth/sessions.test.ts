/** Sessions: how they go on, and how they end. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { admin, startKernel, type TestHost } from '../../host.ts'
import { addPerson, clientOf, cookieOf, type Person } from './people.ts'

describe('sessions', () => {
  let host: TestHost
  let ann: Person
  let client: ReturnType<typeof clientOf>
  const sql = (text: string, values: string[] = []) => host.kernel.db.query<Record<string, unknown>>(text, values)
  const sessionOf = (jwt: string): string => JSON.parse(atob(jwt.split('.')[1]!)).session
  const list = (by: { token?: string | null; headers?: Record<string, string> }) => host.api('GET', '/users/me/sessions', by)
  /** Lets the time pass in which a spent token is forgiven. */
  const passGrace = () =>
    host.kernel.db.execute(
      `update plinth.sessions set renewed = now() - interval '1 hour'; update directus_sessions set expires = now() where next_token is not null`,
    )

  before(async () => {
    host = await startKernel({ env: { LOGIN_STALL_TIME: '1ms' } })
    ann = await addPerson(host.kernel.db, 'ann')
    client = clientOf(host, ann)
  })
  after(() => host.close())

  test('a spent refresh token is forgiven for a moment, then ends the session and its access tokens', async () => {
    const first = (await client.login()).data
    const second = (await client.refresh(first.refresh_token)).data
    assert.equal((await client.refresh(first.refresh_token)).status, 401)
    assert.equal(await client.me({ token: second.access_token }), ann.id, 'two tabs in haste are no thieves')
    const third = (await client.refresh(second.refresh_token)).data
    await passGrace()
    assert.equal((await client.refresh(first.refresh_token)).status, 401)
    assert.equal((await client.refresh(third.refresh_token)).status, 401)
    assert.equal(await client.me({ token: third.access_token }), 401)
    const warned = host.logs.filter(({ msg, message }) => String(msg ?? message).startsWith('a spent refresh token'))
    assert.equal(warned.length, 1, JSON.stringify(host.logs))
  })

  test('a token that nobody gave out ends no session, whatever it begins with', async () => {
    const { data } = await client.login()
    await passGrace()
    const { id } = (await list({ token: data.access_token })).data.find((one: { current: boolean }) => one.current)
    for (const forged of [`${id.replaceAll('-', '')}${'x'.repeat(32)}`, 'x'.repeat(64), data.refresh_token.slice(0, 40)]) {
      assert.equal((await client.refresh(forged)).status, 401)
    }
    assert.equal((await client.refresh(data.refresh_token)).status, 200)
  })

  test('a spent session cookie ends the session as well', async () => {
    const old = cookieOf(await client.login('session'))
    const fresh = cookieOf(await client.refreshBy(old, 'session'))
    await passGrace()
    assert.deepEqual([await client.me({ cookie: old }), await client.me({ cookie: fresh })], [401, ann.id])
    assert.equal((await client.refreshBy(old, 'session')).status, 401)
    assert.equal(await client.me({ cookie: fresh }), 401)
  })

  test('tabs that refresh one session cookie at once get the same next session', async () => {
    const old = cookieOf(await client.login('session'))
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.refreshBy(old, 'session')))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.equal(new Set(answers.map((answer) => sessionOf(cookieOf(answer)))).size, 1)
    for (const cookie of [old, ...answers.map(cookieOf)]) assert.equal(await client.me({ cookie }), ann.id)
    await host.api('POST', '/auth/logout', { token: null, body: { mode: 'session' }, headers: { cookie: cookieOf(answers[3]!) } })
    for (const cookie of [old, ...answers.map(cookieOf)]) assert.equal(await client.me({ cookie }), 401)
  })

  test('logout ends access tokens at once', async () => {
    const { data } = await client.login()
    const other = (await client.login()).data
    assert.equal(await client.me({ token: data.access_token }), ann.id)
    assert.equal((await client.logout(data.refresh_token)).status, 204)
    assert.deepEqual([await client.me({ token: data.access_token }), await client.me({ token: other.access_token })], [401, ann.id])
  })

  test('a session that was prolonged goes on where its end was remembered', async () => {
    const { data } = await client.login()
    await sql(`update directus_sessions set expires = now() + interval '150 milliseconds' where token = $1`, [data.refresh_token])
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(await client.me({ token: data.access_token }), ann.id)
    const next = (await client.refresh(data.refresh_token)).data
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.equal(await client.me({ token: next.access_token }), ann.id)
    assert.equal(await client.me({ token: data.access_token }), ann.id)
  })

  describe('are listed and revoked', () => {
    before(() => sql('delete from directus_sessions'))

    test('by their user alone', async () => {
      const bob = await addPerson(host.kernel.db, 'bob', { token: 'token-of-bob' })
      const mine = (await client.login()).data
      const browser = cookieOf(await client.login('session'))
      const phone = (await client.login('cookie')).data
      await clientOf(host, bob).login()

      const { data } = await list({ token: mine.access_token })
      assert.deepEqual(
        data.map(({ mode, current }: Record<string, unknown>) => [mode, current]),
        [
          ['cookie', false],
          ['session', false],
          ['json', true],
        ],
      )
      assert.deepEqual(Object.keys(data[0]).sort(), ['begun', 'current', 'expires', 'id', 'ip', 'mode', 'origin', 'renewed', 'user_agent'])
      assert.ok(Math.abs(Date.parse(data[0].begun) - Date.now()) < 60_000, data[0].begun)
      assert.doesNotMatch(JSON.stringify(data), new RegExp(mine.refresh_token.slice(0, 22)))

      const remove = (end: string, token: string | null) => host.api('DELETE', `/users/me/sessions${end}`, { token })
      assert.equal((await remove(`/${data[0].id}`, 'token-of-bob')).status, 403)
      assert.equal((await remove('/nonsense', mine.access_token)).status, 403)
      assert.equal((await remove(`/${data[0].id}`, mine.access_token)).status, 204)
      assert.deepEqual([await client.me({ token: phone.access_token }), await client.me({ cookie: browser })], [401, ann.id])
      assert.equal((await remove('', mine.access_token)).status, 204)
      assert.deepEqual([await client.me({ cookie: browser }), await client.me({ token: mine.access_token })], [401, ann.id])
      assert.equal((await list({ token: 'token-of-bob' })).data.length, 1)
      assert.equal((await remove('', 'token-of-bob')).status, 204)
      assert.deepEqual((await list({ token: 'token-of-bob' })).data, [])
    })

    test('by nobody who has not signed in', async () => {
      const calls: [string, string][] = [
        ['GET', '/users/me/sessions'],
        ['DELETE', '/users/me/sessions'],
        ['DELETE', '/users/me/sessions/3f2d941a-c5e0-4482-8685-c3ba53c270e3'],
      ]
      for (const [method, path] of calls) assert.equal((await host.api(method, path, { token: null })).status, 401)
    })

    test('also those that another server has begun', async () => {
      const token = 'r'.repeat(64)
      await sql(`insert into directus_sessions (token, "user", expires) values ($1, $2, now() + interval '1 day')`, [token, ann.id])
      const { data } = await client.login()
      const found = (await list({ token: data.access_token })).data
      assert.equal(found.length, 3)
      assert.deepEqual((await list({ token: data.access_token })).data, found, 'the same identity each time')
      const next = (await client.refresh(token)).data
      assert.equal(await client.me({ token: next.access_token }), ann.id)
      for (const { id, current } of found) if (!current) await host.api('DELETE', `/users/me/sessions/${id}`, { token: data.access_token })
      assert.deepEqual([await client.me({ token: next.access_token }), (await client.refresh(next.refresh_token)).status], [401, 401])
    })
  })

  describe('end when their user', () => {
    const changes: [why: string, change: () => Promise<unknown>, back: string][] = [
      ['is suspended', () => host.api('PATCH', `/users/${ann.id}`, { body: { status: 'suspended' } }), `status = 'active'`],
      [
        'gets another address',
        () => host.api('PATCH', `/users/${ann.id}`, { body: { email: 'anna@example.com' } }),
        `email = 'ann@example.com'`,
      ],
      ['is given another password in the database', () => sql(`update directus_users set password = 'x' where id = $1`, [ann.id]), ''],
      ['loses them in the database', () => sql('delete from directus_sessions where "user" = $1', [ann.id]), ''],
      ['has them cut short in the database', () => sql(`update directus_sessions set expires = now()`), ''],
    ]
    for (const [why, change, back] of changes) {
      test(why, async () => {
        const restored = `password = (select password from directus_users where email = 'bob@example.com')${back && `, ${back}`}`
        await sql(`update directus_users set ${restored} where id = $1`, [ann.id])
        await settle()
        const { data } = await client.login()
        const cookie = cookieOf(await client.login('session'))
        assert.deepEqual([await client.me({ token: data.access_token }), await client.me({ cookie })], [ann.id, ann.id])
        await change()
        await settle()
        assert.deepEqual([await client.me({ token: data.access_token }), await client.me({ cookie })], [401, 401])
        assert.deepEqual(
          [(await client.refresh(data.refresh_token)).status, (await client.refreshBy(cookie, 'session')).status],
          [401, 401],
        )
        if (back) await sql(`update directus_users set ${back} where id = $1`, [ann.id])
      })
    }
  })
})

describe('cookies', () => {
  const attributes = async (env: Record<string, string>, url: string) => {
    const host = await startKernel({ env: { LOGIN_STALL_TIME: '1ms', ...env } })
    try {
      await addPerson(host.kernel.db, 'cy')
      const set = async (mode: string) => {
        const body = JSON.stringify({ email: 'cy@example.com', password: 'secret', mode })
        const request = new Request(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        return (await host.kernel.fetch(request)).headers.getSetCookie().map((cookie) => cookie.replace(/=[^;]*/, ''))
      }
      return [...(await set('cookie')), ...(await set('session'))]
    } finally {
      await host.close()
    }
  }
  const cases: [why: string, env: Record<string, string>, url: string, expected: string[]][] = [
    [
      'are Secure where PUBLIC_URL is https',
      { PUBLIC_URL: 'https://example.com' },
      'http://localhost/auth/login',
      [
        'directus_refresh_token; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax; Secure',
        'directus_session_token; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax; Secure',
      ],
    ],
    [
      'follow their settings',
      {
        REFRESH_TOKEN_COOKIE_NAME: 'r',
        REFRESH_TOKEN_COOKIE_DOMAIN: 'example.com',
        REFRESH_TOKEN_TTL: '1m',
        SESSION_COOKIE_NAME: 's',
        SESSION_COOKIE_SAME_SITE: 'strict',
        SESSION_COOKIE_SECURE: 'true',
        SESSION_COOKIE_TTL: '2m',
      },
      'http://localhost/auth/login',
      ['r; Max-Age=60; Domain=example.com; Path=/; HttpOnly; SameSite=Lax', 's; Max-Age=120; Path=/; HttpOnly; SameSite=Strict; Secure'],
    ],
    [
      'are Secure where the request is',
      {},
      'https://localhost/auth/login',
      [
        'directus_refresh_token; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax; Secure',
        'directus_session_token; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax; Secure',
      ],
    ],
  ]
  for (const [why, env, url, expected] of cases) test(why, async () => assert.deepEqual(await attributes(env, url), expected))

  test('are all that is left when no password of ours counts', async () => {
    const host = await startKernel({ env: { AUTH_DISABLE_DEFAULT: 'true' } })
    try {
      assert.deepEqual((await host.api('GET', '/auth', { token: null })).body, { data: [], disableDefault: true })
      const body = { email: admin.email, password: admin.password }
      assert.equal((await host.api('POST', '/auth/login', { token: null, body })).status, 404)
    } finally {
      await host.close()
    }
  })
})

/** Time for a notice from the database to arrive. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 100))

/** What needs a letter: forgotten passwords, invitations, registrations. Letters are read where the transport leaves them. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'
import { addPerson, clientOf, type Person } from './people.ts'

const env = {
  LOGIN_STALL_TIME: '1ms',
  REGISTER_STALL_TIME: '1ms',
  PUBLIC_URL: 'https://api.example.com/base',
  PASSWORD_RESET_URL_ALLOW_LIST: 'https://good.test/reset',
  USER_INVITE_URL_ALLOW_LIST: 'https://good.test/invite',
  USER_REGISTER_URL_ALLOW_LIST: 'https://good.test/register',
  RATE_LIMITER_REGISTRATION_POINTS: '100',
}

describe('letters', () => {
  let host: TestHost
  let folder: string
  let ann: Person
  let role: string
  const post = (path: string, body: unknown, token: string | null = null) => host.api('POST', path, { token, body })
  const sql = (text: string, values: string[] = []) => host.kernel.db.query<Record<string, unknown>>(text, values)

  /** The letters written since the last call, oldest first. */
  const seen = new Set<string>()
  /** Those that have come since, once there are so many as are due, and all are written. */
  async function letters(due: number): Promise<{ to: string; link: string; token: string; text: string }[]> {
    let names: string[] = []
    let texts: string[] = []
    for (let tries = 0; tries === 0 || (tries < 100 && (texts.length < due || texts.includes(''))); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 60))
      names = (await readdir(join(folder, 'mail')).catch(() => [] as string[])).sort().filter((name) => !seen.has(name))
      texts = await Promise.all(names.map((name) => readFile(join(folder, 'mail', name), 'utf8')))
    }
    for (const name of names) seen.add(name)
    return texts.map((text) => {
      const link = /https?:\S+/.exec(text)![0]
      return { text, to: /^To: (.*)$/m.exec(text)![1]!.trim(), link, token: new URL(link).searchParams.get('token')! }
    })
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plinth-mail-'))
    host = await startKernel({ env: { ...env, DATA_DIR: folder } })
    ann = await addPerson(host.kernel.db, 'ann')
    role = (await post('/roles', { name: 'Guest' }, 'admin-token')).data.id
  })
  after(async () => {
    await host.close()
    await rm(folder, { recursive: true, force: true })
  })

  describe('for a forgotten password', () => {
    const request = async (body: object) => (await post('/auth/password/request', body)).status
    const reset = (token: unknown, next: unknown) => post('/auth/password/reset', { token, password: next })

    test('go to those who are known and active, and the answer is the same for all', async () => {
      await addPerson(host.kernel.db, 'asleep', { status: 'suspended' })
      await addPerson(host.kernel.db, 'elsewhere', { provider: 'google' })
      for (const email of [
        'ANN@example.com',
        'asleep@example.com',
        'elsewhere@example.com',
        'nobody@example.com',
        'foo',
        'a\0@example.com',
      ]) {
        assert.equal(await request({ email }), 204)
      }
      const [letter, ...more] = await letters(1)
      assert.deepEqual([letter!.to, more], ['ann@example.com', []])
      assert.match(letter!.link, /^https:\/\/api\.example\.com\/base\/admin\/reset-password\?token=/)
      for (const body of [{}, { email: '' }, { email: 5 }]) assert.equal(await request(body), 400)
    })

    test('lead to listed addresses alone, whoever is asked about', async () => {
      for (const email of ['ann@example.com', 'nobody@example.com']) {
        assert.equal(await request({ email, reset_url: 'https://evil.test' }), 400)
        assert.equal(await request({ email, reset_url: 'https://good.test/reset?x=1' }), 204)
      }
      const found = await letters(1)
      assert.deepEqual(
        found.map(({ link }) => link.replace(/token=.*/, '')),
        ['https://good.test/reset?x=1&'],
      )
    })

    test('set a new one, once, and end what was before', async () => {
      const client = clientOf(host, ann)
      const { data } = await client.login()
      await request({ email: ann.email })
      await request({ email: ann.email })
      const [first, second] = await letters(2)
      const race = await Promise.all([reset(first!.token, 'new-1'), reset(first!.token, 'new-2'), reset(second!.token, 'new-3')])
      assert.deepEqual(race.map(({ status }) => status).sort(), [204, 403, 403])
      assert.deepEqual([(await client.login()).status, await client.me({ token: data.access_token })], [401, 401])
      assert.equal((await client.refresh(data.refresh_token)).status, 401)
      const now = ['new-1', 'new-2', 'new-3'][race.findIndex(({ status }) => status === 204)]!
      assert.equal((await client.login('json', { password: now })).status, 200)
    })

    test('are refused when they are something else', async () => {
      await request({ email: ann.email })
      const [{ token } = { token: '' }] = await letters(1)
      const access = (await post('/auth/login', { email: 'admin@example.com', password: 'Password123!' })).data.access_token
      const cases: [token: unknown, next: unknown, code: string][] = [
        [undefined, 'x', 'INVALID_PAYLOAD'],
        [5, 'x', 'INVALID_PAYLOAD'],
        [token, undefined, 'INVALID_PAYLOAD'],
        [token, 5, 'INVALID_PAYLOAD'],
        ['rubbish', 'x', 'INVALID_TOKEN'],
        [`${token.slice(0, -4)}AAAA`, 'x', 'INVALID_TOKEN'],
        [access, 'x', 'FORBIDDEN'],
      ]
      for (const [given, next, code] of cases) assert.equal((await reset(given, next)).code, code)
      assert.equal((await host.api('GET', '/users/me', { token })).code, 'INVALID_TOKEN', 'no way in')
      await sql(`update directus_users set status = 'suspended' where id = $1`, [ann.id])
      assert.equal((await reset(token, 'x')).code, 'FORBIDDEN')
      await sql(`update directus_users set status = 'active' where id = $1`, [ann.id])
      assert.equal((await reset(token, 'x')).status, 204)
    })
  })

  describe('with invitations', () => {
    const invite = (email: unknown, more: object = {}, token: string | null = 'admin-token') =>
      post('/users/invite', { email, role, ...more }, token)
    const accept = (token: unknown, chosen: unknown = 'chosen') => post('/users/invite/accept', { token, password: chosen })

    test('make people who choose their password, once', async () => {
      assert.equal((await invite(['Ivy@example.com', 'ian@example.com'])).status, 204)
      const [ivy, ian] = await letters(2)
      assert.deepEqual([ivy!.to, ian!.to], ['Ivy@example.com', 'ian@example.com'])
      assert.match(ivy!.link, /^https:\/\/api\.example\.com\/base\/admin\/accept-invite\?token=/)
      const made = await sql(`select email, status, role, password from directus_users where email ilike 'i%' order by lower(email)`)
      assert.deepEqual(made, [
        { email: 'ian@example.com', status: 'invited', role, password: null },
        { email: 'Ivy@example.com', status: 'invited', role, password: null },
      ])
      const race = await Promise.all([accept(ivy!.token, 'a-1'), accept(ivy!.token, 'a-2')])
      assert.deepEqual(race.map(({ status, code }) => code ?? status).sort(), [204, 'INVALID_INVITE'])
      assert.equal((await accept(ivy!.token)).code, 'INVALID_INVITE')
      await sql(`update directus_users set status = 'suspended' where email = 'ian@example.com'`)
      assert.equal((await accept(ian!.token)).code, 'INVALID_INVITE')
    })

    test('are sent again to those who have not answered, and to nobody who is known', async () => {
      await invite('again@example.com')
      await invite('AGAIN@example.com')
      await invite(ann.email)
      assert.deepEqual(
        (await letters(2)).map(({ to }) => to),
        ['again@example.com', 'AGAIN@example.com'],
      )
      assert.equal((await sql(`select id from directus_users where lower(email) = 'again@example.com'`)).length, 1)
    })

    test('are refused', async () => {
      await addPerson(host.kernel.db, 'plain', { token: 'token-of-plain' })
      const cases: [why: string, answer: ReturnType<typeof invite>, expected: string | number][] = [
        ['to whoever may not', invite('x1@example.com', {}, 'token-of-plain'), 204],
        ['to nobody', invite('x2@example.com', {}, null), 204],
        ['without role', invite('x3@example.com', { role: undefined }), 'INVALID_PAYLOAD'],
        ['with a role that is none', invite('x4@example.com', { role: 'x' }), 'INVALID_PAYLOAD'],
        ['with a missing role', invite('x5@example.com', { role: ann.id }), 'INVALID_FOREIGN_KEY'],
        ['without address', invite(undefined), 'INVALID_PAYLOAD'],
        ['with a list of which one is none', invite(['x6@example.com', 'foo']), 'INVALID_PAYLOAD'],
        ['with more', invite('x7@example.com', { status: 'active' }), 'INVALID_PAYLOAD'],
        ['with a strange link', invite('x8@example.com', { invite_url: 'https://evil.test' }), 'INVALID_PAYLOAD'],
        ['with the token of another letter', accept('rubbish'), 'INVALID_TOKEN'],
        ['without token', accept(undefined), 'INVALID_PAYLOAD'],
        ['without password', accept('x', ''), 'INVALID_PAYLOAD'],
      ]
      for (const [why, answer, expected] of cases) {
        const { status, code } = await answer
        assert.equal(code ?? status, expected, why)
      }
      assert.deepEqual(await sql(`select email from directus_users where email like 'x%'`), [])
      assert.deepEqual(await letters(0), [])
    })
  })

  describe('with registrations', () => {
    const set = (settings: object) => host.api('PATCH', '/settings', { body: settings })
    const register = (email: string, more: object = {}) => post('/users/register', { email, password: 'chosen', ...more })
    const verify = (token: string) => host.api('GET', `/users/register/verify-email?token=${token}`, { token: null })
    const statusOf = async (email: string) => (await sql('select status from directus_users where email = $1', [email]))[0]?.status

    test('need an open door', async () => {
      assert.equal((await register('early@example.com')).code, 'FORBIDDEN')
      await set({ public_registration: true, public_registration_role: role })
    })

    test('are confirmed by letter, once', async () => {
      assert.equal((await register('Reg@example.com', { first_name: 'R', last_name: 'G' })).status, 204)
      const [letter] = await letters(1)
      assert.equal(letter!.to, 'Reg@example.com')
      assert.match(letter!.link, /^https:\/\/api\.example\.com\/base\/users\/register\/verify-email\?token=/)
      const [made] = await sql('select status, role, first_name from directus_users where email = $1', ['Reg@example.com'])
      assert.deepEqual(made, { status: 'unverified', role, first_name: 'R' })
      assert.equal((await post('/auth/login', { email: 'reg@example.com', password: 'chosen' })).status, 401)
      const race = await Promise.all([verify(letter!.token), verify(letter!.token)])
      assert.deepEqual(race.map(({ status }) => status).sort(), [302, 400])
      assert.match(race.find(({ status }) => status === 302)!.headers.get('location')!, /^\/base\/admin\/users\/[\da-f-]{36}$/)
      assert.equal((await post('/auth/login', { email: 'reg@example.com', password: 'chosen' })).status, 200)
    })

    test('of an address that is taken change nothing and tell nothing', async () => {
      for (const email of [ann.email, 'REG@example.com']) assert.equal((await register(email, { password: 'theirs' })).status, 204)
      assert.deepEqual(await letters(0), [])
      assert.equal((await post('/auth/login', { email: 'reg@example.com', password: 'chosen' })).status, 200)
    })

    test('confirm the password that was chosen with them, not one that somebody else has chosen for the address', async () => {
      await register('victim@example.com', { password: 'of-a-thief' })
      await register('victim@example.com', { password: 'of-the-victim' })
      const [thief, victim] = await letters(2)
      assert.equal((await verify(thief!.token)).status, 400)
      assert.equal((await verify(victim!.token)).status, 302)
      const login = async (chosen: string) => (await post('/auth/login', { email: 'victim@example.com', password: chosen })).status
      assert.deepEqual([await login('of-a-thief'), await login('of-the-victim')], [401, 200])
    })

    test('follow filter, list, rule and form', async () => {
      await set({ public_registration_email_filter: { email: { _ends_with: '@good.com' } } })
      assert.deepEqual([(await register('a@bad.com')).code, (await register('a@good.com')).status], ['FORBIDDEN', 204])
      await set({ public_registration_email_filter: { email: { _nends_with: '@bad.com' } } })
      assert.deepEqual([(await register('a@BAD.com')).code, (await register('a@better.com')).status], ['FORBIDDEN', 204])
      await set({ public_registration_email_filter: null, public_registration_verify_email: false, auth_password_policy: '^.{5,}$' })
      assert.equal((await register('b@good.com')).status, 204)
      assert.equal(await statusOf('b@good.com'), 'active')
      for (const email of ['new@good.com', ann.email]) {
        assert.equal((await register(email, { password: 'tiny' })).code, 'FAILED_VALIDATION', 'known or not')
        assert.equal((await register(email, { verification_url: 'https://evil.test' })).code, 'INVALID_PAYLOAD')
        assert.equal((await register(email, { role })).code, 'INVALID_PAYLOAD')
        assert.equal((await register(email, { status: 'active' })).code, 'INVALID_PAYLOAD')
      }
      assert.equal((await register('foo')).code, 'INVALID_PAYLOAD')
      assert.equal(await statusOf('new@good.com'), undefined)
      const race = await Promise.all(['twin', 'Twin', 'TWIN'].map((name) => register(`${name}@good.com`)))
      assert.deepEqual(
        race.map(({ status }) => status),
        [204, 204, 204],
      )
      assert.equal((await sql(`select id from directus_users where lower(email) = 'twin@good.com'`)).length, 1)
      await set({ auth_password_policy: null })
    })
  })

  test('nothing of letters is logged', async () => {
    const logged = JSON.stringify(host.logs)
    assert.doesNotMatch(logged, /eyJ|good\.test|chosen/)
    assert.deepEqual(
      host.logs.filter(({ level }) => level === 'error'),
      [],
    )
  })
})

test('registrations and refused logins are limited', async () => {
  const host = await startKernel({ env: { LOGIN_STALL_TIME: '1ms', LOGIN_FAILURES_MAX: '3' } })
  try {
    const register = async () => (await host.api('POST', '/users/register', { token: null, body: {} })).status
    const told: number[] = []
    for (let i = 0; i < 6; i++) told.push(await register())
    assert.deepEqual(told, [400, 400, 400, 400, 400, 429])
    const bob = clientOf(host, await addPerson(host.kernel.db, 'bob'))
    const login = async (more = {}) => (await bob.login('json', more)).status
    assert.deepEqual([await login(), await login({ password: 'x' }), await login({ password: 'x' })], [200, 401, 401])
    assert.deepEqual([await login(), await login({ password: 'x' }), await login()], [200, 401, 429])
  } finally {
    await host.close()
  }
})

/** The second factor, and what happens after too many wrong passwords and codes. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { codeOf, decodeSecret, stepAt } from '../../../plugins/auth/totp.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { addPerson, clientOf, cookieOf, type Person, password } from './people.ts'

const secret = 'GEZDGNBVGY3TQOJQ'
const codeIn = (periods: number) => codeOf(decodeSecret(secret)!, stepAt(Date.now()) + periods)

describe('second factor', () => {
  let host: TestHost
  let role: string
  const sql = (text: string, values: string[] = []) => host.kernel.db.query<Record<string, unknown>>(text, values)
  const post = (token: string | null, path: string, body: unknown) => host.api('POST', path, { token, body })
  /** An administrator, so that the field is theirs to write. */
  const person = (name: string, more = {}) => addPerson(host.kernel.db, name, { role, token: `token-of-${name}`, ...more })
  /** Lets the half minute pass of which a code has been used. */
  const nextPeriod = () => sql('update plinth.credentials set spent_step = spent_step - 1')
  /** Not at the end of a period: the code must still be right when it arrives. */
  const early = async () => {
    const left = 30_000 - (Date.now() % 30_000)
    if (left < 3000) await new Promise((resolve) => setTimeout(resolve, left + 50))
  }

  before(async () => {
    host = await startKernel({ env: { LOGIN_STALL_TIME: '1ms' } })
    role = (await host.api('GET', '/users/me?fields=role')).data.role
  })
  after(() => host.close())

  test('is proposed for the password, enabled by a code, asked for at login, and disabled by a code', async () => {
    const ann = await person('ann')
    const client = clientOf(host, ann)
    const proposed = (await post('token-of-ann', '/users/me/tfa/generate', { password })).data
    assert.match(proposed.secret, /^[A-Z2-7]{16}$/)
    assert.match(proposed.otpauth_url, /^otpauth:\/\/totp\/Plinth:ann%40example.com\?secret=/)
    await early()
    assert.equal((await post('token-of-ann', '/users/me/tfa/enable', { secret, otp: await codeIn(0) })).status, 204)
    assert.equal((await client.login('json', { otp: await codeIn(0) })).code, 'INVALID_OTP', 'the code that enabled it is used up')
    await nextPeriod()
    const wrong: [why: string, more: object][] = [
      ['none', {}],
      ['a wrong one', { otp: '000000' }],
      ['the one before', { otp: await codeIn(-1) }],
      ['the next one', { otp: await codeIn(1) }],
      ['a number', { otp: Number(await codeIn(0)) }],
      ['with a blank', { otp: `${await codeIn(0)} ` }],
    ]
    for (const [why, more] of wrong) {
      const { code } = await client.login('json', more)
      assert.equal(code, why === 'a number' ? 'INVALID_PAYLOAD' : 'INVALID_OTP', why)
    }
    const again = await Promise.all(Array.from({ length: 6 }, async () => client.login('json', { otp: await codeIn(0) })))
    assert.deepEqual(again.map(({ status }) => status).sort(), [200, ...Array(5).fill(401)], 'a code works once')

    const disable = async (otp: unknown) => (await post('token-of-ann', '/users/me/tfa/disable', { otp })).status
    assert.equal(await disable(await codeIn(0)), 400, 'used by the login')
    await nextPeriod()
    assert.deepEqual([await disable('000000'), await disable(await codeIn(0)), await disable(await codeIn(0))], [400, 204, 400])
    assert.equal((await client.login()).status, 200)
  })

  test('is refused', async (t) => {
    const bob = await person('bob')
    await addPerson(host.kernel.db, 'nobody', { token: 'token-of-nobody' })
    await early()
    const right = await codeIn(0)
    const cases: [why: string, token: string | null, path: string, body: unknown, expected: string][] = [
      ['to nobody', null, 'generate', { password }, 'INVALID_CREDENTIALS'],
      ['without password', 'token-of-bob', 'generate', {}, 'INVALID_PAYLOAD'],
      ['with a wrong password', 'token-of-bob', 'generate', { password: 'x' }, 'INVALID_CREDENTIALS'],
      ['with a number as password', 'token-of-bob', 'generate', { password: 5 }, 'INVALID_PAYLOAD'],
      ['without secret', 'token-of-bob', 'enable', { otp: right }, 'INVALID_PAYLOAD'],
      ['without code', 'token-of-bob', 'enable', { secret }, 'INVALID_PAYLOAD'],
      ['with a wrong code', 'token-of-bob', 'enable', { secret, otp: '000000' }, 'INVALID_PAYLOAD'],
      ['with a secret that is none', 'token-of-bob', 'enable', { secret: 'xx', otp: right }, 'INVALID_PAYLOAD'],
      ['with a list as secret', 'token-of-bob', 'enable', { secret: [secret], otp: right }, 'INVALID_PAYLOAD'],
      ['to whoever may not write the field', 'token-of-nobody', 'enable', { secret, otp: right }, 'FORBIDDEN'],
      ['an end where there is none', 'token-of-bob', 'disable', { otp: right }, 'INVALID_PAYLOAD'],
    ]
    for (const [why, token, path, body, expected] of cases) {
      await t.test(why, async () => assert.equal((await post(token, `/users/me/tfa/${path}`, body)).code, expected))
    }
    assert.equal((await host.api('GET', '/users/me?fields=tfa_secret', { token: 'token-of-bob' })).data.tfa_secret, null)
    await sql('update directus_users set tfa_secret = $2 where id = $1', [bob.id, secret])
    assert.equal((await post('token-of-bob', '/users/me/tfa/generate', { password })).code, 'INVALID_PAYLOAD')
    assert.equal((await post('token-of-bob', '/users/me/tfa/enable', { secret, otp: right })).code, 'INVALID_PAYLOAD')
  })

  test('is taken away by an administrator', async () => {
    const cy = await person('cy', { tfa_secret: secret })
    assert.equal((await post('token-of-nobody', `/users/${cy.id}/tfa/disable`, {})).status, 403)
    assert.equal((await post('admin-token', `/users/${cy.id}/tfa/disable`, {})).status, 204)
    assert.equal((await post('admin-token', '/users/nonsense/tfa/disable', {})).status, 204)
    assert.equal((await clientOf(host, cy).login()).status, 200)
  })

  describe('that a policy demands', () => {
    const make = async (path: string, body: object): Promise<string> => (await host.api('POST', path, { body })).data.id
    const told = (token: string) => JSON.parse(atob(token.split('.')[1]!)).enforce_tfa
    let policy: string
    let strict: string
    before(async () => {
      policy = await make('/policies', { name: 'Strict', enforce_tfa: true })
      strict = await make('/roles', { name: 'Strict' })
      await make('/access', { policy, role: strict })
    })

    test('is told in the token, and to the app', async () => {
      const dan = await addPerson(host.kernel.db, 'dan', { role: strict })
      const claims = async (more = {}) => {
        const { data } = await clientOf(host, dan).login('json', more)
        return [told(data.access_token), (await host.api('GET', '/policies/me/globals', { token: data.access_token })).data.enforce_tfa]
      }
      assert.deepEqual(await claims(), [true, true])
      await sql('update directus_users set tfa_secret = $2 where id = $1', [dan.id, secret])
      await early()
      assert.deepEqual(await claims({ otp: await codeIn(0) }), [undefined, true])
    })

    test('is told in every mode, and from the next refresh when the demand came later', async () => {
      const dot = await addPerson(host.kernel.db, 'dot')
      const client = clientOf(host, dot)
      const [json, cookie, session] = [await client.login(), await client.login('cookie'), await client.login('session')]
      const inSession = (answer: typeof json) => cookieOf(answer).split('=')[1]!
      const graphql = await host.api('POST', '/graphql/system', {
        token: null,
        body: { query: `mutation { auth_login(email: "dot@example.com", password: "${password}") { access_token } }` },
      })
      const before = [json.data.access_token, cookie.data.access_token, inSession(session), graphql.data.auth_login.access_token]
      assert.deepEqual(before.map(told), [undefined, undefined, undefined, undefined])
      await host.api('PATCH', `/users/${dot.id}`, { body: { role: strict } })
      const renewed = [
        (await client.refresh(json.data.refresh_token)).data.access_token,
        (await client.refreshBy(cookieOf(cookie), 'cookie')).data.access_token,
        inSession(await client.refreshBy(cookieOf(session), 'session')),
      ]
      assert.deepEqual(renewed.map(told), [true, true, true])
      // The API asks for nothing more, also of those who came in before.
      for (const token of [...before, ...renewed]) assert.equal(await client.me({ token }), dot.id)
    })

    const holders: [why: string, hold: (user: string) => Promise<unknown>, expected: true | undefined][] = [
      [
        'a role above',
        async (user) => host.api('PATCH', `/users/${user}`, { body: { role: await make('/roles', { name: 'Below', parent: strict }) } }),
        true,
      ],
      ['the user alone', (user) => make('/access', { policy, user }), undefined],
      ['nobody', async () => {}, undefined],
      [
        'a role, elsewhere',
        async (user) => {
          const role = await make('/roles', { name: 'Far' })
          await make('/access', { role, policy: await make('/policies', { name: 'Far', enforce_tfa: true, ip_access: ['192.0.2.1'] }) })
          await host.api('PATCH', `/users/${user}`, { body: { role } })
        },
        undefined,
      ],
    ]
    for (const [i, [why, hold, expected]] of holders.entries()) {
      test(`of ${why}`, async () => {
        const one = await addPerson(host.kernel.db, `held${i}`)
        await hold(one.id)
        assert.equal(told((await clientOf(host, one).login()).data.access_token), expected)
      })
    }

    test('is enabled with the right to write it, and may be disabled', async () => {
      const tie = await make('/access', { policy, role })
      await person('kim')
      const kim = clientOf(host, { email: 'kim@example.com' })
      const { access_token: token } = (await kim.login()).data
      assert.equal(told(token), true)
      await early()
      assert.equal((await post(token, '/users/me/tfa/enable', { secret, otp: await codeIn(0) })).status, 204)
      assert.equal((await kim.login()).code, 'INVALID_OTP')
      assert.equal((await host.api('GET', '/users?limit=1', { token: 'token-of-kim' })).status, 200, 'a static token asks for no code')
      await nextPeriod()
      assert.equal((await post(token, '/users/me/tfa/disable', { otp: await codeIn(0) })).status, 204)
      assert.equal(told((await kim.login()).data.access_token), true)
      await host.api('DELETE', `/access/${tie}`)
    })
  })

  describe('is never written by hand', () => {
    const gql = (text: string) => ({ query: `mutation { ${text} }` })
    const ways: [why: string, way: (id: string) => [method: string, path: string, body: unknown]][] = [
      ['by key', (id) => ['PATCH', `/users/${id}`, { tfa_secret: secret }]],
      ['taken away', (id) => ['PATCH', `/users/${id}`, { tfa_secret: null }]],
      ['as its mask', (id) => ['PATCH', `/users/${id}`, { tfa_secret: '**********' }]],
      ['in a list', (id) => ['PATCH', '/users', [{ id, tfa_secret: secret }]]],
      ['by query', (id) => ['PATCH', '/users', { query: { filter: { id: { _eq: id } } }, data: { tfa_secret: null } }]],
      ['of oneself', () => ['PATCH', '/users/me', { tfa_secret: null }]],
      ['of a new user', () => ['POST', '/users', { tfa_secret: secret }]],
      ['nested in a role', (id) => ['PATCH', `/roles/${role}`, { users: { create: [], update: [{ id, tfa_secret: null }], delete: [] } }]],
      ['of a new user in a role', () => ['POST', '/roles', { name: 'x', users: [{ tfa_secret: secret }] }]],
      ['nested in a tie', (id) => ['POST', '/access', { policy: { name: 'x' }, user: { id, tfa_secret: null } }]],
      ['in GraphQL', (id) => ['POST', '/graphql/system', gql(`update_users_item(id: "${id}", data: { tfa_secret: "${secret}" }) { id }`)]],
      ['of oneself in GraphQL', () => ['POST', '/graphql/system', gql(`update_users_me(data: { tfa_secret: null }) { id }`)]],
      ['of a new user in GraphQL', () => ['POST', '/graphql/system', gql(`create_users_item(data: { tfa_secret: "${secret}" }) { id }`)]],
    ]
    for (const [i, [why, way]] of ways.entries()) {
      test(why, async () => {
        const { id } = await person(`hand${i}`, { tfa_secret: 'AAAABBBBCCCCDDDD' })
        const [method, path, body] = way(id)
        assert.equal((await host.api(method, path, { body, token: `token-of-hand${i}` })).code, 'INVALID_PAYLOAD')
        assert.deepEqual(await sql('select tfa_secret from directus_users where id = $1', [id]), [{ tfa_secret: 'AAAABBBBCCCCDDDD' }])
      })
    }
  })

  describe('too many failures', () => {
    const allow = (auth_login_attempts: number | null) => host.api('PATCH', '/settings', { body: { auth_login_attempts } })
    const statusOf = async ({ id }: Person) => (await sql('select status from directus_users where id = $1', [id]))[0]!.status

    test('suspend a user, and the answer stays the same', async () => {
      await allow(3)
      const eve = await addPerson(host.kernel.db, 'eve')
      const client = clientOf(host, eve)
      const wrong = async () => {
        const { status, body } = await client.login('json', { password: 'wrong' })
        return [status, body.errors[0].extensions.code, await statusOf(eve)]
      }
      const active = [401, 'INVALID_CREDENTIALS', 'active']
      assert.deepEqual([await wrong(), await wrong(), await wrong()], [active, active, active])
      assert.equal((await client.login()).status, 200, 'a right one makes up for them')
      assert.deepEqual([await wrong(), await wrong(), await wrong()], [active, active, active])
      assert.deepEqual(await wrong(), [401, 'INVALID_CREDENTIALS', 'suspended'])
      assert.equal((await client.login()).status, 401)
      await host.api('PATCH', `/users/${eve.id}`, { body: { status: 'active' } })
      assert.deepEqual(await wrong(), active, 'the count begins anew')
      await allow(null)
      for (let i = 0; i < 6; i++) assert.deepEqual(await wrong(), active)
    })

    test('count codes and the passwords of those who are in', async () => {
      await allow(2)
      const fay = await person('fay', { tfa_secret: secret })
      for (let i = 0; i < 2; i++) await clientOf(host, fay).login('json', { otp: '000000' })
      assert.equal(await statusOf(fay), 'active')
      await post('token-of-fay', '/users/me/tfa/generate', { password: 'wrong' })
      assert.equal(await statusOf(fay), 'suspended')
    })

    test('count codes of those who would be rid of it', async () => {
      await allow(2)
      const gil = await person('gil', { tfa_secret: secret })
      const disable = async (otp: string) => (await post('token-of-gil', '/users/me/tfa/disable', { otp })).status
      assert.deepEqual([await disable('000000'), await disable('000000'), await statusOf(gil)], [400, 400, 'active'])
      assert.deepEqual([await disable('000000'), await statusOf(gil), await disable('000000')], [400, 'suspended', 401])
      await host.api('PATCH', `/users/${gil.id}`, { body: { status: 'active' } })
      await early()
      assert.equal(await disable(await codeIn(0)), 204)
    })

    test('leave the last administrator in', async () => {
      await allow(1)
      await sql(`update directus_users set status = 'draft' where role = $1 and email <> 'admin@example.com'`, [role])
      for (let i = 0; i < 4; i++) await clientOf(host, { email: 'admin@example.com' }).login('json', { password: 'wrong' })
      assert.equal((await host.api('GET', '/users/me?fields=status')).data.status, 'active')
      await allow(25)
    })
  })
})

test('wrong codes and passwords from one place are limited also where nobody is suspended', async () => {
  const host = await startKernel({ env: { LOGIN_STALL_TIME: '1ms', LOGIN_FAILURES_MAX: '3' } })
  try {
    await host.api('PATCH', '/settings', { body: { auth_login_attempts: null } })
    const id = (await host.api('GET', '/users/me?fields=id')).data.id
    await host.kernel.db.query('update directus_users set tfa_secret = $2 where id = $1', [id, secret])
    const disable = async (otp: string) => (await host.api('POST', '/users/me/tfa/disable', { body: { otp } })).status
    const generate = async (given: string) => (await host.api('POST', '/users/me/tfa/generate', { body: { password: given } })).status
    const tries = [
      await disable('000000'),
      await generate('wrong'),
      await disable('000000'),
      await disable('000000'),
      await generate('wrong'),
    ]
    assert.deepEqual(tries, [400, 401, 400, 429, 429])
  } finally {
    await host.close()
  }
})

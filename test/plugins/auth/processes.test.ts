/** Two processes on one database: what one of them, or anybody else, takes away is refused by the other on its next request. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { testDrivers } from '../../database.ts'
import type { TestHost } from '../../host.ts'
import { startTwoProcesses, type TwoProcesses } from '../../processes.ts'
import { addPerson, clientOf, cookieOf, type Person, password } from './people.ts'

describe('two processes', { skip: !testDrivers.includes('postgres') && 'needs TEST_DATABASE_URL' }, () => {
  let two: TwoProcesses
  let here: TestHost
  let there: TestHost
  let ann: Person
  let policy: string

  before(async () => {
    two = await startTwoProcesses('create table note (id serial primary key, text text); insert into note (text) values (1)')
    ;({ here, there } = two)
    policy = (await here.api('POST', '/policies', { body: { name: 'All', admin_access: true } })).data.id
  })
  after(() => two?.close())

  const set = (assignments: string) => two.psql.query(`update directus_users set ${assignments} where id = $1`, [ann.id])
  const patch = (body: object) => here.api('PATCH', `/users/${ann.id}`, { body })

  type Ways = { readonly token: string; readonly refresh: string; readonly cookie: string; readonly session: string }
  const takings: [why: string, take: (ways: Ways) => Promise<unknown>, refused: (keyof Ways)[]][] = [
    ['suspends the user', () => patch({ status: 'suspended' }), ['token', 'cookie']],
    ['changes the password', () => patch({ password: 'another' }), ['token', 'cookie']],
    ['deletes the user', () => here.api('DELETE', `/users/${ann.id}`), ['token', 'cookie']],
    ['logs out', ({ refresh }) => here.api('POST', '/auth/logout', { token: null, body: { refresh_token: refresh } }), ['token']],
    ['revokes a session', ({ session, token }) => here.api('DELETE', `/users/me/sessions/${session}`, { token }), ['cookie']],
    ['suspends the user by psql', () => set(`status = 'suspended'`), ['token', 'cookie']],
    ['changes the password by psql', () => set(`password = 'x'`), ['token', 'cookie']],
    ['ends the sessions by psql', () => two.psql.query('delete from directus_sessions where "user" = $1', [ann.id]), ['token', 'cookie']],
  ]

  interface Reader {
    readonly user: string
    readonly role: string
    /** Above the role, and that which has the policy. */
    readonly above: string
    readonly policy: string
    readonly access: string
    readonly permission: number
    readonly other: string
  }
  /** Somebody whose role may read notes, by the one above it, and another role that may not. */
  async function addReader(token: string): Promise<Reader> {
    const make = async (path: string, body: object) => (await here.api('POST', path, { body })).data.id
    const [above, other] = [await make('/roles', { name: 'above' }), await make('/roles', { name: 'other' })]
    const role = await make('/roles', { name: token, parent: above })
    const policy = await make('/policies', { name: token })
    const access = await make('/access', { role: above, policy })
    const permission = await make('/permissions', { policy, collection: 'note', action: 'read', fields: ['*'] })
    const { id: user } = await addPerson(two.psql, token, { role, token })
    return { user, role, above, policy, access, permission, other }
  }

  const sql = (text: string, ...values: unknown[]) => two.psql.query(text, values as string[])
  /** What is left: 403 for somebody who has no rights any more, 401 for nobody. */
  const rightsTaken: [why: string, take: (ids: Reader) => Promise<unknown>, left: number][] = [
    ['gives another role', ({ user, other }) => here.api('PATCH', `/users/${user}`, { body: { role: other } }), 403],
    ['puts the role below another', ({ role, other }) => here.api('PATCH', `/roles/${role}`, { body: { parent: other } }), 403],
    ['puts the role below none', ({ role }) => here.api('PATCH', `/roles/${role}`, { body: { parent: null } }), 403],
    ['deletes the role above', ({ above }) => here.api('DELETE', `/roles/${above}`), 403],
    ['takes the policy from the role', ({ access }) => here.api('DELETE', `/access/${access}`), 403],
    ['deletes the policy', ({ policy }) => here.api('DELETE', `/policies/${policy}`), 403],
    [
      'binds the policy to an address',
      ({ policy }) => here.api('PATCH', `/policies/${policy}`, { body: { ip_access: ['192.0.2.1'] } }),
      403,
    ],
    ['deletes the rule', ({ permission }) => here.api('DELETE', `/permissions/${permission}`), 403],
    ['narrows the rule to no field', ({ permission }) => here.api('PATCH', `/permissions/${permission}`, { body: { fields: [] } }), 403],
    ['changes the static token', ({ user }) => here.api('PATCH', `/users/${user}`, { body: { token: `${user}-new` } }), 401],
    ['deletes the user', ({ user }) => here.api('DELETE', `/users/${user}`), 401],
    ['deletes the role', ({ role }) => here.api('DELETE', `/roles/${role}`), 401],
    ['gives another role by psql', ({ user, other }) => sql('update directus_users set role = $2 where id = $1', user, other), 403],
    [
      'puts the role below another by psql',
      ({ role, other }) => sql('update directus_roles set parent = $2 where id = $1', role, other),
      403,
    ],
    ['takes the policy from the role by psql', ({ access }) => sql('delete from directus_access where id = $1', access), 403],
    ['deletes the policy by psql', ({ policy }) => sql('delete from directus_policies where id = $1', policy), 403],
    [
      'binds the policy to an address by psql',
      ({ policy }) => sql(`update directus_policies set ip_access = '192.0.2.1' where id = $1`, policy),
      403,
    ],
    ['deletes the rule by psql', ({ permission }) => sql('delete from directus_permissions where id = $1', permission), 403],
    [
      'moves the rule to another policy by psql',
      ({ permission }) => sql('update directus_permissions set policy = $2 where id = $1', permission, policy),
      403,
    ],
    ['changes the static token by psql', ({ user }) => sql(`update directus_users set token = id::text where id = $1`, user), 401],
    ['suspends the user by psql', ({ user }) => sql(`update directus_users set status = 'suspended' where id = $1`, user), 401],
    ['deletes the user by psql', ({ user }) => sql('delete from directus_users where id = $1', user), 401],
  ]

  for (const listening of [true, false]) {
    describe(listening ? 'that hear of it' : 'without notices', () => {
      before(() => (listening ? undefined : two.cut()))

      for (const [index, [why, take, refused]] of takings.entries()) {
        test(`one ${why}, the other refuses`, async () => {
          ann = await addPerson(here.kernel.db, `ann${Number(listening)}${index}`)
          const client = clientOf(there, ann)
          const { data } = await client.login()
          const cookie = cookieOf(await client.login('session'))
          const list = await there.api('GET', '/users/me/sessions', { token: data.access_token })
          const ask = { token: () => client.me({ token: data.access_token }), cookie: () => client.me({ cookie }) }
          for (const way of [ask.token, ask.cookie, ask.token]) assert.equal(await way(), ann.id)

          const session = list.data.find(({ mode }: { mode: string }) => mode === 'session').id
          await take({ token: data.access_token, refresh: data.refresh_token, cookie, session })
          await two.heard()
          for (const way of ['token', 'cookie'] as const) assert.equal(await ask[way](), refused.includes(way) ? 401 : ann.id, way)
        })
      }

      for (const [index, [why, take, left]] of rightsTaken.entries()) {
        test(`one ${why}, the other answers ${left}`, async () => {
          const token = `reader${Number(listening)}${index}`
          const ids = await addReader(token)
          const notes = async () => {
            await two.heard()
            return (await there.api('GET', '/items/note', { token })).status
          }
          assert.equal(await notes(), 200)
          await take(ids)
          assert.equal(await notes(), left)
        })
      }

      test('one makes an administrator and takes that back, the other follows', async () => {
        ann = await addPerson(here.kernel.db, `boss${Number(listening)}`, { token: `boss${Number(listening)}` })
        const users = async () => {
          await two.heard()
          return (await there.api('GET', '/users', { token: `boss${Number(listening)}` })).status
        }
        assert.equal(await users(), 403)
        const { data } = await here.api('POST', '/access', { body: { policy, user: ann.id } })
        assert.equal(await users(), 200)
        await here.api('DELETE', `/access/${data.id}`)
        assert.equal(await users(), 403)
        await two.psql.query('insert into directus_access (id, policy, "user") values (gen_random_uuid(), $1, $2)', [policy, ann.id])
        assert.equal(await users(), 200)
        await two.psql.query('update directus_policies set admin_access = false where id = $1', [policy])
        assert.equal(await users(), 403)
        await two.psql.query('update directus_policies set admin_access = true where id = $1', [policy])
      })
    })
  }

  test('both count the same refresh token as spent', async () => {
    const person = await addPerson(here.kernel.db, 'both')
    const body = { email: person.email, password }
    const { data } = await here.api('POST', '/auth/login', { token: null, body })
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => clientOf(i % 2 ? here : there, person).refresh(data.refresh_token)),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(401)])
  })
})

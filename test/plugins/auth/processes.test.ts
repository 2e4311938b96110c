/** Two processes on one database: what one of them, or anybody else, takes away is refused by the other on its next request. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openPostgres } from '../../../kernel/database/postgres.ts'
import { freshDatabase, type TestDatabase, testDrivers } from '../../database.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { startProxy, type TestProxy } from '../../kernel/database/proxy.ts'
import { addPerson, clientOf, cookieOf, type Person, password } from './people.ts'

describe('two processes', { skip: !testDrivers.includes('postgres') && 'needs TEST_DATABASE_URL' }, () => {
  let shared: TestDatabase
  let proxy: TestProxy
  let here: TestHost
  let there: TestHost
  let ann: Person
  let policy: string

  before(async () => {
    shared = await freshDatabase('postgres')
    proxy = await startProxy(shared.url!)
    const env = { LOGIN_STALL_TIME: '1ms' }
    here = await startKernel({ env, database: { ...shared, db: openPostgres({ url: shared.url! }) } })
    there = await startKernel({ env, database: { ...shared, db: openPostgres({ url: shared.url!, directUrl: proxy.url }) } })
    policy = (await here.api('POST', '/policies', { body: { name: 'All', admin_access: true } })).data.id
  })
  after(async () => {
    await Promise.all([here?.close(), there?.close()])
    await proxy?.close()
    await shared?.drop()
  })

  const set = (assignments: string) => shared.db.query(`update directus_users set ${assignments} where id = $1`, [ann.id])
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
    ['ends the sessions by psql', () => shared.db.query('delete from directus_sessions where "user" = $1', [ann.id]), ['token', 'cookie']],
  ]

  for (const listening of [true, false]) {
    describe(listening ? 'that hear of it' : 'without notices', () => {
      before(async () => {
        if (listening) return
        await proxy.become('refuse')
        await settle()
      })

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
          // A notice needs a moment; without notices the next request looks for itself.
          if (listening) await settle()
          for (const way of ['token', 'cookie'] as const) assert.equal(await ask[way](), refused.includes(way) ? 401 : ann.id, way)
        })
      }

      test('one makes an administrator and takes that back, the other follows', async () => {
        ann = await addPerson(here.kernel.db, `boss${Number(listening)}`, { token: `boss${Number(listening)}` })
        const users = async () => {
          if (listening) await settle()
          return (await there.api('GET', '/users', { token: `boss${Number(listening)}` })).status
        }
        assert.equal(await users(), 403)
        const { data } = await here.api('POST', '/access', { body: { policy, user: ann.id } })
        assert.equal(await users(), 200)
        await here.api('DELETE', `/access/${data.id}`)
        assert.equal(await users(), 403)
        await shared.db.query('insert into directus_access (id, policy, "user") values (gen_random_uuid(), $1, $2)', [policy, ann.id])
        assert.equal(await users(), 200)
        await shared.db.query('update directus_policies set admin_access = false where id = $1', [policy])
        assert.equal(await users(), 403)
        await shared.db.query('update directus_policies set admin_access = true where id = $1', [policy])
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

/** Time for a notice from the database to arrive, or for its loss to be noticed. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 150))

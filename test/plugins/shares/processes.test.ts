/** Two processes on one database: what one of them, or anybody else, does to a share holds for the other on its next request. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { testDrivers } from '../../database.ts'
import type { TestHost } from '../../host.ts'
import { startTwoProcesses, type TwoProcesses } from '../../processes.ts'

describe('shares in two processes', { skip: !testDrivers.includes('postgres') && 'needs TEST_DATABASE_URL' }, () => {
  let two: TwoProcesses
  let here: TestHost
  let there: TestHost
  let role: string
  let policy: string

  before(async () => {
    two = await startTwoProcesses(`create table note (id serial primary key, word text); insert into note (word) values ('one'), ('two')`)
    ;({ here, there } = two)
    await here.kernel.db.execute(`insert into directus_collections (collection) values ('note')`)
    role = (await here.api('POST', '/roles', { body: { name: 'Guest' } })).data.id
    policy = (await here.api('POST', '/policies', { body: { name: 'guest' } })).data.id
    await here.api('POST', '/access', { body: { role, policy } })
    await here.api('POST', '/permissions', { body: { policy, collection: 'note', action: 'read', fields: ['*'] } })
  })
  after(() => two?.close())

  const set = (id: string, assignments: string) => two.psql.query(`update directus_shares set ${assignments} where id = $1`, [id])
  const takings: [why: string, take: (id: string) => Promise<unknown>][] = [
    ['deletes it', (id) => here.api('DELETE', `/shares/${id}`)],
    ['ends it', (id) => here.api('PATCH', `/shares/${id}`, { body: { date_end: '2020-01-01T00:00:00Z' } })],
    ['gives it another password', (id) => here.api('PATCH', `/shares/${id}`, { body: { password: 'another' } })],
    ['ends it by psql', (id) => set(id, 'date_end = now()')],
    ['moves it by psql', (id) => set(id, `item = '2'`)],
    ['takes its role by psql', (id) => set(id, 'role = null')],
    ['deletes it by psql', (id) => two.psql.query('delete from directus_shares where id = $1', [id])],
  ]

  for (const listening of [true, false]) {
    describe(listening ? 'that hear of it' : 'without notices', () => {
      before(() => (listening ? undefined : two.cut()))

      for (const [why, take] of takings) {
        test(`one ${why}, the other refuses`, async () => {
          const { id } = (await here.api('POST', '/shares', { body: { collection: 'note', item: '1', role } })).data
          const { access_token: token } = (await there.api('POST', '/shares/auth', { token: null, body: { share: id } })).data
          const read = async () => (await there.api('GET', '/items/note/1', { token })).status
          for (let i = 0; i < 3; i++) assert.equal(await read(), 200)
          await take(id)
          await two.heard()
          assert.equal(await read(), 403)
        })
      }
    })
  }
})

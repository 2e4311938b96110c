/** The official SDK's commands for shares, every one of them. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  authenticateShare,
  createDirectus,
  createShare,
  createShares,
  deleteShare,
  deleteShares,
  inviteShare,
  readItem,
  readShare,
  readShareInfo,
  readShares,
  rest,
  staticToken,
  updateShare,
  updateShares,
  updateSharesBatch,
} from '@directus/sdk'
import { admin, startKernel, type TestHost } from '../host.ts'
import { asking } from './options.ts'

interface Schema {
  note: { id: number; title: string }[]
}

describe('@directus/sdk on shares', () => {
  let host: TestHost
  let folder: string
  let role: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plinth-shares-'))
    host = await startKernel({
      sql: `create table note (id serial primary key, title text); insert into note (title) values ('one'), ('two')`,
      env: { LOGIN_STALL_TIME: '1ms', DATA_DIR: folder },
    })
    await host.kernel.db.execute(`insert into directus_collections (collection) values ('note')`)
    role = (await host.api('POST', '/roles', { body: { name: 'Guest' } })).data.id
    const policy = (await host.api('POST', '/policies', { body: { name: 'guest' } })).data.id
    await host.api('POST', '/access', { body: { role, policy } })
    await host.api('POST', '/permissions', { body: { policy, collection: 'note', action: 'read', fields: ['*'] } })
  })
  after(async () => {
    await host.close()
    await rm(folder, { recursive: true, force: true })
  })

  const connect = (token = admin.token) => createDirectus<Schema>('http://plinth.test', asking(host)).with(staticToken(token)).with(rest())
  const note = (item: string, more = {}) => ({ collection: 'note', item, role, ...more }) as never

  test('are made, read, changed and deleted, one and many', async () => {
    const client = connect()
    const one = await client.request(createShare(note('1', { name: 'one' })))
    const [two, three] = await client.request(createShares([note('2', { name: 'two' }), note('2')]))
    assert.equal((await client.request(readShare(one.id, { fields: ['name'] }))).name, 'one')
    assert.equal((await client.request(readShares({ filter: { name: { _nnull: true } } }))).length, 2)
    assert.equal((await client.request(updateShare(one.id, { max_uses: 3 }))).max_uses, 3)
    assert.equal((await client.request(updateShares([two!.id, three!.id], { name: 'same' }))).length, 2)
    assert.equal((await client.request(updateSharesBatch([{ id: one.id, name: 'first' }] as never)))[0]?.name, 'first')
    await client.request(deleteShare(one.id))
    await client.request(deleteShares([two!.id, three!.id]))
    assert.deepEqual(await client.request(readShares()), [])
  })

  test('are told of, entered and read', async () => {
    const { id } = await connect().request(createShare(note('1', { password: 'secret', max_uses: 1 })))
    const info = await connect().request(readShareInfo(id))
    assert.deepEqual({ ...info, id: '' }, {
      id: '',
      collection: 'note',
      item: '1',
      password: '**********',
      max_uses: 1,
      times_used: 0,
      date_start: null,
      date_end: null,
    } as never)
    await assert.rejects(connect().request(authenticateShare(id, 'wrong')))
    const { access_token } = await connect().request(authenticateShare(id, 'secret', 'json'))
    const guest = connect(access_token!)
    assert.deepEqual(await guest.request(readItem('note', 1)), { id: 1, title: 'one' })
    await assert.rejects(guest.request(readItem('note', 2)))
    await assert.rejects(connect().request(authenticateShare(id, 'secret')))
  })

  test('are told of in letters', async () => {
    const { id } = await connect().request(createShare(note('1')))
    await connect().request(inviteShare(id, ['ann@example.com', 'bob@example.com']))
    const letters = async () => {
      const files = await readdir(join(folder, 'mail')).catch(() => [])
      return Promise.all(files.map((file) => readFile(join(folder, 'mail', file), 'utf8')))
    }
    let found = await letters()
    for (let round = 0; found.length < 2 && round < 100; round++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      found = await letters()
    }
    assert.deepEqual(found.map((letter) => /^To: (.*)\r$/m.exec(letter)?.[1]).sort(), ['ann@example.com', 'bob@example.com'])
    for (const letter of found) assert.match(letter, new RegExp(`/admin/shared/${id}\\r?\\n`))
  })
})

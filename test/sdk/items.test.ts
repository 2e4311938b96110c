/** The official SDK's commands for items that test/sdk.test.ts leaves out, and its utilities. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  aggregate,
  clearCache,
  createDirectus,
  generateHash,
  randomString,
  readItems,
  readSingleton,
  rest,
  staticToken,
  updateSingleton,
  utilitySort,
  verifyHash,
} from '@directus/sdk'
import { admin, startKernel, type TestHost } from '../host.ts'
import { asking } from './options.ts'

interface Schema {
  step: { id: number; name: string; place: number | null }[]
  about: { id: number; title: string }
}

describe('@directus/sdk on items', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({
      sql: `create table step (id serial primary key, name text, place integer);
        insert into step (name, place) values ('a', 1), ('b', 2), ('c', 3), ('c', null);
        create table about (id serial primary key, title text)`,
    })
    await host.kernel.db.execute(
      `insert into directus_collections (collection, sort_field, singleton) values ('step', 'place', false), ('about', null, true)`,
    )
    await host.kernel.registry.reload()
  })
  after(() => host.close())
  const client = () => createDirectus<Schema>('http://plinth.test', asking(host)).with(staticToken(admin.token)).with(rest())

  test('a singleton', async () => {
    assert.deepEqual(await client().request(readSingleton('about')), { id: null })
    assert.deepEqual(await client().request(updateSingleton('about', { title: 'Us' })), { id: 1, title: 'Us' })
    assert.deepEqual(await client().request(readSingleton('about', { fields: ['title'] })), { title: 'Us' })
  })

  test('aggregates', async () => {
    const found = await client().request(
      aggregate('step', { aggregate: { count: '*', max: ['place'] }, groupBy: ['name'], query: { sort: ['name'] } }),
    )
    assert.deepEqual(found, [
      { name: 'a', count: '1', max: { place: 1 } },
      { name: 'b', count: '1', max: { place: 2 } },
      { name: 'c', count: '2', max: { place: 3 } },
    ])
  })

  test('sorting', async () => {
    const order = async () => (await client().request(readItems('step', { sort: ['place'], fields: ['id'] }))).map(({ id }) => id)
    await client().request(utilitySort('step', '4', 1))
    assert.deepEqual(await order(), [4, 1, 2, 3])
    await client().request(utilitySort('step', '4', 2))
    assert.deepEqual(await order(), [1, 2, 4, 3])
  })

  test('utilities', async () => {
    assert.equal((await client().request(randomString(12))).length, 12)
    const hash = await client().request(generateHash('secret'))
    assert.deepEqual([await client().request(verifyHash('secret', hash)), await client().request(verifyHash('other', hash))], [true, false])
    await host.kernel.db.execute('create table late (id serial primary key)')
    await client().request(clearCache())
    assert.deepEqual(await client().request(readItems('late' as never)), [])
  })
})

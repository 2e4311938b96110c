/** Who is told what: histories follow the rules of the collections that they tell of. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

const sql = `
create table open (id serial primary key, name text);
create table some_rows (id serial primary key, name text);
create table some_fields (id serial primary key, name text);
create table closed (id serial primary key, name text);
create table unsaid (id serial primary key);
insert into unsaid default values;
`
const collections = ['open', 'some_rows', 'some_fields', 'closed']

describe('rights in histories', () => {
  let host: TestHost
  const people: Record<string, string> = {}
  before(async () => {
    host = await startKernel({ sql })
    await host.kernel.db.execute(
      `insert into directus_collections (collection, versioning) values ${collections.map((name) => `('${name}', true)`).join(', ')}`,
    )
    await host.kernel.registry.reload()
    const make = async (path: string, body: object): Promise<string> => {
      const { status, body: answer } = await host.api('POST', path, { body })
      assert.equal(status, 200, JSON.stringify(answer))
      return answer.data.id
    }
    const person = async (name: string, policy: object, permissions: object[]) => {
      const id = await make('/policies', { name, ...policy })
      for (const permission of permissions) await make('/permissions', { policy: id, action: 'read', fields: ['*'], ...permission })
      people[name] = await make('/users', { email: `${name}@example.com`, token: name, password: 'Password-1' })
      await make('/access', { user: people[name], policy: id })
    }
    const histories = ['activity', 'revisions', 'versions'].map((name) => ({ collection: `directus_${name}` }))
    const items = [
      { collection: 'open' },
      { collection: 'some_rows', permissions: { name: { _eq: 'mine' } } },
      { collection: 'some_fields', fields: ['id'] },
    ]
    await person('auditor', {}, [...histories, ...items])
    await person('archivist', {}, histories)
    await person('worker', { app_access: true }, [{ collection: 'open' }])
    await person('stranger', {}, [{ collection: 'open' }])
    await person('critic', {}, [
      ...items,
      { collection: 'unsaid' },
      { collection: 'directus_comments' },
      { collection: 'directus_comments', action: 'create' },
    ])
    await person('deaf', {}, [{ collection: 'directus_comments' }])
    for (const name of collections) {
      await make(`/items/${name}`, { name: 'secret' })
      const id = await make('/versions', { collection: name, item: '1', key: 'v' })
      await host.api('POST', `/versions/${id}/save`, { body: { name: 'also secret' } })
    }
  })
  after(() => host.close())

  const told = async (path: string, token: string): Promise<unknown> => {
    const { code, data } = await host.api('GET', `${path}?fields=collection&limit=-1`, { token })
    return code ?? [...new Set(data.map(({ collection }: any) => collection))].sort()
  }

  const cases: [who: string, path: string, seen: unknown][] = [
    ['auditor', '/activity', ['open']],
    ['auditor', '/revisions', ['open']],
    ['auditor', '/versions', ['open']],
    ['archivist', '/activity', 'FORBIDDEN'],
    ['archivist', '/revisions', 'FORBIDDEN'],
    ['archivist', '/versions', 'FORBIDDEN'],
    ['worker', '/activity', []],
    ['worker', '/comments', []],
    ['worker', '/revisions', 'FORBIDDEN'],
    ['worker', '/versions', 'FORBIDDEN'],
    ['stranger', '/activity', 'FORBIDDEN'],
    ['stranger', '/comments', 'FORBIDDEN'],
  ]
  for (const [who, path, seen] of cases) test(`${path} shows the ${who} ${seen}`, async () => assert.deepEqual(await told(path, who), seen))

  test('what is not shown is not counted, found or grouped either, nor reached by key or over a relation', async () => {
    const ask = (path: string) => host.api('GET', path, { token: 'auditor' })
    const all = (await host.api('GET', '/revisions?limit=-1&fields=id,collection')).data as { id: number; collection: string }[]
    const open = all.filter(({ collection }) => collection === 'open').length
    assert.deepEqual((await ask('/revisions?aggregate[count]=*')).data, [{ count: String(open) }])
    assert.deepEqual((await ask('/revisions?filter[collection]=closed&fields=id')).data, [])
    assert.deepEqual((await ask('/activity?fields=collection&groupBy=collection&aggregate[count]=*')).data.length, 1)
    assert.deepEqual((await ask('/activity?filter[revisions][collection]=closed&fields=id')).data, [])
    const closed = all.find(({ collection }) => collection === 'closed')!
    assert.equal((await ask(`/revisions/${closed.id}`)).code, 'FORBIDDEN')
    const version = (await host.api('GET', '/versions?filter[collection]=closed')).data[0].id
    for (const path of ['', '/compare']) assert.equal((await ask(`/versions/${version}${path}`)).code, 'FORBIDDEN')
  })

  test('comments are for those who may read what they are about, whatever rules say of comments', async () => {
    const say = async (collection: string, item: string, comment: string) =>
      assert.equal((await host.api('POST', '/comments', { body: { collection, item, comment } })).status, 200)
    for (const name of collections) await say(name, '1', name)
    await host.api('POST', '/items/some_rows', { body: { name: 'mine' } })
    await say('some_rows', '2', 'mine')
    await say('some_rows', '99', 'gone')
    await say('some_rows', 'no key', 'nothing')
    await say('directus_settings', '1', 'settings')
    const read = async (query: string, token: string) =>
      (await host.api('GET', `/comments?fields=comment&sort=comment&${query}`, { token })).data
    assert.deepEqual(
      (await read('', 'critic')).map(({ comment }: any) => comment),
      ['mine', 'open', 'some_fields'],
    )
    assert.deepEqual(await read('filter[comment]=closed', 'critic'), [])
    assert.deepEqual(await read('aggregate[count]=*', 'critic'), [{ count: '3' }])
    assert.equal((await host.api('GET', '/comments', { token: 'deaf' })).code, 'FORBIDDEN')
    assert.equal((await read('', 'admin-token')).length, 8)
    const [{ id }] = (await host.api('GET', '/comments?filter[comment]=closed&fields=id')).data
    assert.equal((await host.api('GET', `/comments/${id}`, { token: 'critic' })).code, 'FORBIDDEN')
  })

  test('whoever may read an item may comment on it, also where nothing is said of its collection', async () => {
    const say = (collection: string, token: string) =>
      host.api('POST', '/comments', { token, body: { collection, item: '1', comment: 'x' } })
    assert.equal((await say('unsaid', 'critic')).status, 200)
    assert.equal((await say('closed', 'critic')).code, 'FORBIDDEN')
    assert.equal((await say('nothing', 'critic')).code, 'FORBIDDEN')
  })

  test('an administrator sees all', async () => {
    for (const name of collections) assert.ok(((await told('/revisions', 'admin-token')) as string[]).includes(name))
  })
})

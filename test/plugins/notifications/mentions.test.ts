/** Who is told of a comment that names them, and what they read. Who is told at all is recorded in test/conformance. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mentionsIn } from '../../../plugins/notifications/mentions.ts'
import { startKernel, type TestHost } from '../../host.ts'

const [a, b] = ['0b9b1c1a-1111-4111-8111-aaaaaaaaaaaa', '0b9b1c1a-2222-4222-8222-bbbbbbbbbbbb']

test('mentionsIn() finds each key once, in any case', () => {
  assert.deepEqual(mentionsIn(`@${a} @${b.toUpperCase()}, @${a}: me@example.com @name ${b}`), [a, b])
  assert.deepEqual(mentionsIn('@0b9b1c1a-1111-4111-8111'), [])
})

let host: TestHost
before(async () => {
  host = await startKernel({
    sql: 'create table note (id serial primary key, owner text); insert into note (owner) values ($$x$$), ($$y$$)',
  })
})
after(() => host.close())

test('whoever may read the item is told, in words that hold no keys; others and the suspended are not', async () => {
  const policy = (await host.api('POST', '/policies', { body: { name: 'reads x' } })).data.id
  const rule = { policy, collection: 'note', action: 'read', fields: ['*'], permissions: { owner: { _eq: 'x' } } }
  await host.api('POST', '/permissions', { body: rule })
  const person = async (user: object) => {
    const { id } = (await host.api('POST', '/users', { body: { status: 'active', ...user } })).data
    await host.api('POST', '/access', { body: { user: id, policy } })
    return id as string
  }
  const ada = await person({ first_name: 'Ada', last_name: 'Byron' })
  const bob = await person({ email: 'bob@example.com' })
  const gone = await person({ first_name: 'Gone', status: 'suspended' })
  const comment = async (item: string) => {
    const body = { collection: 'note', item, comment: `Look, @${ada}:\n@${bob} and @${gone} know.` }
    assert.equal((await host.api('POST', '/comments', { body })).status, 200)
    const { data } = await host.api('GET', `/notifications?filter[item]=${item}&fields=recipient,status,message&sort=id`)
    return data
  }
  const told = await comment('1')
  assert.deepEqual(
    told.map(({ recipient, status }: any) => [recipient, status]),
    [
      [ada, 'inbox'],
      [bob, 'inbox'],
    ],
  )
  assert.equal(told[0].message, 'Admin User named you in a comment:\n\n> Look, Ada Byron:\n> bob@example.com and Gone know.\n')
  assert.deepEqual(await comment('2'), [])
})

test('a name is told to those alone who may read it, and by nobody else', async () => {
  await host.kernel.db.execute(`insert into directus_collections (collection) values ('note')`)
  const policy = (await host.api('POST', '/policies', { body: { name: 'comments', app_access: true } })).data.id
  await host.api('POST', '/permissions', { body: { policy, collection: 'note', action: 'read', fields: ['*'] } })
  const person = async (name: string) => {
    const body = { email: `${name}@example.com`, first_name: name, token: `token-of-${name}` }
    const { id } = (await host.api('POST', '/users', { body })).data
    await host.api('POST', '/access', { body: { user: id, policy } })
    return id as string
  }
  const [eve, hidden] = [await person('eve'), await person('hidden')]
  const told = async (token: string) => {
    const body = { collection: 'note', item: '1', comment: `@${eve} and @${hidden}` }
    assert.equal((await host.api('POST', '/comments', { body, token })).status, 200)
    return (await host.api('GET', '/notifications?fields=message&sort=-id&limit=1', { token: 'token-of-eve' })).data[0].message
  }
  assert.equal(await told('token-of-eve'), `eve named you in a comment:\n\n> eve and @${hidden}\n`)
  assert.equal(await told('admin-token'), 'Admin User named you in a comment:\n\n> eve and hidden\n')
})

test('a comment that names nobody who is there is not kept', async () => {
  const body = { collection: 'note', item: '1', comment: `@${a} unknown` }
  assert.equal((await host.api('POST', '/comments', { body })).code, 'FORBIDDEN')
  assert.deepEqual((await host.api('GET', '/comments?filter[comment][_contains]=unknown')).data, [])
})

/** Whoever comes by a share asks for more through every door; each attack has a twin about what was shared. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type CallOptions, startKernel, type TestHost } from '../host.ts'
import { cheapHash, password } from '../plugins/auth/people.ts'
import { createRecorder } from '../recorded.ts'

const sql = `
create table author (id serial primary key, name text);
create table book (id serial primary key, title text, secret text, author integer references author);
create table note (id serial primary key, book integer references book, word text);
create table diary (id serial primary key, word text);
create table leg (a int, b int, word text, primary key (a, b));
insert into author (name) values ('Ann'), ('Bob');
insert into book (title, secret, author) values ('one', 's1', 1), ('two', 's2', 2), ('three', 's3', 1);
insert into note (book, word) values (1, 'mine'), (2, 'theirs');
insert into diary (word) values ('private');
insert into leg values (1, 1, 'mine'), (1, 2, 'theirs');
create table unsaid (id serial primary key);
insert into unsaid default values;
`
const meta = `insert into directus_collections (collection) values ('author'), ('book'), ('note'), ('diary'), ('leg')`

describe('shares', () => {
  let host: TestHost
  let role: string
  const recorder = createRecorder()

  before(async () => {
    host = await startKernel({ sql, wrap: recorder.wrap, env: { LOGIN_STALL_TIME: '1ms', LOGIN_FAILURES_MAX: '60' } })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    role = (await host.api('POST', '/roles', { body: { name: 'Guest' } })).data.id
    const policy = (await host.api('POST', '/policies', { body: { name: 'guest' } })).data.id
    await host.api('POST', '/access', { body: { role, policy } })
    const rules = ['author', 'note', 'leg'].map((collection) => ({ policy, collection, action: 'read', fields: ['*'] }))
    const writes = ['create', 'update', 'delete', 'share'].map((action) => ({ policy, collection: 'book', action, fields: ['*'] }))
    const book = { policy, collection: 'book', action: 'read', fields: ['id', 'title', 'author'] }
    const { status } = await host.api('POST', '/permissions', { body: [...rules, ...writes, book] })
    assert.equal(status, 200)
  })
  after(() => host.close())

  const share = async (more: object = {}): Promise<string> =>
    (await host.api('POST', '/shares', { body: { collection: 'book', item: '1', role, ...more } })).data.id
  let addresses = 0
  /** Each from an address of its own. */
  const enter = async (id: string, more: object = {}, ip = `10.0.${++addresses >> 8}.${addresses & 255}`) => {
    const body = JSON.stringify({ share: id, ...more })
    const request = new Request('http://h/shares/auth', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    const response = await host.kernel.fetch(request, { ip, gone: () => false })
    const answered = await response.json()
    return { status: response.status, body: answered, data: answered.data }
  }
  const guest = async (id: string) => {
    const { access_token: token } = (await enter(id)).data
    return (method: string, path: string, options: CallOptions = {}) => host.api(method, path, { ...options, token })
  }
  const withPassword = async (more: object = {}): Promise<string> => {
    const id = await share(more)
    await host.kernel.db.query('update directus_shares set password = $2 where id = $1', [id, cheapHash])
    return id
  }

  test('rows and fields of others are in no list, key, filter, sort, group, count, search, export or relation', async () => {
    const ask = await guest(await share())
    const refused = [
      '/items/book/2',
      '/items/book/99',
      '/items/book/1?fields=secret',
      '/items/book?filter[secret][_nnull]=true',
      '/items/book?sort=secret',
      '/items/book?aggregate[max]=secret',
      '/items/book?groupBy=secret',
      '/items/book?alias[x]=secret&fields=x',
      '/items/note?filter[book][secret][_nnull]=true',
      '/items/note/2',
      '/items/author/2',
      '/items/diary',
      '/items/diary/1',
      '/items/leg',
      '/items/nothing',
      '/items/directus_users',
      ...['/users', '/roles', '/policies', '/permissions', '/access', '/shares', '/settings', '/activity', '/revisions', '/versions'],
    ]
    for (const path of refused) assert.equal((await ask('GET', path)).status, 403, path)
    const empty = [
      '/items/book?filter[id][_gt]=1',
      '/items/book?search=two',
      '/items/note?filter[word][_eq]=theirs',
      '/items/author?search=Bob',
    ]
    for (const path of empty) assert.deepEqual((await ask('GET', path)).data, [], path)
    const one: [path: string, data: unknown][] = [
      ['/items/book?fields=id&sort=-id', [{ id: 1 }]],
      ['/items/book/1?fields=title,author.name', { title: 'one', author: { name: 'Ann' } }],
      ['/items/note?fields=word,book.title', [{ word: 'mine', book: { title: 'one' } }]],
      ['/items/note?aggregate[count]=*&groupBy=book', [{ book: 1, count: '1' }]],
      ['/items/author?fields=name', [{ name: 'Ann' }]],
    ]
    for (const [path, data] of one) assert.deepEqual((await ask('GET', path)).data, data, path)
    assert.deepEqual((await ask('GET', '/items/book?fields=id&meta=*')).body.meta, { total_count: 1, filter_count: 1 })
    assert.equal((await ask('GET', '/items/book?fields=title&export=csv')).body, '"title"\n"one"')
    assert.deepEqual((await ask('SEARCH', '/items/book', { body: { keys: [1, 2], query: { fields: ['id'] } } })).data, [{ id: 1 }])
  })

  test('nothing is written, whatever the role may write', async () => {
    const ask = await guest(await share())
    const attempts: [method: string, path: string, body?: unknown][] = [
      ['POST', '/items/book', { title: 'x' }],
      ['PATCH', '/items/book/1', { title: 'x' }],
      ['PATCH', '/items/book', { keys: [1], data: { title: 'x' } }],
      ['PATCH', '/items/book', { query: { filter: { id: { _eq: 1 } } }, data: { title: 'x' } }],
      ['DELETE', '/items/book/1'],
      ['DELETE', '/items/book', [1]],
      ['POST', '/shares', { collection: 'book', item: '1', role }],
      ['POST', '/comments', { collection: 'book', item: '1', comment: 'x' }],
      ['POST', '/utils/sort/book', { item: 1, to: 1 }],
    ]
    for (const [method, path, body] of attempts) {
      const { status } = await ask(method, path, { body })
      assert.ok(status === 403 || status === 404, `${method} ${path} ${status}`)
    }
    for (const [method, path] of [
      ['PATCH', '/users/me'],
      ['GET', '/users/me/sessions'],
      ['POST', '/users/me/tfa/generate'],
    ] as const)
      assert.equal((await ask(method, path, method === 'GET' ? {} : { body: { password: 'x' } })).status, 401, path)
    assert.equal((await ask('GET', '/items/book/1')).data.title, 'one')
  })

  test('of what nothing is said there is no share, and who may share it is told no more than others', async () => {
    const { data: policy } = await host.api('POST', '/policies', { body: { name: 'sharers' } })
    const rules = [
      ...['read', 'share'].map((action) => ({ collection: 'unsaid', action })),
      ...['create', 'read'].map((action) => ({ collection: 'directus_shares', action })),
      ...['read', 'share'].map((action) => ({ collection: 'book', action })),
    ]
    await host.api('POST', '/permissions', { body: rules.map((rule) => ({ policy: policy.id, fields: ['*'], ...rule })) })
    const { data: user } = await host.api('POST', '/users', { body: { email: 'sharer@example.com', token: 'sharer' } })
    await host.api('POST', '/access', { body: { user: user.id, policy: policy.id } })
    const send = async (collection: string, token?: string) => {
      const { status, code } = await host.api('POST', '/shares', { token, body: { collection, item: '1' } })
      return [status, code]
    }
    for (const collection of ['unsaid', 'diary', 'nothing'])
      assert.deepEqual(await send(collection, 'sharer'), [403, 'FORBIDDEN'], collection)
    assert.deepEqual(await send('unsaid'), [403, 'FORBIDDEN'])
    assert.deepEqual(await send('book', 'sharer'), [200, undefined])
  })

  test('a key is one item: of several columns, and whatever is written in it', async () => {
    const leg = await guest(await share({ collection: 'leg', item: '1,1' }))
    assert.deepEqual((await leg('GET', '/items/leg')).data, [{ a: 1, b: 1, word: 'mine' }])
    assert.equal((await leg('GET', '/items/leg/1,2')).status, 403)
    for (const item of ['', 'x', '1 or 1=1', '1,2', '$CURRENT_USER', "1' --", '{"_neq":5}', 'true']) {
      const ask = await guest(await share({ item }))
      const { status, data } = await ask('GET', '/items/book?fields=id')
      assert.ok(status === 400 || (status === 200 && data.length === 0), `${item} ${status}`)
    }
    const half = await guest(await share({ collection: 'leg', item: '1' }))
    assert.deepEqual((await half('GET', '/items/leg')).data ?? [], [])
  })

  test('as many come in as may, of fifty at once', async () => {
    for (const [max_uses, comers] of [
      [0, 1],
      [7, 50],
    ] as const) {
      const id = await share({ max_uses })
      const answers = await Promise.all(Array.from({ length: comers }, () => enter(id)))
      assert.equal(answers.filter(({ status }) => status === 200).length, max_uses)
      assert.equal((await host.api('GET', `/shares/info/${id}`, { token: null })).data.times_used, max_uses)
    }
    const id = await withPassword({ max_uses: 1 })
    assert.equal((await enter(id, { password: 'wrong' })).status, 401)
    assert.equal((await enter(id)).status, 401)
    assert.equal((await enter(id, { password })).status, 200, 'wrong passwords are no uses')
  })

  test('unknown, over, not begun, used up and wrong passwords are told alike', async () => {
    const shares = [
      'aaaaaaaa-0000-4000-8000-00000000000f',
      'no-uuid',
      await withPassword({ date_end: '2020-01-01T00:00:00Z' }),
      await withPassword({ date_start: '2040-01-01T00:00:00Z' }),
      await withPassword({ max_uses: 0 }),
      await withPassword(),
    ]
    const answers = await Promise.all(shares.map((id) => enter(id, { password: 'wrong' })))
    for (const { status, body } of answers) assert.deepEqual([status, body], [401, answers[0]!.body])
    assert.equal((await enter(shares.at(-1)!, { password })).status, 200)
  })

  test('whoever is in is out at once when the share goes, ends, moves or gets another password, and when its role loses its rules', async () => {
    const rights = (await host.api('GET', '/permissions?filter[collection][_eq]=book&filter[action][_eq]=read&fields=id')).data[0].id
    const changes: [why: string, change: (id: string) => Promise<unknown>][] = [
      ['it goes', (id) => host.api('DELETE', `/shares/${id}`)],
      ['it ends', (id) => host.api('PATCH', `/shares/${id}`, { body: { date_end: '2020-01-01T00:00:00Z' } })],
      ['it moves', (id) => host.api('PATCH', `/shares/${id}`, { body: { item: '2' } })],
      ['another password', (id) => host.api('PATCH', `/shares/${id}`, { body: { password: 'another' } })],
      ['no role', (id) => host.api('PATCH', `/shares/${id}`, { body: { role: null } })],
      ['rules of its role', () => host.api('PATCH', `/permissions/${rights}`, { body: { permissions: { id: { _gt: 1 } } } })],
    ]
    for (const [why, change] of changes) {
      const id = await share()
      const ask = await guest(id)
      assert.equal((await ask('GET', '/items/book/1')).status, 200, why)
      await change(id)
      assert.equal((await ask('GET', '/items/book/1')).status, 403, why)
    }
    await host.api('PATCH', `/permissions/${rights}`, { body: { permissions: null } })
    assert.equal((await (await guest(await share()))('GET', '/items/book/1')).status, 200)
  })

  test('a share that is read again costs one statement', async () => {
    const ask = await guest(await share())
    const read = async () => {
      recorder.take()
      assert.equal((await ask('GET', '/items/note?fields=*,book.*')).status, 200)
      return recorder.take().length
    }
    await host.settled()
    await read()
    assert.equal(await read(), 1)
  })

  test('passwords are not to be guessed: N wrong ones, and no more from that address', async () => {
    const id = await withPassword()
    const from = (ip: string) => async (secret: string) => (await enter(id, { password: secret }, ip)).status
    const stranger = from('2001:db8::1')
    const statuses = await Promise.all(Array.from({ length: 75 }, (_, i) => stranger(`guess ${i}`)))
    assert.equal(statuses.filter((status) => status === 401).length, 60)
    assert.equal(statuses.filter((status) => status === 429).length, 15)
    assert.equal(await stranger(password), 429)
    assert.equal(await from('2001:db8::ffff')(password), 429, 'the same network')
    assert.equal(await from('2001:db8:0:1::1')(password), 200, 'another one')
  })
})

test('without the plugin there are no shares, and no way in by them', async () => {
  const host = await startKernel({ change: ['-shares'] })
  for (const [method, path] of [
    ['GET', '/shares'],
    ['POST', '/shares/auth'],
    ['GET', '/shares/info/aaaaaaaa-0000-4000-8000-00000000000f'],
  ] as const)
    assert.equal((await host.api(method, path, method === 'POST' ? { body: {} } : {})).status, 404, path)
  assert.equal((await host.api('GET', '/users/me')).status, 200)
  await host.close()
})

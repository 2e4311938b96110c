/** Activity and revisions: what is told of each write, in the transaction of the write. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { definePlugin, system } from 'plinth'
import { type Items, items, mask } from 'plinth/items'
import { admin, type CallOptions, startKernel, type TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'

let engine: Items
const insider = definePlugin({
  name: 'insider',
  needs: [items],
  setup(host) {
    engine = host.use(items)
  },
})

const sql = `
create table author (id serial primary key, name text not null);
create table book (
  id serial primary key, title varchar(40), pages integer default 7, views bigint, price numeric(6,2), out date, sold timestamptz, tags text, data json,
  secret text, pin text, changed timestamptz, changed_by uuid, author integer references author
);
create table chapter (id serial primary key, name text, book integer references book);
create table page (lang text, slug text, title text, primary key (lang, slug));
create table noted (id serial primary key, name text);
create table silent (id serial primary key, name text);
create table word (id text primary key);
create table node (id serial primary key, name text, secret text, parent integer references node);
`
const meta = `
insert into directus_collections (collection, accountability) values ('noted', 'activity'), ('silent', null);
insert into directus_fields (collection, field, special) values
  ('book', 'tags', 'cast-csv'), ('book', 'data', 'cast-json'), ('book', 'secret', 'conceal'), ('book', 'pin', 'hash'),
  ('book', 'changed', 'date-updated'), ('book', 'changed_by', 'user-updated'), ('book', 'chapters', 'o2m'), ('node', 'secret', 'conceal'), ('node', 'children', 'o2m');
insert into directus_relations (many_collection, many_field, one_collection, one_field)
  values ('chapter', 'book', 'book', 'chapters'), ('node', 'parent', 'node', 'children');
`

describe('activity and revisions', () => {
  let host: TestHost
  let me: string
  const recorder = createRecorder()
  before(async () => {
    host = await startKernel({ sql, plugins: [insider], wrap: recorder.wrap })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    me = (await host.api('GET', '/users/me')).data.id
  })
  after(() => host.close())
  beforeEach(async () => {
    await host.kernel.db.execute(
      'truncate author, book, chapter, page, noted, silent, word, node, directus_activity, directus_revisions restart identity cascade',
    )
    recorder.take()
  })

  const call = async (method: string, path: string, body?: unknown, options: CallOptions = {}) => {
    const answer = await host.api(method, `/items/${path}`, { ...options, body })
    assert.ok(answer.status < 300, JSON.stringify(answer.body))
    return answer
  }
  /** Each deed with its revision, oldest first: `[action, collection, item, data, delta, item of the parent revision]`. */
  const told = async (): Promise<unknown[][]> => {
    const rows = await host.kernel.db.query<Record<string, unknown>>(
      `select a.action, a.collection, a.item, r.id as revision, r.data, r.delta, p.item as parent from directus_activity a
        left join directus_revisions r on r.activity = a.id left join directus_revisions p on p.id = r.parent order by a.id`,
    )
    return rows.map(({ action, collection, item, revision, data, delta, parent }) =>
      revision === null ? [action, collection, item] : [action, collection, item, data, delta, parent],
    )
  }
  const count = async (table: string) => Number(await host.kernel.db.text(`select count(*) from ${table}`))

  test('a create tells the payload, as it is stored', async () => {
    const given = {
      title: 'a',
      views: 5,
      price: '1.5',
      out: '2020-02-03',
      sold: '2020-02-03T04:05:06+01:00',
      tags: 'x,y',
      data: '{"k":[1]}',
    }
    const stored = {
      ...given,
      views: '5',
      price: '1.50',
      sold: '2020-02-03T03:05:06.000Z',
      tags: ['x', 'y'],
      data: { k: [1] },
    }
    await call('POST', 'book', [{ ...given, nothing: 1 }, {}, { id: 70, title: null }])
    assert.deepEqual(await told(), [
      ['create', 'book', '1', stored, stored, null],
      ['create', 'book', '2', null, null, null],
      ['create', 'book', '70', { id: 70, title: null }, { id: 70, title: null }, null],
    ])
  })

  test('an update tells the whole item and what changed in it, a delete that it happened', async () => {
    await call('POST', 'book', { title: 'a', author: null })
    await call('PATCH', 'book/1', { title: 'b', id: 9, nothing: 1 })
    await call('DELETE', 'book/1')
    const [, update, remove] = await told()
    const [, , , data, delta] = update as [string, string, string, Record<string, unknown>, Record<string, unknown>]
    assert.deepEqual(Object.keys(data), [
      ...['id', 'title', 'pages', 'views', 'price', 'out', 'sold', 'tags', 'data', 'secret', 'pin', 'changed', 'changed_by'],
    ])
    assert.deepEqual([data.title, data.pages, data.changed_by, delta], ['b', 7, me, { title: 'b', changed: data.changed, changed_by: me }])
    assert.deepEqual(remove, ['delete', 'book', '1'])
  })

  test('foreign keys are told where they change, in no other place', async () => {
    await call('POST', 'author', { name: 'Ann' })
    await call('POST', 'chapter', { name: 'one' })
    await call('POST', 'book', { title: 'a', author: 1 })
    await call('PATCH', 'chapter/1', { book: 1 })
    assert.deepEqual((await told()).slice(2), [
      ['create', 'book', '1', { title: 'a' }, { title: 'a' }, null],
      ['update', 'chapter', '1', { id: 1, name: 'one' }, { book: 1 }, null],
    ])
  })

  test('what is written nested names the revision that it was nested in', async () => {
    await call('POST', 'book', [
      { title: 'a', author: { name: 'Ann' }, chapters: [{ name: 'a1' }, { name: 'a2' }] },
      { title: 'b', chapters: [{ name: 'b1' }] },
    ])
    const named = (rows: unknown[][]) => rows.map(([action, collection, item, , , parent]) => [action, collection, item, parent])
    assert.deepEqual(named(await told()).sort(), [
      ['create', 'author', '1', '1'],
      ['create', 'book', '1', null],
      ['create', 'book', '2', null],
      ['create', 'chapter', '1', '1'],
      ['create', 'chapter', '2', '1'],
      ['create', 'chapter', '3', '2'],
    ])
    // Where only lists change, the item itself has no revision that others could name.
    await host.kernel.db.execute('truncate directus_activity, directus_revisions restart identity cascade')
    await call('PATCH', 'book/1', { chapters: [1] })
    assert.deepEqual(named(await told()).sort(), [
      ['update', 'book', '1', undefined],
      ['update', 'chapter', '2', null],
    ])
  })

  test('secrets are masked, whoever wrote them', async () => {
    await call('POST', 'book', { secret: 's3cret', pin: '1234' })
    await call('PATCH', 'book/1', { secret: 's3cret-2', pin: '12345' })
    await call('PATCH', 'book/1', { secret: null })
    await host.api('POST', '/users', { body: { email: 'a@example.com', password: 'Password-1', token: 'a-token' } })
    const all = JSON.stringify(await told())
    for (const secret of ['s3cret', '1234', 'argon2', 'Password-1', 'a-token']) assert.ok(!all.includes(secret), secret)
    const [create, update, cleared, user] = (await told()) as any
    assert.deepEqual(create[3], { secret: mask, pin: mask })
    assert.deepEqual([update[3].secret, update[3].pin, update[4].secret, update[4].pin], [mask, mask, mask, mask])
    assert.deepEqual([cleared[3].secret, cleared[3].pin, cleared[4].secret], [null, mask, null])
    assert.deepEqual(user[3], { email: 'a@example.com', password: mask, token: mask })
  })

  test('lists of items of the same collection are told: as they were sent of a new item, secrets masked; else what they hold', async () => {
    await call('POST', 'node', { name: 'a', children: [{ secret: 's', children: { create: [{ secret: 't' }] } }, { secret: null }] })
    const list = [{ secret: mask, children: { create: [{ secret: mask }] } }, { secret: null }]
    const created = await told()
    assert.deepEqual(created.find(([, , item]) => item === '1')!.slice(3), [
      { name: 'a', children: list },
      { name: 'a', children: list },
      null,
    ])
    assert.ok(!/"[st]"/.test(JSON.stringify(created)))
    const twice = [
      { id: 1, name: 'b' },
      { id: 1, name: 'c', children: [3] },
    ]
    await call('PATCH', 'node', twice)
    const changed = (await told()).slice(created.length).filter(([, , item]) => item === '1')
    assert.deepEqual(
      changed.map(([, , , data]) => data),
      [
        { id: 1, name: 'b', secret: null, children: [2, 3] },
        { id: 1, name: 'c', secret: null, children: [3] },
      ],
    )
  })

  test('the accountability of a collection decides: all, activity, nothing; all where nothing is said', async () => {
    for (const collection of ['noted', 'silent', 'author']) {
      await call('POST', collection, { name: 'a' })
      await call('PATCH', `${collection}/1`, { name: 'b' })
      await call('DELETE', `${collection}/1`)
    }
    assert.deepEqual(
      (await told()).map((row) => [row.length > 3, ...row.slice(0, 2)].join(' ')),
      [
        ...['false create noted', 'false update noted', 'false delete noted'],
        ...['true create author', 'true update author', 'false delete author'],
      ],
    )
    assert.deepEqual([await count('directus_activity'), await count('directus_revisions')], [6, 2])
  })

  test('who, from where, with what; text that the columns could not hold is cut', async () => {
    const headers = { 'user-agent': 'Mozilla/5.0 (X11)', origin: `https://${'o'.repeat(300)}.example.com` }
    await call('POST', 'word', { id: 'w'.repeat(300) }, { headers })
    const [row] = await host.kernel.db.query(
      'select "user", user_agent, length(origin) as origin, length(item) as item from directus_activity',
    )
    assert.deepEqual(row, { user: me, user_agent: headers['user-agent'], origin: 255, item: 255 })
  })

  test('a composite key is told as paths spell it', async () => {
    await call('POST', 'page', { lang: 'de', slug: 'a,b', title: 't' })
    await call('PATCH', 'page/de,a%2Cb', { title: 'u' })
    assert.deepEqual(
      (await told()).map((row) => row.slice(0, 3)),
      [
        ['create', 'page', 'de,a%2Cb'],
        ['update', 'page', 'de,a%2Cb'],
      ],
    )
  })

  test('nothing is told of rows that were not there, nor of what the program does by itself', async () => {
    await call('POST', 'author', [{ name: 'a' }, { name: 'b' }])
    await call('PATCH', 'author', { keys: [2, 9, 1], data: { name: 'c' } })
    await call('PATCH', 'author/9', { name: 'c' })
    await call('DELETE', 'author', [9, 1])
    await engine.create('author', [{ name: 'x' }], { access: system })
    assert.deepEqual(
      (await told()).slice(2).map((row) => row.slice(0, 3)),
      [
        ['update', 'author', '1'],
        ['update', 'author', '2'],
        ['delete', 'author', '1'],
      ],
    )
  })

  test('a login is told, a refused one, a refresh and a logout are not', async () => {
    const headers = { 'user-agent': 'Browser/1.0', origin: 'https://app.example.com' }
    const sign = (path: string, body: unknown) => host.api('POST', `/auth/${path}`, { token: null, body, headers })
    const { data } = await sign('login', { email: admin.email, password: admin.password })
    await sign('login', { email: admin.email, password: 'wrong' })
    const renewed = await sign('refresh', { refresh_token: data.refresh_token })
    await sign('logout', { refresh_token: renewed.data.refresh_token })
    assert.deepEqual(await told(), [['login', 'directus_users', me]])
    const [row] = await host.kernel.db.query('select "user", user_agent, origin from directus_activity')
    assert.deepEqual(row, { user: me, user_agent: headers['user-agent'], origin: headers.origin })
  })

  describe('costs one statement a transaction', () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({ name: `n${i}` }))
    const writes: [what: string, method: string, path: string, body: unknown, deeds: number][] = [
      ['of a thousand rows', 'POST', 'author', many, 1000],
      ['of rows nested in others', 'POST', 'book', { author: { name: 'a' }, chapters: [{ name: 'a' }, { name: 'b' }] }, 4],
      ['of several updates', 'PATCH', 'author', many.slice(0, 3).map(({ name }, i) => ({ id: i + 1, name: `${name}!` })), 3],
      ['of deletes', 'DELETE', 'author', [1, 2, 3], 3],
    ]
    for (const [what, method, path, body, deeds] of writes) {
      test(what, async () => {
        if (method !== 'POST') await call('POST', 'author', many.slice(0, 3))
        const before = await count('directus_activity')
        recorder.take()
        await call(method, path, body)
        const sent = recorder.take().map(({ text }) => text)
        assert.equal(sent.filter((text) => text.includes('directus_activity')).length, 1)
        assert.equal((await count('directus_activity')) - before, deeds)
      })
    }
  })

  test('what history cannot keep is not done', async () => {
    await host.kernel.db.execute(`alter table directus_revisions add constraint no_fives check (item <> '5')`)
    try {
      const rows = Array.from({ length: 6 }, (_, i) => ({ name: `n${i}` }))
      const { status, body } = await host.api('POST', '/items/author', { body: rows })
      assert.ok(status >= 400 && !JSON.stringify(body).includes('insert'), JSON.stringify(body))
      assert.deepEqual([await count('author'), await count('directus_activity'), await count('directus_revisions')], [0, 0, 0])
      assert.equal((await host.api('POST', '/items/author', { body: rows.slice(0, 1) })).status, 200, 'and the next one goes on')
    } finally {
      await host.kernel.db.execute('alter table directus_revisions drop constraint no_fives')
    }
  })

  test('a request that fails leaves no trace', async () => {
    const { status } = await host.api('POST', '/items/author', { body: [{ name: 'a' }, {}] })
    assert.deepEqual([status, await count('directus_activity')], [400, 0])
  })

  test('/activity and /revisions are read, not written', async () => {
    await call('POST', 'author', { name: 'a' })
    const { data } = await host.api('GET', '/activity?fields=*,revisions.data,user.email')
    const [{ timestamp, ...activity }] = data
    assert.match(timestamp, /^\d{4}-.*Z$/)
    const gone = { ip: null, user_agent: null, origin: null }
    const user = { email: 'admin@example.com' }
    assert.deepEqual(activity, {
      id: 1,
      action: 'create',
      user,
      collection: 'author',
      item: '1',
      ...gone,
      revisions: [{ data: { name: 'a' } }],
    })
    const revision = {
      id: 1,
      activity: 1,
      collection: 'author',
      item: '1',
      data: { name: 'a' },
      delta: { name: 'a' },
      parent: null,
      version: null,
    }
    assert.deepEqual((await host.api('GET', '/revisions/1')).data, revision)
    assert.deepEqual((await host.api('SEARCH', '/revisions', { body: { query: { filter: { item: '1' } } } })).data, [revision])
    assert.equal((await host.api('GET', '/activity', { token: null })).code, 'FORBIDDEN')
    for (const method of ['POST', 'PATCH', 'DELETE'])
      for (const path of ['/activity', '/revisions', '/activity/1', '/revisions/1'])
        assert.equal((await host.api(method, path, { body: {} })).code, 'ROUTE_NOT_FOUND', `${method} ${path}`)
  })
})

test('without the plugin there are no tables, no routes and no statements', async () => {
  const recorder = createRecorder()
  const host = await startKernel({
    change: ['-history'],
    sql: 'create table author (id serial primary key, name text)',
    wrap: recorder.wrap,
  })
  try {
    assert.equal((await host.api('GET', '/activity')).code, 'ROUTE_NOT_FOUND')
    assert.equal(await host.kernel.db.text(`select to_regclass('directus_activity')::text`), null)
    recorder.take()
    assert.equal((await host.api('POST', '/items/author', { body: { name: 'a' } })).status, 200)
    assert.ok(recorder.take().every(({ text }) => !text.includes('directus_activity')))
  } finally {
    await host.close()
  }
})

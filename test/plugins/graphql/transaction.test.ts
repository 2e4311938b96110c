/** All mutations of a request in one transaction, where a header or the setting asks for it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { definePlugin } from 'plinth'
import { itemsChanged, itemsCreate } from 'plinth/items'
import { admin, startKernel, type TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'

const recorder = createRecorder()
const heard: string[] = []
/** What handlers hear, in their order; and what others see at that time. */
const witness = definePlugin({
  name: 'witness',
  setup(host) {
    host.hook(itemsCreate, async function tellCreate({ table, rows }, next) {
      heard.push(`create ${table.name} ${rows.map(({ name, title }) => name ?? title).join()}`)
      await next()
      if (rows.some(({ name }) => name === 'Cursed')) throw new Error('cursed')
    })
    host.hook(itemsChanged, async function tellChange({ table, action, keys }, next) {
      if (table.system) return next()
      const [{ count } = {}] = await host.db.query<{ count: string }>(`select count(*) from authors where name like 'New%'`)
      heard.push(`${action}d ${table.name} ${keys.join()}, seen by others: ${count}`)
      await next()
    })
  },
})

const tables = `
  create table authors (id serial primary key, name text not null);
  create table articles (id serial primary key, title varchar(20), author int references authors);
  create table late (id serial primary key, author int references authors deferrable initially deferred);`
const rows = `
  truncate authors, articles, late restart identity;
  insert into authors (name) values ('Ann'), ('Bob');
  insert into articles (title, author) values ('One', 1), ('Two', 2);`

let host: TestHost
before(async () => {
  host = await startKernel({ plugins: [witness], sql: tables, wrap: recorder.wrap })
  const make = async (path: string, body: object) => (await host.api('POST', path, { body })).data.id
  const user = await make('/users', { email: 'writer@example.com', token: 'writer-token' })
  const policy = await make('/policies', { name: 'writer' })
  await make('/access', { user, policy })
  const rights: [collection: string, action: string, permissions?: object][] = [
    ['authors', 'read'],
    ['authors', 'update'],
    ['articles', 'read'],
    ['articles', 'update', { author: { name: { _eq: 'Ann' } } }],
  ]
  for (const [collection, action, permissions = {}] of rights)
    await make('/permissions', { policy, collection, action, permissions, fields: ['*'] })
})
after(() => host.close())
beforeEach(async () => {
  await host.kernel.db.execute(rows)
  heard.length = 0
})

interface How {
  readonly token?: string
  readonly path?: string
  readonly transaction?: string
  readonly accept?: string
}
const ask = async (query: string, { token = admin.token, path = '/graphql', transaction = 'request', accept }: How = {}) => {
  const headers = { 'graphql-transaction': transaction, ...(accept && { accept }) }
  const { status, body } = await host.api('POST', path, { body: { query }, token, headers })
  const errors = body.errors?.map((one: any) => [one.path?.join('.') ?? null, one.extensions.code])
  return { status, errors, data: body.data }
}
const names = async () => {
  const found = await host.kernel.db.query<{ name: string }>('select name from authors union all select title from articles order by 1')
  return found.map(({ name }) => name).join(' ')
}

test('what succeeds is committed once, later fields see earlier ones, and changes are told after that, each once', async () => {
  recorder.take()
  const { data } = await ask(`mutation {
    __typename
    a: create_authors_item(data: { id: 9, name: "New" }) { id }
    b: create_articles_item(data: { title: "Story", author: { id: 9 } }) { title author { name } }
    c: update_articles_items(ids: [1, 2], data: { title: "Same" }) { id title }
    d: delete_articles_item(id: 2) { id }
  }`)
  assert.deepEqual(data, {
    __typename: 'Mutation',
    a: { id: '9' },
    b: { title: 'Story', author: { name: 'New' } },
    c: [
      { id: '1', title: 'Same' },
      { id: '2', title: 'Same' },
    ],
    d: { id: '2' },
  })
  const verbs = recorder.take().map(({ text }) => /^\s*(\w+)/.exec(text)![1]!.toLowerCase())
  assert.deepEqual(
    verbs.filter((verb) => /begin|commit|rollback/.test(verb)),
    ['begin', 'commit'],
  )
  const story = (await host.kernel.db.query<{ id: number }>(`select id from articles where title = 'Story'`))[0]!.id
  assert.deepEqual(heard, [
    'create authors New',
    'create articles Story',
    'created authors 9, seen by others: 1',
    `created articles ${story}, seen by others: 1`,
    'updated articles 1,2, seen by others: 1',
    'deleted articles 2, seen by others: 1',
  ])
  assert.equal(await names(), 'Ann Bob New Same Story')
  const revisions = await host.api('GET', '/activity?filter[action][_eq]=create&filter[collection][_in]=authors,articles')
  assert.equal(revisions.data.length, 2)
})

/** What was told as done. */
const told = () => heard.filter((line) => line.includes('seen by others'))

const failing: [why: string, query: string, outcome: Awaited<ReturnType<typeof ask>>, how?: How][] = [
  [
    'the last field',
    'a: create_authors_item(data: { name: "New" }) { id } b: create_articles_item(data: { title: "A title that is far too long" }) { id }',
    { status: 200, errors: [['b', 'VALUE_TOO_LONG']], data: { a: null, b: null } },
  ],
  [
    'the first field: those behind it are not begun',
    'a: create_articles_item(data: { title: "A title that is far too long" }) { id } b: create_authors_item(data: { name: "New" }) { id }',
    { status: 200, errors: [['a', 'VALUE_TOO_LONG']], data: { a: null, b: null } },
  ],
  [
    'beside a list that must not be null: there is no data',
    'a: update_articles_items(ids: [1], data: { title: "New" }) { id } b: update_articles_item(id: 99, data: { title: "x" }) { id }',
    { status: 200, errors: [['b', 'FORBIDDEN']], data: undefined },
  ],
  [
    'beside such a list, in the newer media type',
    'a: update_articles_items(ids: [1], data: { title: "New" }) { id } b: update_articles_item(id: 99, data: { title: "x" }) { id }',
    { status: 200, errors: [['b', 'FORBIDDEN']], data: null },
    { accept: 'application/graphql-response+json' },
  ],
  [
    'a handler, after its row was written',
    'a: create_authors_item(data: { name: "New" }) { id } b: create_authors_item(data: { name: "Cursed" }) { id }',
    { status: 200, errors: [['b', 'INTERNAL_SERVER_ERROR']], data: { a: null, b: null } },
  ],
  [
    'a rule that no longer holds',
    'a: update_authors_item(id: 1, data: { name: "New" }) { id } b: update_articles_item(id: 1, data: { title: "x" }) { id }',
    { status: 200, errors: [['b', 'FORBIDDEN']], data: { a: null, b: null } },
    { token: 'writer-token' },
  ],
]
for (const [why, query, outcome, how] of failing) {
  test(`all is undone: ${why}`, async () => {
    assert.deepEqual(await ask(`mutation { ${query} }`, how), outcome)
    assert.equal(await names(), 'Ann Bob One Two')
    assert.deepEqual(told(), [])
  })
}

test('all is undone: what is checked at commit alone, of which no one field is at fault', async () => {
  const { errors, data } = await ask(`mutation {
    a: create_authors_item(data: { name: "New" }) { id }
    b: create_authors_item(data: { id: 50, name: "Short-lived" }) { id }
    c: create_late_item(data: { author: { id: 50 } }) { id }
    d: delete_authors_item(id: 50) { id }
  }`)
  assert.deepEqual([errors, data], [[[null, 'INVALID_FOREIGN_KEY']], { a: null, b: null, c: null, d: null }])
  assert.equal(await names(), 'Ann Bob One Two')
  assert.deepEqual(told(), [])
})

test('rules see what was done before, in the transaction', async () => {
  const query = `mutation {
    a: update_authors_item(id: 2, data: { name: "Ann" }) { name }
    b: update_articles_item(id: 2, data: { title: "Mine" }) { title }
  }`
  assert.deepEqual((await ask(query, { token: 'writer-token' })).data, { a: { name: 'Ann' }, b: { title: 'Mine' } })
})

test('the header is for either way, and nothing else', async () => {
  const query =
    'mutation { a: create_authors_item(data: { name: "Kept" }) { name } b: create_articles_item(data: { title: "A title that is far too long" }) { id } }'
  assert.deepEqual((await ask(query, { transaction: 'field' })).data, { a: { name: 'Kept' }, b: null })
  assert.deepEqual(await ask(query, { transaction: 'all' }), { status: 400, errors: [[null, 'INVALID_QUERY']], data: undefined })
  assert.equal(await names(), 'Ann Bob Kept One Two')
})

test('mutations of the system join, but for those that are a matter of their own', async () => {
  const system = { path: '/graphql/system' }
  const users = async () => (await host.api('GET', '/users?fields=email,title&sort=email')).data
  const before = await users()
  const undone = await ask(
    'mutation { update_users_me(data: { title: "Boss" }) { title } create_folders_item(data: { name: "new" }) { name } create_users_item(data: { email: "writer@example.com" }) { id } }',
    system,
  )
  assert.deepEqual(undone.errors, [['create_users_item', 'RECORD_NOT_UNIQUE']])
  assert.deepEqual(undone.data, { update_users_me: null, create_folders_item: null, create_users_item: null })
  assert.deepEqual([await users(), (await host.api('GET', '/folders')).data], [before, []])
  const done = await ask(
    'mutation { update_users_me(data: { title: "Boss" }) { title } create_folders_item(data: { name: "new" }) { name } }',
    system,
  )
  assert.deepEqual(done.data, { update_users_me: { title: 'Boss' }, create_folders_item: { name: 'new' } })

  const apart = 'create_collections_item(data: { collection: "made", schema: {} }) { collection }'
  const refused = await ask(`mutation { create_folders_item(data: { name: "other" }) { name } ${apart} }`, system)
  assert.deepEqual(refused, { status: 400, errors: [[null, 'GRAPHQL_VALIDATION']], data: undefined })
  assert.equal((await host.api('GET', '/folders')).data.length, 1)
  assert.deepEqual(await ask(`mutation { ${apart} }`, system), {
    status: 200,
    errors: undefined,
    data: { create_collections_item: { collection: 'made' } },
  })
})

test('the setting is for requests without the header', async (t) => {
  const whole = await startKernel({ env: { GRAPHQL_TRANSACTION: 'request' }, sql: tables })
  t.after(() => whole.close())
  const query =
    'mutation { a: create_authors_item(data: { name: "Lost" }) { name } b: create_articles_item(data: { title: "A title that is far too long" }) { id } }'
  const { body } = await whole.api('POST', '/graphql', { body: { query } })
  assert.deepEqual(body.data, { a: null, b: null })
  const headers = { 'graphql-transaction': 'field' }
  assert.deepEqual((await whole.api('POST', '/graphql', { body: { query }, headers })).data, { a: { name: 'Lost' }, b: null })
})

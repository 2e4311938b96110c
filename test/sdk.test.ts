/** The official SDK, unchanged, on a kernel without a port: what its users do first. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  authentication,
  createCollection,
  createDirectus,
  createField,
  createItem,
  createItems,
  deleteCollection,
  deleteField,
  deleteItem,
  deleteItems,
  readCollection,
  readCollections,
  readFieldsByCollection,
  readItem,
  readItems,
  readMe,
  readUsers,
  rest,
  serverHealth,
  serverInfo,
  serverPing,
  staticToken,
  updateItem,
  updateItems,
  updateItemsBatch,
  withOptions,
} from '@directus/sdk'
import { admin, startKernel, type TestHost } from './host.ts'

interface Author {
  id: number
  name: string
}
interface Book {
  id: number
  title: string
  pages: number | null
  author: number | Author | null
}
interface Schema {
  author: Author[]
  book: Book[]
  note: { id: number; body: string; stars: number }[]
}

describe('@directus/sdk', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({
      sql: `create table author (id serial primary key, name text not null unique);
      create table book (id serial primary key, title varchar(20) not null, pages integer, author integer references author);`,
    })
  })
  after(() => host.close())

  const globals = {
    fetch: async (input: string | Request, init?: RequestInit) => host.kernel.fetch(new Request(input, init)),
  }
  const connect = () => createDirectus<Schema>('http://plinth.test', { globals }).with(rest())
  const asAdmin = () => connect().with(staticToken(admin.token))

  /** Status, code and extensions of what a call ends with. */
  async function failure(call: Promise<unknown>) {
    const error = await call.then(
      () => assert.fail('it worked'),
      (thrown) => thrown,
    )
    const { response, errors } = error as { response: Response; errors: { message: string; extensions: { code: string } }[] }
    assert.equal(typeof errors[0]!.message, 'string')
    return { status: response.status, code: errors[0]!.extensions.code, extensions: errors[0]!.extensions }
  }

  describe('signing in', () => {
    test('login, a request, refresh, logout', async () => {
      const client = connect().with(authentication('json', { autoRefresh: false }))
      const first = await client.login(admin.email, admin.password)
      assert.deepEqual([typeof first.access_token, typeof first.refresh_token, first.expires], ['string', 'string', 900_000])
      assert.equal(await client.getToken(), first.access_token)
      assert.equal((await client.request(readMe({ fields: ['email'] }))).email, admin.email)

      const second = await client.refresh()
      assert.notEqual(second.refresh_token, first.refresh_token)
      assert.equal((await client.request(readMe({ fields: ['email'] }))).email, admin.email)

      await client.logout()
      assert.equal(await client.getToken(), null)
      assert.equal((await failure(client.request(readMe()))).status, 401)
    })

    test('a wrong password', async () => {
      const client = connect().with(authentication('json', { autoRefresh: false }))
      const { status, code } = await failure(client.login(admin.email, 'wrong'))
      assert.deepEqual([status, code], [401, 'INVALID_CREDENTIALS'])
    })

    test('a token that is about to run out is renewed by itself', async () => {
      const client = connect().with(authentication('json', { autoRefresh: true, msRefreshBeforeExpires: 899_900 }))
      const first = await client.login(admin.email, admin.password)
      for (let i = 0; i < 50 && (await client.getToken()) === first.access_token; i++)
        await new Promise((resolve) => setTimeout(resolve, 100))
      assert.notEqual(await client.getToken(), first.access_token)
      assert.equal((await client.request(readMe({ fields: ['email'] }))).email, admin.email)
      client.stopRefreshing()
      await client.logout()
    })

    test('nobody sees anything', async () => {
      assert.deepEqual((await failure(connect().request(readItems('book')))).code, 'FORBIDDEN')
      assert.equal((await failure(connect().with(staticToken('wrong')).request(readItems('book')))).code, 'INVALID_CREDENTIALS')
    })
  })

  test('the server', async () => {
    assert.equal(await connect().request(serverPing()), 'pong')
    assert.ok((await connect().request(serverInfo())).project)
    assert.equal((await asAdmin().request(serverInfo())).queryLimit?.default, 100)
    assert.equal((await asAdmin().request(serverHealth())).status, 'ok')
    assert.equal((await failure(connect().request(serverHealth()))).code, 'FORBIDDEN')
  })

  test('items: create, read, change, delete, one and many', async () => {
    const client = asAdmin()
    const ann = await client.request(createItem('author', { name: 'Ann' }))
    assert.deepEqual(ann, { id: 1, name: 'Ann' })
    const made = await client.request(
      createItems('book', [{ title: 'One', pages: 10, author: ann.id }, { title: 'Two', pages: 20, author: ann.id }, { title: 'Three' }]),
    )
    assert.deepEqual(
      made.map(({ id, title, pages }) => [id, title, pages]),
      [
        [1, 'One', 10],
        [2, 'Two', 20],
        [3, 'Three', null],
      ],
    )

    const found = await client.request(
      readItems('book', {
        fields: ['title', { author: ['name'] }],
        filter: { _or: [{ author: { name: { _eq: 'Ann' } } }, { pages: { _null: true } }] },
        sort: ['-pages', 'title'],
        limit: 2,
        offset: 1,
      }),
    )
    assert.deepEqual(found, [
      { title: 'Two', author: { name: 'Ann' } },
      { title: 'One', author: { name: 'Ann' } },
    ])
    assert.deepEqual(await client.request(readItems('book', { filter: { id: { _in: [1, 3] } }, fields: ['id'], page: 2, limit: 1 })), [
      { id: 3 },
    ])
    assert.deepEqual(await client.request(readItem('book', 1, { fields: ['*', { author: ['*'] }] })), {
      id: 1,
      title: 'One',
      pages: 10,
      author: { id: 1, name: 'Ann' },
    })

    assert.equal((await client.request(updateItem('book', 1, { title: 'Uno' }))).title, 'Uno')
    const many = await client.request(updateItems('book', [1, 2], { pages: 5 }, { fields: ['pages'] }))
    assert.deepEqual(many, [{ pages: 5 }, { pages: 5 }])
    const batch = await client.request(
      updateItemsBatch('book', [
        { id: 1, pages: 1 },
        { id: 2, pages: 2 },
      ]),
    )
    assert.deepEqual(
      batch.map(({ pages }) => pages),
      [1, 2],
    )
    const byQuery = await client.request(updateItems('book', { filter: { pages: { _null: true } } }, { pages: 0 }))
    assert.deepEqual(
      byQuery.map(({ id }) => id),
      [3],
    )

    await client.request(deleteItem('book', 1))
    await client.request(deleteItems('book', [2]))
    await client.request(deleteItems('book', { filter: { pages: { _eq: 0 } } }))
    assert.deepEqual(await client.request(readItems('book')), [])
  })

  test('items that hold others, on condition, and once', async () => {
    const client = createDirectus<Schema>('http://localhost', { globals }).with(staticToken(admin.token)).with(rest())
    const with_ = (headers: Record<string, string>) => (options: RequestInit) => ({
      ...options,
      headers: { ...options.headers, ...headers },
    })
    const body = { title: 'Nested', author: { name: 'By the way' } } as never
    const once = () =>
      client.request(withOptions(createItem('book', body, { fields: ['id', { author: ['name'] }] }), with_({ 'Idempotency-Key': 'sdk' })))
    const made = await once()
    assert.deepEqual(made.author, { name: 'By the way' })
    assert.deepEqual(await once(), made)
    const patch = client.request(withOptions(updateItem('book', made.id, { pages: 1 }), with_({ 'If-Match': '"0"' })))
    await assert.rejects(patch, (error: any) => error.errors[0].extensions.code === 'PRECONDITION_FAILED')
    assert.equal(
      (await client.request(updateItem('book', made.id, { author: { name: 'Another' } as never }, { fields: ['pages'] }))).pages,
      null,
    )
    const authors = await client.request(
      readItems('author', { fields: ['name'], filter: { name: { _in: ['By the way', 'Another'] } }, sort: ['name'] }),
    )
    assert.deepEqual(authors, [{ name: 'Another' }, { name: 'By the way' }])
  })

  test('users', async () => {
    const me = await asAdmin().request(readMe({ fields: ['id', 'email', 'status', 'token', 'password'] }))
    assert.deepEqual([me.email, me.status, me.token, me.password], [admin.email, 'active', '**********', '**********'])
    const users = await asAdmin().request(readUsers({ filter: { email: { _eq: admin.email } }, fields: ['id'] }))
    assert.deepEqual(users, [{ id: me.id }])
  })

  test('collections and fields, and items in them at once', async () => {
    const client = asAdmin()
    const names = async () => (await client.request(readCollections())).map(({ collection }) => collection)
    assert.ok((await names()).includes('book'))
    const made = await client.request(
      createCollection({
        collection: 'note',
        schema: {},
        meta: { note: 'Notes' },
        fields: [
          { field: 'id', type: 'integer', schema: { is_primary_key: true, has_auto_increment: true }, meta: { hidden: true } },
          { field: 'body', type: 'text', schema: {}, meta: {} },
        ],
      } as never),
    )
    assert.deepEqual([made.collection, made.meta.note], ['note', 'Notes'])
    const field = await client.request(
      createField('note', { field: 'stars', type: 'integer', schema: { default_value: 3 }, meta: {} } as never),
    )
    assert.deepEqual([field.field, field.type, field.collection], ['stars', 'integer', 'note'])
    assert.deepEqual(
      (await client.request(readFieldsByCollection('note'))).map(({ field, type }) => [field, type]),
      [
        ['id', 'integer'],
        ['body', 'text'],
        ['stars', 'integer'],
      ],
    )
    assert.deepEqual(await client.request(createItem('note', { body: 'hello' })), { id: 1, body: 'hello', stars: 3 })
    await client.request(deleteField('note', 'stars'))
    assert.deepEqual(await client.request(readItem('note', 1)), { id: 1, body: 'hello' })
    assert.equal((await client.request(readCollection('note'))).collection, 'note')
    await client.request(deleteCollection('note'))
    assert.ok(!(await names()).includes('note'))
    assert.equal((await failure(client.request(readItems('note')))).code, 'FORBIDDEN')
  })

  describe('errors', () => {
    const cases: [why: string, call: () => Promise<unknown>, status: number, code: string, more: Record<string, unknown>][] = [
      ['an item that is not there', () => asAdmin().request(readItem('book', 999)), 403, 'FORBIDDEN', {}],
      [
        'a missing value',
        () => asAdmin().request(createItem('book', { pages: 1 })),
        400,
        'FAILED_VALIDATION',
        { field: 'title', type: 'required' },
      ],
      [
        'a value too long',
        () => asAdmin().request(createItem('book', { title: 'x'.repeat(21) })),
        400,
        'VALUE_TOO_LONG',
        { collection: 'book', field: 'title' },
      ],
      [
        'a value taken',
        () => asAdmin().request(createItem('author', { name: 'Ann' })),
        400,
        'RECORD_NOT_UNIQUE',
        { collection: 'author', field: 'name', value: 'Ann' },
      ],
      [
        'a parent that is not there',
        () => asAdmin().request(createItem('book', { title: 'x', author: 999 })),
        400,
        'INVALID_FOREIGN_KEY',
        { field: 'author', value: 999 },
      ],
      ['an unknown field', () => asAdmin().request(readItems('book', { fields: ['nope'] as never })), 403, 'FORBIDDEN', {}],
      [
        'a wrong operator',
        () => asAdmin().request(readItems('book', { filter: { pages: { _contains: 1 } } as never })),
        400,
        'INVALID_QUERY',
        {},
      ],
    ]
    for (const [why, call, status, code, more] of cases) {
      test(why, async () => {
        const found = await failure(call())
        assert.deepEqual([found.status, found.code, { ...found.extensions, ...more }], [status, code, found.extensions])
      })
    }
  })
})

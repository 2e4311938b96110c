/** What somebody may not read is asked for through every door; each attack has a twin about what they may. And what rules cost in statements. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../host.ts'
import { createRecorder } from '../recorded.ts'

const sql = `
create table author (id serial primary key, name text, salary integer, mentor integer references author);
create table book (id serial primary key, title text, secret text, price integer, owner uuid, author integer references author);
insert into author (name, salary, mentor) values ('Ann', 10, null), ('Bob', 20, 1), ('Cid', 30, 1);
insert into book (title, secret, price, author) values ('one', 's1', 5, 1), ('two', 's2', 50, 2), ('three', 's3', 500, 3), ('four', 's4', 1, null);
`
const meta = `
insert into directus_relations (many_collection, many_field, one_collection, one_field) values ('book', 'author', 'author', 'books'), ('author', 'mentor', 'author', 'pupils');
insert into directus_fields (collection, field, special) values ('author', 'books', 'o2m'), ('author', 'pupils', 'o2m');
`

type Query = Readonly<Record<string, unknown>>

describe('rules', () => {
  let host: TestHost
  const recorder = createRecorder()
  const tokens = { ann: 'token-of-ann', bob: 'token-of-bob' }
  const users: Record<string, string> = {}
  let policy: string

  before(async () => {
    host = await startKernel({ sql, wrap: recorder.wrap })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    policy = (await host.api('POST', '/policies', { body: { name: 'readers' } })).data.id
    for (const [name, token] of Object.entries(tokens)) {
      users[name] = (await host.api('POST', '/users', { body: { email: `${name}@example.com`, token, title: name } })).data.id
      await host.api('POST', '/access', { body: { user: users[name], policy } })
    }
    await allow(
      { collection: 'book', action: 'read', permissions: { price: { _lt: 100 } }, fields: ['id', 'title', 'author', 'owner'] },
      { collection: 'author', action: 'read', permissions: { name: { _neq: 'Bob' } }, fields: ['id', 'name', 'books'] },
    )
  })
  after(() => host.close())

  async function allow(...rules: readonly object[]): Promise<void> {
    await host.api('DELETE', '/permissions', { body: { query: { filter: { policy: { _eq: policy } }, limit: -1 } } })
    const { status, body } = await host.api('POST', '/permissions', { body: rules.map((rule) => ({ policy, ...rule })) })
    assert.equal(status, 200, JSON.stringify(body))
  }
  const ask = (query: Query, collection = 'book', token = tokens.ann) =>
    host.api('SEARCH', `/items/${collection}`, { token, body: { query } })

  describe('a field that is in no rule is refused', () => {
    const doors: [string, (field: string) => Query][] = [
      ['fields', (field) => ({ fields: [field] })],
      ['fields below a relation', (field) => ({ fields: [`author.books.${field}`] })],
      ['filter', (field) => ({ filter: { [field]: { _nnull: true } } })],
      ['filter in a group', (field) => ({ filter: { _or: [{ id: { _gt: 0 } }, { [field]: { _nnull: true } }] } })],
      ['filter below a relation', (field) => ({ filter: { author: { books: { [field]: { _nnull: true } } } } })],
      ['filter in _some', (field) => ({ filter: { author: { books: { _some: { [field]: { _nnull: true } } } } } })],
      ['sort', (field) => ({ sort: [`-${field}`] })],
      ['sort below a relation', (field) => ({ sort: [`author.books.${field}`] })],
      ['aggregate', (field) => ({ aggregate: { countDistinct: [field] } })],
      ['groupBy', (field) => ({ groupBy: [field], aggregate: { count: ['*'] } })],
      ['alias', (field) => ({ alias: { x: field }, fields: ['x'] })],
      [
        'deep filter',
        (field) => ({ fields: ['author.books.id'], deep: { author: { books: { _filter: { [field]: { _nnull: true } } } } } }),
      ],
      ['deep sort', (field) => ({ fields: ['author.books.id'], deep: { author: { books: { _sort: [field] } } } })],
      ['export', (field) => ({ fields: [field], export: 'csv' })],
    ]
    for (const [door, query] of doors) {
      test(door, async () => {
        assert.deepEqual([(await ask(query('secret'))).code, (await ask(query('nope'))).code], ['FORBIDDEN', 'FORBIDDEN'])
        assert.equal((await ask(query('title'))).status, 200)
      })
    }
  })

  test('rows out of scope are in no list, key, count, group, search, export, relation', async () => {
    assert.deepEqual((await ask({ fields: ['id'], sort: ['id'], meta: ['total_count'] })).body, {
      data: [{ id: 1 }, { id: 2 }, { id: 4 }],
      meta: { total_count: 3 },
    })
    assert.deepEqual((await ask({ aggregate: { count: ['*'], max: ['title'] } })).data, [{ count: '3', max: { title: 'two' } }])
    assert.deepEqual((await ask({ search: 'three' })).data, [])
    assert.deepEqual((await ask({ filter: { author: { name: { _eq: 'Bob' } } } })).data, [])
    assert.deepEqual((await ask({ fields: ['id', 'books'], filter: { name: { _eq: 'Cid' } } }, 'author')).data, [{ id: 3, books: [] }])
    assert.deepEqual((await ask({ fields: ['author.name'], filter: { id: { _eq: 2 } } })).data, [{ author: null }])
    const { status } = await host.api('GET', '/items/book/3', { token: tokens.ann })
    assert.deepEqual([status, (await host.api('GET', '/items/book/99', { token: tokens.ann })).status], [403, 403])
    assert.equal((await host.api('GET', '/items/book/1', { token: tokens.ann })).status, 200)
  })

  test('two users of one policy never share a value', async () => {
    await allow({ collection: 'book', action: 'read', permissions: { owner: { _eq: '$CURRENT_USER' } }, fields: ['id'] })
    await host.api('PATCH', '/items/book/1', { body: { owner: users.ann } })
    await host.api('PATCH', '/items/book/2', { body: { owner: users.bob } })
    const seen = async (token: string) => (await host.api('GET', '/items/book?fields=id&limit=7', { token })).data
    for (let i = 0; i < 3; i++) assert.deepEqual([await seen(tokens.ann), await seen(tokens.bob)], [[{ id: 1 }], [{ id: 2 }]])
  })

  test('what rules cost: no statement more for a read, one for rows that a write must look at', async () => {
    await allow(
      { collection: 'book', action: 'read', permissions: { price: { _lt: 100 } }, fields: ['*'] },
      { collection: 'author', action: 'read', fields: ['*'] },
      { collection: 'book', action: 'update', permissions: { author: { name: { _neq: 'Bob' } } }, fields: ['title'] },
      { collection: 'book', action: 'create', fields: ['title'] },
      { collection: 'book', action: 'delete', permissions: { price: { _lt: 2 } }, fields: ['*'] },
    )
    const verbs = async (method: string, path: string, body?: unknown) => {
      recorder.take()
      assert.ok((await host.api(method, path, { token: tokens.ann, body })).status < 300)
      return recorder.take().map(({ text }) => /^\s*(\w+)/.exec(text)![1]!.toLowerCase())
    }
    const read = () => verbs('GET', '/items/book?fields=*,author.*&meta=*&sort=-author.name')
    await host.settled()
    await read()
    assert.deepEqual(await read(), ['select'])
    assert.deepEqual((await verbs('PATCH', '/items/book/1', { title: 'x' })).slice(0, 4), ['begin', 'select', 'update', 'select'])
    assert.deepEqual((await verbs('POST', '/items/book', { title: 'x' })).slice(0, 2), ['begin', 'insert'])
  })

  test('writes stay within their rules, and a missing row is refused as one out of scope is', async () => {
    const write = (method: string, path: string, body?: unknown) => host.api(method, path, { token: tokens.ann, body })
    const refused: [string, string, unknown?][] = [
      ['PATCH', '/items/book/2', { title: 'x' }],
      ['PATCH', '/items/book/99', { title: 'x' }],
      ['PATCH', '/items/book/1', { price: 1 }],
      ['PATCH', '/items/book', { keys: [1, 2], data: { title: 'x' } }],
      [
        'PATCH',
        '/items/book',
        [
          { id: 1, title: 'x' },
          { id: 2, title: 'x' },
        ],
      ],
      ['PATCH', '/items/book', { query: { filter: { secret: { _eq: 's1' } }, fields: ['id'] }, data: { price: 1 } }],
      ['DELETE', '/items/book/1'],
      ['DELETE', '/items/book', [4, 1]],
      ['DELETE', '/items/book', { query: { filter: { id: { _eq: 1 } } } }],
      ['POST', '/items/book', { title: 'x', price: 1 }],
      ['POST', '/items/book', { title: 'x', author: { name: 'made' } }],
      ['POST', '/items/author', { name: 'x' }],
      ['PATCH', '/items/author/1', { books: [2] }],
    ]
    const rows = async () => JSON.stringify(await host.kernel.db.query('select * from book order by id'))
    const before = await rows()
    for (const [method, path, body] of refused) {
      const answer = await write(method, path, body)
      assert.deepEqual([answer.status, answer.code], [403, 'FORBIDDEN'], `${method} ${path} ${JSON.stringify(body)}`)
    }
    assert.equal(await rows(), before)
    assert.equal((await write('PATCH', '/items/book/1', { title: 'y' })).status, 200)
    assert.equal((await write('DELETE', '/items/book/4')).status, 204)
  })

  test('a rule that is taken away is gone at once', async () => {
    assert.equal((await ask({ fields: ['id'] })).status, 200)
    await allow({ collection: 'author', action: 'read', fields: ['*'] })
    assert.equal((await ask({ fields: ['id'] })).status, 403)
  })

  test('explain tells administrators which rules count, and the SQL', async () => {
    await allow({ collection: 'book', action: 'read', permissions: { price: { _lt: 10 } }, fields: ['id'] })
    const path = `/permissions/explain?user=${users.ann}&collection=book&action=read&key=2`
    const { data } = await host.api('GET', path)
    assert.deepEqual([data.access, data.rules.length, data.rules[0].covers], ['partial', 1, false])
    assert.match(data.condition.text, /"price" < \$1/)
    assert.deepEqual(data.condition.parameters, ['10'])
    assert.equal((await host.api('GET', path, { token: tokens.ann })).status, 403)
    assert.equal((await host.api('GET', '/permissions/explain?collection=book')).status, 400)
  })
})

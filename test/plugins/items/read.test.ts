/** Plans are made once: what they share, what they never share, and when they end. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Host, nobody, type Snapshot, system, type Table } from 'plinth'
import { openPostgres } from '../../../kernel/database/postgres.ts'
import { Permits } from '../../../plugins/items/permit.ts'
import { Reader } from '../../../plugins/items/read.ts'
import { freshDatabase, testDrivers } from '../../database.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'
import { startLibrary } from './library.ts'

describe('one plan for one shape', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startLibrary({ wrap: recorder.wrap })
    await host.api('POST', '/items/article', { body: Array.from({ length: 5 }, (_, i) => ({ title: `t${i}`, rating: i })) })
  })
  after(() => host.close())

  const textOf = async (path: string, method = 'GET', body?: unknown) => {
    recorder.take()
    const { status } = await host.api(method, path, { body })
    assert.equal(status, 200, path)
    return recorder.take().at(-1)!.text
  }

  test('queries that differ in their values alone share a statement, also across GET and SEARCH', async () => {
    const one = await textOf('/items/article?filter[rating][_gt]=1&limit=2&offset=1')
    assert.equal(await textOf('/items/article?filter[rating][_gt]=3&limit=2&offset=2'), one)
    assert.equal(await textOf('/items/article?limit=2&offset=1&filter={"rating":{"_gt":4}}'), one)
    assert.equal(await textOf('/items/article', 'SEARCH', { query: { filter: { rating: { _gt: 0 } }, limit: 2, offset: 1 } }), one)
    assert.notEqual(await textOf('/items/article?filter[rating][_lt]=1&limit=2&offset=1'), one)
  })

  test('lists of any length, keys of any number share a statement', async () => {
    assert.equal(await textOf('/items/article?filter[rating][_in]=1'), await textOf('/items/article?filter[rating][_in]=1,2,3'))
    assert.equal(await textOf('/items/article/1'), await textOf('/items/article/2'))
    assert.equal(await textOf('/items/article', 'SEARCH', { keys: [1] }), await textOf('/items/article', 'SEARCH', { keys: [1, 2, 3] }))
  })

  test('values that a cached query holds are checked all the same', async () => {
    const status = async (value: string) => (await host.api('GET', `/items/article?filter[rating][_eq]=${value}`)).status
    assert.deepEqual([await status('1'), await status('x'), await status('2'), await status('x')], [200, 400, 200, 400])
  })

  test('a column added past the server is there once the cache is cleared', async () => {
    const { api, kernel } = host
    assert.equal((await api('GET', '/items/article?fields=id,extra')).status, 403)
    const before = (await api('GET', '/items/article?limit=1')).data[0]
    await kernel.db.execute(`alter table article add column extra text default 'new'`)
    assert.deepEqual(Object.keys((await api('GET', '/items/article?limit=1')).data[0]), Object.keys(before))
    assert.equal((await api('POST', '/utils/cache/clear')).status, 200)
    assert.deepEqual((await api('GET', '/items/article?limit=1')).data[0], { ...before, extra: 'new' })
    assert.equal((await api('GET', '/items/article?fields=id,extra')).status, 200)
    await kernel.db.execute(`alter table article drop column extra`)
    await api('POST', '/utils/cache/clear')
    assert.equal((await api('GET', '/items/article?fields=id,extra')).status, 403)
  })
})

describe('what varies between requests is bound, not planned', () => {
  let host: TestHost
  let people: { id: string; token: string }[]
  before(async () => {
    host = await startLibrary({ sql: 'create table task (id serial primary key, owner uuid, role uuid, due timestamptz)' })
    const { data: me } = await host.api('GET', '/users/me')
    const tokens = ['token-of-ann', 'token-of-bob']
    const { data: made } = await host.api('POST', '/users', {
      body: tokens.map((token, i) => ({ email: `p${i}@example.com`, password: 'pw', token, role: me.role })),
    })
    assert.equal(made.length, tokens.length)
    people = await Promise.all(tokens.map(async (token) => ({ id: (await host.api('GET', '/users/me', { token })).data.id, token })))
    for (const { id } of people) await host.kernel.db.query('insert into task (owner, role) values ($1, $2)', [id, me.role])
  })
  after(() => host.close())

  test('$CURRENT_USER: each sees their own, whoever asked before', async () => {
    const path = '/items/task?filter[owner][_eq]=$CURRENT_USER&fields=owner'
    for (const { id, token } of [...people, ...people.toReversed()]) {
      assert.deepEqual((await host.api('GET', path, { token })).data, [{ owner: id }])
    }
    const lists = '/items/task?filter[owner][_in]=$CURRENT_USER&fields=owner'
    for (const { id, token } of people) assert.deepEqual((await host.api('GET', lists, { token })).data, [{ owner: id }])
    for (const { id, token } of people) {
      const { data } = await host.api('SEARCH', '/items/task', {
        token,
        body: { query: { filter: { owner: '$CURRENT_USER' }, fields: ['owner'] } },
      })
      assert.deepEqual(data, [{ owner: id }])
    }
  })

  test('$CURRENT_ROLE', async () => {
    assert.equal((await host.api('GET', '/items/task?filter[role][_eq]=$CURRENT_ROLE')).data.length, people.length)
  })

  test('$NOW moves on', async () => {
    await host.kernel.db.query(`insert into task (due) values (now() + interval '400 milliseconds')`)
    const count = async () => (await host.api('GET', '/items/task?filter[due][_lte]=$NOW')).data.length
    const shifted = async () => (await host.api('GET', '/items/task?filter[due][_gt]=$NOW(-1 minute)')).data.length
    assert.deepEqual([await count(), await shifted()], [0, 1])
    await new Promise((resolve) => setTimeout(resolve, 600))
    assert.deepEqual([await count(), await shifted()], [1, 1])
  })
})

describe('caches', () => {
  const limits = {
    defaultLimit: 100,
    maxLimit: -1,
    depth: 10,
    fields: 500,
    filterNodes: 200,
    aliases: 50,
    selections: 2000,
    relations: 200,
    response: 1e9,
  }

  /** A reader over one table without a database; `planned` counts how often a plan looked at the table's fields. */
  function reading() {
    let looks = 0
    const column = { name: 'n', baseType: 'int4', sqlType: 'integer', dataType: 'integer' }
    const field = { name: 'n', type: 'integer', column, special: [], concealed: false, meta: null }
    const fields = new Map([['n', field]])
    const counted = Object.assign(new Map(fields), {
      has(name: string) {
        looks++
        return fields.has(name)
      },
    })
    const table = {
      name: 't',
      schema: 'public',
      primaryKey: ['n'],
      fields: counted,
      columns: new Map([['n', column]]),
      links: new Map(),
      meta: null,
    }
    const snapshot = (): Snapshot => ({
      version: '1',
      tables: new Map([['t', table as unknown as Table]]),
      folders: new Map(),
      relations: [],
      warnings: [],
    })
    const registry = { snapshot: snapshot() }
    const db = { text: async () => '{"data":[]}' }
    const reader = new Reader({ registry, db, hooked: () => false } as unknown as Host, new Permits(), limits)
    return {
      renew() {
        registry.snapshot = snapshot()
      },
      /** Whether this query was planned anew. */
      async planned(query: string | object): Promise<boolean> {
        const before = looks
        await reader.list('t', query as string, { access: system })
        return looks > before
      },
      reader,
    }
  }

  test('a query is planned once, and again for a new snapshot', async () => {
    const { planned, renew } = reading()
    assert.deepEqual([await planned('fields=n'), await planned('fields=n'), await planned({ fields: ['n'] })], [true, false, false])
    renew()
    assert.deepEqual([await planned('fields=n'), await planned('fields=n')], [true, false])
  })

  test('the plans least used give way: an endless variety of queries stays within bounds', async () => {
    const { planned } = reading()
    const kept = 'fields=n&limit=1'
    assert.equal(await planned('fields=n'), true)
    assert.equal(await planned(kept), true)
    for (let limit = 2; limit < 2100; limit++) {
      await planned(`fields=n&limit=${limit}`)
      if (limit % 100 === 0) assert.equal(await planned(kept), false, 'one in use stays')
    }
    assert.equal(await planned('fields=n'), true, 'one out of use has gone')
  })

  test('whoever has no rights plans nothing, and gets nothing that others have planned', async () => {
    const { planned, reader } = reading()
    await planned('fields=n')
    await assert.rejects(reader.list('t', 'fields=n', { access: nobody }), { code: 'FORBIDDEN' })
    await assert.rejects(reader.list('t', 'fields=n', { access: { ...nobody, user: 'x' } }), { code: 'FORBIDDEN' })
  })
})

describe('limits', () => {
  let host: TestHost
  before(async () => {
    host = await startLibrary({ env: { QUERY_LIMIT_DEFAULT: '3', QUERY_LIMIT_MAX: '5', RESPONSE_MAX: '1kb' } })
    await host.kernel.db.execute(`insert into note select 'k' || lpad(n::text, 2, '0'), '' from generate_series(1, 9) n`)
  })
  after(() => host.close())

  const rows: [query: string, expected: number | string][] = [
    ['', 3],
    ['?limit=5', 5],
    ['?limit=6', 'INVALID_QUERY'],
    ['?limit=-1', 'INVALID_QUERY'],
    ['?limit=0', 0],
    ['?page=3', 3],
    ['?page=4', 0],
  ]
  for (const [query, expected] of rows) {
    test(`QUERY_LIMIT_DEFAULT=3, QUERY_LIMIT_MAX=5: ${query || 'no limit'}`, async () => {
      const { data, code } = await host.api('GET', `/items/note${query}`)
      assert.equal(code ?? data.length, expected)
    })
  }

  test('SEARCH is bound alike', async () => {
    assert.equal((await host.api('SEARCH', '/items/note', { body: { query: { limit: 6 } } })).code, 'INVALID_QUERY')
    assert.equal((await host.api('SEARCH', '/items/note', { body: {} })).data.length, 3)
  })

  test('a change by query concerns the rows that the list would show; by keys all of them', async () => {
    const changed = async (body: unknown) => {
      await host.kernel.db.query(`update note set body = ''`)
      const { data, code } = await host.api('PATCH', '/items/note', { body })
      const rows = await host.kernel.db.query(`select 1 from note where body = 'new'`)
      return [code ?? data.length, rows.length]
    }
    const patch = { body: 'new' }
    assert.deepEqual(await changed({ query: {}, data: patch }), [3, 3])
    assert.deepEqual(await changed({ query: { limit: 5 }, data: patch }), [5, 5])
    assert.deepEqual(await changed({ query: { limit: 6 }, data: patch }), ['INVALID_QUERY', 0])
    assert.deepEqual(await changed({ keys: Array.from({ length: 9 }, (_, i) => `k0${i + 1}`), data: patch }), [9, 9])
  })

  test('RESPONSE_MAX: an answer of so many bytes, and of one more', async () => {
    const around = JSON.stringify({ data: { id: 'x', body: '' } }).length
    const status = async (size: number, letter: string) => {
      await host.kernel.db.query(`insert into note values ('x', $1) on conflict (id) do update set body = excluded.body`, [letter])
      const { status, code } = await host.api('GET', '/items/note/x')
      return [size, status, code]
    }
    assert.deepEqual(await status(1024, 'a'.repeat(1024 - around)), [1024, 200, undefined])
    assert.deepEqual(await status(1025, 'a'.repeat(1025 - around)), [1025, 400, 'INVALID_QUERY'])
    assert.deepEqual(await status(1025, 'ä'.repeat((1026 - around) / 2)), [1025, 400, 'INVALID_QUERY'], 'bytes, not characters')
  })

  test('RESPONSE_MAX: what helps is told', async () => {
    await host.kernel.db.execute(`insert into note values ('x', repeat('x', 1100)) on conflict (id) do update set body = excluded.body;
      insert into article (title) select repeat('t', 40) from generate_series(1, 50); insert into log select repeat('l', 400) from generate_series(1, 5)`)
    const rows: [path: string, help: RegExp][] = [
      ['note?filter[id][_eq]=x', /The answer is larger than 1024 bytes: .*"limit".*"export"/],
      ['note/x', /The item is larger .*"fields"/],
      ['note?filter[id][_eq]=x&export=csv', /A row is larger .*"fields"/],
      ['titles?limit=5&export=json', /^$/],
      ['log', /"filter" or "limit"/],
      ['log?export=csv', /"filter" or "limit"/],
      ['note?aggregate[max]=body', /"filter" or "limit"/],
      ['note?aggregate[max]=body&export=json', /"filter" or "limit"/],
    ]
    for (const [path, help] of rows) {
      const { code, body } = await host.api('GET', `/items/${path}`)
      assert.match(code ? body.errors[0].message : '', help, path)
      if (code) assert.equal(code, 'INVALID_QUERY')
      if (help.source.includes('filter')) assert.doesNotMatch(body.errors[0].message, /export/, path)
    }
  })

  test('DATABASE_TIMEOUT: a read that takes too long is stopped, a shorter one is answered', {
    skip: testDrivers[0] === 'pglite',
  }, async () => {
    const database = await freshDatabase('postgres')
    await database.db.execute(`create view nap as select 1 as id, pg_sleep(0.01)::text as slept;
      create view sleep as select 1 as id, pg_sleep(30)::text as slept`)
    const host = await startKernel({ database: { ...database, db: openPostgres({ url: database.url!, statementTimeout: 1500 }) } })
    try {
      assert.equal((await host.api('GET', '/items/nap')).status, 200)
      const { status, code } = await host.api('GET', '/items/sleep')
      assert.deepEqual([status, code], [503, 'SERVICE_UNAVAILABLE'])
    } finally {
      await host.close()
      await database.drop()
    }
  })
})

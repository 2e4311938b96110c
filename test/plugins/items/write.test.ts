/** Writes: one transaction, handlers around, all or nothing. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { DatabaseError, definePlugin, defineProblems, system, type Transaction } from 'plinth'
import {
  type Caller,
  type ChangedEvent,
  type CreateEvent,
  type Items,
  items,
  itemsChanged,
  itemsCreate,
  itemsDelete,
  itemsUpdate,
  type UpdateEvent,
} from 'plinth/items'
import type { TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'
import { oddTable, startLibrary } from './library.ts'

const problems = defineProblems({ NOT_TODAY: { status: 409, message: 'Not today.' } })

/** What handlers do, set by each test. */
interface Behaviour {
  create?(event: CreateEvent, next: () => Promise<void>): Promise<void>
  update?(event: UpdateEvent, next: () => Promise<void>): Promise<void>
  delete?(event: { keys: unknown[] }, next: () => Promise<void>): Promise<void>
  changed?(event: ChangedEvent): Promise<void>
}
let behaviour: Behaviour = {}

/** Fails, and sends another statement all the same. */
const twice = async (db: Transaction) => {
  await db.query(`insert into note values ('a'), ('a')`).catch(() => {})
  await db.query('select 1')
}
let engine: Items

const meddler = definePlugin({
  name: 'meddler',
  needs: [items],
  setup(host) {
    engine = host.use(items)
    host.hook(itemsCreate, (event, next) => (behaviour.create ? behaviour.create(event, next) : next()))
    host.hook(itemsUpdate, (event, next) => (behaviour.update ? behaviour.update(event, next) : next()))
    host.hook(itemsDelete, (event, next) => (behaviour.delete ? behaviour.delete(event, next) : next()))
    host.hook(itemsChanged, async (event, next) => {
      await behaviour.changed?.(event)
      await next()
    })
  },
})

describe('writes', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startLibrary({ plugins: [meddler], wrap: recorder.wrap })
    await host.api('GET', '/users/me')
  })
  after(() => host.close())
  beforeEach(async () => {
    behaviour = {}
    await host.kernel.db.execute('truncate article, author, defaults, note, page restart identity cascade')
    recorder.take()
  })

  const post = (path: string, body: unknown) => host.api('POST', path, { body })
  const count = async (table: string) => Number(await host.kernel.db.text(`select count(*) from ${table}`))
  const verbs = () => recorder.take().map(({ text }) => /^\s*(\w+)/.exec(text)![1])

  describe('create', () => {
    test('1,000 rows in one POST take one insert; all are answered, in order', async () => {
      const rows = Array.from({ length: 1000 }, (_, i) => ({ title: `t${i}`, rating: i }))
      const { status, data } = await post('/items/article', rows)
      assert.equal(status, 200)
      assert.deepEqual(verbs(), ['begin', 'insert', 'select', 'commit'])
      assert.deepEqual(
        data.map((row: any) => [row.id, row.title]),
        rows.map(({ title }, i) => [i + 1, title]),
      )
    })

    test('rows with different columns keep their order, and each its own defaults', async () => {
      const { status, data, body } = await post('/items/defaults', [
        { a: 1 },
        {},
        { b: 'x', c: 'y' },
        { a: null, b: null },
        { d: null, a: 5 },
      ])
      assert.equal(status, 200, JSON.stringify(body))
      assert.deepEqual(
        data.map(({ id, a, b, c, d, twice }: any) => [id, a, b, c, d !== null, twice]),
        [
          [1, 1, 'b', 'c', true, 2],
          [2, 7, 'b', 'c', true, 14],
          [3, 7, 'x', 'y', true, 14],
          [4, null, null, 'c', true, null],
          [5, 5, 'b', 'c', false, 10],
        ],
      )
      assert.deepEqual(verbs(), ['begin', 'insert', 'select', 'commit'])
    })

    test('a row of nothing but defaults, alone and several', async () => {
      assert.deepEqual((await post('/items/defaults', {})).data.a, 7)
      assert.deepEqual(
        (await post('/items/defaults', [{}, {}, {}])).data.map(({ id, a }: any) => [id, a]),
        [2, 3, 4].map((id) => [id, 7]),
      )
      assert.equal((await post('/items/article', {})).data.title, null)
    })

    test('an explicit key moves the sequence, the next row does not collide', async () => {
      assert.equal((await post('/items/article', { id: 500 })).data.id, 500)
      assert.equal((await post('/items/article', {})).data.id, 501)
      assert.deepEqual((await post('/items/article', [{ id: 900 }, {}, { id: 700 }])).data.map(({ id }: any) => id).length, 3)
      assert.ok((await post('/items/article', {})).data.id > 900)
      assert.equal((await post('/items/article', { id: 3 })).data.id, 3, 'a lower one does not move it back')
      assert.ok((await post('/items/article', {})).data.id > 900)
    })

    test('none at all', async () => {
      assert.deepEqual((await post('/items/article', [])).data, [])
      assert.equal(await count('article'), 0)
    })

    test('one that fails keeps none', async () => {
      const { status, code } = await post('/items/author', [{ name: 'a' }, { name: 'b', mentor: 99 }])
      assert.deepEqual([status, code, await count('author')], [400, 'INVALID_FOREIGN_KEY', 0])
      assert.equal(verbs().at(-2), 'rollback')
    })

    const faults: [why: string, path: string, body: unknown, code: string, extensions: Record<string, unknown>][] = [
      ['a key taken', '/items/note', [{ id: 'a' }, { id: 'a' }], 'RECORD_NOT_UNIQUE', { collection: 'note', field: 'id', value: 'a' }],
      [
        'a parent missing',
        '/items/author',
        { name: 'a', mentor: 9 },
        'INVALID_FOREIGN_KEY',
        { collection: 'author', field: 'mentor', value: 9 },
      ],
      [
        'text too long',
        '/items/article',
        { title: 'x'.repeat(41) },
        'VALUE_TOO_LONG',
        { collection: 'article', field: 'title', value: 'x'.repeat(41) },
      ],
      ['a number too large', '/items/article', { small: 40000 }, 'VALUE_OUT_OF_RANGE', {}],
      ['text for a number', '/items/article', { rating: 'many' }, 'INVALID_PAYLOAD', {}],
      ['no UUID', '/items/article', { ref: 'x' }, 'INVALID_PAYLOAD', {}],
      ['no label of the enum', '/items/article', { mood: 'angry' }, 'INVALID_PAYLOAD', {}],
      ['a generated column', '/items/defaults', { twice: 1 }, 'INVALID_PAYLOAD', {}],
      ['a missing value', '/items/author', {}, 'FAILED_VALIDATION', { field: 'name', type: 'required' }],
      ['a null byte', '/items/note', { id: 'a', body: 'x\0y' }, 'INVALID_PAYLOAD', {}],
    ]
    for (const [why, path, body, code, extensions] of faults) {
      test(`${why}: 400 ${code}`, async () => {
        const { status, body: answer } = await post(path, body)
        assert.equal(status, 400, JSON.stringify(answer))
        const told = answer.errors[0].extensions
        assert.deepEqual([told.code, { ...told, ...extensions }], [code, told])
      })
    }
  })

  describe('change and delete', () => {
    test('by key, by keys, by query, as a batch; keys that are not there are left out', async () => {
      await post('/items/article', [{ title: 'a' }, { title: 'b' }, { title: 'c' }])
      recorder.take()
      const titles = async () =>
        (await host.kernel.db.query<{ title: string }>('select title from article order by id')).map(({ title }) => title)
      const patch = async (path: string, body: unknown) => (await host.api('PATCH', path, { body })).data

      assert.equal((await patch('/items/article/1', { title: 'a1', id: 77 })).id, 1)
      assert.deepEqual(verbs(), ['begin', 'update', 'select', 'commit'])
      assert.equal((await patch('/items/article', { keys: [1, 2, 99], data: { title: 'x' } })).length, 2)
      assert.deepEqual(await titles(), ['x', 'x', 'c'])
      assert.equal((await patch('/items/article', { query: { filter: { title: 'x' } }, data: { title: 'y' } })).length, 2)
      assert.equal(
        (
          await patch('/items/article', [
            { id: 1, title: 'p' },
            { id: 3, title: 'q' },
          ])
        ).length,
        2,
      )
      assert.deepEqual(await titles(), ['p', 'y', 'q'])
      assert.equal((await host.api('DELETE', '/items/article/1')).status, 204)
      assert.equal((await host.api('DELETE', '/items/article', { body: { query: { filter: { title: 'y' } } } })).status, 204)
      assert.equal((await host.api('DELETE', '/items/article', { body: [3, 99] })).status, 204)
      assert.deepEqual(await titles(), [])
    })

    test('a singleton that several make at once is there once', async () => {
      const field = { field: 'title', type: 'string' }
      await post('/collections', { collection: 'only', schema: {}, meta: { singleton: true }, fields: [field] })
      const titles = Array.from({ length: 8 }, (_, n) => `t${n}`)
      const answers = await Promise.all(titles.map((title) => host.api('PATCH', '/items/only', { body: { title } })))
      assert.deepEqual(
        answers.map(({ data }) => data.title),
        titles,
      )
      assert.equal(await host.kernel.db.text('select count(*) from "only"'), '1')
    })

    test('by query: another name does not make another key', async () => {
      const common = { lang: 'en', version: 1 }
      await post('/items/page', [
        { ...common, slug: 'one', title: 'two' },
        { ...common, slug: 'two', title: 'kept' },
      ])
      const query = { filter: { slug: 'one' }, alias: { slug: 'title' } }
      assert.equal((await host.api('DELETE', '/items/page', { body: { query } })).status, 204)
      assert.deepEqual((await host.api('GET', '/items/page?fields=slug')).data, [{ slug: 'two' }])
    })

    test('a batch of which one fails changes nothing', async () => {
      await post('/items/author', [{ name: 'a' }, { name: 'b' }])
      const { status, code } = await host.api('PATCH', '/items/author', {
        body: [
          { id: 1, name: 'x' },
          { id: 2, mentor: 99 },
        ],
      })
      assert.deepEqual([status, code], [400, 'INVALID_FOREIGN_KEY'])
      assert.deepEqual((await host.api('GET', '/items/author/1')).data.name, 'a')
    })

    test('a row that others point at stays, and the answer says who', async () => {
      await post('/items/author', [{ name: 'a' }, { name: 'b', mentor: 1 }])
      const { status, body } = await host.api('DELETE', '/items/author/1')
      assert.equal(status, 400)
      assert.deepEqual(body.errors[0].extensions, { collection: 'author', field: 'mentor', value: null, code: 'INVALID_FOREIGN_KEY' })
      assert.equal(await count('author'), 2)
    })
  })

  describe('hooks', () => {
    test('change rows on the way in, and see keys on the way out, inside the transaction', async () => {
      let seen: unknown
      behaviour.create = async (event, next) => {
        for (const row of event.rows) row.title = `${row.title}!`
        event.rows.push({ title: 'one more' })
        await next()
        seen = [event.keys, await event.db.text('select count(*) from article')]
      }
      const { data } = await post('/items/article', [{ title: 'a' }, { title: 'b' }])
      assert.deepEqual(
        data.map(({ title }: any) => title),
        ['a!', 'b!', 'one more'],
      )
      assert.deepEqual(seen, [[1, 2, 3], '3'])
    })

    test('change a patch, and the keys of a delete', async () => {
      await post('/items/article', [{ title: 'a' }, { title: 'b' }])
      behaviour.update = async ({ changes }, next) => {
        const { patch } = changes[0]!
        patch.body = `about ${patch.title}`
        await next()
      }
      assert.equal((await host.api('PATCH', '/items/article/1', { body: { title: 'x' } })).data.body, 'about x')
      behaviour.delete = async (event, next) => {
        event.keys = event.keys.filter((key) => String(key) !== '1')
        await next()
      }
      await host.api('DELETE', '/items/article', { body: [1, 2] })
      assert.deepEqual((await host.api('GET', '/items/article?fields=id')).data, [{ id: 1 }])
    })

    test('see the fields they want as they are stored, of the rows that are there', async () => {
      let seen: unknown
      behaviour.create = async (event, next) => {
        for (const name of ['title', 'big', 'tags']) event.wanted.add(name)
        await next()
        seen = event.stored
      }
      await post('/items/article', [{ title: 'a', tags: ['x'] }, { big: 7 }, { title: 'b' }])
      const none = { title: null, big: null, tags: null }
      assert.deepEqual(seen, [
        { id: 1, ...none, title: 'a', tags: ['x'] },
        { id: 2, ...none, big: '7' },
        { id: 3, ...none, title: 'b' },
      ])
      behaviour.update = async (event, next) => {
        for (const name of ['title', 'tags', 'moment']) event.wanted.add(name)
        await next()
        seen = event.changes.map(({ keys, stored }) => ({ keys, stored }))
      }
      await host.api('PATCH', '/items/article', { body: { keys: [1, 9, 3], data: { moment: '2024-02-29T12:00:00+02:00' } } })
      const moment = '2024-02-29T10:00:00.000Z'
      const stored = [
        { id: 1, title: 'a', tags: ['x'], moment },
        { id: 3, title: 'b', tags: null, moment },
      ]
      assert.deepEqual(seen, [{ keys: [1, 3], stored }])
    })

    for (const [when, early] of [
      ['before', true],
      ['after', false],
    ] as const) {
      test(`one that throws ${when} next() undoes everything, its own writes too`, async () => {
        behaviour.create = async (event, next) => {
          await event.db.query(`insert into note values ('by the hook')`)
          if (!early) await next()
          throw problems.NOT_TODAY()
        }
        let told = 0
        behaviour.changed = async () => void told++
        const { status, code } = await post('/items/article', { title: 'a' })
        assert.deepEqual([status, code, await count('article'), await count('note'), told], [409, 'NOT_TODAY', 0, 0, 0])
      })
    }

    test('one that leaves out next() creates nothing, without a fault', async () => {
      behaviour.create = async () => {}
      assert.deepEqual((await post('/items/article', [{ title: 'a' }])).data, [])
      assert.equal(await count('article'), 0)
    })

    test('one that uses the Database instead of its transaction is stopped, nothing is kept', async () => {
      behaviour.create = async (_, next) => {
        await host.kernel.db.query(`insert into note values ('escaped')`)
        await next()
      }
      assert.equal((await post('/items/article', { title: 'a' })).status, 500)
      assert.deepEqual([await count('article'), await count('note')], [0, 0])
    })

    for (const [when, early] of [
      ['before', true],
      ['after', false],
    ] as const) {
      for (const [what, fail, code, collection] of [
        ['statement of its own', (db) => db.query(`insert into note values ('a'), ('a')`), 'RECORD_NOT_UNIQUE', 'note'],
        ['write', (db) => engine.create('note', [{ id: 'b' }, { id: 'b' }], { access: system, db }), 'RECORD_NOT_UNIQUE', 'note'],
        ['savepoint that went on', (db) => db.savepoint(() => twice(db)), undefined, undefined],
        ['statement that went on', twice, 'RECORD_NOT_UNIQUE', 'note'],
      ] as [string, (db: Transaction) => Promise<unknown>, string?, string?][])
        test(`one that says nothing of a ${what} that failed ${when} next(): the write answers what was wrong with that`, async () => {
          behaviour.create = async (event, next) => {
            if (event.table.name === 'note') return next()
            if (!early) await next()
            await fail(event.db).catch(() => {})
            if (early) await next()
          }
          const { status, code: told, body } = await post('/items/article', { title: 'a' })
          assert.deepEqual([status, told, body.errors?.[0].extensions.collection], [code ? 400 : 200, code, collection])
          assert.deepEqual([await count('article'), await count('note')], [code ? 0 : 1, 0])
        })
    }

    test('writes through the engine join the transaction', async () => {
      behaviour.create = async (event, next) => {
        await next()
        if (event.table.name !== 'article') return
        await engine.create('note', [{ id: 'joined' }], { access: event.access, db: event.db })
        throw problems.NOT_TODAY()
      }
      assert.equal((await post('/items/article', {})).status, 409)
      assert.deepEqual([await count('article'), await count('note')], [0, 0])
    })
  })

  test('a list may change one item as often as a body may hold sets of items, and no more', async () => {
    await post('/items/article', { title: 'a' })
    const often = (times: number) => Array.from({ length: times }, (_, n) => ({ id: 1, title: `${n + 1}` }))
    const tooOften = await host.api('PATCH', '/items/article', { body: often(201) })
    assert.deepEqual([tooOften.status, tooOften.code], [400, 'INVALID_PAYLOAD'])
    const { status, data } = await host.api('PATCH', '/items/article', { body: often(200) })
    assert.deepEqual([status, data.map((row: any) => row.title)], [200, ['200']])
  })

  describe('itemsChanged', () => {
    const told: [action: string, table: string, keys: readonly unknown[], rows: number][] = []
    beforeEach(() => {
      told.length = 0
      // What the Database itself sees is committed; inside the transaction asking it would throw.
      behaviour.changed = async ({ action, table, keys }) => void told.push([action, table.name, keys, await count(table.name)])
    })

    test('comes once for each create, update and delete, after commit', async () => {
      await post('/items/article', [{}, {}])
      await host.api('PATCH', '/items/article', { body: { keys: [1, 2, 9], data: { title: 'x' } } })
      await host.api('DELETE', '/items/article/2')
      assert.deepEqual(told, [
        ['create', 'article', [1, 2], 2],
        ['update', 'article', [1, 2], 2],
        ['delete', 'article', [2], 1],
      ])
    })

    test('tells keys as hooks left them, composite ones as paths spell them', async () => {
      await post('/items/page', { lang: 'de', slug: 'a,b', version: 1 })
      assert.deepEqual(told, [['create', 'page', ['de,a%2Cb,1'], 1]])
    })

    test('does not come for what was undone', async () => {
      await post('/items/author', [{ name: 'a' }, {}])
      await post('/items/author', [{ name: 'a' }, { name: 'b', mentor: 99 }])
      assert.deepEqual(told, [])
    })

    test('its failure leaves the write as it is', async () => {
      behaviour.changed = async () => {
        throw new Error('the mail server is away')
      }
      await post('/items/article', {})
      assert.equal(await count('article'), 1)
    })
  })

  describe('a write that the database wants anew', () => {
    test('runs again on a fresh copy of what was sent, and is told once', async () => {
      const rowsSeen: unknown[] = []
      let told = 0
      behaviour.changed = async () => void told++
      behaviour.create = async (event, next) => {
        rowsSeen.push(structuredClone(event.rows))
        event.rows[0]!.title = `${event.rows[0]!.title}!`
        await next()
        if (rowsSeen.length < 3) throw new DatabaseError('serialization failure', '40001')
      }
      const { status, data } = await post('/items/article', [{ title: 'a' }])
      assert.deepEqual([status, data[0].title, await count('article'), told], [200, 'a!', 1, 1])
      assert.deepEqual(rowsSeen, Array(3).fill([{ title: 'a' }]))
    })

    test('a patch too', async () => {
      await post('/items/article', { title: 'a', rating: 1 })
      let runs = 0
      behaviour.update = async ({ changes }, next) => {
        const { patch } = changes[0]!
        patch.rating = Number(patch.rating) + 1
        await next()
        if (++runs < 2) throw new DatabaseError('deadlock', '40P01')
      }
      assert.equal((await host.api('PATCH', '/items/article/1', { body: { rating: 5 } })).data.rating, 6)
    })

    test('after four runs it is a 503, and nothing is kept', async () => {
      let runs = 0
      behaviour.create = async (_, next) => {
        runs++
        await next()
        throw new DatabaseError('serialization failure', '40001')
      }
      const { status, code } = await post('/items/article', {})
      assert.deepEqual([status, code, runs, await count('article')], [503, 'SERVICE_UNAVAILABLE', 4, 0])
    })
  })

  describe('the engine in code', () => {
    test('reads and writes as the program itself', async () => {
      const caller: Caller = { access: system }
      assert.deepEqual(await engine.create('author', [{ name: 'a' }, { name: 'b' }], caller), [1, 2])
      assert.deepEqual(await engine.update('author', [1, 9], { name: 'x' }, caller), [1])
      assert.deepEqual(await engine.list('author', { fields: ['name'], sort: ['-id'] }, caller), [{ name: 'b' }, { name: 'x' }])
      assert.deepEqual(await engine.one('author', 1, 'fields=name', caller), { name: 'x' })
      assert.deepEqual(await engine.delete('author', [1, 2], caller), [1, 2])
      await assert.rejects(engine.one('author', 1, '', caller), { code: 'FORBIDDEN' })
      await assert.rejects(engine.list('nowhere', '', caller), { code: 'FORBIDDEN' })
    })

    test('what it is given stays as it was', async () => {
      behaviour.create = async (event, next) => {
        event.rows[0]!.title = 'changed'
        await next()
      }
      const row = Object.freeze({ title: 'a' })
      await engine.create('article', Object.freeze([row]), { access: system })
      assert.deepEqual(row, { title: 'a' })
    })
  })

  test('an answer that is too large is left out, the row stands', async () => {
    const small = await startLibrary({ env: { RESPONSE_MAX: '1kb' } })
    try {
      const { status, body } = await small.api('POST', '/items/note', { body: { id: 'a', body: 'x'.repeat(2000) } })
      assert.deepEqual([status, body, await small.kernel.db.text('select length(body) from note')], [204, null, '2000'])
    } finally {
      await small.close()
    }
  })

  test('a table without a key takes rows, but shows none by key', async () => {
    const made = await post('/items/log', { line: 'a' })
    assert.deepEqual([made.status, await count('log')], [204, 1])
    assert.equal((await host.api('PATCH', '/items/log/1', { body: { line: 'b' } })).status, 403)
    assert.equal((await host.api('DELETE', '/items/log', { body: ['a'] })).status, 403)
    assert.deepEqual((await host.api('GET', '/items/log')).data, [{ line: 'a' }])
  })

  test('a table of whatever name', async () => {
    const { status } = await host.api('DELETE', `/items/${encodeURIComponent(oddTable)}`, { body: [1] })
    assert.equal(status, 204)
  })
})

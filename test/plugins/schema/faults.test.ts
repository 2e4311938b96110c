/** A change of the schema happens as a whole or not at all, wherever it breaks off. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Database, Transaction } from 'plinth'
import { freshDatabase, type TestDatabase, testDrivers } from '../../database.ts'
import { startKernel, type TestHost } from '../../host.ts'

/** Statements within transactions until one fails; never, when it is 0. */
const fuse = { left: 0 }

/** Fails at the statement at which `fuse` burns down. */
function fragile(transaction: Transaction): Transaction {
  return new Proxy(transaction, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (!['query', 'text', 'execute'].includes(String(name))) return value.bind(target)
      return (...parameters: unknown[]) => {
        if (fuse.left > 0 && --fuse.left === 0) throw new Error('the fuse has burnt down')
        return value.apply(target, parameters)
      }
    },
  })
}

const wrap = (db: Database): Database =>
  new Proxy(db, {
    get(target, name) {
      if (name === 'transaction') return (work: (db: Transaction) => Promise<unknown>) => target.transaction((db) => work(fragile(db)))
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

const facts = [
  `select table_name, column_name, data_type, character_maximum_length, is_nullable, column_default from information_schema.columns
     where table_schema = 'public' order by 1, 2`,
  `select conrelid::regclass::text as "table", conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace order by 1, 2`,
  "select indexname from pg_indexes where schemaname = 'public' order by 1",
  'select * from directus_collections order by collection',
  'select * from directus_fields order by id',
  'select * from directus_relations order by id',
]

const fieldOf = (field: string, type: string, more: object = {}) => ({ field, type, schema: {}, meta: {}, ...more })

const model = [
  { collection: 'folder', schema: null, meta: {} },
  {
    collection: 'author',
    schema: {},
    meta: { group: 'folder' },
    fields: [fieldOf('name', 'string'), { field: 'books', type: 'alias', meta: { special: ['o2m'] } }],
  },
  {
    collection: 'book',
    schema: {},
    meta: { sort_field: 'rank' },
    fields: [fieldOf('title', 'string'), fieldOf('rank', 'integer'), fieldOf('author', 'integer')],
  },
]

/** Each leads on from the one before. */
const changes: [why: string, method: string, path: string, body?: unknown][] = [
  ['several collections', 'POST', '/collections', model],
  ['a relation', 'POST', '/relations', { collection: 'book', field: 'author', related_collection: 'author', meta: { one_field: 'books' } }],
  ['a field', 'POST', '/fields/book', fieldOf('price', 'decimal', { schema: { is_unique: true, is_indexed: true, comment: 'in euro' } })],
  [
    'settings of several collections',
    'PATCH',
    '/collections',
    [
      { collection: 'book', schema: { comment: 'x' }, meta: { note: 'x' } },
      { collection: 'author', meta: { sort: 1 } },
    ],
  ],
  [
    'several fields',
    'PATCH',
    '/fields/book',
    [
      { field: 'title', type: 'text', schema: {}, meta: { note: 'x' } },
      { field: 'price', schema: { is_unique: false } },
    ],
  ],
  ['what a foreign key does', 'PATCH', '/relations/book/author', { schema: { on_delete: 'CASCADE' }, meta: { sort_field: 'rank' } }],
  ['removing a field', 'DELETE', '/fields/book/rank'],
  ['removing a relation', 'DELETE', '/relations/book/author'],
  ['removing a collection', 'DELETE', '/collections/author'],
]

for (const driver of testDrivers) {
  describe(`a change on ${driver}`, () => {
    let host: TestHost
    let database: TestDatabase
    before(async () => {
      database = await freshDatabase(driver)
      host = await startKernel({ database, wrap })
    })
    after(async () => {
      await host.close()
      await database.drop()
    })

    const state = async () => {
      const rows = []
      for (const fact of facts) rows.push(await host.kernel.db.query(fact))
      return { rows, collections: (await host.api('GET', '/collections')).data, fields: (await host.api('GET', '/fields')).data }
    }

    for (const [why, method, path, body] of changes) {
      test(`${why}: nothing is kept wherever it breaks off`, async () => {
        const before = await state()
        let failures = 0
        for (let at = 1; ; at++) {
          fuse.left = at
          const { status } = await host.api(method, path, { body })
          const hasBurnt = fuse.left === 0
          fuse.left = 0
          if (!hasBurnt) {
            assert.ok(status < 300, `it works when nothing breaks: ${status}`)
            break
          }
          failures++
          assert.equal(status, 500)
          assert.deepEqual(await state(), before, `broken off at statement ${at}`)
        }
        assert.ok(failures > 2, `${failures} places to break off at`)
        assert.notDeepEqual((await state()).rows, before.rows)
      })
    }
  })
}

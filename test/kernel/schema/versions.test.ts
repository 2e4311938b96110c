/** Version rows: every change reaches every process, with notices and without. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Database, Listener } from '../../../kernel/database/database.ts'
import { openPostgres } from '../../../kernel/database/postgres.ts'
import { createLog } from '../../../kernel/log.ts'
import type { TableSpec } from '../../../kernel/schema/tables.ts'
import { createVersions, type RunningVersions, versionsTable } from '../../../kernel/schema/versions.ts'
import { freshDatabase, type TestDatabase, testDrivers } from '../../database.ts'
import { makeTables } from '../../made-tables.ts'

const log = createLog('silent', () => {})

const accounts: TableSpec = {
  name: 'accounts',
  columns: { id: 'integer', status: 'text', rights: 'json', seen: 'integer' },
  primaryKey: 'id',
  raises: { version: 'access', on: ['status', 'rights'] },
}
const models: TableSpec = {
  name: 'models',
  columns: { id: 'integer', note: 'text' },
  primaryKey: 'id',
  raises: { version: 'schema', on: 'any' },
}
const passes: TableSpec = {
  name: 'passes',
  columns: { id: 'integer', expires: 'integer' },
  primaryKey: 'id',
  raises: { version: 'passes', on: [], when: 'new.expires < old.expires', inserts: false },
}

async function prepare(db: Database) {
  await makeTables(db, [versionsTable, accounts, models, passes])
}

const versionOf = async (db: Database, name: string) =>
  Number((await db.text('select version::text from plinth.versions where name = $1', [name])) ?? 0)

/** Waits, at most 5 s, until it holds. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 5000
  while (!holds()) {
    if (Date.now() > end) assert.fail(`${what} did not come to be`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** [statement, whether it raises the version] */
const changes: [sql: string, version: 'access' | 'schema' | 'passes', raised: 0 | 1][] = [
  ["insert into accounts values (1, 'a', '{}', 0), (2, 'a', '{}', 0)", 'access', 1],
  ["update accounts set status = 'b' where id = 1", 'access', 1],
  [`update accounts set rights = '{"a":1}'`, 'access', 1],
  ['update accounts set status = null where id = 1', 'access', 1],
  ['update accounts set seen = 1', 'access', 0],
  ['update accounts set status = status, seen = 2', 'access', 0],
  ["begin; update accounts set status = 'c' where id = 1; update accounts set status = 'd' where id = 2; commit", 'access', 1],
  ["begin; update accounts set status = 'z'; rollback", 'access', 0],
  ['delete from accounts where id = 1', 'access', 1],
  ['delete from accounts where id = 1', 'access', 0],
  ['truncate accounts', 'access', 1],
  ["insert into models values (1, 'x')", 'schema', 1],
  ["update models set note = 'x'", 'schema', 1],
  ["insert into accounts values (1, 'a', '{}', 0)", 'schema', 0],
  ['insert into passes values (1, 10)', 'passes', 0],
  ['update passes set expires = 20', 'passes', 0],
  ['update passes set expires = 5', 'passes', 1],
  ['delete from passes', 'passes', 1],
]

for (const driver of testDrivers) {
  describe(`versions on ${driver}`, () => {
    let fresh: TestDatabase
    let db: Database
    let versions: RunningVersions
    let heard: string[] = []

    before(async () => {
      fresh = await freshDatabase(driver)
      db = fresh.db
      await prepare(db)
      versions = createVersions(db, log)
      await versions.start()
      for (const name of ['access', 'schema', 'passes']) versions.watch(name, () => void heard.push(name))
    })
    after(async () => {
      await versions?.stop()
      await fresh?.drop()
    })

    test('are raised by SQL that changes what matters, once a transaction', async () => {
      for (const [sql, name, raised] of changes) {
        const was = await versionOf(db, name)
        heard = []
        await db.execute(sql)
        assert.equal((await versionOf(db, name)) - was, raised, sql)
        if (raised) await until(() => heard.includes(name), `a notice of: ${sql}`)
        else assert.ok(!heard.includes(name), sql)
      }
    })

    test('are raised at commit, not before and not after a rollback', async () => {
      const was = await versionOf(db, 'schema')
      const told = () => heard.filter((name) => name === 'schema') // notices of earlier changes to access may still be on their way
      heard = []
      await db.transaction(async (transaction) => {
        await versions.raise(transaction, 'schema')
        await versions.raise(transaction, 'schema')
        assert.deepEqual(told(), [])
      })
      await until(() => told().length > 0, 'a notice')
      assert.deepEqual(told(), ['schema'])
      assert.ok((await versionOf(db, 'schema')) > was)
      const now = await versionOf(db, 'schema')
      const abandoned = db.transaction(async (transaction) => {
        await versions.raise(transaction, 'schema')
        throw new Error('undone')
      })
      await assert.rejects(abandoned, /undone/)
      assert.equal(await versionOf(db, 'schema'), now)
    })

    test('cost nothing while notices arrive', () => {
      assert.equal(versions.isHealthy, true)
      assert.equal(versions.current(), undefined)
    })
  })
}

/** A Database of nothing but version rows and a listener in our hands. */
function fake() {
  const rows = new Map<string, number>()
  const state = { reads: 0, listener: undefined as Listener | undefined, fails: false }
  const db = {
    async query() {
      state.reads++
      await Promise.resolve()
      if (state.fails) throw new Error('the database is away')
      return [...rows].map(([name, version]) => ({ name, version: String(version) }))
    },
    async listen(_: string, listener: Listener) {
      state.listener = listener
      listener.ready()
      return async () => {}
    },
  } as unknown as Database
  return { db, rows, state }
}

describe('versions without notices', () => {
  test('empty all caches, then read the rows and wake whom they concern', async () => {
    const { db, rows, state } = fake()
    rows.set('access', 1).set('schema', 1)
    const versions = createVersions(db, log)
    const calls = { access: 0, schema: 0 }
    versions.watch('access', () => void calls.access++)
    versions.watch('schema', () => void calls.schema++)
    await versions.start()
    await versions.current()
    assert.equal(versions.current(), undefined)
    assert.deepEqual([state.reads, calls], [0, { access: 1, schema: 1 }])

    state.listener!.lost()
    assert.deepEqual([versions.isHealthy, calls], [false, { access: 2, schema: 2 }])
    await versions.current()
    assert.deepEqual([state.reads, calls], [1, { access: 3, schema: 3 }], 'what was cached since may have been read before')
    await versions.current()
    assert.deepEqual([state.reads, calls], [2, { access: 3, schema: 3 }])
    rows.set('access', 2)
    await Promise.all([versions.current(), versions.current(), versions.current(), versions.current()])
    assert.equal(state.reads, 4, 'one under way, one shared by the rest')
    assert.deepEqual(calls, { access: 4, schema: 3 })

    state.listener!.ready()
    await versions.current()
    assert.deepEqual(calls, { access: 5, schema: 4 })
    assert.equal(versions.current(), undefined)
    assert.equal(state.reads, 4)
  })

  test('refuse to go on while the rows cannot be read', async () => {
    const { db, state } = fake()
    const versions = createVersions(db, log)
    await versions.start()
    state.listener!.lost()
    state.fails = true
    await assert.rejects(Promise.resolve(versions.current()), /away/)
    state.fails = false
    await versions.current()
  })
})

describe('versions and slow caches', () => {
  test('a request after a notice waits for the new state', async () => {
    const { db, state } = fake()
    const versions = createVersions(db, log)
    await versions.start()
    const ends: (() => void)[] = []
    let done = 0
    versions.watch('schema', () => new Promise<void>((resolve) => ends.push(resolve)).then(() => void done++))
    state.listener!.message('schema')
    state.listener!.message('schema')
    state.listener!.message('schema')
    const waiting = versions.current()!
    assert.ok(waiting instanceof Promise)
    ends[0]!()
    await until(() => ends.length === 2, 'a second reading')
    assert.equal(done, 1)
    ends[1]!()
    await waiting
    assert.deepEqual([done, ends.length, versions.current()], [2, 2, undefined])
  })

  test('a cache that failed is tried again by the next request, which fails with it', async () => {
    const { db, state } = fake()
    const lines: string[] = []
    const versions = createVersions(
      db,
      createLog('error', (line) => lines.push(line)),
    )
    await versions.start()
    let fails = true
    versions.watch('schema', async () => {
      if (fails) throw new Error('no reading')
    })
    state.listener!.message('schema')
    await until(() => lines.length === 1, 'a line in the log')
    await assert.rejects(Promise.resolve(versions.current()), /no reading/)
    fails = false
    await versions.current()
    assert.equal(versions.current(), undefined)
  })

  test('touch() wakes at once', async () => {
    const { db } = fake()
    const versions = createVersions(db, log)
    await versions.start()
    let calls = 0
    versions.watch('access', () => void calls++)
    versions.touch('access')
    assert.equal(calls, 1)
    await versions.current()
  })
})

describe('versions on PostgreSQL', { skip: !testDrivers.includes('postgres') }, () => {
  test('a lost listener leaves no change unseen, and comes back', async () => {
    const fresh = await freshDatabase('postgres')
    const versions = createVersions(fresh.db, log)
    try {
      await prepare(fresh.db)
      await versions.start()
      let cached = true
      versions.watch('access', () => {
        cached = false
      })
      await versions.current()
      for (let round = 0; round < 3; round++) {
        await fresh.db.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and datname = current_database()",
        )
        cached = true
        await fresh.db.execute(`insert into accounts values (${round}, 'a', '{}', 0)`)
        await until(() => !versions.isHealthy || !cached, 'the loss')
        await versions.current()
        assert.equal(cached, false)
        await until(() => versions.isHealthy, 'a new listener')
      }
    } finally {
      await versions.stop()
      await fresh.drop()
    }
  })

  test('a role with rights on the table alone raises them; many at once never fail', async () => {
    const fresh = await freshDatabase('postgres')
    const role = `plinth_test_${crypto.randomUUID().slice(0, 8)}`
    const other = openPostgres({ url: Object.assign(new URL(fresh.url!), { username: role }).href, poolSize: 8 })
    try {
      await prepare(fresh.db)
      await fresh.db.execute(`create role ${role} login; grant select, insert, update, delete on accounts, models to ${role}`)
      await other.execute("insert into accounts select n, 'a', '{}', 0 from generate_series(1, 20) n")
      const was = await versionOf(fresh.db, 'access')
      // Each holds its rows a moment, in an order of its own: a version row that were locked on the way would deadlock them.
      const swap = (a: number, b: number) =>
        other.transaction(async (transaction) => {
          await transaction.query("update accounts set status = status || 'x' where id = $1", [a])
          await transaction.query('select pg_sleep(0.02)')
          await transaction.query('insert into models values ($1)', [b])
          await transaction.query("update accounts set status = status || 'x' where id = $1", [a + 10])
        })
      await Promise.all(Array.from({ length: 8 }, (_, i) => swap(i + 1, i + 1)))
      assert.equal((await versionOf(fresh.db, 'access')) - was, 8)
      await assert.rejects(other.query('select * from plinth.versions'), /permission denied/)
    } finally {
      await other.close()
      await fresh.db.execute(`drop owned by ${role} cascade; drop role ${role}`)
      await fresh.drop()
    }
  })
})

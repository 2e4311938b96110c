/** What only a real PostgreSQL server can show: conflicts between connections, timeouts, cancelling, and the server going away. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Database, Transaction } from '../../../kernel/database/database.ts'
import { openPostgres, type PostgresOptions } from '../../../kernel/database/postgres.ts'
import { freshDatabase, type TestDatabase, testDrivers } from '../../database.ts'
import { sleep, slow, startProxy, type TestProxy, until } from './proxy.ts'

const skip = testDrivers.includes('postgres') ? false : 'TEST_DATABASE_URL is not set'

describe('openPostgres()', { skip }, () => {
  let fresh: TestDatabase
  let url: string

  before(async () => {
    fresh = await freshDatabase('postgres')
    url = fresh.url!
    await fresh.db.execute(
      `create table account (id integer primary key, balance integer not null); insert into account values (1, 100), (2, 100)`,
    )
  })
  after(() => fresh?.drop())

  /** A Database of its own, closed when `work` is done. */
  async function withDatabase(options: Partial<PostgresOptions>, work: (db: Database) => Promise<void>): Promise<void> {
    const db = openPostgres({ url, ...options })
    try {
      await work(db)
    } finally {
      await db.close()
    }
  }

  async function withProxy(work: (proxy: TestProxy) => Promise<void>): Promise<void> {
    const proxy = await startProxy(url)
    try {
      await work(proxy)
    } finally {
      await proxy.close()
    }
  }

  describe('transaction() runs again', () => {
    test('after a serialization failure', async () => {
      await withDatabase({}, async (db) => {
        let runs = 0
        const meet = meeting(2)
        const withdraw = () =>
          db.transaction(async (tx) => {
            runs++
            await tx.execute('set transaction isolation level serializable')
            const total = Number(await tx.text('select sum(balance) from account'))
            await meet()
            await tx.query('update account set balance = $1 where id = 1', [total - 100])
          })
        await Promise.all([withdraw(), withdraw()])
        assert.ok(runs >= 3, `${runs} runs`)
      })
    })

    test('after a deadlock', async () => {
      await withDatabase({}, async (db) => {
        let runs = 0
        const meet = meeting(2)
        const touch = (tx: Transaction, id: number) => tx.query('update account set balance = balance + 1 where id = $1', [id])
        const both = (first: number, second: number) =>
          db.transaction(async (tx) => {
            runs++
            await touch(tx, first)
            await meet()
            await touch(tx, second)
          })
        await Promise.all([both(1, 2), both(2, 1)])
        assert.equal(runs, 3)
      })
    })

    test('three times, then gives up', async () => {
      await withDatabase({}, async (db) => {
        let runs = 0
        const work = db.transaction(async (tx) => {
          runs++
          await tx.execute(`do $$ begin raise exception 'again' using errcode = '40001'; end $$`)
        })
        await assert.rejects(work, { state: '40001' })
        assert.equal(runs, 4)
        assert.equal(await db.text('select 1'), '1')
      })
    })

    test('when a prepared statement met an altered table', async () => {
      await withDatabase({ poolSize: 1 }, async (db) => {
        await db.execute('create table changing (a integer); insert into changing values (1)')
        for (let use = 0; use < 3; use++) await db.query('select * from changing')
        await db.execute('alter table changing add b integer')
        assert.deepEqual(await db.transaction((tx) => tx.query('select * from changing')), [{ a: 1, b: null }])
      })
    })
  })

  describe('a statement is stopped', () => {
    for (const pooler of [false, true]) {
      test(`after the statement timeout${pooler ? ', behind a pooler' : ''}`, async () => {
        await withDatabase({ statementTimeout: 400, pooler }, async (db) => {
          const started = Date.now()
          await assert.rejects(db.query('select pg_sleep(20)'), { state: '57014' })
          assert.ok(Date.now() - started < 3000)
          assert.equal(await db.text('select 1'), '1')
        })
      })
    }

    test('soon after nobody waits for it any more, and its connection goes on', async () => {
      await withDatabase({ poolSize: 1 }, async (db) => {
        let gone = false
        setTimeout(() => {
          gone = true
        }, 300)
        const started = Date.now()
        await assert.rejects(db.text('select pg_sleep(20)', [], { gone: () => gone }), { state: '57014' })
        assert.ok(Date.now() - started < 3000)
        for (let i = 0; i < 20; i++) assert.equal(await db.text('select 1'), '1')
        await until(
          async () =>
            (await fresh.db.text(`select count(*) from pg_stat_activity where query like '%pg_sleep(20)%' and state = 'active'`)) === '1',
        )
      })
    })

    test('in a transaction too, which is rolled back', async () => {
      await withDatabase({ poolSize: 1 }, async (db) => {
        const work = db.transaction(async (tx) => {
          await tx.execute('create table half_made (a integer)')
          await tx.query('select pg_sleep(20)', [], { gone: () => true })
        })
        await assert.rejects(work, { state: '57014' })
        assert.equal(await db.text(`select to_regclass('half_made')`), null)
      })
    })

    test('while it still waits for a connection', async () => {
      await withDatabase({ poolSize: 1 }, async (db) => {
        const slow = db.text(`select 'done' from pg_sleep(1)`)
        const started = Date.now()
        await assert.rejects(db.text('select 1', [], { gone: () => true }), { state: '57014' })
        assert.ok(Date.now() - started < 900)
        assert.equal(await slow, 'done')
      })
    })

    test('when no connection becomes free in time', async () => {
      await withDatabase({ poolSize: 1, statementTimeout: 500 }, async (db) => {
        const held = db.transaction(async () => sleep(1500))
        await assert.rejects(db.text('select 1'), { state: '53300', unavailable: true })
        await held
        assert.equal(await db.text('select 1'), '1')
      })
    })
  })

  describe('prepared statements', () => {
    const prepared = (db: Database) =>
      db.query<{ statement: string; n: number }>('select statement, (generic_plans + custom_plans)::int as n from pg_prepared_statements')

    test('are made from the second use on', async () => {
      await withDatabase({ poolSize: 1 }, async (db) => {
        await db.query('select $1::int as once', [1])
        for (let use = 0; use < 4; use++) await db.query('select $1::int as often', [use])
        const found = await prepared(db)
        assert.deepEqual(found, [{ statement: 'select $1::int as often', n: 3 }])
      })
    })

    test('are not made of what is to be planned with its values in sight', async () => {
      await withDatabase({ poolSize: 1 }, async (db) => {
        for (let use = 0; use < 4; use++) await db.text('select $1::int as anew', [use], { replan: true })
        for (let use = 0; use < 4; use++) await db.query('select $1::int as anew, 1 as more', [use], { replan: true })
        assert.deepEqual(await prepared(db), [])
      })
    })

    test('are never more than allowed on a connection', async () => {
      await withDatabase({ poolSize: 1, preparedStatements: 5 }, async (db) => {
        for (let i = 0; i < 40; i++) for (let use = 0; use < 3; use++) await db.text(`select ${i}`)
        for (let i = 0; i < 40; i++) await db.transaction((tx) => tx.text(`select ${i}`))
        assert.equal((await prepared(db)).length, 5)
      })
    })

    test('are forgotten when the schema has changed', async () => {
      await withDatabase({ poolSize: 1 }, async (db) => {
        const insert = () => db.query('insert into moment values ($1) returning at', ['2024-01-02 03:04:05'])
        await db.execute('create table moment (at date)')
        for (let use = 0; use < 3; use++) assert.deepEqual(await insert(), [{ at: '2024-01-02' }])
        await db.execute('alter table moment alter at type timestamp')
        db.forgetStatements()
        assert.deepEqual(await insert(), [{ at: '2024-01-02 03:04:05' }])
      })
    })

    test('are not used behind a pooler', async () => {
      await withDatabase({ poolSize: 1, pooler: true }, async (db) => {
        for (let use = 0; use < 4; use++) await db.query('select $1::int', [use])
        assert.deepEqual(await prepared(db), [])
      })
    })
  })

  describe('the server goes away', () => {
    const downs: [mode: 'refuse' | 'slam', why: string][] = [
      ['refuse', 'nobody listens'],
      ['slam', 'connections are accepted and closed'],
    ]
    for (const [mode, why] of downs) {
      test(`${why}: quick failures, and it heals by itself`, async () => {
        await withProxy(async (proxy) => {
          await withDatabase({ url: proxy.url }, async (db) => {
            assert.equal(await db.text('select 1'), '1')
            await proxy.become(mode)
            proxy.cut()
            for (let i = 0; i < 5; i++) {
              const started = Date.now()
              const results = await Promise.allSettled(Array.from({ length: 20 }, () => db.text('select 1')))
              for (const result of results) {
                assert.ok(result.status === 'rejected')
                assert.equal(result.reason.state, '08006')
                assert.equal(result.reason.unavailable, true)
              }
              assert.ok(Date.now() - started < 1000)
            }
            await proxy.become('open')
            assert.equal(await db.text('select 1'), '1')
          })
        })
      })
    }

    test('nothing answers: fails within the connect timeout', slow, async () => {
      await withProxy(async (proxy) => {
        await proxy.become('silent')
        await withDatabase({ url: proxy.url, silence: 1000 }, async (db) => {
          const started = Date.now()
          await assert.rejects(db.text('select 1'), { state: '08006' })
          assert.ok(Date.now() - started < 3000)
          await proxy.become('open')
          assert.equal(await db.text('select 1'), '1')
        })
      })
    })

    test('a connection falls silent in mid-statement: given up after the timeout and a grace', slow, async () => {
      await withProxy(async (proxy) => {
        await withDatabase({ url: proxy.url, statementTimeout: 500, silence: 1000, poolSize: 1 }, async (db) => {
          assert.equal(await db.text('select 1'), '1')
          await proxy.become('silent')
          await assert.rejects(db.text('select 1'), { state: '08006' })
          await proxy.become('open')
          assert.equal(await db.text('select 1'), '1')
        })
      })
    })

    test('a connection falls silent before COMMIT', slow, async () => {
      await withProxy(async (proxy) => {
        await withDatabase({ url: proxy.url, statementTimeout: 500, silence: 1000, poolSize: 1 }, async (db) => {
          const work = db.transaction(async (tx) => {
            await tx.text('select 1')
            await proxy.become('silent')
          })
          await assert.rejects(work, { state: '08006' })
        })
      })
    })

    test('in a transaction: it fails as a whole, and nothing escapes to a new connection', async () => {
      await withProxy(async (proxy) => {
        await withDatabase({ url: proxy.url, poolSize: 1 }, async (db) => {
          await fresh.db.execute('create table kept (a integer)')
          const work = db.transaction(async (tx) => {
            await tx.query('insert into kept values (1)')
            proxy.cut()
            await tx.query('insert into kept values (2)').catch(() => {})
            await sleep(50)
            await tx.query('insert into kept values (3)').catch(() => {})
          })
          await assert.rejects(work, { state: '08006' })
          assert.equal(await db.text('select count(*) from kept'), '0')
        })
      })
    })

    test('backends are terminated: idle ones go unnoticed, busy ones fail as unavailable', async () => {
      await withDatabase({ poolSize: 3 }, async (db) => {
        const terminate = () =>
          fresh.db.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
          )
        await Promise.all([1, 2, 3].map(() => db.text('select pg_sleep(0.05)')))
        await terminate()
        await sleep(50)
        assert.deepEqual(await Promise.all([1, 2, 3].map(() => db.text('select 1'))), ['1', '1', '1'])

        const busy = assert.rejects(db.text('select pg_sleep(20)'), { state: '08006', unavailable: true })
        await sleep(100)
        await terminate()
        await busy
        await sleep(50)
        assert.equal(await db.text('select 1'), '1')
      })
    })

    test('wrong password, wrong database, wrong host', async () => {
      const wrong: [(url: URL) => unknown, string][] = [
        [(url) => Object.assign(url, { pathname: '/no_such_database' }), '3D000'],
        [(url) => Object.assign(url, { username: 'no_such_role' }), '28000'],
        [(url) => Object.assign(url, { hostname: 'no-such-host.invalid' }), '08006'],
      ]
      for (const [change, state] of wrong) {
        const target = new URL(url)
        change(target)
        await withDatabase({ url: target.href }, async (db) => {
          for (let i = 0; i < 2; i++) await assert.rejects(db.text('select 1'), { state })
        })
      }
    })
  })

  describe('listen()', () => {
    function recorder() {
      const heard: string[] = []
      const states: string[] = []
      return {
        heard,
        states,
        message: (payload: string) => void heard.push(payload),
        ready: () => void states.push('ready'),
        lost: () => void states.push('lost'),
      }
    }

    test('tells when notifications may be missed, and listens again', async () => {
      await withProxy(async (proxy) => {
        await withDatabase({ directUrl: proxy.url }, async (db) => {
          const listener = recorder()
          await db.listen('news', listener)
          proxy.cut()
          await until(() => listener.states.length === 3)
          assert.deepEqual(listener.states, ['ready', 'lost', 'ready'])

          await proxy.become('refuse')
          await until(() => listener.states.length === 4)
          await sleep(500)
          await proxy.become('open')
          await until(() => listener.states.length === 5)
          assert.deepEqual(listener.states.slice(3), ['lost', 'ready'])
          await db.notify('news', 'back')
          await until(() => listener.heard.includes('back'))
        })
      })
    })

    test('starts lost when the server is away, and becomes ready by itself', async () => {
      await withProxy(async (proxy) => {
        await proxy.become('refuse')
        await withDatabase({ directUrl: proxy.url }, async (db) => {
          const [first, second] = [recorder(), recorder()]
          await db.listen('a', first)
          const stop = await db.listen('b', second)
          assert.equal(first.states[0], 'lost')
          await proxy.become('open')
          await until(() => first.states.at(-1) === 'ready' && second.states.at(-1) === 'ready')
          await db.notify('b', 'heard')
          await until(() => second.heard.includes('heard'))
          await stop()
        })
      })
    })

    test('finds out that its connection is half open', slow, async () => {
      await withProxy(async (proxy) => {
        await withDatabase({ directUrl: proxy.url, heartbeat: 300, silence: 1000 }, async (db) => {
          const listener = recorder()
          await db.listen('news', listener)
          await proxy.become('silent')
          await until(() => listener.states.includes('lost'), 10_000)
          await proxy.become('open')
          await until(() => listener.states.at(-1) === 'ready', 15_000)
        })
      })
    })

    test('closing ends it while it waits for the server', async () => {
      await withProxy(async (proxy) => {
        await proxy.become('refuse')
        const db = openPostgres({ url: proxy.url })
        await db.listen('news', recorder())
        const started = Date.now()
        await db.close()
        assert.ok(Date.now() - started < 2000)
      })
    })
  })

  test('names without a schema are looked for in the schemas served; where that is public, as the server has it', async () => {
    const pathOf = async (schemas?: readonly string[]) => {
      let path: unknown
      await withDatabase({ schemas }, async (db) => {
        path = await db.text('show search_path')
      })
      return path
    }
    assert.equal(await pathOf(['odd "one"', 'public']), '"odd ""one""", "public"')
    assert.equal(await pathOf(['public', 'other']), await pathOf())
  })

  test('opening sends nothing', async () => {
    await withProxy(async (proxy) => {
      await withDatabase({ url: proxy.url }, async () => sleep(50))
      assert.equal(proxy.accepted(), 0)
    })
  })

  test('the session is set the same whatever the database is set to', async () => {
    const name = new URL(url).pathname.slice(1)
    await fresh.db.execute(
      `alter database ${name} set timezone = 'Asia/Tokyo'; alter database ${name} set datestyle = 'SQL, DMY'; alter database ${name} set bytea_output = 'escape'`,
    )
    await withDatabase({}, async (db) => {
      assert.deepEqual(await db.query(`select timestamptz '2024-01-02 03:04:05Z' as at, '\\xff'::bytea as bytes`), [
        { at: '2024-01-02 03:04:05+00', bytes: new Uint8Array([255]) },
      ])
      assert.equal(await db.text(`select current_setting('application_name')`), 'plinth')
    })
  })

  test('many more statements than connections', async () => {
    await withDatabase({ poolSize: 3 }, async (db) => {
      const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => db.text('select $1::int', [i])))
      assert.deepEqual(
        answers,
        Array.from({ length: 500 }, (_, i) => String(i)),
      )
      assert.ok(Number(await fresh.db.text(`select count(*) from pg_stat_activity where datname = current_database()`)) <= 3 + 10)
    })
  })

  test('text() of a large answer', async () => {
    assert.equal((await fresh.db.text(`select repeat('ü', 20000000)`))?.length, 20_000_000)
  })
})

/** Resolves once `count` callers have come, the first time; later callers pass. */
function meeting(count: number): () => Promise<void> {
  let come = 0
  let open = () => {}
  const all = new Promise<void>((resolve) => {
    open = resolve
  })
  return async () => {
    if (++come === count) open()
    await all
  }
}

/** Behind a real PgBouncer in transaction mode (Debian's package `pgbouncer`). */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Database } from '../../../kernel/database/database.ts'
import { openPostgres, type PostgresOptions } from '../../../kernel/database/postgres.ts'
import { freshDatabase, type TestDatabase, testDrivers } from '../../database.ts'
import { sleep, slow, until } from './proxy.ts'

const binary = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find((path) => existsSync(path))
const skip = testDrivers.includes('postgres') ? (binary ? false : 'pgbouncer is not installed') : 'TEST_DATABASE_URL is not set'

describe('openPostgres() behind PgBouncer in transaction mode', { skip }, () => {
  let fresh: TestDatabase
  let bouncer: { process: ChildProcess; url: string; folder: string }

  before(async () => {
    fresh = await freshDatabase('postgres')
    bouncer = await startBouncer(fresh.url!)
  })
  after(async () => {
    bouncer?.process.kill()
    if (bouncer) rmSync(bouncer.folder, { recursive: true })
    await fresh?.drop()
  })

  async function withDatabase(options: Partial<PostgresOptions>, work: (db: Database) => Promise<void>): Promise<void> {
    const db = openPostgres({ url: bouncer.url, pooler: true, ...options })
    try {
      await work(db)
    } finally {
      await db.close()
    }
  }

  test('more clients than server connections, statements used again and again', async () => {
    await withDatabase({ poolSize: 20 }, async (db) => {
      const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => db.text('select $1::int', [i])))
      assert.deepEqual(
        answers,
        Array.from({ length: 300 }, (_, i) => String(i)),
      )
      const rows = await db.query(`select timestamptz '2024-01-02 03:04:05Z' as at, $1::jsonb as json`, ['{"a":1}'])
      assert.deepEqual(rows, [{ at: '2024-01-02 03:04:05+00', json: { a: 1 } }])
    })
  })

  test('transactions keep to one server connection', async () => {
    await withDatabase({ poolSize: 20 }, async (db) => {
      await db.execute('create table item (id integer primary key)')
      await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          db
            .transaction(async (tx) => {
              await tx.query('insert into item values ($1)', [i])
              await tx.savepoint(() => tx.query('insert into item values ($1)', [i])).catch(() => {})
              if (i % 2 === 1) throw new Error('odd')
            })
            .catch(() => {}),
        ),
      )
      assert.equal(await db.text('select count(*) from item where id % 2 = 0'), '20')
      assert.equal(await db.text('select count(*) from item'), '20')
    })
  })

  test('the statement timeout is kept by cancelling', async () => {
    await withDatabase({ statementTimeout: 400 }, async (db) => {
      await assert.rejects(db.text('select pg_sleep(20)'), { state: '57014' })
      assert.equal(await db.text('select 1'), '1')
      const stillRuns = `select count(*) from pg_stat_activity where query = 'select pg_sleep(20)' and state = 'active'`
      await until(async () => (await fresh.db.text(stillRuns)) === '0')
    })
  })

  test('a statement that nobody waits for is cancelled', async () => {
    await withDatabase({}, async (db) => {
      await assert.rejects(db.text('select pg_sleep(20)', [], { gone: () => true }), { state: '57014' })
    })
  })

  test('LISTEN works over the direct address', async () => {
    await withDatabase({ directUrl: fresh.url! }, async (db) => {
      const heard: string[] = []
      const states: string[] = []
      await db.listen('news', {
        message: (text) => void heard.push(text),
        ready: () => void states.push('ready'),
        lost: () => void states.push('lost'),
      })
      await db.notify('news', 'hello')
      await until(() => heard.length === 1)
      assert.deepEqual([heard, states], [['hello'], ['ready']])
    })
  })

  test('LISTEN through the pooler is found not to work', slow, async () => {
    await withDatabase({ silence: 1000 }, async (db) => {
      const states: string[] = []
      await db.listen('news', { message() {}, ready: () => void states.push('ready'), lost: () => void states.push('lost') })
      assert.deepEqual(states, ['lost'])
    })
  })

  test('PgBouncer goes away and comes back', async () => {
    await withDatabase({}, async (db) => {
      assert.equal(await db.text('select 1'), '1')
      bouncer.process.kill('SIGKILL')
      await sleep(100)
      await assert.rejects(db.text('select 1'), { state: '08006' })
      bouncer.process = await runBouncer(bouncer.folder, Number(new URL(bouncer.url).port))
      assert.equal(await db.text('select 1'), '1')
    })
  })
})

async function startBouncer(url: string): Promise<{ process: ChildProcess; url: string; folder: string }> {
  const { hostname, port, username, pathname } = new URL(url)
  const folder = mkdtempSync(join(tmpdir(), 'plinth-pgbouncer-'))
  const listenPort = await freePort()
  const password = decodeURIComponent(new URL(url).password)
  writeFileSync(join(folder, 'users.txt'), `"${username}" "${password}"\n`)
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=${hostname} port=${port || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = ${password ? 'plain' : 'trust'}
auth_file = ${folder}/users.txt
pool_mode = transaction
default_pool_size = 4
`,
  )
  chmodSync(folder, 0o755)
  return {
    process: await runBouncer(folder, listenPort),
    url: `postgres://${new URL(url).username}${password ? `:${new URL(url).password}` : ''}@127.0.0.1:${listenPort}${pathname}`,
    folder,
  }
}

/** PgBouncer refuses to run as root: as `nobody` then. */
async function runBouncer(folder: string, port: number): Promise<ChildProcess> {
  const isRoot = process.getuid?.() === 0
  const ids = isRoot ? { uid: Number(execFileSync('id', ['-u', 'nobody'])), gid: Number(execFileSync('id', ['-g', 'nobody'])) } : {}
  const child = spawn(binary!, ['-q', join(folder, 'pgbouncer.ini')], { ...ids, stdio: 'ignore' })
  await until(() => answers(port))
  return child
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })

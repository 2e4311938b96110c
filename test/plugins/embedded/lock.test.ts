/** Processes that meet in one data folder. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Transaction } from '../../../kernel/database/database.ts'
import { lockFolder } from '../../../plugins/embedded/lock.node.ts'
import { openPGlite } from '../../../plugins/embedded/pglite.node.ts'
import { testDrivers } from '../../database.ts'
import { slow, until } from '../../kernel/database/proxy.ts'

const runtime: string[] = 'Deno' in globalThis ? ['run', '-A', '--no-check'] : []
const writerPath = fileURLToPath(new URL('./writer.ts', import.meta.url))

interface Writer {
  readonly process: ChildProcess
  readonly lines: string[]
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>
}

function startWriter(dataDir: string, rows: number): Writer {
  const child = spawn(process.execPath, [...runtime, writerPath, dataDir, String(rows)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
  })
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? ''))
  })
  return { process: child, lines, ended }
}

describe('a data folder', { skip: !testDrivers.includes('pglite') }, () => {
  let root: string
  let count = 0
  const folder = () => join(root, String(++count))

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'plinth-lock-'))
  })
  after(() => rmSync(root, { recursive: true, force: true }))

  test('two processes cannot lose rows: the second is refused, and finds every confirmed row once the first was killed', slow, async () => {
    const dataDir = folder()
    const first = startWriter(dataDir, 1_000_000)
    await until(() => first.lines.length > 20, 30_000)

    const second = startWriter(dataDir, 5)
    assert.equal(await second.ended, 1)
    assert.equal(second.lines.length, 1)
    assert.match(second.lines[0]!, new RegExp(`refused: The data folder .* is in use by process ${first.process.pid}: stop that first`))

    first.process.kill('SIGKILL')
    await first.ended
    const confirmed = first.lines.filter((line) => /^\d+$/.test(line)).map(Number)
    assert.ok(confirmed.length > 20)

    const third = startWriter(dataDir, 5)
    assert.equal(await third.ended, 0)
    assert.equal(third.lines.at(-1), 'closed')

    const db = await openPGlite({ dataDir })
    const kept = new Set((await db.query<{ id: number }>('select id from entry')).map((row) => row.id))
    await db.close()
    assert.deepEqual(
      confirmed.filter((id) => !kept.has(id)),
      [],
    )
    assert.deepEqual(readdirSync(dataDir), ['pglite'])
  })

  test('killed during its first start: the next start finds a whole database', slow, async () => {
    const dataDir = folder()
    const first = startWriter(dataDir, 0)
    await until(() => existsSync(dataDir) && readdirSync(dataDir).some((name) => name.startsWith('pglite')), 30_000)
    first.process.kill('SIGKILL')
    await first.ended
    const db = await openPGlite({ dataDir })
    assert.equal(await db.text('select 1'), '1')
    await db.close()
    assert.deepEqual(readdirSync(dataDir), ['pglite'])
  })

  test('of ten that try at once, one gets it', async () => {
    const dataDir = folder()
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => lockFolder(dataDir)))
    const won = tries.filter((result) => result.status === 'fulfilled')
    assert.equal(won.length, 1)
    await won[0]!.value.release()
    assert.deepEqual(readdirSync(dataDir), [])
  })

  interface Found {
    pid?: number
    started?: string
    host?: string
  }
  const nameOf = ({ pid = process.pid, started = '', host = hostname() }: Found) =>
    `plinth.${pid}.${started}.${randomUUID()}.${encodeURIComponent(host)}.lock`
  const gone = 2 ** 22 + 1
  /** [what is found there, its age in s, who holds it] */
  const found: [string, Found, number, RegExp | null][] = [
    ['a living process', { pid: process.ppid }, 0, /in use by process \d+:/],
    ['a process that is no more', { pid: gone }, 0, null],
    ['our own number, from before a restart', {}, 0, null],
    ...(existsSync('/proc/self/stat')
      ? [['a number that another process has now', { pid: process.ppid, started: '1' }, 0, null] as [string, Found, number, null]]
      : []),
    ['another host, lately', { host: 'else/where.example' }, 30, /in use by process \d+ on else\/where\.example:/],
    ['another host, long ago', { host: 'elsewhere' }, 61, null],
  ]
  test('a lock that is found there', async (t) => {
    for (const [what, holder, age, refusal] of found) {
      await t.test(`of ${what} ${refusal ? 'counts' : 'is taken over'}`, async () => {
        const dataDir = folder()
        mkdirSync(dataDir)
        const name = nameOf(holder)
        writeFileSync(join(dataDir, name), '')
        const then = new Date(Date.now() - age * 1000)
        utimesSync(join(dataDir, name), then, then)
        if (refusal) {
          await assert.rejects(lockFolder(dataDir), refusal)
          return assert.deepEqual(readdirSync(dataDir), [name])
        }
        const lock = await lockFolder(dataDir)
        await assert.rejects(lockFolder(dataDir), /in use by this process/)
        await lock.release()
        assert.deepEqual(readdirSync(dataDir), [])
      })
    }
  })

  test('of several processes that take over a stale lock at once, one gets it', slow, async () => {
    const dataDir = folder()
    const made = startWriter(dataDir, 0)
    assert.equal(await made.ended, 0)
    writeFileSync(join(dataDir, nameOf({ pid: gone })), '')
    const writers = Array.from({ length: 3 }, () => startWriter(dataDir, 1_000_000))
    const losers = await Promise.race([
      Promise.all(writers.map((writer) => writer.ended)),
      until(
        () =>
          writers.filter((writer) => writer.lines[0]?.startsWith('refused')).length === 2 &&
          writers.some((writer) => writer.lines.length > 3),
        30_000,
      ),
    ])
    assert.equal(losers, undefined)
    for (const writer of writers) writer.process.kill('SIGKILL')
    await Promise.all(writers.map((writer) => writer.ended))
  })

  test('a second start in the same process is refused, and the first goes on', async () => {
    const dataDir = folder()
    const db = await openPGlite({ dataDir })
    await assert.rejects(openPGlite({ dataDir }), /in use by this process/)
    assert.equal(await db.text('select 1'), '1')
    await db.close()
  })

  test('a full disk refuses statements instead of stopping the process, and all goes on when there is room', async () => {
    let room = Number.POSITIVE_INFINITY
    const db = await openPGlite({ dataDir: null, room: () => room })
    await db.execute('create table entry (id int)')
    const isFull = { name: 'DatabaseError', state: '53100', unavailable: true, message: /DATA_DIR is full/ }
    const full = async (transaction: Transaction) => {
      await transaction.query('insert into entry values (1)')
      room = 2 ** 24
    }
    await assert.rejects(db.transaction(full), isFull)
    await assert.rejects(db.query('insert into entry values (2)'), isFull)
    await assert.rejects(openPGlite({ dataDir: null, room: () => room }), isFull)
    room = 2 ** 25
    assert.equal(await db.text('select count(*) from entry'), '0')
    await db.close()
  })

  test('a folder that cannot be made: the fault says what to do', async () => {
    const file = join(folder(), 'file')
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, '')
    await assert.rejects(openPGlite({ dataDir: join(file, 'data') }), /\. Set DATA_DIR to a folder that can be written to$/)
  })
})

/** A process that is killed in the midst of nested writes: what was answered is there in whole, nothing is there in part, and repeating the rest makes nothing twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPostgres } from '../../../../kernel/database/postgres.ts'
import type { Database } from '../../../../kernel/mod.ts'
import { openPGlite } from '../../../../plugins/embedded/pglite.node.ts'
import { testDrivers } from '../../../database.ts'
import { makePlace, runProgram, type Server, startProgram, type Variables } from '../../../program.ts'
import { shopMeta, shopSql } from './shop.ts'

const orders = Array.from({ length: 1000 }, (_, n) => n)
const auth = { authorization: 'Bearer admin-token', 'content-type': 'application/json' }

/** Sends the orders, some at a time, until all are answered or the server is gone; `answered` hears of each. */
async function send(server: Server, numbers: readonly number[], answered: (n: number, id: number) => void): Promise<void> {
  const waiting = [...numbers]
  const sender = async () => {
    for (let n = waiting.pop(); n !== undefined; n = waiting.pop()) {
      const body = JSON.stringify({
        title: `order ${n}`,
        buyer: { name: `buyer ${n}` },
        lines: [{ amount: 1, product: { name: `product ${n}` } }, { amount: 2 }],
      })
      try {
        const response = await fetch(`${server.address}/items/order?fields=id`, {
          method: 'POST',
          headers: { ...auth, 'idempotency-key': `order-${n}` },
          body,
        })
        const { data } = (await response.json()) as { data: { id: number } }
        if (response.status === 200) answered(n, data.id)
      } catch {
        return // killed
      }
    }
  }
  await Promise.all(Array.from({ length: 16 }, sender))
}

const open = async ({ DATABASE_URL: url, DATA_DIR: dataDir }: Variables): Promise<Database> =>
  url ? openPostgres({ url, poolSize: 2 }) : openPGlite({ dataDir: dataDir! })

/** Runs `work` on the database while no server does. */
async function beside<T>(variables: Variables, work: (db: Database) => Promise<T>): Promise<T> {
  const db = await open(variables)
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

interface Kept {
  readonly id: number
  readonly n: number
}

/** Each order with how much of it there is. */
const kept = (db: Database) =>
  db.query<Kept>(
    `select o.id, replace(o.title, 'order ', '')::integer as n, (select count(*) from line l where l."order" = o.id) as lines,
      (select count(*) from line l join product p on p.id = l.product where l."order" = o.id) as products,
      (select count(*) from person p where p.id = o.buyer and p.name = replace(o.title, 'order', 'buyer')) as buyers,
      (select count(*) from directus_activity a where a.collection = 'order' and a.item = o.id::text) as told,
      (select count(*) from plinth.answers a where a.key = replace(o.title, ' ', '-') and a.body is not null) as answers
    from "order" o`,
  )

for (const driver of testDrivers) {
  test(`kill -9 in the midst of 1,000 nested writes on ${driver}`, { timeout: 300_000 }, async () => {
    const place = await makePlace(driver)
    try {
      const { code, stderr } = await runProgram(['bootstrap'], place.folder, place.variables)
      assert.equal(code, 0, stderr)
      await beside(place.variables, (db) => db.execute(shopSql + shopMeta))
      const first = await startProgram(place)

      const answers = new Map<number, number>()
      await send(first, orders, (n, id) => {
        answers.set(n, id)
        if (answers.size === 300) first.signal('SIGKILL')
      })
      await first.ended
      assert.ok(answers.size >= 300 && answers.size < 1000, `${answers.size} were answered`)

      await beside(place.variables, async (db) => {
        // What was on its way to COMMIT may be finished by the database a moment later.
        for (let open = '1'; open !== '0'; ) {
          open = (await db.text(
            `select count(*) from pg_stat_activity where datname = current_database() and application_name = 'plinth' and state <> 'idle' and pid <> pg_backend_pid()`,
          ))!
        }
        const rows = await kept(db)
        for (const row of rows) {
          const whole = { id: 0, n: 0, lines: '2', products: '1', buyers: '1', told: '1', answers: '1' }
          assert.deepEqual({ ...row, id: 0, n: 0 }, whole, `order ${row.n}`)
        }
        for (const [n, id] of answers) assert.equal(rows.find((row) => row.n === n)?.id, id, `order ${n} was answered`)
        for (const [table, size] of [
          ['line', 2],
          ['product', 1],
          ['person', 1],
        ] as const)
          assert.equal(await db.text(`select count(*) from ${table}`), String(rows.length * size), `${table}s without an order`)
      })

      const second = await startProgram(place)
      const some = [...answers.keys()].slice(0, 100)
      await send(second, [...some, ...orders.filter((n) => !answers.has(n))], (n, id) => {
        assert.equal(answers.get(n) ?? id, id, `order ${n} was answered twice, and differently`)
        answers.set(n, id)
      })
      second.signal('SIGTERM')
      await second.ended
      const rows = await beside(place.variables, kept)
      assert.deepEqual([answers.size, rows.length, new Set(answers.values()).size], [1000, 1000, 1000])
    } finally {
      await place.remove()
    }
  })
}

/** A process that is killed in the midst of nested writes: what was answered is there in whole, nothing is there in part, and repeating the rest makes nothing twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPostgres } from '../../../../kernel/database/postgres.ts'
import { testDrivers } from '../../../database.ts'
import { makePlace, type Server, startProgram } from '../../../program.ts'
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

test('kill -9 in the midst of 1,000 nested writes', { skip: !testDrivers.includes('postgres') }, async () => {
  const place = await makePlace('postgres')
  const db = openPostgres({ url: place.variables.DATABASE_URL!, poolSize: 2 })
  try {
    await db.execute(shopSql)
    const first = await startProgram(place)
    await db.execute(shopMeta)
    await fetch(`${first.address}/utils/cache/clear`, { method: 'POST', headers: auth })

    const answers = new Map<number, number>()
    await send(first, orders, (n, id) => {
      answers.set(n, id)
      if (answers.size === 300) first.signal('SIGKILL')
    })
    await first.ended
    assert.ok(answers.size >= 300 && answers.size < 1000, `${answers.size} were answered`)

    const whole = async () =>
      db.query<{ id: number; n: number; lines: string; products: string; buyers: string; told: string; answers: string }>(
        `select o.id, replace(o.title, 'order ', '')::integer as n, (select count(*) from line l where l."order" = o.id) as lines,
          (select count(*) from line l join product p on p.id = l.product where l."order" = o.id) as products,
          (select count(*) from person p where p.id = o.buyer and p.name = replace(o.title, 'order', 'buyer')) as buyers,
          (select count(*) from directus_activity a where a.collection = 'order' and a.item = o.id::text) as told,
          (select count(*) from plinth.answers a where a.key = replace(o.title, ' ', '-') and a.body is not null) as answers
        from "order" o`,
      )
    // What was on its way to COMMIT may be finished by the database a moment later.
    for (let open = '1'; open !== '0'; ) {
      open = (await db.text(
        `select count(*) from pg_stat_activity where datname = current_database() and application_name = 'plinth' and state <> 'idle' and pid <> pg_backend_pid()`,
      ))!
    }
    const kept = await whole()
    for (const row of kept)
      assert.deepEqual(
        { ...row, id: 0, n: 0 },
        { id: 0, n: 0, lines: '2', products: '1', buyers: '1', told: '1', answers: '1' },
        `order ${row.n}`,
      )
    for (const [n, id] of answers) assert.equal(kept.find((row) => row.n === n)?.id, id, `order ${n} was answered`)
    for (const [table, size] of [
      ['line', 2],
      ['product', 1],
      ['person', 1],
    ] as const)
      assert.equal(await db.text(`select count(*) from ${table}`), String(kept.length * size), `${table}s without an order`)

    const second = await startProgram(place)
    const some = [...answers.keys()].slice(0, 100)
    await send(second, [...some, ...orders.filter((n) => !answers.has(n))], (n, id) => {
      assert.equal(answers.get(n) ?? id, id, `order ${n} was answered twice, and differently`)
      answers.set(n, id)
    })
    second.signal('SIGTERM')
    await second.ended
    assert.deepEqual([answers.size, (await whole()).length, new Set(answers.values()).size], [1000, 1000, 1000])
  } finally {
    await db.close()
    await place.remove()
  }
})

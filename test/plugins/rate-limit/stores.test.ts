/** Every place where counts may be kept counts alike. Redis is tried where TEST_REDIS_URL names one. */
import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../../../kernel/log.ts'
import { createMemoryStore, type RateStore } from '../../../plugins/rate-limit/limiter.ts'
import { openPostgresStore } from '../../../plugins/rate-limit/postgres-store.ts'
import { steady } from '../../../plugins/rate-limit/steady.ts'
import { freshDatabase } from '../../database.ts'

const silent = createLog('silent', () => {})

interface Opened {
  readonly store: RateStore
  readonly close: () => unknown
}

async function inPostgres(): Promise<Opened> {
  const database = await freshDatabase()
  await database.db.execute('create schema if not exists plinth')
  const [{ store }] = await Promise.all([openPostgresStore(database.db), openPostgresStore(database.db)])
  return { store, close: () => database.drop() }
}

async function inRedis(): Promise<Opened> {
  const { openRedisStore } = await import('../../../plugins/rate-limit/redis-store.ts')
  const { store, close } = await openRedisStore(process.env.TEST_REDIS_URL!, silent)
  const mark = crypto.randomUUID()
  return { store: { hit: (key, ...rest) => store.hit(mark + key, ...rest) }, close }
}

const stores: [name: string, open: () => Promise<Opened> | Opened, skip: boolean][] = [
  ['memory', () => ({ store: createMemoryStore(), close() {} }), false],
  ['PostgreSQL', inPostgres, false],
  ['Redis', inRedis, !process.env.TEST_REDIS_URL],
]

for (const [name, open, skip] of stores) {
  describe(`a store in ${name}`, { skip }, () => {
    test('counts by key, takes back, and begins anew when its window is over', async () => {
      const { store, close } = await open()
      try {
        const counts: number[] = []
        for (const [key, by] of [
          ['a', 1],
          ['a', 1],
          ['b', 1],
          ['a', -1],
          ['a', 1],
          ['c', -1],
          ['c', 1],
        ] as const) {
          counts.push((await store.hit(key, 60_000, by)).hits)
        }
        assert.deepEqual(counts, [1, 2, 1, 1, 2, 0, 1])
        const first = await store.hit('short', 300, 1)
        const second = await store.hit('short', 300, 1)
        assert.ok(Math.abs(first.ends - Date.now() - 300) < 250, 'its end is told')
        assert.ok(Math.abs(first.ends - second.ends) < 100, 'and stays')
        await sleep(400)
        assert.equal((await store.hit('short', 300, 1)).hits, 1)
        const together = await Promise.all(Array.from({ length: 20 }, () => store.hit('many', 60_000, 1)))
        assert.equal(new Set(together.map(({ hits }) => hits)).size, 20, 'each of those who come at once is counted')
      } finally {
        await close()
      }
    })
  })
}

test('while a store is away its process counts for itself', async () => {
  let asked = 0
  const lines: string[] = []
  const broken: RateStore = { hit: async () => Promise.reject(new Error(`away ${++asked}`)) }
  const { hit } = steady(broken, { warn: (line) => lines.push(line) })
  assert.deepEqual([(await hit('a', 1000, 1)).hits, (await hit('a', 1000, 1)).hits], [1, 2])
  assert.deepEqual([asked, lines.length], [1, 1], 'it is left alone for a while')
})

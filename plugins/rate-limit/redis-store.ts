/** Counts in Redis, for all processes that share one. */

import { createClient } from '@redis/client'
import type { Log } from 'plinth'
import type { RateStore } from './limiter.ts'

/** One round trip, and whole: a count without an end would shut somebody out for ever. */
const script = `
local hits = redis.call('INCRBY', KEYS[1], ARGV[2])
if hits < 0 then redis.call('DEL', KEYS[1]) return {0, tonumber(ARGV[1])} end
local left = redis.call('PTTL', KEYS[1])
if left < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) left = tonumber(ARGV[1]) end
return {hits, left}`

/** Milliseconds: of a start that waits for Redis, and between attempts to reach it again. */
const patience = 1000

export async function openRedisStore(url: string, log: Log): Promise<{ store: RateStore; close: () => void }> {
  const client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: patience, reconnectStrategy: () => patience } })
  // Each failed attempt says so; who counts says it aloud.
  client.on('error', (error: unknown) => log.debug('redis', { error }))
  const ready = client.connect().catch(() => {})
  await Promise.race([ready, new Promise((late) => setTimeout(late, patience).unref?.())])
  return {
    store: {
      async hit(key, window, by) {
        const told = await client.eval(script, { keys: [`plinth:rate:${key}`], arguments: [String(Math.round(window)), String(by)] })
        const [hits, left] = told as [number, number]
        return { hits, ends: Date.now() + left }
      },
    },
    close: () => client.destroy(),
  }
}

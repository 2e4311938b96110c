/** How often something may be done from one place: so many times in a window of time that begins with the first. */
import { LRUCache } from 'lru-cache'
import { Problem, problems } from 'plinth'

export interface RateStore {
  /** Counts one more under `key`, or (`by` 0) none, and answers the count of the present window and when that ends (ms since 1970). */
  hit(key: string, window: number, by: 0 | 1): Promise<{ hits: number; ends: number }>
}

/** Of one process. Bounded: places that asked longest ago are forgotten first. */
export function createMemoryStore(max = 50_000): RateStore {
  const windows = new LRUCache<string, { hits: number; ends: number }>({ max })
  return {
    async hit(key, window, by) {
      const now = Date.now()
      const known = windows.get(key)
      const present = known && known.ends > now ? known : { hits: 0, ends: now + window }
      present.hits += by
      if (by) windows.set(key, present)
      return { ...present }
    },
  }
}

export interface Limit {
  /** Counts, and refuses beyond the limit. @throws REQUESTS_EXCEEDED */
  take(ip: string | null): Promise<void>
  /** Runs `work`, counting only when it finds that somebody is not who they say; refuses to begin beyond the limit. @throws REQUESTS_EXCEEDED */
  failures<T>(ip: string | null, work: () => Promise<T>): Promise<T>
}

/** `points` in a `window` of ms; 0 points: no limit. */
export function createLimit(store: RateStore, name: string, points: number, window: number): Limit {
  async function refuseBeyond(key: string, by: 0 | 1): Promise<void> {
    if (!points) return
    const { hits, ends } = await store.hit(key, window, by)
    if (hits < points + by) return
    const seconds = Math.ceil((ends - Date.now()) / 1000)
    throw problems.REQUESTS_EXCEEDED(`Try again in ${seconds} s.`, { limit: points, reset: new Date(ends).toISOString() })
  }
  return {
    take: (ip) => refuseBeyond(`${name} ${placeOf(ip)}`, 1),
    async failures(ip, work) {
      const key = `${name} ${placeOf(ip)}`
      await refuseBeyond(key, 0)
      try {
        return await work()
      } catch (error) {
        if (points && error instanceof Problem && error.status === 401) await store.hit(key, window, 1)
        throw error
      }
    },
  }
}

/** Whoever has an IPv6 address has a network of them: its first 64 bits count. */
export function placeOf(ip: string | null): string {
  if (ip === null || !ip.includes(':')) return ip ?? 'unknown'
  const [head = '', tail] = ip.split('::')
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean))
  const zeros = tail === undefined ? 0 : 8 - before!.length - after!.length
  return [...before!, ...Array.from({ length: zeros }, () => '0'), ...after!].slice(0, 4).join(':')
}

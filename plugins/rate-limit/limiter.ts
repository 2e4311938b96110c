/** How often something may be done from one place: so many times in a window of time that begins with the first. */
import { LRUCache } from 'lru-cache'
import { Problem, problems } from 'plinth'

export interface RateStore {
  /** Counts one more under `key`, or (`by` -1) takes one back, and answers the count of the present window and when that ends (ms since 1970). */
  hit(key: string, window: number, by: 1 | -1): Promise<{ hits: number; ends: number }>
}

/** Of one process. Bounded: places that asked longest ago are forgotten first. */
export function createMemoryStore(max = 50_000): RateStore {
  const windows = new LRUCache<string, { hits: number; ends: number }>({ max })
  return {
    async hit(key, window, by) {
      const now = Date.now()
      const known = windows.get(key)
      const present = known && known.ends > now ? known : { hits: 0, ends: now + window }
      present.hits = Math.max(0, present.hits + by)
      windows.set(key, present)
      return { ...present }
    },
  }
}

/** How much of a limit is left, and when all of it is there again (ms since 1970). */
export interface Allowance {
  readonly limit: number
  readonly remaining: number
  readonly ends: number
}

export interface Limit {
  /** Counts, and refuses beyond the limit; answers what is left of it, if there is one. @throws REQUESTS_EXCEEDED */
  take(ip: string | null): Promise<Allowance | undefined>
  /**
   * Runs `work`, and counts when it finds that somebody is not who they say; refuses to begin beyond the limit. What is under way counts, so that
   * no more are wrong than may be, however many come at once. @throws REQUESTS_EXCEEDED
   */
  failures<T>(ip: string | null, work: () => Promise<T>, isWrong?: (error: unknown) => boolean): Promise<T>
}

/** `points` in a `window` of ms; 0 points: no limit. */
export function createLimit(store: RateStore, name: string, points: number, window: number): Limit {
  async function refuseBeyond(key: string): Promise<Allowance | undefined> {
    if (!points) return undefined
    const { hits, ends } = await store.hit(key, window, 1)
    if (hits <= points) return { limit: points, remaining: points - hits, ends }
    const seconds = Math.ceil((ends - Date.now()) / 1000)
    throw problems.REQUESTS_EXCEEDED(`Try again in ${seconds} s.`, { limit: points, reset: new Date(ends).toISOString() })
  }
  return {
    take: (ip) => refuseBeyond(`${name} ${placeOf(ip)}`),
    async failures(ip, work, isWrong = isUnknown) {
      const key = `${name} ${placeOf(ip)}`
      await refuseBeyond(key)
      let wrong = false
      try {
        return await work()
      } catch (error) {
        wrong = isWrong(error)
        throw error
      } finally {
        if (points && !wrong) await store.hit(key, window, -1)
      }
    },
  }
}

const isUnknown = (error: unknown): boolean => error instanceof Problem && error.status === 401

/** Whoever has an IPv6 address has a network of them: its first 64 bits count. */
export function placeOf(ip: string | null): string {
  if (ip === null || !ip.includes(':')) return ip ?? 'unknown'
  const [head = '', tail] = ip.split('::')
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean))
  const zeros = tail === undefined ? 0 : 8 - before!.length - after!.length
  return [...before!, ...Array.from({ length: zeros }, () => '0'), ...after!].slice(0, 4).join(':')
}

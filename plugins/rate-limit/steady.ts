/** A store that may be away for a while: until it is back each process counts for itself, so that limits hold and nobody is shut out. */
import type { Log } from 'plinth'
import { createMemoryStore, type RateStore } from './limiter.ts'

/** Milliseconds for which a store that failed is left alone, so that requests do not wait for it one by one. */
const pause = 5000

export function steady(store: RateStore, log: Pick<Log, 'warn'>): RateStore {
  const own = createMemoryStore()
  let away = 0
  return {
    async hit(...asked) {
      if (Date.now() < away) return own.hit(...asked)
      try {
        return await store.hit(...asked)
      } catch (error) {
        away = Date.now() + pause
        log.warn('the store of rate limits does not answer: each process counts for itself', { error })
        return own.hit(...asked)
      }
    },
  }
}

/** What other plugins may import of counting what is asked how often, as `plinth/rate-limit`. */
import { service } from 'plinth'
import type { RateStore } from './limiter.ts'

export { type Allowance, createLimit, createMemoryStore, type Limit, placeOf, type RateStore } from './limiter.ts'

/** Where counts are kept: RATE_LIMITER_STORE. */
export const rateStore = service<RateStore>('rate-limit')

/** Rate limits: how often one address, one user, or all together may ask. Off unless RATE_LIMITER_ENABLED, _USER_ENABLED or _GLOBAL_ENABLED says so. */
import { definePlugin, env, Problem, points, type RequestContext } from 'plinth'
import { authenticated } from 'plinth/auth'
import { healthChecks, serverInfo } from 'plinth/server'
import * as v from 'valibot'
import { rateStore } from './api.ts'
import { type Allowance, createLimit, createMemoryStore, type RateStore } from './limiter.ts'
import { steady } from './steady.ts'

const Options = v.object({
  RATE_LIMITER_STORE: env.oneOf(['memory', 'postgres', 'redis'], 'memory'),
  RATE_LIMITER_ENABLED: env.boolean(false),
  /** Requests of one address in so many seconds, and in a minute; 0: without limit. */
  RATE_LIMITER_POINTS: env.integer(100),
  RATE_LIMITER_DURATION: env.integer(1, 1),
  RATE_LIMITER_MINUTE_POINTS: env.integer(1000),
  RATE_LIMITER_USER_ENABLED: env.boolean(false),
  RATE_LIMITER_USER_POINTS: env.integer(100),
  RATE_LIMITER_USER_DURATION: env.integer(1, 1),
  RATE_LIMITER_GLOBAL_ENABLED: env.boolean(false),
  RATE_LIMITER_GLOBAL_POINTS: env.integer(1000),
  RATE_LIMITER_GLOBAL_DURATION: env.integer(1, 1),
  CACHE_HEALTHCHECK_THRESHOLD: env.duration('150ms'),
  REDIS: env.maybeText(),
  REDIS_HOST: env.text('127.0.0.1'),
  REDIS_PORT: env.integer(6379, 1, 65_535),
  REDIS_USERNAME: env.maybeText(),
  REDIS_PASSWORD: env.maybeText(),
})

const second = 1000
const minute = 60 * second

export const rateLimit = definePlugin({
  name: 'rate-limit',
  gives: rateStore,
  after: ['proxy', 'cors'],
  options: Options,
  async setup(host, options): Promise<RateStore> {
    const store = await openStore()
    const limit = (name: string, most: number, window: number) => createLimit(store, name, most, window)
    const byAddress = [
      limit('ip', options.RATE_LIMITER_POINTS, options.RATE_LIMITER_DURATION * second),
      limit('ip minute', options.RATE_LIMITER_MINUTE_POINTS, minute),
    ]
    const byUser = limit('user', options.RATE_LIMITER_USER_POINTS, options.RATE_LIMITER_USER_DURATION * second)
    const all = limit('all', options.RATE_LIMITER_GLOBAL_POINTS, options.RATE_LIMITER_GLOBAL_DURATION * second)

    /** The narrowest limit that a request has met. */
    const met = new WeakMap<RequestContext, Allowance>()
    async function count(context: RequestContext, taken: Promise<Allowance | undefined>): Promise<void> {
      const left = await taken.catch((error: unknown) => {
        const { limit, reset } = error instanceof Problem ? error.details : {}
        if (limit) met.set(context, { limit: Number(limit), remaining: 0, ends: Date.parse(String(reset)) })
        throw error
      })
      const narrowest = met.get(context)?.remaining ?? Number.POSITIVE_INFINITY
      if (left && left.remaining < narrowest) met.set(context, left)
    }

    const { RATE_LIMITER_ENABLED: ofAddresses, RATE_LIMITER_USER_ENABLED: ofUsers, RATE_LIMITER_GLOBAL_ENABLED: ofAll } = options
    if (ofAddresses || ofUsers || ofAll) {
      host.hook(points.request, async function tellLimits(context, next) {
        await next()
        const left = met.get(context)
        if (left && context.response) tell(context.response.headers, left)
      })
    }
    if (ofAddresses || ofAll) {
      host.hook(points.request, async function limitRequests(context, next) {
        if (ofAddresses) for (const { take } of byAddress) await count(context, take(context.ip))
        if (ofAll) await count(context, all.take('all'))
        await next()
      })
    }
    if (ofUsers) {
      host.hook(authenticated, async function limitUser(context, next) {
        const { user } = context.accountability
        if (user) await count(context, byUser.take(user))
        await next()
      })
    }
    host.hook(serverInfo, async function tellInfo({ info, accountability }, next) {
      if (accountability.user) {
        const told = (on: boolean, most: number, duration: number) => (on ? { points: most, duration } : false)
        info.rateLimit = told(ofAddresses, options.RATE_LIMITER_POINTS, options.RATE_LIMITER_DURATION)
        info.rateLimitGlobal = told(ofAll, options.RATE_LIMITER_GLOBAL_POINTS, options.RATE_LIMITER_GLOBAL_DURATION)
      }
      await next()
    })
    return store

    /** Asked past what makes it steady, so that somebody hears that it is away. */
    function watched(kept: RateStore): RateStore {
      host.hook(healthChecks, async function checkStore({ checks }, next) {
        const run = () => kept.hit('health', second, 1)
        const name = options.RATE_LIMITER_STORE === 'redis' ? 'redis' : 'rate-limit:postgres'
        checks.push({ name: `${name}:responseTime`, componentType: 'cache', threshold: options.CACHE_HEALTHCHECK_THRESHOLD, run })
        await next()
      })
      return steady(kept, host.log)
    }

    async function openStore(): Promise<RateStore> {
      if (options.RATE_LIMITER_STORE === 'memory') return createMemoryStore()
      if (options.RATE_LIMITER_STORE === 'postgres') {
        const { openPostgresStore } = await import('./postgres-store.ts')
        const { store: kept, sweep } = await openPostgresStore(host.db)
        host.schedule('*/10 * * * *', sweep)
        return watched(kept)
      }
      const { openRedisStore } = await import('./redis-store.ts')
      const address = new URL(options.REDIS ?? `redis://${options.REDIS_HOST}:${options.REDIS_PORT}`)
      if (options.REDIS_USERNAME) address.username = options.REDIS_USERNAME
      if (options.REDIS_PASSWORD) address.password = options.REDIS_PASSWORD
      const { store: kept, close } = await openRedisStore(address.href, host.log)
      host.onClose(close)
      return watched(kept)
    }
  },
})

function tell(headers: Headers, { limit, remaining, ends }: Allowance): void {
  headers.set('x-ratelimit-limit', String(limit))
  headers.set('x-ratelimit-remaining', String(remaining))
  headers.set('x-ratelimit-reset', new Date(ends).toISOString())
}

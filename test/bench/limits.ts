/** Rate limits under load: what answers say of them, how many pass, and whether the server's memory grows. */
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import autocannon from 'autocannon'
import { type Server, startOurs } from './servers.ts'

/** Of load on each store. */
const seconds = Number(process.env.BENCH_LIMIT_SECONDS ?? 60)
/** An answer in so many ms on each connection is enough to be far beyond every limit. */
const connections = 10
const second = 1000

export interface LimitFigures {
  readonly name: string
  readonly passed: number
  readonly refused: number
  /** Answers that say something else of the limits than they should, or have another status. */
  readonly wrong: readonly string[]
  /** Resident MB, after a quarter of the time, the most since then, and at the end. */
  readonly memory: readonly [number, number, number]
}

const stores: readonly { readonly name: string; readonly places: number; readonly settings: Readonly<Record<string, string>> }[] = [
  { name: 'memory', places: 1, settings: {} },
  { name: 'memory, 100,000 addresses', places: 100_000, settings: { IP_TRUST_PROXY: 'true' } },
  { name: 'postgres', places: 1, settings: { RATE_LIMITER_STORE: 'postgres' } },
  { name: 'redis', places: 1, settings: { RATE_LIMITER_STORE: 'redis', REDIS: process.env.REDIS ?? 'redis://127.0.0.1:6379' } },
]

/** By itself V8 takes some 200 MB more, whatever there is: given little, one sees what stays, and a leak would end the server. */
const node = { NODE_OPTIONS: '--max-semi-space-size=8 --max-old-space-size=64' }

export async function* limitFigures(url: string): AsyncGenerator<LimitFigures> {
  for (const { name, places, settings } of stores) {
    const server = await startOurs({ url }, { RATE_LIMITER_ENABLED: 'true', ...node, ...settings })
    try {
      yield { name, ...(await underLoad(server, places)) }
    } finally {
      await server.stop()
    }
  }
}

async function underLoad(server: Server, places: number): Promise<Omit<LimitFigures, 'name'>> {
  const told = { passed: 0, refused: 0, wrong: new Set<string>() }
  let place = 0
  const next = () => {
    place = (place + 1) % places
    return `10.${place >> 16}.${(place >> 8) & 255}.${place & 255}`
  }
  const load = autocannon({
    url: server.address,
    connections,
    duration: seconds,
    requests: [
      {
        path: '/users/me?fields=id',
        setupRequest: (request) => ({ ...request, headers: { ...server.headers, ...(places > 1 ? { 'x-forwarded-for': next() } : {}) } }),
      },
    ],
    setupClient(connection) {
      connection.on('headers', ({ statusCode, headers }) => {
        if (statusCode === 200) told.passed++
        else if (statusCode === 429) told.refused++
        const wrong = faultIn(statusCode, headers)
        if (wrong && told.wrong.size < 5) told.wrong.add(wrong)
      })
    },
  })
  const memory: number[] = []
  const started = performance.now()
  while (performance.now() - started < (seconds - 1) * second) {
    await setTimeout(second / 2)
    memory.push(await resident(server))
  }
  const { errors } = await load
  if (errors) told.wrong.add(`${errors} connections failed`)
  const later = memory.slice(memory.length >> 2)
  return { ...told, wrong: [...told.wrong], memory: [later[0]!, Math.max(...later), later.at(-1)!] }
}

/** `headers`: names and values in turn. */
function faultIn(status: number, headers: readonly string[]): string | undefined {
  const all = new Map<string, string>()
  for (let i = 0; i < headers.length; i += 2) all.set(headers[i]!.toLowerCase(), headers[i + 1]!)
  const [limit, remaining] = [Number(all.get('x-ratelimit-limit')), Number(all.get('x-ratelimit-remaining'))]
  const reset = Date.parse(all.get('x-ratelimit-reset') ?? '')
  const after = Number(all.get('retry-after'))
  if (status !== 200 && status !== 429) return `status ${status}`
  if (limit !== 100 && limit !== 1000) return `X-RateLimit-Limit: ${all.get('x-ratelimit-limit')}`
  if (!(remaining >= 0 && remaining < limit) || (status === 429 && remaining !== 0))
    return `X-RateLimit-Remaining: ${all.get('x-ratelimit-remaining')}`
  if (!(Math.abs(reset - Date.now()) < 62 * second)) return `X-RateLimit-Reset: ${all.get('x-ratelimit-reset')}`
  if (status === 429 ? !(after >= 1 && after <= 60) : all.has('retry-after')) return `${status} with Retry-After: ${all.get('retry-after')}`
  return undefined
}

async function resident({ pid }: Server): Promise<number> {
  const [, pages] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')
  return (Number(pages) * 4096) / 1e6
}

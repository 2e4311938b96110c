/** /utils/hash: argon2 hashes made and checked, for those who are signed in: each takes time and memory. */
import type { Context, Hono } from 'hono'
import { type Env, problems, readJson } from 'plinth'
import type { Accounts } from 'plinth/access'
import * as v from 'valibot'

const filled = (name: string) => v.pipe(v.string(`"${name}" is required.`), v.minLength(1, `"${name}" is required.`))

/** What checking a hash costs stands in it: KiB of memory, passes, lanes. */
const mostCost = [131_072, 10, 16] as const

const affordable = (hash: string): boolean => {
  const [, ...costs] = /^\$argon2(?:id|i|d)\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$[\w+/]+\$[\w+/]+$/.exec(hash) ?? []
  return costs.length > 0 && costs.every((cost, i) => Number(cost) <= mostCost[i]!)
}

export const HashText = v.object({ string: filled('string') }, 'The body must be an object.')
export const HashPair = v.object(
  { string: filled('string'), hash: v.pipe(filled('hash'), v.check(affordable, '"hash" is no argon2 hash, or takes too long to check.')) },
  'The body must be an object.',
)

export function hashRoutes(routes: Hono<Env>, passwords: Pick<Accounts, 'hash' | 'verify'>): void {
  routes.post('/hash/generate', async (c) => c.json({ data: await passwords.hash((await bodyOf(c, HashText)).string) }))
  routes.post('/hash/verify', async (c) => {
    const { string, hash } = await bodyOf(c, HashPair)
    const fits = await passwords.verify(hash, string).catch(() => {
      throw problems.INVALID_PAYLOAD('"hash" is no argon2 hash.')
    })
    return c.json({ data: fits })
  })
}

/** @throws FORBIDDEN for who is not signed in, INVALID_PAYLOAD */
async function bodyOf<S extends typeof HashText | typeof HashPair>(c: Context<Env>, schema: S): Promise<v.InferOutput<S>> {
  if (!c.env.accountability.user) throw problems.FORBIDDEN()
  const { success, output, issues } = v.safeParse(schema, (await readJson(c)) ?? {})
  if (!success) throw problems.INVALID_PAYLOAD(issues[0].message)
  return output
}

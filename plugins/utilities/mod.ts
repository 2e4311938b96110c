/** Utilities: small helpers for people who build on the API. */
import { definePlugin, problems, randomText } from 'plinth'
import { accounts } from 'plinth/access'
import { byRoute, graphqlSchema, systemFields } from 'plinth/graphql'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { HashPair, HashText, hashRoutes } from './hash.ts'

const Length = v.optional(v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(1), v.maxValue(500)), '32')

const told = <S extends v.GenericSchema>(data: S) => v.object({ data })

const wrongLength = '"length" must be a whole number from 1 to 500.'

const fields = systemFields('type Mutation { utils_random_string(length: Int): String utils_cache_clear: Void }', {
  utils_random_string: {
    joins: true,
    async resolve({ args: { length } }) {
      const asked = v.safeParse(Length, length == null ? undefined : String(length))
      if (!asked.success) throw problems.INVALID_PAYLOAD(wrongLength)
      return randomText(asked.output)
    },
  },
  utils_cache_clear: byRoute('POST', { path: '/utils/cache/clear', value: () => null }),
})

export const utilities = definePlugin({
  name: 'utilities',
  after: ['access'],
  setup(host) {
    const routes = host.routes('/utils')
    const passwords = host.maybe(accounts)
    if (passwords) hashRoutes(routes, passwords)

    host.hook(graphqlSchema, fields)
    host.hook(openapi, async function describeUtilities({ describe }, next) {
      describe('GET /utils/random/string', {
        summary: 'Make a random text',
        query: v.object({ length: Length }),
        response: told(v.string()),
      })
      describe('POST /utils/cache/clear', { summary: 'Read everything anew', audience: 'admins' })
      describe('POST /utils/hash/generate', { summary: 'Make a hash', body: HashText, response: told(v.string()), audience: 'users' })
      describe('POST /utils/hash/verify', { summary: 'Check a hash', body: HashPair, response: told(v.boolean()), audience: 'users' })
      await next()
    })

    // A change made past us (psql on an ordinary table) raises no version: so all are raised, and every process reads anew.
    routes.post('/cache/clear', async (c) => {
      if (!c.env.accountability.admin) throw problems.FORBIDDEN()
      await host.db.transaction(async (db) => {
        for (const version of ['access', 'schema']) await host.versions.raise(db, version)
      })
      await host.registry.reload()
      return c.body(null, 200)
    })

    routes.get('/random/string', (c) => {
      const [asked, another] = c.req.queries('length') ?? []
      const length = v.safeParse(Length, asked)
      if (!length.success || another !== undefined) throw problems.INVALID_QUERY(wrongLength)
      return c.json({ data: randomText(length.output) })
    })
  },
})

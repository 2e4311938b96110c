/** Utilities: small helpers for people who build on the API. */
import { definePlugin, problems, randomText } from 'plinth'
import * as v from 'valibot'

const Length = v.optional(v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(1), v.maxValue(500)), '32')

export const utilities = definePlugin({
  name: 'utilities',
  setup(host) {
    const routes = host.routes('/utils')

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
      const length = v.safeParse(Length, c.req.query('length'))
      if (!length.success) throw problems.INVALID_QUERY('"length" must be a whole number from 1 to 500.')
      return c.json({ data: randomText(length.output) })
    })
  },
})

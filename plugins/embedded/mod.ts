/** The embedded database: PostgreSQL in this process, for an installation that names none with DATABASE_URL. */
import { definePlugin } from 'plinth'

export const embedded = definePlugin({
  name: 'embedded',
  embedded: async (options) => (await import('./pglite.node.ts')).openPGlite(options),
  setup() {},
})

/** Sign-in: who a request comes from (access token, static token), and login, refresh, logout. */
import { definePlugin, env, points } from 'plinth'
import { accounts } from 'plinth/access'
import { itemsUpdate } from 'plinth/items'
import * as v from 'valibot'
import { createAuthentication } from './authenticate.ts'
import { authRoutes } from './routes.ts'
import { createSessions } from './sessions.ts'
import { tables } from './tables.ts'
import { createTokens } from './tokens.ts'

const Options = v.object({
  ACCESS_TOKEN_TTL: env.duration('15m'),
  REFRESH_TOKEN_TTL: env.duration('7d'),
  LOGIN_STALL_TIME: env.duration('500ms'),
})

export const auth = definePlugin({
  name: 'auth',
  needs: [accounts],
  options: Options,
  tables,
  setup(host, options) {
    const tokens = createTokens(host.config.secret)
    const sessions = createSessions(host.db, options.REFRESH_TOKEN_TTL)
    const service = host.use(accounts)
    host.hook(points.request, createAuthentication(service, tokens))
    authRoutes(host.routes('/auth'), {
      db: host.db,
      accounts: service,
      tokens,
      sessions,
      ttl: options.ACCESS_TOKEN_TTL,
      stall: options.LOGIN_STALL_TIME,
    })

    // Whoever came in by what has changed has to come in anew.
    host.hook(itemsUpdate, async function endSessions(event, next) {
      await next()
      const { table, changes, db } = event
      if (table.name !== 'directus_users') return
      for (const { keys, patch } of changes) {
        const shutOut = 'status' in patch && patch.status !== 'active'
        if (shutOut || 'password' in patch || 'email' in patch) await sessions.endAll(keys, db)
      }
    })
    host.schedule('17 * * * *', () => sessions.sweep())
  },
})

/** Sign-in: who a request comes from, and how one comes in, stays in and gets out. */
import { definePlugin, env, points, type RequestContext } from 'plinth'
import { accounts } from 'plinth/access'
import { items, itemsChanged, itemsUpdate } from 'plinth/items'
import { mail } from 'plinth/mail'
import { projectSettings } from 'plinth/settings'
import * as v from 'valibot'
import { type SignedInEvent, signedIn, signIn } from './api.ts'
import { createAuthentication } from './authenticate.ts'
import { CookieOptions, createCookies } from './cookies.ts'
import { createCredentials } from './credentials.ts'
import { createFailures } from './failures.ts'
import { invitationRoutes } from './invitations.ts'
import { LetterOptions, type LetterParts } from './letter-parts.ts'
import { createLimit, createMemoryStore } from './limiter.ts'
import { ownAddress } from './links.ts'
import { createLiveSessions } from './live.ts'
import { createOriginCheck } from './origin.ts'
import { passwordRoutes } from './password-reset.ts'
import { authProblems } from './problems.ts'
import { registrationRoutes } from './registration.ts'
import { authRoutes } from './routes.ts'
import { secondFactorRoutes } from './second-factor-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { createSessions } from './sessions.ts'
import { createSignIn } from './sign-in.ts'
import { tables } from './tables.ts'
import { createTokens } from './tokens.ts'

const Options = v.object({
  ...CookieOptions.entries,
  ...LetterOptions.entries,
  ACCESS_TOKEN_TTL: env.duration('15m'),
  REFRESH_TOKEN_TTL: env.duration('7d'),
  SESSION_COOKIE_TTL: env.duration('1d'),
  SESSION_REFRESH_GRACE_PERIOD: env.duration('10s'),
  LOGIN_STALL_TIME: env.duration('500ms'),
  REGISTER_STALL_TIME: env.duration('750ms'),
  /** Refused logins, and registrations, from one address in a window of time; 0: without limit. */
  LOGIN_FAILURES_MAX: env.integer(100),
  LOGIN_FAILURES_WINDOW: env.duration('1m'),
  RATE_LIMITER_REGISTRATION_ENABLED: env.boolean(true),
  RATE_LIMITER_REGISTRATION_POINTS: env.integer(5),
  RATE_LIMITER_REGISTRATION_DURATION: env.integer(60),
  AUTH_DISABLE_DEFAULT: env.boolean(false),
  /** Origins whose pages may write with our cookies. */
  CORS_ORIGIN: env.list(),
})

export const auth = definePlugin({
  name: 'auth',
  needs: [accounts, items],
  after: ['settings', 'mail'],
  problems: authProblems,
  gives: signIn,
  options: Options,
  tables,
  setup(host, options) {
    const { db, versions, config } = host
    const service = host.use(accounts)
    const tokens = createTokens(config.secret)
    const times = {
      access: options.ACCESS_TOKEN_TTL,
      refresh: options.REFRESH_TOKEN_TTL,
      session: options.SESSION_COOKIE_TTL,
      grace: options.SESSION_REFRESH_GRACE_PERIOD,
    }
    const cookies = createCookies(options, times, config.publicUrl)
    const sessions = createSessions(db, times, host.log, () => versions.touch('sessions'))
    const live = createLiveSessions(db, versions)
    const checkOrigin = createOriginCheck(config.publicUrl, options.CORS_ORIGIN)
    const authentication = createAuthentication({
      accounts: service,
      tokens,
      live,
      refreshedInVain: sessions.endReused,
      cookie: cookies.session,
      checkOrigin,
    })
    for (const handler of authentication) host.hook(points.request, handler)

    const settings = host.maybe(projectSettings)
    const failures = createFailures(db, host.use(items), settings)
    const credentials = createCredentials({ db, accounts: service, failures, stall: options.LOGIN_STALL_TIME })
    const store = createMemoryStore()
    const failed = createLimit(store, 'login', options.LOGIN_FAILURES_MAX, options.LOGIN_FAILURES_WINDOW)
    const identify = (body: unknown, { ip }: RequestContext) => failed.failures(ip, () => credentials.identify(body))
    const tell = (event: SignedInEvent) => host.run(signedIn, event)
    const signing = createSignIn({ db, accounts: service, tokens, sessions, cookies, times, identify, checkOrigin, tell })
    const routes = host.routes('/auth')
    authRoutes(routes, signing, !options.AUTH_DISABLE_DEFAULT)
    const userRoutes = host.routes('/users')
    sessionRoutes(userRoutes, sessions)
    secondFactorRoutes(userRoutes, { db, accounts: service, credentials, settings })
    const letters: LetterParts = {
      host,
      items: host.use(items),
      accounts: service,
      tokens,
      mail: host.maybe(mail),
      projectName: async () => String((await settings?.current())?.project_name ?? 'Plinth'),
      own: ownAddress(config),
      options,
      stall: { login: options.LOGIN_STALL_TIME, register: options.REGISTER_STALL_TIME },
    }
    passwordRoutes(routes, letters)
    invitationRoutes(userRoutes, letters)
    const allowed = options.RATE_LIMITER_REGISTRATION_ENABLED ? options.RATE_LIMITER_REGISTRATION_POINTS : 0
    const limit = createLimit(store, 'register', allowed, options.RATE_LIMITER_REGISTRATION_DURATION * 1000)
    registrationRoutes(userRoutes, { ...letters, settings, limit })

    // Whoever came in by what has changed has to come in anew; only a browser in which one changes the own password stays.
    host.hook(itemsUpdate, async function endSessions(event, next) {
      await next()
      const { table, changes, db: tx, access } = event
      if (table.name !== 'directus_users') return
      for (const { keys, patch } of changes) {
        const shutOut = 'status' in patch && patch.status !== 'active'
        const own = typeof access === 'object' && keys.length === 1 && keys[0] === access.user
        if (shutOut || 'password' in patch || 'email' in patch) await sessions.endAll(keys, own && !shutOut ? access.session : null, tx)
      }
    })
    host.hook(itemsChanged, async function forgetSessions({ table, action }, next) {
      if (action !== 'create' && /^directus_(users|shares)$/.test(table.name)) versions.touch('sessions')
      await next()
    })
    host.schedule('17 * * * *', () => sessions.sweep())
    return signing
  },
})

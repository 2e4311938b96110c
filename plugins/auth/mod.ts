/** Sign-in: who a request comes from, and how one comes in, stays in and gets out. */
import { definePlugin, env, points, type RequestContext } from 'plinth'
import { accounts } from 'plinth/access'
import { graphqlSchema } from 'plinth/graphql'
import { items, itemsChanged, itemsUpdate } from 'plinth/items'
import { mail, ownAddress } from 'plinth/mail'
import { createLimit, createMemoryStore, rateStore } from 'plinth/rate-limit'
import { projectSettings } from 'plinth/settings'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { authenticated, type BearerEvent, bearer, type SharedEvent, type SignedInEvent, shared, signedIn, signIn } from './api.ts'
import { createAuthentication } from './authenticate.ts'
import { CookieOptions, createCookies } from './cookies.ts'
import { createCredentials } from './credentials.ts'
import { createFailures } from './failures.ts'
import { invitationFields, loginFields, sessionFields } from './graphql.ts'
import { invitationRoutes } from './invitations.ts'
import { LetterOptions, type LetterParts } from './letter-parts.ts'
import { createLiveSessions } from './live.ts'
import { describeRoutes } from './openapi.ts'
import { createOriginCheck } from './origin.ts'
import { passwordRoutes } from './password-reset.ts'
import { authProblems } from './problems.ts'
import { registrationRoutes } from './registration.ts'
import { authRoutes } from './routes.ts'
import { secondFactorRoutes } from './second-factor-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { createSessions } from './sessions.ts'
import { createSignIn } from './sign-in.ts'
import { atLeast } from './stall.ts'
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
  /** Refused logins, letters for new passwords and registrations from one address in a window of time; 0: without limit. */
  LOGIN_FAILURES_MAX: env.integer(100),
  LOGIN_FAILURES_WINDOW: env.duration('1m'),
  PASSWORD_REQUEST_MAX: env.integer(30),
  PASSWORD_REQUEST_WINDOW: env.duration('1m'),
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
  after: ['settings', 'mail', 'rate-limit'],
  problems: authProblems,
  gives: signIn,
  options: Options,
  tables,
  setup(host, options) {
    const { db, versions, config } = host
    const service = host.use(accounts)
    const engine = host.use(items)
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
    const byShare = async (share: string, ip: string | null, stamp?: string) => {
      const event: SharedEvent = { share, ip, stamp, rights: undefined }
      await host.run(shared, event)
      return event.rights
    }
    const byOther = async (token: string, context: RequestContext) => {
      const event: BearerEvent = { token, context, rights: undefined }
      await host.run(bearer, event)
      return event.rights
    }
    const authenticate = createAuthentication({
      accounts: service,
      byShare,
      byOther,
      tokens,
      live,
      refreshedInVain: sessions.endReused,
      cookie: cookies.session,
      checkOrigin,
      told: (context) => (host.hooked(authenticated) ? host.run(authenticated, context) : undefined),
    })
    host.hook(points.request, authenticate)

    const settings = host.maybe(projectSettings)
    const failures = createFailures(db, engine, settings)
    const credentials = createCredentials({ db, accounts: service, failures, stall: options.LOGIN_STALL_TIME })
    const store = host.maybe(rateStore) ?? createMemoryStore()
    const failed = createLimit(store, 'login', options.LOGIN_FAILURES_MAX, options.LOGIN_FAILURES_WINDOW)
    const identify = (body: unknown, { ip }: RequestContext) => failed.failures(ip, () => credentials.identify(body))
    const attempt = <T>({ ip }: RequestContext, work: () => Promise<T>) =>
      failed.failures(ip, () => atLeast(options.LOGIN_STALL_TIME, work))
    const tell = (event: SignedInEvent) => host.run(signedIn, event)
    const signing = createSignIn({ db, accounts: service, byShare, attempt, tokens, sessions, cookies, times, identify, checkOrigin, tell })
    const routes = host.routes('/auth')
    authRoutes(routes, signing, !options.AUTH_DISABLE_DEFAULT)
    const userRoutes = host.routes('/users')
    sessionRoutes(userRoutes, sessions)
    secondFactorRoutes(userRoutes, { db, accounts: service, credentials, failures, limit: failed, settings })
    const letters: LetterParts = {
      host,
      items: engine,
      accounts: service,
      tokens,
      mail: host.maybe(mail),
      projectName: async () => String((await settings?.current())?.project_name ?? 'Plinth'),
      own: ownAddress(config),
      options,
      stall: { login: options.LOGIN_STALL_TIME, register: options.REGISTER_STALL_TIME },
    }
    passwordRoutes(routes, letters, createLimit(store, 'password', options.PASSWORD_REQUEST_MAX, options.PASSWORD_REQUEST_WINDOW))
    invitationRoutes(userRoutes, letters)
    const allowed = options.RATE_LIMITER_REGISTRATION_ENABLED ? options.RATE_LIMITER_REGISTRATION_POINTS : 0
    const limit = createLimit(store, 'register', allowed, options.RATE_LIMITER_REGISTRATION_DURATION * 1000)
    registrationRoutes(userRoutes, { ...letters, settings, limit })

    host.hook(openapi, describeRoutes)
    host.hook(graphqlSchema, sessionFields)
    if (!options.AUTH_DISABLE_DEFAULT) host.hook(graphqlSchema, loginFields)
    host.hook(graphqlSchema, async function mayInvite(event, next) {
      const mayCreate = engine.visible(event.accountability).writable('create', 'directus_users')
      await (mayCreate ? invitationFields(event, next) : next())
    })

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

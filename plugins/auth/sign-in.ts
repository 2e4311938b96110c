/** In, on and out: what /auth/login, /auth/refresh and /auth/logout do, for whoever serves them. */
import { type Accountability, type Database, problems, type RequestContext } from 'plinth'
import type { Accounts } from 'plinth/access'
import { type Granted, type Mode, modes, type SignedInEvent, type SignIn, type Subject } from './api.ts'
import type { Cookies } from './cookies.ts'
import type { Client, Sessions } from './sessions.ts'
import type { Claims, Tokens } from './tokens.ts'

export interface SignInParts {
  readonly db: Database
  readonly accounts: Accounts
  readonly byShare: (share: string, ip: string | null) => Promise<Accountability | undefined>
  readonly attempt: SignIn['attempt']
  readonly tokens: Tokens
  readonly sessions: Sessions
  readonly cookies: Cookies
  /** Lifetimes in ms, of an access token and of a session in a cookie. */
  readonly times: { readonly access: number; readonly session: number }
  /** Whoever is named by a body of /auth/login, once they have proved it. */
  readonly identify: (body: unknown, context: RequestContext) => Promise<{ readonly user: string; readonly mode: Mode }>
  readonly checkOrigin: (context: RequestContext) => void
  /** Hears of everybody who has logged in. */
  readonly tell: (event: SignedInEvent) => Promise<void>
}

/** Whether a role demands a second factor of a user who has none. As in the reference policies of users themselves do not count here. */
const demanded = `
select 1 from directus_policies p join directus_access a on a.policy = p.id join directus_users u on u.id = $3::uuid and u.tfa_secret is null
where p.id = any ($1::uuid[]) and a.role = any ($2::uuid[]) and p.enforce_tfa limit 1`

export function createSignIn(parts: SignInParts): SignIn {
  const { db, accounts, tokens, sessions, cookies, times, checkOrigin } = parts

  async function claimsOf(subject: Subject, ip: string | null): Promise<Claims> {
    if ('share' in subject) {
      if (!(await parts.byShare(subject.share, ip))) throw problems.INVALID_CREDENTIALS()
      return { role: null, app_access: false, admin_access: false, share: subject.share }
    }
    const rights: Accountability | undefined = await accounts.byId(subject.user, ip)
    if (!rights) throw problems.INVALID_CREDENTIALS()
    const { role, roles, app, admin, policies } = rights
    const [demand] = await db.query(demanded, [policies, roles, subject.user])
    return { id: subject.user, role, app_access: app, admin_access: admin, ...(demand ? { enforce_tfa: true } : {}) }
  }

  async function granted(subject: Subject, session: string | null, token: string, mode: Mode, context: RequestContext): Promise<Granted> {
    const claims = await claimsOf(subject, context.ip)
    if (mode === 'session') {
      const all = await tokens.sign({ ...claims, session: token }, session, times.session)
      return { data: { expires: times.session }, cookie: cookies.session.write(all, context) }
    }
    const data = { expires: times.access, access_token: await tokens.sign(claims, session, times.access) }
    return mode === 'cookie'
      ? { data, cookie: cookies.refresh.write(token, context) }
      : { data: { ...data, refresh_token: token }, cookie: null }
  }

  async function grant(subject: Subject, mode: Mode, context: RequestContext): Promise<Granted> {
    const begun = await sessions.begin(subject, mode, clientOf(context))
    if (!begun) throw problems.INVALID_CREDENTIALS()
    return granted(subject, begun.id, begun.token, mode, context)
  }

  /** The refresh token, by the mode that the body names, or else by where one is found. @throws INVALID_PAYLOAD when there is none. */
  async function presented(body: unknown, context: RequestContext): Promise<{ token: string; mode: Mode }> {
    const { refresh_token: given, mode = given ? 'json' : 'cookie' } = (body ?? {}) as { refresh_token?: unknown; mode?: Mode }
    if (modes.includes(mode)) {
      const token = mode === 'json' ? given : mode === 'cookie' ? cookies.refresh.read(context) : await inSessionCookie(context)
      if (token && mode !== 'json') checkOrigin(context)
      // Text that is no refresh token is answered as one that is not known.
      if (token) return { mode, token: typeof token === 'string' && /^[\w-]{1,64}$/.test(token) ? token : '' }
    }
    throw problems.INVALID_PAYLOAD('The refresh token is missing: send it as "refresh_token", or name the cookie that holds it as "mode".')
  }

  async function inSessionCookie(context: RequestContext): Promise<string | undefined> {
    const kept = cookies.session.read(context)
    const bearer = kept === undefined ? undefined : await tokens.read(kept)
    return bearer?.session && 'token' in bearer.session ? bearer.session.token : kept
  }

  return {
    grant,
    attempt: parts.attempt,
    async login(body, context) {
      const { user, mode } = await parts.identify(body, context)
      const answer = await grant({ user }, mode, context)
      await parts.tell({ user, context })
      return answer
    },
    async refresh(body, context) {
      const { token, mode } = await presented(body, context)
      const renewed = await sessions.renew(token, mode, clientOf(context))
      if (!renewed) throw problems.INVALID_CREDENTIALS()
      return granted(renewed.subject, renewed.id, renewed.token, mode, context)
    },
    async logout(body, context) {
      const { token, mode } = await presented(body, context)
      await sessions.end(token)
      return mode === 'json' ? null : cookies[mode === 'cookie' ? 'refresh' : 'session'].write('', context)
    },
  }
}

const clientOf = (context: RequestContext): Client => ({
  ip: context.ip,
  agent: context.header('user-agent'),
  origin: context.header('origin'),
})

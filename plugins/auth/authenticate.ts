/** Finds out who sends a request: the token it carries, the session that it came from, and the rights that follow. */
import { type Accountability, nobody, problems, type RequestContext } from 'plinth'
import type { Accounts } from 'plinth/access'
import type { Cookie } from './cookies.ts'
import type { LiveSessions } from './live.ts'
import type { Bearer, Tokens } from './tokens.ts'

type Asked = Pick<RequestContext, 'request' | 'header'>

/**
 * The token of `Authorization: Bearer …` or `?access_token=…`; undefined when there is none. Other schemes count as none.
 * @throws INVALID_PAYLOAD when there are both, INVALID_CREDENTIALS when there are several.
 */
export function findToken(context: Asked): string | undefined {
  const header = context.header('authorization')
  const fromHeader = header ? /^bearer ([^\s]+)$/i.exec(header)?.[1] : undefined
  const { url } = context.request
  const [fromQuery, another] = url.includes('access_token=') ? new URL(url).searchParams.getAll('access_token').filter(Boolean) : []
  if (another !== undefined) throw problems.INVALID_CREDENTIALS('The query carries several access tokens: leave one.')
  if (fromHeader !== undefined && fromQuery !== undefined) {
    throw problems.INVALID_PAYLOAD('The request carries an access token in its header and another one in its query: leave out one.')
  }
  return fromHeader ?? fromQuery
}

export interface AuthenticationParts {
  readonly accounts: Accounts
  /** Undefined when it leads nowhere (any more). */
  readonly byShare: (share: string, ip: string | null, stamp?: string) => Promise<Accountability | undefined>
  /** By a token that another plugin knows. */
  readonly byOther: (token: string, context: RequestContext) => Promise<Accountability | undefined>
  readonly tokens: Tokens
  readonly live: LiveSessions
  /** Hears of a refresh by the token of a session that has ended, or gone on without it. */
  readonly refreshedInVain: (token: string) => Promise<void>
  /** The session cookie: of use when neither header nor query have a token. */
  readonly cookie: Cookie
  /** @throws FORBIDDEN when a page of another site may have sent the cookie along. */
  readonly checkOrigin: (context: Asked) => void
  /** Hears who it is; undefined when nobody listens. */
  readonly told: (context: RequestContext) => Promise<void> | undefined
}

const isRefresh = ({ url }: Request): boolean => /^[^?]*\/auth\/+refresh\/*(\?|$)/i.test(url)

/** The handler of the `request` point. */
export function createAuthentication({
  accounts,
  byShare,
  byOther,
  tokens,
  live,
  refreshedInVain,
  cookie,
  checkOrigin,
  told,
}: AuthenticationParts) {
  /** @throws INVALID_TOKEN, TOKEN_EXPIRED, INVALID_CREDENTIALS */
  async function rightsOf(token: string, context: RequestContext): Promise<Accountability> {
    const { ip } = context
    const bearer = await tokens.read(token)
    const rights = bearer ? await rightsOfBearer(bearer, ip) : ((await byOther(token, context)) ?? (await accounts.byToken(token, ip)))
    if (!rights) throw problems.INVALID_CREDENTIALS()
    return rights
  }

  async function rightsOfBearer({ subject, session }: Bearer, ip: string | null): Promise<Accountability | undefined> {
    const found = session && (await live.get(session))
    const ended = session !== undefined && found === undefined
    const id = found?.id ?? null
    // What was shared is not there any more: that is no fault of the token.
    if ('share' in subject) {
      const rights = ended ? undefined : await byShare(subject.share, ip, found?.stamp ?? undefined)
      return { ...(rights ?? { ...nobody, share: subject.share, ip }), session: id }
    }
    const rights = ended ? undefined : await accounts.byId(subject.user, ip, found?.stamp ?? undefined)
    return rights && { ...rights, session: id }
  }

  function authenticate(context: RequestContext, next: () => Promise<void>): Promise<void> {
    const token = findToken(context)
    // A live route answers whoever asks, with whatever token.
    return context.live ? next() : identify(token, context, next)
  }

  async function identify(token: string | undefined, context: RequestContext, next: () => Promise<void>): Promise<void> {
    const { ip } = context
    const kept = token === undefined ? cookie.read(context) : undefined
    const rights =
      kept === undefined
        ? await (token === undefined ? accounts.anonymous(ip) : rightsOf(token, context))
        : await rightsByCookie(kept, context)
    context.accountability = { ...rights, userAgent: context.header('user-agent'), origin: context.header('origin') }
    const telling = told(context)
    if (telling) await telling
    await next()
  }

  async function rightsByCookie(token: string, context: RequestContext): Promise<Accountability> {
    const rights = await rightsOf(token, context).catch(async (error: unknown) => {
      // A cookie that is of no use is cleared, whatever its request is answered.
      context.bear('set-cookie', cookie.write('', context))
      if (isRefresh(context.request)) await reportRefresh(token)
      throw error
    })
    checkOrigin(context)
    return rights
  }

  async function reportRefresh(token: string): Promise<void> {
    const bearer = await tokens.read(token).catch(() => undefined)
    if (bearer?.session && 'token' in bearer.session) await refreshedInVain(bearer.session.token)
  }

  return authenticate
}

/** Finds out who sends a request: the token it carries, and the rights that follow. */
import { type Accountability, problems, type RequestContext } from 'plinth'
import type { Accounts } from 'plinth/access'
import type { Tokens } from './tokens.ts'

/**
 * The token of `Authorization: Bearer …` or `?access_token=…`; undefined when there is none. Other schemes count as none.
 * @throws INVALID_PAYLOAD when there are both, INVALID_CREDENTIALS when there are several.
 */
export function findToken(context: Pick<RequestContext, 'request' | 'header'>): string | undefined {
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

/** @throws INVALID_TOKEN, TOKEN_EXPIRED, INVALID_CREDENTIALS */
async function rightsOf(token: string, ip: string | null, accounts: Accounts, tokens: Tokens): Promise<Accountability> {
  const bearer = await tokens.read(token)
  const rights = await (bearer ? accounts.byId(bearer.user, ip, bearer.stamp) : accounts.byToken(token, ip))
  if (!rights) throw problems.INVALID_CREDENTIALS()
  return rights
}

/** Handler of the `request` point. */
export function createAuthentication(accounts: Accounts, tokens: Tokens) {
  return async function authenticate(context: RequestContext, next: () => Promise<void>): Promise<void> {
    const token = findToken(context)
    // A live route answers whoever asks, with whatever token.
    if (!context.live) {
      const { ip } = context
      const rights = await (token === undefined ? accounts.anonymous(ip) : rightsOf(token, ip, accounts, tokens))
      context.accountability = { ...rights, userAgent: context.header('user-agent'), origin: context.header('origin') }
    }
    await next()
  }
}

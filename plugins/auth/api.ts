/** What other plugins may import of signing in, as `plinth/auth`. */
import { type Accountability, hookPoint, type RequestContext, service } from 'plinth'

/** How a client keeps its tokens: `json` by itself, `cookie` the refresh token in a cookie, `session` one token for all in a cookie. */
export type Mode = 'json' | 'cookie' | 'session'
export const modes: readonly Mode[] = ['json', 'cookie', 'session']

/** Whom a session is for. */
export type Subject = { readonly user: string } | { readonly share: string }

/** What a client gets: the `data` of the answer, and the `Set-Cookie` header that goes with it. */
export interface Granted {
  readonly data: { readonly expires: number; readonly access_token?: string; readonly refresh_token?: string }
  readonly cookie: string | null
}

export interface SignIn {
  /** By email, password and one-time code. @throws INVALID_PAYLOAD, INVALID_CREDENTIALS, INVALID_OTP, REQUESTS_EXCEEDED */
  login(body: unknown, context: RequestContext): Promise<Granted>
  /** By the refresh token of the body or of a cookie, which is spent. @throws INVALID_PAYLOAD, INVALID_CREDENTIALS */
  refresh(body: unknown, context: RequestContext): Promise<Granted>
  /** Ends the session of the refresh token; answers the cookie to clear. @throws INVALID_PAYLOAD when there is no token at all. */
  logout(body: unknown, context: RequestContext): Promise<string | null>
  /** Begins a session for whoever has proved who they are. @throws INVALID_CREDENTIALS when they may not come in (any more). */
  grant(subject: Subject, mode: Mode, context: RequestContext): Promise<Granted>
  /**
   * Runs `work`, which finds out whether somebody may come in: a refusal comes no sooner than any other, and too many from one address are answered
   * without it. @throws REQUESTS_EXCEEDED
   */
  attempt<T>(context: RequestContext, work: () => Promise<T>): Promise<T>
}

export { filled, parseBody, text } from './body.ts'

export const signIn = service<SignIn>('auth')

/** Somebody comes by a share. Whoever keeps shares says what they may do: nothing, if nobody does. */
export interface SharedEvent {
  readonly share: string
  readonly ip: string | null
  /** Of the password under which they came in; undefined when that is not known. */
  readonly stamp: string | undefined
  /** Undefined when the share is not there, has not begun, is over, or has another password by now. */
  rights: Accountability | undefined
}

export const shared = hookPoint<SharedEvent>('auth.shared')

/** A token that is neither signed by us nor of a user may be another plugin's: it says what whoever sends it may do, and where. */
export interface BearerEvent {
  readonly token: string
  readonly context: RequestContext
  /** Undefined when it is nobody's. */
  rights: Accountability | undefined
}

export const bearer = hookPoint<BearerEvent>('auth.bearer')

/** A user has come in by proving who they are; not told of renewed sessions. */
export interface SignedInEvent {
  readonly user: string
  readonly context: RequestContext
}

export const signedIn = hookPoint<SignedInEvent>('auth.signedIn')

/** Who sends a request is known by now. What a handler throws is the answer. */
export const authenticated = hookPoint<RequestContext>('auth.authenticated')

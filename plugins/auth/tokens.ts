/**
 * Tokens that are signed: access tokens, and those in letters. JWTs (RFC 7519) with the claims that the reference signs, so that either
 * takes the other's under the same SECRET.
 */
import { LRUCache } from 'lru-cache'
import { problems } from 'plinth'
import type { SessionName } from './live.ts'

/** Of an access token, in the reference's order. */
export interface Claims {
  readonly id?: string
  readonly role: string | null
  readonly app_access: boolean
  readonly admin_access: boolean
  readonly enforce_tfa?: true
  /** The token of a session that lives in a cookie. */
  readonly session?: string
  readonly share?: string
}

/** What a good access token says: whom it stands for, and which session it came from (undefined: another server issued it without one). */
export interface Bearer {
  readonly subject: { readonly user: string } | { readonly share: string }
  readonly session: SessionName | undefined
}

/** What a letter's token is for; one is never taken for another. */
export type Scope = 'password-reset' | 'invite' | 'pending-registration'

export interface LetterClaims {
  readonly email: string
  /** Of the password at the time, so that the letter works once. */
  readonly hash?: string
}

export interface Tokens {
  /** `session` is its identity; it travels in the header, signed like the claims. `ttl` in ms. */
  sign(claims: Claims, session: string | null, ttl: number): Promise<string>
  /**
   * Undefined when it is no access token of this issuer, such as a static token.
   * @throws INVALID_TOKEN, TOKEN_EXPIRED
   */
  read(token: string): Promise<Bearer | undefined>
  signLetter(scope: Scope, claims: LetterClaims, ttl: number): Promise<string>
  /** @throws INVALID_TOKEN, TOKEN_EXPIRED, FORBIDDEN for a token that is for something else. */
  readLetter(scope: Scope, token: string): Promise<LetterClaims>
}

const issuer = 'directus'
/** Tokens remembered with what they say, so that each is verified once, and the longest worth remembering. */
const remembered = 5000
const longest = 2048

interface Known extends Bearer {
  /** Seconds since 1970. */
  readonly expires: number
}

const seconds = () => Date.now() / 1000

export function createTokens(secret: string): Tokens {
  const key = new TextEncoder().encode(secret)
  const good = new LRUCache<string, Known>({ max: remembered })

  async function verify(token: string) {
    const { jwtVerify } = await import('jose/jwt/verify')
    return jwtVerify(token, key, { algorithms: ['HS256'], issuer }).catch((cause) => {
      throw cause?.code === 'ERR_JWT_EXPIRED' ? problems.TOKEN_EXPIRED(undefined, {}, cause) : problems.INVALID_TOKEN(undefined, {}, cause)
    })
  }

  async function issue(claims: object, header: { readonly sid?: string }, ttl: number): Promise<string> {
    const { SignJWT } = await import('jose/jwt/sign')
    const issued = Math.floor(seconds())
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header })
      .setIssuedAt(issued)
      .setExpirationTime(issued + Math.floor(ttl / 1000))
      .setIssuer(issuer)
      .sign(key)
  }

  async function toBearer(token: string): Promise<Known> {
    const { payload, protectedHeader } = await verify(token)
    const { id, share, session, scope, exp } = payload
    const { sid } = protectedHeader
    if (scope !== undefined || !('role' in payload)) throw problems.INVALID_TOKEN()
    const subject = typeof share === 'string' ? { share } : typeof id === 'string' ? { user: id } : undefined
    if (!subject) throw problems.INVALID_CREDENTIALS()
    return {
      subject,
      session: typeof session === 'string' ? { token: session } : typeof sid === 'string' ? { id: sid } : undefined,
      expires: exp ?? Number.POSITIVE_INFINITY,
    }
  }

  return {
    sign: (claims, session, ttl) => issue(claims, session ? { sid: session } : {}, ttl),
    async read(token) {
      let known = good.get(token)
      if (!known) {
        if (!isOurs(token)) return undefined
        known = await toBearer(token)
        if (token.length <= longest) good.set(token, known)
      } else if (known.expires <= seconds()) {
        good.delete(token)
        throw problems.TOKEN_EXPIRED()
      }
      return known
    },
    signLetter: (scope, { email, hash }, ttl) => issue({ email, scope, ...(hash ? { hash } : {}) }, {}, ttl),
    async readLetter(scope, token) {
      const { payload } = await verify(token)
      const { email, hash } = payload
      if (payload.scope !== scope || typeof email !== 'string') throw problems.FORBIDDEN('This token is for something else.')
      return { email, ...(typeof hash === 'string' ? { hash } : {}) }
    },
  }
}

/** Whether a token claims to be an access token of this issuer: three parts, the middle one JSON with our `iss`. Nothing of it is believed yet. */
function isOurs(token: string): boolean {
  const parts = token.split('.')
  if (parts.length !== 3) return false
  try {
    const payload: unknown = JSON.parse(atob(parts[1]!.replaceAll('-', '+').replaceAll('_', '/')))
    return (payload as { iss?: unknown } | null)?.iss === issuer
  } catch {
    // No base64 or no JSON: some other kind of token.
    return false
  }
}

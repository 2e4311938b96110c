/** Access tokens: JWTs (RFC 7519) with the claims that the reference signs, so that either takes the other's under the same SECRET. */
import { LRUCache } from 'lru-cache'
import { problems } from 'plinth'

export interface Claims {
  readonly id: string
  readonly role: string | null
  readonly app_access: boolean
  readonly admin_access: boolean
}

/** What a good token says: whom it stands for, and under which password it was issued (undefined: another server issued it). */
export interface Bearer {
  readonly user: string
  readonly stamp: string | undefined
}

export interface Tokens {
  /** `stamp` marks the password under which the user was let in; it travels in the header, signed like the claims. `ttl` in ms. */
  sign(claims: Claims, stamp: string, ttl: number): Promise<string>
  /**
   * Undefined when it is no access token of this issuer, such as a static token.
   * @throws INVALID_TOKEN, TOKEN_EXPIRED
   */
  read(token: string): Promise<Bearer | undefined>
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

  async function verify(token: string): Promise<Known> {
    const { jwtVerify } = await import('jose/jwt/verify')
    const { payload, protectedHeader } = await jwtVerify(token, key, { algorithms: ['HS256'], issuer }).catch((cause) => {
      throw cause?.code === 'ERR_JWT_EXPIRED' ? problems.TOKEN_EXPIRED(undefined, {}, cause) : problems.INVALID_TOKEN(undefined, {}, cause)
    })
    // A scope is that of a link sent by mail (invitation, reset); a session or share would have to be looked up.
    if (payload.scope !== undefined || !('role' in payload)) throw problems.INVALID_TOKEN()
    if (typeof payload.id !== 'string' || payload.session !== undefined || payload.share !== undefined) throw problems.INVALID_CREDENTIALS()
    const { pwd } = protectedHeader
    return { user: payload.id, stamp: typeof pwd === 'string' ? pwd : undefined, expires: payload.exp ?? Number.POSITIVE_INFINITY }
  }

  return {
    async sign({ id, role, app_access, admin_access }, stamp, ttl) {
      const { SignJWT } = await import('jose/jwt/sign')
      const issued = Math.floor(seconds())
      return new SignJWT({ id, role, app_access, admin_access })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT', pwd: stamp })
        .setIssuedAt(issued)
        .setExpirationTime(issued + Math.floor(ttl / 1000))
        .setIssuer(issuer)
        .sign(key)
    },
    async read(token) {
      let known = good.get(token)
      if (!known) {
        if (!isOurs(token)) return undefined
        known = await verify(token)
        if (token.length <= longest) good.set(token, known)
      } else if (known.expires <= seconds()) {
        good.delete(token)
        throw problems.TOKEN_EXPIRED()
      }
      return known
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

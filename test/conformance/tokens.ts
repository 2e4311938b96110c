/** Access tokens that a server would sign, and some that it would not. */
import { SignJWT } from 'jose'

const secretKey = (secret: string) => new TextEncoder().encode(secret)

/** An access token; `lifetime` in seconds, negative for one that has expired. */
export const signToken = (secret: string, claims: object, { issuer = 'directus', lifetime = 600 } = {}): Promise<string> => {
  const now = Math.floor(Date.now() / 1000)
  const token = new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setIssuedAt(now - 3600)
  return token
    .setExpirationTime(now + lifetime)
    .setIssuer(issuer)
    .sign(secretKey(secret))
}

const encode = (value: object) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** A token whose header says that it needs no signature. */
export const unsignedToken = (claims: object): string => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`

/** The claims of a token, unverified. */
export const readToken = (token: string): Record<string, unknown> =>
  JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')))

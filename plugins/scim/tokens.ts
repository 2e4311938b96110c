/** SCIM's own tokens: shown once, kept as a hash, for some purposes and some time. Each is a client of OAuth 2 too: its key and itself are the credentials. */
import { type Host, isUuid, randomText, remember } from 'plinth'
import type { ScimToken, ScimTokens, Scope } from './api.ts'

/** What a token may do here. */
export interface Grant {
  readonly name: string
  readonly scopes: readonly Scope[]
}

export interface TokenStore extends ScimTokens {
  /** Undefined for a token that is none of SCIM's, or is over. */
  grantOf(token: string): Promise<Grant | undefined>
  /** A short-lived access token for whoever shows a good one (RFC 6749 §4.4); undefined for anybody else. */
  exchange(id: string, token: string): Promise<string | undefined>
}

interface Row {
  readonly id: string
  readonly hash: string
  readonly name: string
  readonly scopes: string
  readonly created: string
  readonly expires: string | null
  last_used: string | null
}

const prefix = 'scim_'
const issuer = 'plinth-scim'
const columns = 'id, hash, name, scopes, created, expires, last_used'
/** How exactly the time of last use is kept, ms. */
const minute = 60_000
const remembered = 1000

const toTold = ({ id, name, scopes, created, expires, last_used }: Row): ScimToken => ({
  id,
  name,
  scopes: scopes.split(' ') as Scope[],
  created: iso(created)!,
  expires: iso(expires),
  last_used: iso(last_used),
})
const iso = (time: string | null) => time && new Date(time).toISOString()

async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** @param lifetime Of access tokens, ms. */
export function createTokens({ db, versions, config }: Host, lifetime: number): TokenStore {
  const load = (column: 'hash' | 'id') => async (value: string) =>
    (await db.query<Row>(`select ${columns} from plinth.scim_tokens where ${column} = $1`, [value]))[0]
  const byHash = remember(remembered, load('hash'))
  const byId = remember(remembered, load('id'))
  versions.watch('scim', () => {
    byHash.clear()
    byId.clear()
  })
  const key = new TextEncoder().encode(config.secret)

  /** The key of the token that an access token was issued for. */
  async function subjectOf(token: string): Promise<string | undefined> {
    const { jwtVerify } = await import('jose/jwt/verify')
    const verified = await jwtVerify(token, key, { algorithms: ['HS256'], issuer }).catch(() => undefined)
    return verified?.payload.sub
  }

  async function find(token: string): Promise<Row | undefined> {
    if (token.startsWith(prefix)) return byHash.get(await hashOf(token))
    const id = /^[^.]+\.[^.]+\.[^.]+$/.test(token) ? await subjectOf(token) : undefined
    return id === undefined ? undefined : byId.get(id)
  }

  async function touch(row: Row): Promise<void> {
    const now = new Date()
    if (row.last_used !== null && now.getTime() - Date.parse(row.last_used) < minute) return
    row.last_used = now.toISOString()
    await db.query('update plinth.scim_tokens set last_used = now() where id = $1::uuid', [row.id])
  }

  return {
    async create(name, scopes, expires) {
      const token = prefix + randomText(43)
      const [row] = await db.query<Row>(
        `insert into plinth.scim_tokens (name, hash, scopes, expires) values ($1, $2, $3, $4::timestamptz) returning ${columns}`,
        [name, await hashOf(token), scopes.join(' '), expires?.toISOString() ?? null],
      )
      return { ...toTold(row!), token }
    },
    list: async () => (await db.query<Row>(`select ${columns} from plinth.scim_tokens order by created, id`)).map(toTold),
    async revoke(id) {
      if (!isUuid(id)) return false
      const ended = await db.query('delete from plinth.scim_tokens where id = $1::uuid returning 1 as one', [id])
      versions.touch('scim')
      return ended.length > 0
    },
    async grantOf(token) {
      const row = await find(token)
      if (!row || (row.expires !== null && Date.parse(row.expires) <= Date.now())) return undefined
      await touch(row)
      return { name: row.name, scopes: row.scopes.split(' ') as Scope[] }
    },
    async exchange(id, token) {
      const row = token.startsWith(prefix) ? await find(token) : undefined
      if (!row || row.id !== id.toLowerCase() || (row.expires !== null && Date.parse(row.expires) <= Date.now())) return undefined
      const { SignJWT } = await import('jose/jwt/sign')
      const issued = Math.floor(Date.now() / 1000)
      return new SignJWT({})
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(issuer)
        .setSubject(row.id)
        .setIssuedAt(issued)
        .setExpirationTime(issued + Math.floor(lifetime / 1000))
        .sign(key)
    },
  }
}

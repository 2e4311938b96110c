/** /scim/tokens, for administrators; /scim/oauth/token, where a client gets an access token for its credentials (RFC 6749 §4.4). */
import type { Context, Hono } from 'hono'
import { type Env, problems, readJson, readText } from 'plinth'
import { filled, parseBody } from 'plinth/auth'
import * as v from 'valibot'
import { scopes } from './api.ts'
import type { TokenStore } from './tokens.ts'

export const Wish = v.strictObject({
  name: v.pipe(filled, v.maxLength(100, 'must have 100 characters at most.')),
  scopes: v.optional(
    v.pipe(v.array(v.picklist(scopes, `must be of ${scopes.join(', ')}.`)), v.minLength(1, 'must be one at least.')),
    () => [...scopes],
  ),
  expires: v.nullish(v.pipe(v.string(), v.isoTimestamp('must be a time such as 2030-01-31T12:00:00Z.'))),
})

/** RFC 6749 §5.1, §5.2. */
const unkept = { 'cache-control': 'no-store', pragma: 'no-cache' }
const basic = { 'www-authenticate': 'Basic realm="SCIM"' }

/** Bytes of a form. */
const formMax = 10_000

export function tokenRoutes(routes: Hono<Env>, tokens: TokenStore, lifetime: number): void {
  const checkAdmin = (c: Context<Env>) => {
    if (!c.env.accountability.admin) throw problems.FORBIDDEN()
  }
  routes.get('/tokens', async (c) => {
    checkAdmin(c)
    return c.json({ data: await tokens.list() })
  })
  routes.post('/tokens', async (c) => {
    checkAdmin(c)
    const { name, scopes: chosen, expires } = parseBody(Wish, await readJson(c))
    return c.json({ data: await tokens.create(name, [...new Set(chosen)], expires ? new Date(expires) : null) })
  })
  routes.delete('/tokens/:id', async (c) => {
    checkAdmin(c)
    if (!(await tokens.revoke(c.req.param('id')))) throw problems.FORBIDDEN()
    return c.body(null, 204)
  })

  routes.post('/oauth/token', async (c) => {
    const refuse = (status: 400 | 401, error: string) => c.json({ error }, status, status === 401 ? { ...unkept, ...basic } : unkept)
    if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.env.header('content-type') ?? '')) return refuse(400, 'invalid_request')
    const form = new URLSearchParams(await readText(c, formMax, 'a form'))
    if (!form.get('grant_type')) return refuse(400, 'invalid_request')
    if (form.get('grant_type') !== 'client_credentials') return refuse(400, 'unsupported_grant_type')
    const [id, secret] = basicOf(c.env.header('authorization')) ?? [form.get('client_id'), form.get('client_secret')]
    const token = id && secret ? await tokens.exchange(id, secret) : undefined
    if (!token) return refuse(401, 'invalid_client')
    const granted = { access_token: token, token_type: 'Bearer', expires_in: Math.floor(lifetime / 1000) }
    return c.json(granted, 200, unkept)
  })
}

/** `Basic …`: id and secret, each percent-encoded (RFC 6749 §2.3.1). Undefined for anything else. */
function basicOf(header: string | null): [string, string] | undefined {
  const encoded = /^basic\s+([\w+/=]+)$/i.exec(header ?? '')?.[1]
  if (!encoded) return undefined
  try {
    const [, id, secret] = /^([^:]*):(.*)$/s.exec(atob(encoded))!
    return [decodeURIComponent(id!), decodeURIComponent(secret!)]
  } catch {
    // No base64, no colon, or broken percent-encoding: no credentials.
    return undefined
  }
}

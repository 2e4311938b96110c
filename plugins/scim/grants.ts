/** Who asks SCIM: a token of its own, which is good for nothing else, or an administrator. */
import type { Context } from 'hono'
import { type Env, type Host, nobody, problems, type RequestContext } from 'plinth'
import { bearer } from 'plinth/auth'
import type { Scope } from './api.ts'
import type { Asker } from './store.ts'
import type { Grant, TokenStore } from './tokens.ts'

const isScim = (request: Request): boolean => /^\/scim\/v2(\/|$)/.test(new URL(request.url).pathname)

/** @returns Who asks, as the engine and histories know them: with the rights to write, of which SCIM uses few. */
export function createGrants({ hook, config }: Host, tokens: TokenStore) {
  /** Apart from what the request may do elsewhere, which is nothing. */
  const grants = new WeakMap<RequestContext, Grant>()

  hook(bearer, async function grantScim(event, next) {
    const grant = isScim(event.context.request) ? await tokens.grantOf(event.token) : undefined
    if (!grant) return next()
    grants.set(event.context, grant)
    event.rights = { ...nobody, ip: event.context.ip }
  })

  const baseOf = (c: Context<Env>): string => {
    const { publicUrl } = config
    return `${/^https?:/.test(publicUrl) ? publicUrl : new URL(c.req.url).origin + publicUrl}/scim/v2`
  }

  /** @param scope What of a token's scopes is needed; null: none in particular. @throws INVALID_CREDENTIALS, FORBIDDEN */
  function askerOf(c: Context<Env>, scope: Scope | null): Asker {
    const { accountability, gone } = c.env
    const grant = grants.get(c.env)
    const asker = { base: baseOf(c), gone }
    if (grant) {
      if (scope && !grant.scopes.includes(scope)) throw problems.FORBIDDEN(`The token has not the scope "${scope}".`)
      const { ip, userAgent } = accountability
      return { ...asker, access: { ...nobody, admin: true, ip, userAgent, origin: `SCIM: ${grant.name}` } }
    }
    if (accountability.user === null && accountability.share === null) throw problems.INVALID_CREDENTIALS()
    if (!accountability.admin) throw problems.FORBIDDEN('SCIM takes tokens of its own, and those of administrators.')
    return { ...asker, access: { ...accountability, origin: 'SCIM' } }
  }

  return { askerOf, baseOf }
}

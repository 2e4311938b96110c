/** /permissions: stored rules, and those that come with app access. /me: what the caller may do. /explain: why somebody may do something, or may not. */
import type { Context, Hono } from 'hono'
import { type Env, problems, system } from 'plinth'
import { type Item, type Items, ruleActions } from 'plinth/items'
import * as v from 'valibot'
import type { Accounts } from './api.ts'
import { systemRules } from './system-rules.ts'

/** Of whom it is asked: `user`, else of whoever is not signed in; `ip`: from where they ask. */
export const ExplainQuery = v.object({
  collection: v.string(),
  action: v.picklist(ruleActions),
  user: v.optional(v.string()),
  key: v.optional(v.string()),
  ip: v.optional(v.string()),
})

const builtIn: readonly Item[] = systemRules.map((rule) => ({ ...rule, system: true }))

/** `/me` and `/explain` stand before `/:key`. */
export function permissionRoutes(routes: Hono<Env>, items: Items, accounts: Pick<Accounts, 'byId' | 'anonymous'>): void {
  const { rules } = items
  const signedIn = (c: Context<Env>) => {
    if (!c.env.accountability.user) throw problems.FORBIDDEN()
    return c.env.accountability
  }

  routes.get('/me', async (c) => c.json({ data: await rules.summary(c.env.accountability.share ? c.env.accountability : signedIn(c)) }))
  routes.get('/me/:collection/:key?', async (c) =>
    c.json({ data: await rules.touches(signedIn(c), c.req.param('collection'), c.req.param('key')) }),
  )

  /** `?collection=&action=[&user=][&key=][&ip=]`; without a user of somebody who has not signed in. */
  routes.get('/explain', async (c) => {
    if (!c.env.accountability.admin) throw problems.FORBIDDEN('"explain" is for administrators.')
    const asked = v.safeParse(ExplainQuery, c.req.query())
    if (!asked.success) throw problems.INVALID_QUERY(`"collection" is needed, and "action": one of ${ruleActions.join(', ')}.`)
    const { user, collection, action, key, ip = null } = asked.output
    const access = user ? await accounts.byId(user, ip) : await accounts.anonymous(ip)
    if (!access) throw problems.FORBIDDEN('There is no such user, or it is not active.')
    const told = await rules.explain(access, collection, action, key)
    const { role, roles, policies, admin, app } = access
    return c.json({ data: { user: access.user, role, roles, policies, admin, app, collection, action, ...told } })
  })

  items.crud(routes, 'directus_permissions', { besides: (access) => (access !== system && access.app ? builtIn : []) })
}

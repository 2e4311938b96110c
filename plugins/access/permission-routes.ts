/** /permissions/me: what the caller may do. /permissions/explain: why somebody may do something, or may not. */
import type { Context, Hono } from 'hono'
import { type Env, problems } from 'plinth'
import { type Items, ruleActions } from 'plinth/items'
import type { Accounts } from './api.ts'

/** They stand before `/:key`. */
export function permissionRoutes(routes: Hono<Env>, { rules }: Items, accounts: Pick<Accounts, 'byId' | 'anonymous'>): void {
  const signedIn = (c: Context<Env>) => {
    if (!c.env.accountability.user) throw problems.FORBIDDEN()
    return c.env.accountability
  }

  routes.get('/me', async (c) => c.json({ data: await rules.summary(signedIn(c)) }))
  routes.get('/me/:collection/:key?', async (c) =>
    c.json({ data: await rules.touches(signedIn(c), c.req.param('collection'), c.req.param('key')) }),
  )

  /** `?collection=&action=[&user=][&key=][&ip=]`; without a user of somebody who has not signed in. */
  routes.get('/explain', async (c) => {
    if (!c.env.accountability.admin) throw problems.FORBIDDEN('"explain" is for administrators.')
    const { user, collection, action: named, key, ip = null } = c.req.query()
    const action = ruleActions.find((name) => name === named)
    if (!collection || !action) throw problems.INVALID_QUERY(`"collection" is needed, and "action": one of ${ruleActions.join(', ')}.`)
    const access = user ? await accounts.byId(user, ip) : await accounts.anonymous(ip)
    if (!access) throw problems.FORBIDDEN('There is no such user, or it is not active.')
    const told = await rules.explain(access, collection, action, key)
    const { role, roles, policies, admin, app } = access
    return c.json({ data: { user: access.user, role, roles, policies, admin, app, collection, action, ...told } })
  })
}

/** Paths of users, roles, policies and what ties them. */

import type { Hono } from 'hono'
import { type Env, problems } from 'plinth'
import type { Items } from 'plinth/items'

/** `/me` stands before `/:key`. */
export function userRoutes(routes: Hono<Env>, items: Items): void {
  routes.get('/me', async (c) => {
    const { accountability, gone, request } = c.env
    const { user, admin } = accountability
    if (!user) throw problems.INVALID_CREDENTIALS()
    if (!admin) return c.json({ data: { id: user } })
    const text = await items.oneText('directus_users', user, new URL(request.url).search.slice(1), { access: accountability, gone })
    return c.body(text, 200, { 'content-type': 'application/json; charset=utf-8' })
  })
  items.crud(routes, 'directus_users')
}

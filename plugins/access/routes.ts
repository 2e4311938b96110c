/** Paths of users, roles, policies and what ties them. */

import type { Hono } from 'hono'
import { type Env, Problem, problems } from 'plinth'
import type { Items } from 'plinth/items'

/** `/me` stands before `/:key`. */
export function userRoutes(routes: Hono<Env>, items: Items): void {
  routes.get('/me', async (c) => {
    const { accountability, gone, request } = c.env
    const { user } = accountability
    if (!user) throw problems.INVALID_CREDENTIALS()
    const query = new URL(request.url).search.slice(1)
    items.check(query)
    const text = await items.oneText('directus_users', user, query, { access: accountability, gone }).catch(keyAlone)
    return c.body(text, 200, { 'content-type': 'application/json; charset=utf-8' })

    /** Whoever is signed in may know that much, whatever else is not theirs to see. */
    function keyAlone(error: unknown): string {
      if (error instanceof Problem && error.code === 'FORBIDDEN') return JSON.stringify({ data: { id: user } })
      throw error
    }
  })
  items.crud(routes, 'directus_users')
}

/** Paths of users, roles, policies and what ties them. */

import type { Context, Hono } from 'hono'
import { type Database, type Env, problems, readJson } from 'plinth'
import type { Item, Items } from 'plinth/items'
import { ownRoles, ownUser, readOwn, updateOwn } from './own.ts'

const users = 'directus_users'
const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' }

/** `/me` stands before `/:key`. */
export function userRoutes(routes: Hono<Env>, items: Items, db: Database): void {
  const queryOf = (c: Context<Env>): string => {
    const query = new URL(c.req.url).search.slice(1)
    items.check(query)
    return query
  }

  routes.get('/me', async (c) => {
    const { share } = c.env.accountability
    if (share) return c.json({ data: { share } })
    ownUser(c.env)
    return c.body(await readOwn(items, queryOf(c), c.env), 200, jsonHeaders)
  })

  routes.patch('/me', async (c) => {
    ownUser(c.env)
    const patch = await readJson(c)
    const query = queryOf(c)
    const text = await updateOwn(items, Array.isArray(patch) ? {} : ((patch ?? {}) as Item), query, c.env)
    return text === undefined ? c.body(null, 204) : c.body(text, 200, jsonHeaders)
  })

  // Where an app has been left: no change of the user that anybody need hear of.
  routes.patch('/me/track/page', async (c) => {
    const user = ownUser(c.env)
    const { last_page: page } = ((await readJson(c)) ?? {}) as { readonly last_page?: unknown }
    if (typeof page !== 'string' || page === '') throw problems.INVALID_PAYLOAD('"last_page" is required, as text.')
    await db.query('update directus_users set last_page = left($2, 255) where id = $1::uuid', [user, page])
    return c.body(null, 204)
  })

  items.crud(routes, users)
}

/** /roles/me: the own role and those above it, as far as they may be seen. */
export function roleRoutes(routes: Hono<Env>, items: Items): void {
  routes.get('/me', async (c) => {
    if (!c.env.accountability.user) throw problems.FORBIDDEN()
    const fields = c.req.query('fields') ?? '*'
    items.check({ fields })
    return c.body(await ownRoles(items, { fields }, c.env), 200, jsonHeaders)
  })
  items.crud(routes, 'directus_roles')
}

/** /policies/me/globals: what all the caller's policies come to. */
export function policyRoutes(routes: Hono<Env>, items: Items, db: Database): void {
  routes.get('/me/globals', async (c) => {
    const { user, app, admin, policies } = c.env.accountability
    if (!user) return c.json({ data: { app_access: false } })
    const [row] = await db.query<{ demanded: boolean | null }>(
      'select bool_or(enforce_tfa) as demanded from directus_policies where id = any ($1::uuid[])',
      [policies],
    )
    return c.json({ data: { app_access: app, admin_access: admin, enforce_tfa: row?.demanded ?? false } })
  })
  items.crud(routes, 'directus_policies')
}

/** Paths of users, roles, policies and what ties them. */

import type { Context, Hono } from 'hono'
import { type Database, type Env, Problem, problems, readJson } from 'plinth'
import type { Item, Items } from 'plinth/items'

const users = 'directus_users'
const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' }

/** `/me` stands before `/:key`. */
export function userRoutes(routes: Hono<Env>, items: Items, db: Database): void {
  const queryOf = (c: Context<Env>): string => {
    const query = new URL(c.req.url).search.slice(1)
    items.check(query)
    return query
  }
  const callerOf = (c: Context<Env>) => ({ access: c.env.accountability, gone: c.env.gone })

  routes.get('/me', async (c) => {
    const { user, share } = c.env.accountability
    if (share) return c.json({ data: { share } })
    if (!user) throw problems.INVALID_CREDENTIALS()
    // Whoever is signed in may know that much, whatever else is not theirs to see.
    const text = await unlessForbidden(items.oneText(users, user, queryOf(c), callerOf(c)))
    return c.body(text ?? JSON.stringify({ data: { id: user } }), 200, jsonHeaders)
  })

  routes.patch('/me', async (c) => {
    const user = signedIn(c)
    const patch = await readJson(c)
    const query = queryOf(c)
    await items.update(users, [user], Array.isArray(patch) ? {} : ((patch ?? {}) as Item), callerOf(c))
    const text = await unlessForbidden(items.oneText(users, user, query, callerOf(c)))
    return text === undefined ? c.body(null, 204) : c.body(text, 200, jsonHeaders)
  })

  // Where an app has been left: no change of the user that anybody need hear of.
  routes.patch('/me/track/page', async (c) => {
    const user = signedIn(c)
    const { last_page: page } = ((await readJson(c)) ?? {}) as { readonly last_page?: unknown }
    if (!page) throw problems.INVALID_PAYLOAD('"last_page" is required.')
    await db.query('update directus_users set last_page = left($2, 255) where id = $1::uuid', [user, String(page)])
    return c.body(null, 204)
  })

  items.crud(routes, users)
}

/** /roles/me: the own role and those above it, as far as they may be seen. */
export function roleRoutes(routes: Hono<Env>, items: Items): void {
  routes.get('/me', async (c) => {
    const access = c.env.accountability
    if (!access.user) throw problems.FORBIDDEN()
    const fields = c.req.query('fields') ?? '*'
    items.check({ fields })
    const bare = JSON.stringify({ data: access.roles.map((id) => ({ id })) })
    if (!access.roles.length) return c.body(bare, 200, jsonHeaders)
    const query = { fields, filter: { id: { _in: [...access.roles] } }, limit: -1 }
    return c.body((await unlessForbidden(items.listText('directus_roles', query, { access }))) ?? bare, 200, jsonHeaders)
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

function signedIn(c: Context<Env>): string {
  const { user } = c.env.accountability
  if (!user) throw problems.INVALID_CREDENTIALS()
  return user
}

async function unlessForbidden(read: Promise<string>): Promise<string | undefined> {
  try {
    return await read
  } catch (error) {
    if (error instanceof Problem && error.code === 'FORBIDDEN') return undefined
    throw error
  }
}

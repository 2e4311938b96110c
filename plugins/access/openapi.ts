/** What the document of the API says of oneself and of rights. */
import type { Handler } from 'plinth'
import type { OpenapiEvent } from 'plinth/specs'
import * as v from 'valibot'
import { ExplainQuery } from './permission-routes.ts'

const LastPage = v.object({ last_page: v.pipe(v.string(), v.nonEmpty()) })
const Globals = v.object({
  data: v.object({ app_access: v.boolean(), admin_access: v.optional(v.boolean()), enforce_tfa: v.optional(v.boolean()) }),
})

export const describeRoutes: Handler<OpenapiEvent> = async function describeRights({ describe }, next) {
  const audience = 'users'
  describe('GET /users/me', { summary: 'Who one is', item: 'directus_users', audience })
  describe('PATCH /users/me', { summary: 'Change oneself', item: 'directus_users', audience })
  describe('PATCH /users/me/track/page', { summary: 'Note where an app was left', body: LastPage, status: 204, audience })
  describe('GET /roles/me', { summary: "One's roles, the nearest first", items: 'directus_roles', audience })
  describe('GET /policies/me/globals', { summary: "What one's policies come to", response: Globals })
  describe('GET /permissions/me', { summary: 'What one may do', audience })
  describe('GET /permissions/me/:collection/:key?', { summary: 'What one may do to an item', audience })
  describe('GET /permissions/explain', { summary: 'Why somebody may do something', query: ExplainQuery, audience: 'admins' })
  await next()
}

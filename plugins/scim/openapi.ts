/** What the document of the API says of SCIM: its resources have schemas of their own, at /scim/v2/Schemas (RFC 7643 §7). */
import type { Handler } from 'plinth'
import type { OpenapiEvent } from 'plinth/specs'
import * as v from 'valibot'
import { Wish } from './token-routes.ts'

const Resource = v.looseObject({ schemas: v.array(v.string()) })
const text = v.optional(v.string())
const Query = v.object({
  filter: text,
  startIndex: text,
  count: text,
  cursor: text,
  sortBy: text,
  sortOrder: text,
  attributes: text,
  excludedAttributes: text,
})
const type = 'application/scim+json'

export const describeRoutes: Handler<OpenapiEvent> = async function describeScim({ describe }, next) {
  for (const kind of ['Users', 'Groups']) {
    const root = `/scim/v2/${kind}`
    describe(`GET ${root}`, { summary: `List ${kind.toLowerCase()}`, query: Query })
    describe(`POST ${root}`, { body: Resource, type, status: 201 })
    describe(`PUT ${root}/:id`, { body: Resource, type })
    describe(`PATCH ${root}/:id`, { body: Resource, type })
    describe(`DELETE ${root}/:id`, { status: 204 })
    describe(`POST ${root}/.search`, { body: Resource, type })
  }
  describe('POST /scim/v2/Bulk', { body: Resource, type })
  describe('POST /scim/v2/.search', { body: Resource, type })
  describe('GET /scim/tokens', { summary: 'Tokens of identity providers', audience: 'admins' })
  describe('POST /scim/tokens', { summary: 'Make a token, told once', body: Wish, audience: 'admins' })
  describe('DELETE /scim/tokens/:id', { summary: 'Revoke a token', status: 204, audience: 'admins' })
  await next()
}

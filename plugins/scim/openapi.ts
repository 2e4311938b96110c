/** What the document of the API says of SCIM: its resources have schemas of their own, at /scim/v2/Schemas (RFC 7643 §7). */
import type { Handler } from 'plinth'
import type { OpenapiEvent } from 'plinth/specs'
import * as v from 'valibot'
import { Wish } from './token-routes.ts'

const Resource = v.looseObject({ schemas: v.array(v.string()) })
const text = v.optional(v.string())
const Shape = v.object({ attributes: text, excludedAttributes: text })
const Query = v.object({
  filter: text,
  startIndex: text,
  count: text,
  cursor: text,
  sortBy: text,
  sortOrder: text,
  ...Shape.entries,
})
const type = 'application/scim+json'

export const describeRoutes: Handler<OpenapiEvent> = async function describeScim({ describe }, next) {
  const answers = [type]
  const ofOne = (path: string, one: string) => {
    describe(`GET ${path}`, { summary: `Read ${one}`, query: Shape, answers })
    describe(`PUT ${path}`, { summary: `Replace ${one}`, body: Resource, type, answers })
    describe(`PATCH ${path}`, { summary: `Change ${one}`, body: Resource, type, answers })
    describe(`DELETE ${path}`, { summary: `Remove ${one}`, status: 204 })
  }
  for (const [kind, one] of Object.entries({ Users: 'a user', Groups: 'a group' })) {
    const root = `/scim/v2/${kind}`
    const many = kind.toLowerCase()
    describe(`GET ${root}`, { summary: `List ${many}`, query: Query, answers })
    describe(`POST ${root}`, { summary: `Make ${one}`, body: Resource, type, status: 201, answers })
    ofOne(`${root}/:id`, one)
    describe(`POST ${root}/.search`, { summary: `Search ${many}`, body: Resource, type, answers })
  }
  ofOne('/scim/v2/Me', 'oneself')
  describe('POST /scim/v2/Bulk', { summary: 'Several changes at once', body: Resource, type, answers })
  describe('POST /scim/v2/.search', { summary: 'Search users and groups', body: Resource, type, answers })
  describe('GET /scim/v2', { summary: 'List users and groups', query: Query, answers })
  for (const list of ['Schemas', 'ResourceTypes']) {
    describe(`GET /scim/v2/${list}`, { summary: `What there is: ${list}`, answers })
    describe(`GET /scim/v2/${list}/:id`, { summary: `One of ${list}`, answers })
  }
  describe('GET /scim/v2/ServiceProviderConfig', { summary: 'What is offered', answers })
  describe('POST /scim/oauth/token', {
    summary: "An access token for a client's credentials",
    body: v.object({ grant_type: v.literal('client_credentials'), client_id: text, client_secret: text }),
    type: 'application/x-www-form-urlencoded',
  })
  describe('GET /scim/tokens', { summary: 'Tokens of identity providers', audience: 'admins' })
  describe('POST /scim/tokens', { summary: 'Make a token, told once', body: Wish, audience: 'admins' })
  describe('DELETE /scim/tokens/:id', { summary: 'Revoke a token', status: 204, audience: 'admins' })
  await next()
}

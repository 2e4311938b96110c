/** What the document of the API says of the model. */
import type { Handler } from 'plinth'
import type { OpenapiEvent } from 'plinth/specs'
import * as v from 'valibot'

const text = v.optional(v.string())
const Apply = v.object({ dry_run: text, allow_data_loss: text, force: text, mode: v.optional(v.picklist(['mirror', 'merge'])) })

export const describeRoutes: Handler<OpenapiEvent> = async function describeModel({ describe }, next) {
  const { CollectionChange, CollectionInput, FieldChange, NewField, RelationChange, RelationInput } = await import('./input.ts')
  const audience = 'admins'
  const loss = v.object({ allow_data_loss: text })
  describe('GET /collections', { summary: 'Collections' })
  describe('GET /collections/:collection', { summary: 'A collection' })
  describe('POST /collections', { summary: 'Make a collection', body: v.union([CollectionInput, v.array(CollectionInput)]), audience })
  describe('PATCH /collections', { summary: 'Change collections', body: v.array(v.looseObject({ collection: v.string() })), audience })
  describe('PATCH /collections/:collection', { summary: 'Change a collection', body: CollectionChange, audience })
  describe('DELETE /collections/:collection', { summary: 'Remove a collection', status: 204, audience })
  describe('GET /fields', { summary: 'Fields' })
  describe('GET /fields/:collection', { summary: 'Fields of a collection' })
  describe('GET /fields/:collection/:field', { summary: 'A field' })
  describe('POST /fields/:collection', { summary: 'Make a field', body: NewField, audience })
  describe('PATCH /fields/:collection', {
    summary: 'Change fields',
    query: loss,
    body: v.array(v.looseObject({ field: v.string() })),
    audience,
  })
  describe('PATCH /fields/:collection/:field', { summary: 'Change a field', query: loss, body: FieldChange, audience })
  describe('DELETE /fields/:collection/:field', { summary: 'Remove a field', status: 204, audience })
  describe('GET /relations', { summary: 'Relations' })
  describe('GET /relations/:collection', { summary: 'Relations of a collection' })
  describe('GET /relations/:collection/:field', { summary: 'A relation' })
  describe('POST /relations', { summary: 'Make a relation', body: RelationInput, audience })
  describe('PATCH /relations/:collection/:field', { summary: 'Change a relation', body: RelationChange, audience })
  describe('DELETE /relations/:collection/:field', { summary: 'Remove a relation', status: 204, audience })
  describe('GET /schema/snapshot', { summary: 'The model', query: v.object({ export: text, include: text }), audience })
  describe('POST /schema/diff', { summary: 'What leads to another model', body: v.looseObject({}), audience })
  describe('POST /schema/apply', { summary: 'Apply a model, or what leads to it', query: Apply, body: v.looseObject({}), audience })
  await next()
}

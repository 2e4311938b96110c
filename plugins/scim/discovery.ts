/** What tells clients how SCIM is spoken here (RFC 7644 §4): read only, and the same for everybody. Pure. */
import { type Attribute, allSchemas, groupShape, type Schema, type Shape, userShape } from './schemas.ts'
import type { Resource } from './source.ts'

const schemaUrn = 'urn:ietf:params:scim:schemas:core:2.0:Schema'
const typeUrn = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'
const configUrn = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'

export interface Limits {
  readonly page: number
  readonly pageMax: number
  readonly bulkMax: number
  /** Bytes. */
  readonly payloadMax: number
}

/** Without characteristics that a type does not have: a boolean has no letter case, something complex no values of its own (RFC 7643 §7). */
function tellAttribute(attribute: Attribute): Resource {
  const { caseExact, uniqueness, subAttributes, type, ...rest } = attribute
  const isText = type === 'string' || type === 'reference'
  return {
    ...rest,
    type,
    ...(isText ? { caseExact } : {}),
    ...(type === 'boolean' ? {} : { uniqueness }),
    ...(subAttributes ? { subAttributes: subAttributes.map(tellAttribute) } : {}),
  }
}

const tellSchema = ({ id, name, description, attributes }: Schema, base: string): Resource => ({
  schemas: [schemaUrn],
  id,
  name,
  description,
  attributes: attributes.map(tellAttribute),
  meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
})

const tellType = ({ name, endpoint, schema, extensions }: Shape, base: string): Resource => ({
  schemas: [typeUrn],
  id: name,
  name,
  description: schema.description,
  endpoint,
  schema: schema.id,
  ...(extensions.length ? { schemaExtensions: extensions.map(({ id }) => ({ schema: id, required: false })) } : {}),
  meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
})

export const tellSchemas = (base: string): Resource[] => allSchemas.map((schema) => tellSchema(schema, base))
export const tellTypes = (base: string): Resource[] => [userShape, groupShape].map((shape) => tellType(shape, base))

export const tellConfig = ({ page, pageMax, bulkMax, payloadMax }: Limits, base: string): Resource => ({
  schemas: [configUrn],
  patch: { supported: true },
  bulk: { supported: true, maxOperations: bulkMax, maxPayloadSize: payloadMax },
  filter: { supported: true, maxResults: pageMax },
  changePassword: { supported: false },
  sort: { supported: true },
  etag: { supported: true },
  pagination: { cursor: true, index: true, defaultPaginationMethod: 'index', defaultPageSize: page, maxPageSize: pageMax },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: 'A token made for SCIM, or an administrator’s.',
      specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
      primary: true,
    },
    {
      type: 'oauth2',
      name: 'OAuth 2 client credentials',
      description: 'Short-lived tokens from oauth/token.',
      specUri: 'https://www.rfc-editor.org/rfc/rfc6749#section-4.4',
      primary: false,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
})

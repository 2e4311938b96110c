/** What the document of the API says of GraphQL: its own documents say the rest. */
import type { Handler } from 'plinth'
import type { OpenapiEvent } from 'plinth/specs'
import * as v from 'valibot'

const query = v.pipe(v.string(), v.description('A GraphQL document.'))
const operationName = v.optional(v.nullable(v.string()))
const Asked = v.object({ query, operationName, variables: v.optional(v.nullable(v.looseObject({}))) })
const AskedByGet = v.object({
  query,
  operationName: v.optional(v.string()),
  variables: v.optional(v.pipe(v.string(), v.description('As JSON.'))),
})
const Answer = v.object({
  data: v.optional(v.nullable(v.looseObject({}))),
  errors: v.optional(v.array(v.looseObject({ message: v.string() }))),
})

const roots = [
  { root: '/graphql', of: '' },
  { root: '/graphql/system', of: ' of the system' },
]

export const describeRoutes: Handler<OpenapiEvent> = async function describeGraphql({ describe }, next) {
  for (const { root, of } of roots) {
    describe(`GET ${root}`, { summary: `Query collections${of}`, query: AskedByGet, response: Answer })
    describe(`POST ${root}`, { summary: `Query or change collections${of}`, body: Asked, response: Answer })
    for (const method of ['PUT', 'PATCH', 'DELETE']) describe(`${method} ${root}`, { hidden: true })
  }
  const answers = ['application/octet-stream']
  for (const path of ['', '/items']) describe(`GET /server/specs/graphql${path}`, { summary: 'The schema of GraphQL', answers })
  describe('GET /server/specs/graphql/system', { summary: 'The schema of GraphQL, of the system', answers })
  await next()
}

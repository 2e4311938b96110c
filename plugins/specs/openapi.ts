/** The OpenAPI 3.1 document: what somebody may read and write of the schema, and every route that is served. */
import { toJsonSchema } from '@valibot/to-json-schema'
import type { Accountability, Table } from 'plinth'
import type { CrudAction, Visible } from 'plinth/items'
import type { RouteDescription } from './api.ts'
import { fieldSchema, type JsonSchema } from './field-schema.ts'
import { uniqueNames } from './names.ts'

export interface OpenapiParts {
  readonly title: string
  readonly version: string
  readonly url: string
  readonly visible: Visible
  /** Whose document it is. */
  readonly access: Pick<Accountability, 'user' | 'admin'>
  /** System collections that have routes. */
  readonly served: ReadonlyMap<string, readonly CrudAction[]>
  /** `GET /path/:key` of every plugin, with its name. */
  readonly routes: readonly { readonly plugin: string; readonly route: string }[]
  readonly described: ReadonlyMap<string, RouteDescription>
}

type Operation = Readonly<Record<string, unknown>>
type Operations = Record<string, Operation>

const ref = (kind: string, name: string): JsonSchema => ({ $ref: `#/components/${kind}/${name}` })
const json = (schema: JsonSchema) => ({ content: { 'application/json': { schema } } })
const data = (schema: JsonSchema) => ({ type: 'object', required: ['data'], properties: { data: schema } })
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
const oneOrMany = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, listOf(schema)] })

const text = { type: 'string' }
const number = { type: 'integer' }
interface Parameter {
  readonly name?: string
  /** Default: in the query. */
  readonly in?: 'header'
  readonly schema: JsonSchema
  readonly description: string
}
const parameters: Readonly<Record<string, Parameter>> = {
  fields: { schema: text, description: 'Names, `*` and paths over relations, between commas.' },
  filter: { schema: text, description: 'Conditions as JSON; also in brackets: `filter[title][_eq]=…`.' },
  search: { schema: text, description: 'A part of any text.' },
  sort: { schema: text, description: 'Names between commas, `-` before one turns it round.' },
  limit: { schema: number, description: 'Rows at most; -1 for all.' },
  offset: { schema: number, description: 'Rows left out at the start.' },
  page: { schema: number, description: 'Which page of `limit` rows, from 1 on.' },
  aggregate: { schema: text, description: 'What to compute, as JSON; also in brackets: `aggregate[count]=*`.' },
  groupBy: { schema: text, description: 'Names and functions between commas.' },
  deep: { schema: text, description: 'The same questions to related rows, as JSON or in brackets.' },
  alias: { schema: text, description: 'Other names for fields, as JSON or in brackets.' },
  meta: { schema: text, description: '`total_count`, `filter_count`, `estimated_count`, `next_cursor` or `*`.' },
  cursor: { schema: text, description: 'Where the page before has ended; empty for the first.' },
  // No enumeration: pages that try requests take its first value for one that is wanted.
  export: { schema: text, description: 'The rows as a file: `csv`, `csv_utf8`, `json`, `ndjson`, `xml` or `yaml`.' },
  version: { schema: text, description: 'The key of a version of the content.' },
}
const ofItem = ['fields', 'deep', 'alias', 'version']
const ofList = Object.keys(parameters)
/** In headers, and what administrators may ask of a read. */
const besides: Readonly<Record<string, Parameter>> = {
  explain: { schema: text, description: 'The statement, its parameters and plan in place of rows; `analyze` runs it.' },
  ifNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    schema: text,
    description: 'The `ETag` of an answer that one has: 304 when nothing has changed.',
  },
  ifMatch: {
    name: 'If-Match',
    in: 'header',
    schema: text,
    description: '`X-Item-Version` of the item as one knows it: 412 when it has changed.',
  },
  idempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    schema: text,
    description: 'The request may be sent again with it: nothing is made twice.',
  },
}

const failed = { default: ref('responses', 'Failed') }
const withContent = (content: object, status = 200) => ({ responses: { [status]: { description: 'Done.', ...content }, ...failed } })
const answered = (schema: JsonSchema | undefined, status?: number) => withContent(schema ? json(schema) : {}, status)
const taking = (schema: JsonSchema) => ({ requestBody: { required: true, ...json(schema) } })
const withVersion = { 'X-Item-Version': { schema: text, description: 'What `If-Match` of a change takes.' } }
const unchanged = { 304: { description: 'What one has is current.' } }
const changed = { 412: ref('responses', 'Failed') }
/** `answer` with more that may come of it. */
const orElse = (answer: ReturnType<typeof answered>, more: object) => ({ responses: { ...answer.responses, ...more } })
const asking = (names: readonly string[]) => names.map((name) => ref('parameters', name))

export function toOpenapi(parts: OpenapiParts): Record<string, unknown> {
  const { visible, served, access } = parts
  const forRead = ['ifNoneMatch', ...(access.admin ? ['explain'] : [])]
  const isFor = { users: access.user !== null, admins: access.admin }
  const tables = [...visible.known.values()].filter(({ name, system }) => !system || served.has(name))
  const told = tables.filter(({ name }) => visible.tables.has(name) || mayWrite(visible, name))
  const names = uniqueNames(told.map(({ name, system }) => [name, system ? name.replace(/^directus_/, '') : `items_${name}`]))
  const schemas: Record<string, JsonSchema> = {}
  const paths: Record<string, Operations> = {}
  /** Of items of a collection, as far as the document tells of them. */
  const known = (collection: string, suffix = ''): JsonSchema => {
    const title = `${names.get(collection)}${suffix}`
    return schemas[title] ? ref('schemas', title) : {}
  }

  for (const { name, system } of told) {
    const title = names.get(name)!
    const seen = visible.tables.get(name)
    const refTo = (collection: string) =>
      names.has(collection) && visible.tables.has(collection) ? ref('schemas', names.get(collection)!) : undefined
    const shape = (table: Table, fields: ReadonlySet<string> | null, written: boolean): JsonSchema => ({
      type: 'object',
      properties: Object.fromEntries(
        [...table.fields.values()]
          .filter(
            (field) =>
              (field.column || table.links.has(field.name)) && (!fields || fields.has(field.name)) && !(written && field.column?.generated),
          )
          .map((field) => [field.name, fieldSchema(table, field, refTo)]),
      ),
      'x-collection': name,
    })
    if (seen) schemas[title] = shape(seen, null, false)
    const spoken = system ? title.toLowerCase() : name
    const root = system ? `/${name.replace(/^directus_/, '')}` : `/items/${encodeURIComponent(name)}`
    const offers = served.get(name) ?? (['list', 'read', 'create', 'update', 'delete'] as const)
    const add = (path: string, method: string, operation: Operation) => {
      paths[path] ??= {}
      paths[path][method] = { tags: [title], ...operation }
    }
    const item = seen ? ref('schemas', title) : {}
    const key = { name: 'id', in: 'path', required: true, schema: text }
    const byKey = seen?.primaryKey.length || visible.known.get(name)?.primaryKey.length
    const one = byKey ? `${root}/{id}` : undefined
    const list = visible.known.get(name)?.singleton ? item : listOf(item)

    if (seen && offers.includes('list')) {
      const answer = { type: 'object', required: ['data'], properties: { data: list, meta: { type: 'object' } } }
      add(root, 'get', {
        operationId: `read${title}`,
        summary: `Read ${spoken}`,
        parameters: asking([...ofList, ...forRead]),
        ...orElse(answered(answer), unchanged),
      })
    }
    if (seen && one && offers.includes('read') && !visible.known.get(name)?.singleton) {
      add(one, 'get', {
        operationId: `readSingle${title}`,
        summary: `Read one of ${spoken}`,
        parameters: [key, ...asking([...ofItem, ...forRead])],
        ...orElse(answered(data(item)), { 200: { description: 'Done.', ...json(data(item)), headers: withVersion }, ...unchanged }),
      })
    }
    for (const action of ['create', 'update'] as const) {
      const writable = offers.includes(action) ? visible.writable(action, name) : undefined
      if (!writable) continue
      const body = `${title}${action === 'create' ? 'New' : 'Change'}`
      schemas[body] = shape(writable.table, writable.fields, true)
      const sent = ref('schemas', body)
      if (action === 'create') {
        add(root, 'post', {
          operationId: `create${title}`,
          summary: `Create ${spoken}`,
          parameters: asking([...ofItem, 'idempotencyKey']),
          ...taking(oneOrMany(sent)),
          ...answered(data(oneOrMany(item))),
        })
      } else {
        const some = { type: 'object', required: ['data'], properties: { keys: { type: 'array' }, query: { type: 'object' }, data: sent } }
        const many = visible.known.get(name)?.singleton ? sent : { anyOf: [listOf(sent), some] }
        add(root, 'patch', {
          operationId: `update${title}`,
          summary: `Update ${spoken}`,
          parameters: asking(ofItem),
          ...taking(many),
          ...answered(data(list)),
        })
        if (one)
          add(one, 'patch', {
            operationId: `updateSingle${title}`,
            summary: `Update one of ${spoken}`,
            parameters: [key, ...asking([...ofItem, 'ifMatch'])],
            ...taking(sent),
            ...orElse(answered(data(item)), changed),
          })
      }
    }
    if (offers.includes('delete') && visible.writable('delete', name)) {
      const which = { anyOf: [{ type: 'array' }, { type: 'object', properties: { keys: { type: 'array' }, query: { type: 'object' } } }] }
      add(root, 'delete', { operationId: `delete${title}`, summary: `Delete ${spoken}`, ...taking(which), ...answered(undefined, 204) })
      if (one)
        add(one, 'delete', {
          operationId: `deleteSingle${title}`,
          summary: `Delete one of ${spoken}`,
          parameters: [key, ...asking(['ifMatch'])],
          ...orElse(answered(undefined, 204), changed),
        })
    }
  }

  const generic = new Set([...served.keys()].map((name) => `/${name.replace(/^directus_/, '')}`))
  for (const { plugin, route } of parts.routes) {
    const [method = '', served] = route.split(' ')
    if (!served || !/^(GET|PUT|POST|PATCH|DELETE)$/.test(method) || served.includes('*') || served.startsWith('/items/')) continue
    const description = parts.described.get(route) ?? {}
    if (description.hidden || (description.audience && !isFor[description.audience])) continue
    const verb = method.toLowerCase()
    // What may be left out at the end makes two paths.
    for (const path of [...new Set([served.replace(/\/:\w+\?$/, ''), served])].map(bracketed)) {
      const crud = /^(\/[^/{]+)(\/\{\w+\})?$/.exec(path)
      if (crud && generic.has(crud[1]!)) {
        const usual = paths[`${crud[1]}${crud[2] ? '/{id}' : ''}`]?.[verb]
        if (usual) takeToo(usual, description)
        if (usual || crud[2] !== undefined || !parts.described.has(route)) continue
      }
      paths[path] ??= {}
      paths[path][verb] ??= { tags: [plugin], ...toOperation(path, verb, description, known) }
    }
  }

  return {
    openapi: '3.1.0',
    info: { title: parts.title, version: parts.version },
    servers: [{ url: parts.url || '/' }],
    security: [{ token: [] }, {}],
    tags: [...new Set(Object.values(paths).flatMap((operations) => Object.values(operations).flatMap(({ tags }) => tags as string[])))].map(
      (name) => ({ name }),
    ),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas,
      parameters: Object.fromEntries(
        Object.entries({ ...parameters, ...besides }).map(([name, told]) => [name, { name, in: 'query', ...told }]),
      ),
      responses: {
        Failed: {
          description: 'What went wrong.',
          ...json({
            type: 'object',
            properties: {
              errors: listOf({
                type: 'object',
                required: ['message', 'extensions'],
                properties: { message: text, extensions: { type: 'object', required: ['code'], properties: { code: text } } },
              }),
            },
          }),
        },
      },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  }
}

const mayWrite = (visible: Visible, name: string): boolean =>
  (['create', 'update', 'delete'] as const).some((action) => visible.writable(action, name) !== undefined)

/** What JSON Schema cannot say (a check in code, a transformation) is left out. */
const schemaOf = (schema: Parameters<typeof toJsonSchema>[0]): JsonSchema => {
  const { $schema: _, ...found } = toJsonSchema(schema, { errorMode: 'ignore', typeMode: 'input' }) as Record<string, unknown>
  return found
}

const bracketed = (route: string): string => route.replace(/:(\w+)(\{[^}]*\})?\??/g, '{$1}')

/** A route of items takes more than their JSON. */
function takeToo(usual: Operation, { body, type }: RouteDescription): void {
  const { content } = (usual.requestBody ?? {}) as { content?: Record<string, unknown> }
  if (content && body && type) content[type] = { schema: schemaOf(body) }
}

function toOperation(
  path: string,
  verb: string,
  { summary, query, body, response, status, type = 'application/json', answers, item, items }: RouteDescription,
  known: (collection: string, suffix?: string) => JsonSchema,
): Operation {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: text }))
  const { properties = {}, required = [] } = query
    ? (schemaOf(query) as { properties?: Record<string, JsonSchema>; required?: string[] })
    : {}
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => {
    return { name, in: 'query', required: required.includes(name), ...(description ? { description } : {}), schema }
  })
  const found = [...inPath, ...inQuery, ...asking(item ? ofItem : items ? ['fields'] : [])]
  const taken = body ? schemaOf(body) : item && verb === 'patch' ? known(item, 'Change') : undefined
  const given = item ? data(known(item)) : items ? data(listOf(known(items))) : response && schemaOf(response)
  const content = answers ? { content: Object.fromEntries(answers.map((one) => [one, {}])) } : given ? json(given) : {}
  return {
    ...(summary ? { summary } : {}),
    ...(found.length ? { parameters: found } : {}),
    ...(taken ? { requestBody: { required: true, content: { [type]: { schema: taken } } } } : {}),
    ...withContent(content, status),
  }
}

/**
 * GraphQL: /graphql for the collections of users, /graphql/system for those of the system. The same engine as REST, one statement a root field.
 * What the caller may ask is told as text at /server/specs/graphql[/system].
 */
import type { GraphQLSchema } from 'graphql'
import type { Context } from 'hono'
import { LRUCache } from 'lru-cache'
import { definePlugin, type Env, env, points, problems, type RequestContext, type Snapshot } from 'plinth'
import { items } from 'plinth/items'
import { pages } from 'plinth/pages'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { byRoute, graphqlSchema, type Scope, systemFields } from './api.ts'
import { contentType, wantsModern, wantsPage } from './media.ts'
import { fieldsLeftOut, leftOut } from './names.ts'
import { graphqlProblems } from './problems.ts'
import type { LazySchema } from './schema.ts'
import { transactions, transactionsOf } from './transaction.ts'

const Options = v.object({
  GRAPHQL_INTROSPECTION: env.boolean(true),
  GRAPHQL_QUERY_TOKEN_LIMIT: env.integer(5000, 1),
  /** Fields of a document once fragments stand where they are used; levels of fields. */
  GRAPHQL_FIELDS_MAX: env.integer(2000, 1),
  GRAPHQL_DEPTH_MAX: env.integer(20, 1, 200),
  /** Root fields of an operation, and how many of them are read at once. */
  GRAPHQL_ROOTS_MAX: env.integer(100, 1),
  GRAPHQL_CONCURRENCY: env.integer(4, 1),
  /** What is one transaction where the header "GraphQL-Transaction" says nothing else. */
  GRAPHQL_TRANSACTION: env.oneOf(transactions, 'field'),
  /** Whether lists may be asked for as connections, too. */
  GRAPHQL_CONNECTIONS: env.boolean(false),
  /** Types in all schemas that are kept, each schema for one set of rights. */
  GRAPHQL_CACHED_TYPES: env.integer(30_000, 1),
  RESPONSE_MAX: env.size('64mb'),
  NODE_ENV: env.text(''),
  /** GraphiQL for browsers. Unless it is said: not in production. */
  GRAPHQL_EXPLORER: v.optional(env.boolean(true).wrapped),
})

const specs = '/server/specs/graphql'
const textField = systemFields(
  'enum graphql_sdl_scope { items system } type Query { server_specs_graphql(scope: graphql_sdl_scope): String }',
  { server_specs_graphql: byRoute('GET', { path: ({ scope }) => (scope === 'system' ? `${specs}/system` : specs) }) },
)

export const graphql = definePlugin({
  name: 'graphql',
  needs: [items],
  after: ['pages'],
  options: Options,
  problems: graphqlProblems,
  setup(host, options) {
    const engine = host.use(items)
    const explored = options.GRAPHQL_EXPLORER ?? options.NODE_ENV !== 'production'
    const explorer = explored
      ? host.maybe(pages)?.open(host.routes, '/graphql/explorer', async () => (await import('./explorer.ts')).explorerPage)
      : undefined
    /** The library and all that is made with it are loaded for the first request. */
    const load = once(async () => {
      const [{ Documents }, { collectionRoots, LazySchema, wholeSchema }, { addTo }, { execute }, http] = await Promise.all([
        import('./documents.ts'),
        import('./schema.ts'),
        import('./sdl.ts'),
        import('./execute.ts'),
        import('./http.ts'),
      ])
      const documents = new Documents({
        tokens: options.GRAPHQL_QUERY_TOKEN_LIMIT,
        fields: options.GRAPHQL_FIELDS_MAX,
        depth: options.GRAPHQL_DEPTH_MAX,
        roots: options.GRAPHQL_ROOTS_MAX,
        introspection: options.GRAPHQL_INTROSPECTION,
      })
      return { documents, collectionRoots, LazySchema, wholeSchema, addTo, execute, ...http }
    })
    const most = options.GRAPHQL_CACHED_TYPES
    const schemas = new LRUCache<string, { readonly schema: GraphQLSchema; readonly size: number }>({ maxSize: most })
    const keep = (key: string, schema: GraphQLSchema, size: number) =>
      schemas.set(key, { schema, size }, { size: Math.min(size + 1, most) })

    async function build(scope: Scope, { accountability }: RequestContext) {
      const { collectionRoots, addTo } = await load()
      const built = collectionRoots(engine, engine.visible(accountability), scope, options.GRAPHQL_CONNECTIONS)
      await host.run(graphqlSchema, { scope, accountability, add: (sdl, answers) => addTo(built, sdl, answers) })
      return built
    }

    const keyOf = (scope: Scope, { accountability }: RequestContext): string => {
      const { version, fingerprint } = engine.visible(accountability)
      return `${scope} ${version} ${fingerprint} ${accountability.user ? 'user' : 'public'}`
    }

    /** What the caller may ask; its types are made as they are named, so it grows. */
    async function schemaOf(scope: Scope, context: RequestContext) {
      const key = keyOf(scope, context)
      const known = schemas.get(key)
      const schema = (known?.schema as LazySchema | undefined) ?? new (await load()).LazySchema(await build(scope, context))
      if (known?.size !== schema.size) keep(key, schema, schema.size)
      return schema
    }

    /** The same, all of it. */
    async function wholeOf(scope: Scope, context: RequestContext): Promise<GraphQLSchema> {
      const key = `whole ${keyOf(scope, context)}`
      const known = schemas.get(key)?.schema
      if (known) return known
      const schema = (await load()).wholeSchema(await build(scope, context))
      keep(key, schema, Object.keys(schema.getTypeMap()).length)
      return schema
    }

    const answer = (scope: Scope) => async (c: Context<Env>) => {
      if (explorer && comesToLook(c)) return explorer(c)
      const { askedOf, operationOf, documents, execute } = await load()
      const asked = await askedOf(c)
      const schema = await schemaOf(scope, c.env)
      const checked = documents.check(schema, asked.query)
      const operation = operationOf(checked, asked.operationName)
      if (operation.operation !== 'query' && c.req.method !== 'POST')
        throw problems.METHOD_NOT_ALLOWED('Mutations are sent by POST.', { allowed: ['POST'], current: c.req.method })
      const isWhole = transactionsOf(c.env.header('graphql-transaction'), options.GRAPHQL_TRANSACTION) === 'request'
      const isModern = wantsModern(c.env.header('accept'))
      const headers = new Headers({ 'content-type': contentType(isModern), 'cache-control': 'no-cache' })
      const limits = { atOnce: options.GRAPHQL_CONCURRENCY, length: options.RESPONSE_MAX }
      const text = await execute({
        schema,
        whole: () => wholeOf(scope, c.env),
        checked,
        operation,
        variables: asked.variables,
        context: c.env,
        headers,
        within: isWhole ? (work) => engine.within({ access: c.env.accountability, gone: c.env.gone }, ({ db }) => work(db!)) : undefined,
        limits,
        suggests: options.GRAPHQL_INTROSPECTION,
        isModern,
        log: host.log,
      })
      return new Response(text, { headers })
    }

    let namesTold: ReadonlySet<string> = new Set()
    /** Once, and again only where a change of the schema brings more. */
    function tellNames({ tables }: Snapshot): void {
      const without = leftOut(tables, options.GRAPHQL_CONNECTIONS)
      const names = [...without, ...fieldsLeftOut(tables, without)]
      const more = names.filter((name) => !namesTold.has(name))
      if (more.length)
        host.log.warn(`GraphQL leaves out what it has no name for: ${more.slice(0, 20).join(', ')}${more.length > 20 ? '…' : ''}`)
      namesTold = new Set(names)
    }
    host.hook(points.start, async function tellNamesAtStart(_, next) {
      tellNames(host.registry.snapshot)
      await next()
    })
    host.hook(points.schema, async function tellNewNames({ snapshot }, next) {
      tellNames(snapshot)
      await next()
    })

    const told = (scope: Scope) => async (c: Context<Env>) => {
      const [schema, { printSchema }] = await Promise.all([wholeOf(scope, c.env), import('graphql')])
      const file = `attachment; filename="${scope === 'items' ? 'schema' : 'system'}.graphql"`
      return c.body(printSchema(schema), 200, {
        'content-type': 'application/octet-stream; charset=utf-8',
        'content-disposition': file,
        'cache-control': 'no-cache',
      })
    }
    // Where types are not told, they are not told as text either.
    if (options.GRAPHQL_INTROSPECTION) {
      const texts = host.routes(specs)
      for (const path of ['/', '/items']) texts.get(path, told('items'))
      texts.get('/system', told('system'))
      host.hook(graphqlSchema, textField)
    }
    host.hook(openapi, async (event, next) => (await import('./openapi.ts')).describeRoutes(event, next))

    const routes = host.routes('/graphql')
    routes.use('*', async function inItsMedia(c, next) {
      await next()
      if (c.error && wantsModern(c.env.header('accept'))) c.res.headers.set('content-type', contentType(true))
      if (c.res.status === 405) c.res.headers.set('allow', 'GET, HEAD, POST')
    })
    for (const [path, scope] of [
      ['/', 'items'],
      ['/system', 'system'],
    ] as const) {
      routes.get(path, answer(scope))
      routes.post(path, answer(scope))
      routes.on(['PUT', 'PATCH', 'DELETE', 'SEARCH'], path, (c) => {
        throw problems.METHOD_NOT_ALLOWED(undefined, { allowed: ['GET', 'POST'], current: c.req.method })
      })
    }
  },
})

/** A browser that comes without a query. */
const comesToLook = (c: Context<Env>): boolean =>
  c.req.method !== 'POST' && c.req.query('query') === undefined && wantsPage(c.env.header('accept'))

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

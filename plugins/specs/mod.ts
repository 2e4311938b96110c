/** Documents of the API: /server/specs/oas (OpenAPI 3.1) and /server/specs/ts (types for the SDK), as the caller sees the schema; `plinth types`. */
import { LRUCache } from 'lru-cache'
import { type CommandSpec, definePlugin, points, system } from 'plinth'
import { byRoute, graphqlSchema, systemFields } from 'plinth/graphql'
import { items } from 'plinth/items'
import about from '../../package.json' with { type: 'json' }
import { openapi, type RouteDescription } from './api.ts'

const attachment = (name: string) => ({ 'content-disposition': `attachment; filename="${name}"`, 'cache-control': 'no-cache' })

const typesCommand: CommandSpec = {
  summary: 'print TypeScript types of the schema, for the SDK',
  usage: '[snapshot file]',
  details: 'Of the database, or of a model in a file (.json, or YAML) as "plinth schema snapshot" writes it.',
  async run([file], program) {
    const [{ toTypescript }, { ofDocument, ofTables }] = await Promise.all([import('./typescript.ts'), import('./types-model.ts')])
    if (file !== undefined) {
      const { readDocument } = await import('./file.node.ts')
      console.log(toTypescript(ofDocument(await readDocument(file))).trimEnd())
      return
    }
    const kernel = await program.boot(() => {})
    console.log(toTypescript(ofTables(kernel.use(items).visible(system).tables.values())).trimEnd())
  },
}

const documentField = systemFields('type Query { server_specs_oas: JSON }', {
  server_specs_oas: byRoute('GET', { path: '/server/specs/oas' }),
})

export const specs = definePlugin({
  name: 'specs',
  needs: [items],
  commands: { types: typesCommand },
  setup(host) {
    const engine = host.use(items)
    const routes = host.routes('/server/specs')
    let served: readonly { readonly plugin: string; readonly route: string }[] = []
    host.hook(points.start, async function knowRoutes({ plugins }, next) {
      served = plugins.flatMap(({ name, routes }) => routes.map((route) => ({ plugin: name, route })))
      await next()
    })

    const documents = new LRUCache<string, string>({ max: 50 })
    routes.get('/oas', async (c) => {
      const { accountability } = c.env
      const visible = engine.visible(accountability)
      const described = new Map<string, RouteDescription>()
      await host.run(openapi, { accountability, describe: (route, description) => described.set(route, description) })
      // Handlers may tell more to some than to others.
      const key = JSON.stringify([visible.version, visible.fingerprint, host.hooked(openapi) ? accountability.user : null])
      let document = documents.get(key)
      if (!document) {
        const { toOpenapi } = await import('./openapi.ts')
        const { version } = about
        const url = host.config.publicUrl
        document = JSON.stringify(
          toOpenapi({ title: 'Plinth', version, url, visible, access: accountability, served: engine.served, routes: served, described }),
        )
        documents.set(key, document)
      }
      return c.body(document, 200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' })
    })

    host.hook(openapi, async function describeDocuments({ describe }, next) {
      describe('GET /server/specs/oas', { summary: 'This document' })
      describe('GET /server/specs/ts', { summary: 'Types for the SDK', answers: ['text/plain'] })
      await next()
    })
    host.hook(graphqlSchema, documentField)
    routes.get('/ts', async (c) => {
      const [{ toTypescript }, { ofTables }] = await Promise.all([import('./typescript.ts'), import('./types-model.ts')])
      const text = toTypescript(ofTables(engine.visible(c.env.accountability).tables.values()))
      return c.body(text, 200, { 'content-type': 'text/plain; charset=utf-8', ...attachment('schema.ts') })
    })
  },
})

/** The server's own affairs: ping, what it is, how it is. */
import { definePlugin, env, type PluginReport, points, problems } from 'plinth'
import { graphqlSchema } from 'plinth/graphql'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import about from '../../package.json' with { type: 'json' }
import { type HealthEvent, healthChecks, serverInfo } from './api.ts'
import { extensionFields, serverFields } from './graphql.ts'
import { examine, type HealthReport } from './health.ts'

const html = { headers: { 'content-type': 'text/html; charset=utf-8' } }
const healthType = { 'content-type': 'application/health+json; charset=utf-8', 'cache-control': 'no-cache' }

export const server = definePlugin({
  name: 'server',
  /** Milliseconds that the database may take before it is told as slow. */
  options: v.object({ DB_HEALTHCHECK_THRESHOLD: env.duration('150ms') }),
  setup(host, options) {
    const routes = host.routes('/server')

    host.routes('/server/ping', { live: true }).get('/', () => new Response('pong', html))

    routes.get('/info', async (c) => {
      const { accountability } = c.env
      const info: Record<string, unknown> = accountability.user
        ? { version: about.version, rateLimit: false, rateLimitGlobal: false, websocket: false, extensions: { limit: null } }
        : {}
      await host.run(serverInfo, { accountability, info })
      return c.json({ data: info }, 200, { 'cache-control': 'no-cache' })
    })

    /** Who asks while somebody else's question is being answered hears that answer. */
    let underWay: Promise<HealthReport> | undefined
    async function look(): Promise<HealthReport> {
      const event: HealthEvent = { checks: [] }
      await host.run(healthChecks, event)
      return examine(event.checks)
    }
    routes.get('/health', async (c) => {
      const { user, admin } = c.env.accountability
      if (!user) throw problems.FORBIDDEN()
      underWay ??= look().finally(() => {
        underWay = undefined
      })
      const { status, checks } = await underWay
      const report = admin ? { status, releaseId: about.version, serviceId: host.config.publicUrl || 'plinth', checks } : { status }
      return c.body(JSON.stringify(report), status === 'error' ? 503 : 200, healthType)
    })

    let plugins: readonly PluginReport[] = []
    host.hook(points.start, async function knowPlugins(event, next) {
      plugins = event.plugins
      await next()
    })
    host.routes('/extensions').get('/', (c) => {
      if (!c.env.accountability.admin) throw problems.FORBIDDEN()
      return c.json({ data: plugins.map(toExtension) }, 200, { 'cache-control': 'no-cache' })
    })

    host.hook(openapi, async function describeServer({ describe }, next) {
      describe('GET /server/ping', { summary: 'Whether it answers', answers: ['text/html'] })
      describe('GET /server/info', { summary: 'What it is' })
      describe('GET /server/health', { summary: 'How it is', audience: 'users' })
      describe('GET /extensions', { summary: 'Plugins that are on', audience: 'admins' })
      await next()
    })
    host.hook(graphqlSchema, serverFields)
    host.hook(graphqlSchema, (event, next) => (event.accountability.admin ? extensionFields(event, next) : next()))
    host.hook(healthChecks, async function checkDatabase({ checks }, next) {
      const { db } = host
      const componentType = 'datastore'
      checks.push({ name: 'pg:responseTime', componentType, threshold: options.DB_HEALTHCHECK_THRESHOLD, run: () => db.text('select 1') })
      const { used, available } = db.connections?.() ?? {}
      for (const [name, value] of [
        ['Available', available],
        ['Used', used],
      ] as const) {
        if (value !== undefined) checks.push({ name: `pg:connections${name}`, componentType, observes: 'value', run: async () => value })
      }
      await next()
    })
  },
})

/** A plugin in the form that the API has for extensions. */
const toExtension = ({ name, routes }: PluginReport) => ({
  id: name,
  bundle: null,
  meta: { id: name, folder: name, source: 'module', bundle: null, enabled: true },
  schema: { name, type: routes.length ? 'endpoint' : 'hook', local: true },
})

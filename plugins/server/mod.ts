/** The server's own affairs: ping, what it is, how it is. */
import { definePlugin, problems } from 'plinth'
import about from '../../package.json' with { type: 'json' }
import { healthChecks, serverInfo } from './api.ts'
import { examine } from './health.ts'

const html = { headers: { 'content-type': 'text/html; charset=utf-8' } }
const healthType = { 'content-type': 'application/health+json; charset=utf-8', 'cache-control': 'no-cache' }

export const server = definePlugin({
  name: 'server',
  setup(host) {
    const routes = host.routes('/server')

    host.routes('/server/ping', { live: true }).get('/', () => new Response('pong', html))

    routes.get('/info', async (c) => {
      const { accountability } = c.env
      const info: Record<string, unknown> = accountability.user ? { version: about.version, rateLimit: false } : {}
      await host.run(serverInfo, { accountability, info })
      return c.json({ data: info }, 200, { 'cache-control': 'no-cache' })
    })

    routes.get('/health', async (c) => {
      const { user, admin } = c.env.accountability
      if (!user) throw problems.FORBIDDEN()
      const event = { checks: [] }
      await host.run(healthChecks, event)
      const { status, checks } = await examine(event.checks)
      const report = admin ? { status, releaseId: about.version, serviceId: host.config.publicUrl || 'plinth', checks } : { status }
      return c.body(JSON.stringify(report), status === 'error' ? 503 : 200, healthType)
    })

    host.hook(healthChecks, async function checkDatabase({ checks }, next) {
      checks.push({ name: 'pg:responseTime', componentType: 'datastore', threshold: 150, run: () => host.db.text('select 1') })
      await next()
    })
  },
})

/** GET /metrics for Prometheus, when METRICS_ENABLED: for administrators, and for `Authorization: Metrics <one of METRICS_TOKENS>`. */
import { definePlugin, env, points, problems } from 'plinth'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { type MetricsEvent, metricsPoint } from './api.ts'
import { createRequestMetrics, toLines } from './requests.ts'

const Options = v.object({ METRICS_ENABLED: env.boolean(false), METRICS_TOKENS: env.list() })

export const metrics = definePlugin({
  name: 'metrics',
  options: Options,
  setup(host, { METRICS_ENABLED: enabled, METRICS_TOKENS: tokens }) {
    if (!enabled) return
    const requests = createRequestMetrics()
    host.hook(points.request, async function measureRequest(context, next) {
      const start = performance.now()
      await next()
      if (context.response) requests.note(context.request.method, context.response.status, performance.now() - start)
    })
    host.hook(openapi, async function describeMetrics({ describe }, next) {
      describe('GET /metrics', { summary: 'Figures for Prometheus', answers: ['text/plain'], audience: 'admins' })
      await next()
    })
    host.routes('/metrics').get('/', async (c) => {
      const [, token = ''] = /^Metrics\s+(\S+)$/i.exec(c.env.header('authorization') ?? '') ?? []
      if (!c.env.accountability.admin && !(await isOneOf(token, tokens))) throw problems.FORBIDDEN()
      const event: MetricsEvent = { metrics: [requests.counted()] }
      const memory = globalThis.process?.memoryUsage?.().rss
      if (memory) {
        const values = [{ value: memory }]
        event.metrics.push({ name: 'process_resident_memory_bytes', help: 'Memory of this process.', type: 'gauge', values })
      }
      await host.run(metricsPoint, event)
      const lines = [...event.metrics.flatMap(toLines), ...requests.lines()]
      return c.body(`${lines.join('\n')}\n`, 200, {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        'cache-control': 'no-store',
      })
    })
  },
})

/** Digests are compared, so that the time it takes tells nothing of a token. */
async function isOneOf(token: string, tokens: readonly string[]): Promise<boolean> {
  if (!token) return false
  const digest = async (text: string) => new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).join()
  const given = await digest(token)
  const known = await Promise.all(tokens.map(digest))
  return known.includes(given)
}

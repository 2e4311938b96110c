/**
 * What goes on inside, for whoever looks: requests (LOG_LEVEL=debug) and statements of every plugin that starts after this one (DEBUG=sql) in the log,
 * OpenTelemetry spans, Server-Timing. What is off costs nothing.
 */
import { definePlugin, env, points } from 'plinth'
import * as v from 'valibot'

const Options = v.object({
  DEBUG: env.list(),
  OTEL_ENABLED: env.boolean(false),
  NODE_ENV: env.text(''),
  /** Unless it is said: in development. */
  SERVER_TIMING: v.optional(env.boolean(true).wrapped),
})

export const trace = definePlugin({
  name: 'trace',
  options: Options,
  async setup(host, { DEBUG: words, OTEL_ENABLED: spans, NODE_ENV: stage, SERVER_TIMING: timing = stage === 'development' }) {
    const { hook, log } = host
    if (spans) (await import('./spans.ts')).makeSpans(host)
    if (timing) (await import('./timing.node.ts')).tellTimes(host)
    if (words.includes('sql')) {
      const { traced } = await import('./traced.ts')
      hook(points.database, async function traceStatements(event, next) {
        await next()
        event.db = traced(event.db, event.plugin, (line) => log.info(line))
      })
    }
    if (log.level === 'debug' || log.level === 'trace') {
      hook(points.request, async function traceRequests(event, next) {
        const started = performance.now()
        await next()
        const { id, ip, request, response } = event
        const { method, url } = request
        log.debug('request', { request: id, ip, method, url, status: response?.status, ms: Math.round(performance.now() - started) })
      })
    }
  },
})

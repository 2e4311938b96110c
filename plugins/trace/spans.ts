/**
 * OpenTelemetry: a span for each request and one below it for each statement, as https://opentelemetry.io/docs/specs/semconv/ names things. Neither
 * values nor SQL are told, nor the query of an address: tokens may stand there. Where they go is for the SDK to say that whoever runs us has registered.
 */
import { type Attributes, context, propagation, SpanKind, SpanStatusCode, type TextMapGetter, trace } from '@opentelemetry/api'
import { DatabaseError, type Host, points, type RequestContext } from 'plinth'
import about from '../../package.json' with { type: 'json' }
import { routeFinder } from './route-finder.ts'
import { aroundStatements } from './statements.ts'

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'SEARCH'])

const headers: TextMapGetter<RequestContext> = {
  get: (request, name) => request.header(name.toLowerCase()) ?? undefined,
  keys: () => propagation.fields(),
}

export function makeSpans(host: Host): void {
  const tracer = trace.getTracer('plinth', about.version)

  host.hook(points.database, async function spanStatements(event, next) {
    await next()
    event.db = aroundStatements(event.db, (run, { text }) => {
      // What no request asks for, such as jobs, would be traces of one statement each.
      if (!trace.getActiveSpan()) return run()
      const operation = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? 'STATEMENT'
      const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': operation, 'plinth.plugin': event.plugin }
      return tracer.startActiveSpan(operation, { kind: SpanKind.CLIENT, attributes }, async (span) => {
        try {
          return await run()
        } catch (error) {
          span.setAttribute('error.type', error instanceof DatabaseError ? error.state : 'error')
          span.setStatus({ code: SpanStatusCode.ERROR })
          throw error
        } finally {
          span.end()
        }
      })
    })
  })

  let routeOf = routeFinder([])
  host.hook(points.start, async function knowRoutes({ plugins }, next) {
    routeOf = routeFinder(plugins.flatMap(({ routes }) => routes))
    await next()
  })
  host.hook(points.request, async function spanRequest(request, next) {
    const { method, url } = request.request
    const { pathname, protocol, hostname, port } = new URL(url)
    const route = routeOf(method, pathname)
    const known = methods.has(method)
    const attributes: Attributes = {
      'http.request.method': known ? method : '_OTHER',
      'url.path': pathname,
      'url.scheme': protocol.slice(0, -1),
      'server.address': hostname,
      'user_agent.original': request.header('user-agent') ?? undefined,
    }
    if (route) attributes['http.route'] = route
    if (port) attributes['server.port'] = Number(port)
    const from = propagation.extract(context.active(), request, headers)
    const span = tracer.startSpan([known ? method : 'HTTP', route].filter(Boolean).join(' '), { kind: SpanKind.SERVER, attributes }, from)
    try {
      await context.with(trace.setSpan(from, span), next)
    } finally {
      const { response, ip } = request
      if (ip) span.setAttribute('client.address', ip)
      if (response) span.setAttribute('http.response.status_code', response.status)
      if (!response || response.status >= 500) {
        span.setAttribute('error.type', String(response?.status ?? 'error'))
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    }
  })
}

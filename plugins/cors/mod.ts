/** CORS: which pages of other sites may ask, and read what is answered (https://fetch.spec.whatwg.org/#http-cors-protocol). Costs nothing unless CORS_ENABLED is set. */
import { definePlugin, env, points } from 'plinth'
import * as v from 'valibot'

const Options = v.object({
  CORS_ENABLED: env.boolean(false),
  /** `true` or `*`: any page may ask, but without credentials. */
  CORS_ORIGIN: env.list(),
  CORS_METHODS: env.list(['GET', 'POST', 'PATCH', 'DELETE', 'SEARCH']),
  CORS_ALLOWED_HEADERS: env.list(['Content-Type', 'Authorization', 'If-Match', 'If-None-Match', 'Idempotency-Key', 'GraphQL-Transaction']),
  CORS_EXPOSED_HEADERS: env.list([
    ...['Content-Range', 'ETag', 'X-Item-Version', 'X-Request-Id', 'Retry-After'],
    ...['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'],
  ]),
  CORS_CREDENTIALS: env.boolean(true),
  /** Seconds that a browser may keep the answer to a preflight. */
  CORS_MAX_AGE: env.integer(18_000),
})

export const cors = definePlugin({
  name: 'cors',
  options: Options,
  setup(host, options) {
    if (!options.CORS_ENABLED) return
    const listed = new Set(options.CORS_ORIGIN)
    const any = listed.has('true') || listed.has('*')
    const preflight = {
      'access-control-allow-methods': options.CORS_METHODS.join(','),
      'access-control-allow-headers': options.CORS_ALLOWED_HEADERS.join(','),
      'access-control-max-age': String(options.CORS_MAX_AGE),
    }
    const exposed = options.CORS_EXPOSED_HEADERS.join(',')

    function allow(headers: Headers, origin: string | null): void {
      if (!/\bOrigin\b/i.test(headers.get('vary') ?? '')) headers.append('vary', 'Origin')
      const known = origin !== null && listed.has(origin)
      if (known || any) headers.set('access-control-allow-origin', known ? origin : '*')
      // Whose pages may act as somebody who is signed in is never left to whoever asks.
      if (known && options.CORS_CREDENTIALS) headers.set('access-control-allow-credentials', 'true')
      if (exposed) headers.set('access-control-expose-headers', exposed)
    }

    host.hook(points.request, async function crossOrigin(context, next) {
      if (context.request.method === 'OPTIONS') context.response = new Response(null, { status: 204, headers: preflight })
      else await next()
      if (context.response) allow(context.response.headers, context.header('origin'))
    })
  },
})

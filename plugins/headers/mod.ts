/** Headers that all answers bear: what browsers may not make of them, and the id by which the log knows the request. Routes that say otherwise are left alone. */
import { definePlugin, env, points } from 'plinth'
import * as v from 'valibot'

const Options = v.object({
  /** Empty: none. */
  CONTENT_SECURITY_POLICY: env.text("default-src 'none'; frame-ancestors 'none'"),
  /** Only https from now on; for those who serve all of a host that way. */
  HSTS_ENABLED: env.boolean(false),
  HSTS_MAX_AGE: env.duration('365d'),
})

export const headers = definePlugin({
  name: 'headers',
  options: Options,
  setup(host, options) {
    const usual = Object.entries({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': options.CONTENT_SECURITY_POLICY,
      'strict-transport-security': options.HSTS_ENABLED ? `max-age=${Math.round(options.HSTS_MAX_AGE / 1000)}` : '',
    }).filter(([, value]) => value !== '')

    host.hook(points.request, function addHeaders(context, next) {
      for (const [name, value] of usual) context.bear(name, value)
      context.bear('x-request-id', context.id)
      return next()
    })
  },
})

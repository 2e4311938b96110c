/** Reverse proxies: the client's address is what those in front say, if they are trusted. Costs nothing unless IP_TRUST_PROXY is set. */
import { definePlugin, env, points } from 'plinth'
import * as v from 'valibot'
import { clientAddress } from './client-address.ts'

const form = /^(true|false|\d+|[\da-fA-F.:,/\s]+)$/

export const proxy = definePlugin({
  name: 'proxy',
  options: v.object({ IP_TRUST_PROXY: env.matching(form, 'true, false, a number of proxies, or their addresses', 'false') }),
  setup(host, { IP_TRUST_PROXY: trust }) {
    if (trust === 'false') return
    const read = clientAddress(trust)
    host.hook(points.request, function findClient(context, next) {
      context.ip = read(context.ip, context.header('x-forwarded-for'))
      return next()
    })
  },
})

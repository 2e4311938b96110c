/** DEBUG=sql: logs each statement of every plugin that starts after this one. Costs nothing otherwise. */
import { definePlugin, env, points } from 'plinth'
import * as v from 'valibot'
import { traced } from './traced.ts'

export const trace = definePlugin({
  name: 'trace',
  options: v.object({ DEBUG: env.list() }),
  setup(host, { DEBUG: words }) {
    if (!words.includes('sql')) return
    host.hook(points.database, async function traceStatements(event, next) {
      await next()
      event.db = traced(event.db, event.plugin, (line) => host.log.info(line))
    })
  },
})

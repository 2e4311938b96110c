/** History: who did what (activity), what became of the items (revisions), versions of items yet to come, and what is said about them (comments). */
import { definePlugin } from 'plinth'
import { items } from 'plinth/items'
import { recordWrites } from './record.ts'
import { forget, RetentionOptions } from './retention.ts'
import { tables } from './tables.ts'

export const history = definePlugin({
  name: 'history',
  needs: [items],
  // What the others make of a payload on the way in is what is kept.
  after: ['access', 'auth', 'schema', 'settings'],
  options: RetentionOptions,
  tables,
  setup(host, options) {
    const engine = host.use(items)
    recordWrites(host)
    for (const name of ['activity', 'revisions']) engine.crud(host.routes(`/${name}`), `directus_${name}`, ['list', 'read'])
    if (options.RETENTION_ENABLED) host.schedule(options.RETENTION_SCHEDULE, () => forget(host.db, host.registry.snapshot, options))
  },
})

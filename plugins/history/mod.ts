/** History: who did what (activity), what became of the items (revisions), versions of items yet to come, and what is said about them (comments). */
import { definePlugin } from 'plinth'
import { graphqlSchema } from 'plinth/graphql'
import { items } from 'plinth/items'
import { openapi } from 'plinth/specs'
import { guardComments } from './comments.ts'
import { problems } from './problems.ts'
import { recordWrites } from './record.ts'
import { forget, RetentionOptions } from './retention.ts'
import { revertField, revertRoutes } from './revert.ts'
import { tables } from './tables.ts'
import { guardVersions } from './version-guard.ts'
import { readVersions } from './version-read.ts'
import { versionRoutes } from './versions.ts'

export const history = definePlugin({
  name: 'history',
  needs: [items],
  // What the others make of a payload on the way in is what is kept.
  after: ['access', 'auth', 'schema', 'settings'],
  options: RetentionOptions,
  tables,
  problems,
  setup(host, options) {
    const engine = host.use(items)
    guardComments(host, engine)
    const trusted = guardVersions(host, engine)
    const record = recordWrites(host, engine)
    readVersions(host, engine)

    for (const name of ['activity', 'revisions']) engine.crud(host.routes(`/${name}`), `directus_${name}`, { only: ['list', 'read'] })
    engine.crud(host.routes('/comments'), 'directus_comments')
    const versions = host.routes('/versions')
    versionRoutes(host, versions, { engine, record, trusted })
    engine.crud(versions, 'directus_versions')
    revertRoutes(host, host.routes('/utils'), engine)
    host.hook(graphqlSchema, revertField)
    host.hook(openapi, async (event, next) => (await import('./openapi.ts')).describeRoutes(event, next))
    if (options.RETENTION_ENABLED) host.schedule(options.RETENTION_SCHEDULE, () => forget(host.db, host.registry.snapshot, options))
  },
})

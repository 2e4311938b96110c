/** Modelling: collections, fields and relations over HTTP and as a service. Owns the meta tables. */
import { definePlugin, env, system } from 'plinth'
import { items } from 'plinth/items'
import * as v from 'valibot'
import { modelling } from './api.ts'
import { realChange } from './change.ts'
import { createCollection } from './collections.ts'
import { parseCollection } from './input.ts'
import { collectionRoutes, fieldRoutes, relationRoutes } from './routes.ts'
import { changeRunner, holdSchema } from './run.ts'
import { tables } from './tables.ts'

/** How long a change waits for a table that others work on, ms: all who want it later wait behind. */
const Options = v.object({ SCHEMA_LOCK_TIMEOUT: env.duration('5s') })

export const schema = definePlugin({
  name: 'schema',
  needs: [items],
  gives: modelling,
  options: Options,
  tables,
  setup(host, { SCHEMA_LOCK_TIMEOUT: lockTimeout }) {
    const engine = host.use(items)
    const run = changeRunner(host, engine, lockTimeout)
    collectionRoutes(host, run)
    fieldRoutes(host, run)
    relationRoutes(host, run)

    return {
      async createCollection(definition, db) {
        await holdSchema(db, lockTimeout)
        const { snapshot } = host.registry
        const change = realChange({ db, access: system, snapshot, schema: host.config.schemas[0]!, items: engine })
        await createCollection(change, parseCollection(definition))
        await host.registry.changed(db)
      },
    }
  },
})

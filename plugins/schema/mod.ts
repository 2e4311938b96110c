/** Modelling: collections, fields and relations over HTTP and as a service. Owns the meta tables. */
import { definePlugin, env, system } from 'plinth'
import { items } from 'plinth/items'
import * as v from 'valibot'
import { modelling } from './api.ts'
import { realChange } from './change.ts'
import { createCollection } from './collections.ts'
import { parseCollection } from './input.ts'
import { schemaCommand } from './model/command.ts'
import { createExchange } from './model/exchange.ts'
import { schemaRoutes } from './model/routes.ts'
import { collectionRoutes, fieldRoutes, relationRoutes } from './routes.ts'
import { changeRunner, holdSchema } from './run.ts'
import { tables } from './tables.ts'

const Options = v.object({
  /** How long a change waits for a table that others work on, ms: all who want it later wait behind. */
  SCHEMA_LOCK_TIMEOUT: env.duration('5s'),
  /** Bytes of a document sent to /schema. */
  SCHEMA_PAYLOAD_MAX: env.size('32mb'),
})

export const schema = definePlugin({
  name: 'schema',
  needs: [items],
  gives: modelling,
  options: Options,
  tables,
  commands: { schema: schemaCommand },
  setup(host, { SCHEMA_LOCK_TIMEOUT: lockTimeout, SCHEMA_PAYLOAD_MAX: payloadMax }) {
    const engine = host.use(items)
    const run = changeRunner(host, engine, lockTimeout)
    collectionRoutes(host, run)
    fieldRoutes(host, run)
    relationRoutes(host, run)
    const exchange = createExchange(host.db, host.registry, host.config.schemas[0]!, run)
    schemaRoutes(host, exchange, payloadMax)

    return {
      exchange,
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

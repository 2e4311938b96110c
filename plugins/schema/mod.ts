/** Modelling: collections, fields and relations over HTTP and as a service. Owns the meta tables. */
import { definePlugin, env, system } from 'plinth'
import { graphqlSchema } from 'plinth/graphql'
import { items } from 'plinth/items'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { modelling } from './api.ts'
import { realChange } from './change.ts'
import { changeFields, modelFields } from './graphql.ts'
import { modelOf } from './guard.ts'
import { schemaCommand } from './model/command.ts'
import { schemaRoutes } from './model/routes.ts'
import { describeRoutes } from './openapi.ts'
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
    const model = modelOf(engine.rules)
    collectionRoutes(host, run, model)
    fieldRoutes(host, run, model)
    relationRoutes(host, run, model)
    host.hook(openapi, describeRoutes)
    host.hook(graphqlSchema, async function tellModel(event, next) {
      const { accountability } = event
      const readsAny = engine.visible(accountability).tables.size > 0
      await (readsAny ? modelFields(event, () => (accountability.admin ? changeFields(event, next) : next()) as Promise<void>) : next())
    })
    const exchange = async () => (await import('./model/exchange.ts')).createExchange(host.db, host.registry, host.config.schemas[0]!, run)
    schemaRoutes(host, exchange, payloadMax)

    return {
      exchange,
      async createCollection(definition, db) {
        const { createCollection, parseCollection } = await import('./changes.ts')
        await holdSchema(db, lockTimeout)
        const { snapshot } = host.registry
        const change = realChange({ db, access: system, snapshot, schema: host.config.schemas[0]!, items: engine })
        await createCollection(change, parseCollection(definition))
        await host.registry.changed(db)
      },
    }
  },
})

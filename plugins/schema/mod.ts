/** Modelling: collections, fields and relations over HTTP and as a service. Owns the meta tables. */
import { definePlugin, system, type Transaction } from 'plinth'
import { items } from 'plinth/items'
import { modelling } from './api.ts'
import { createCollection } from './collections.ts'
import { parseCollection } from './input.ts'
import { collectionRoutes, fieldRoutes, type RunChange, relationRoutes } from './routes.ts'
import { tables } from './tables.ts'

export const schema = definePlugin({
  name: 'schema',
  needs: [items],
  gives: modelling,
  tables,
  setup(host) {
    const engine = host.use(items)
    const change = (db: Transaction) => ({ db, items: engine, snapshot: host.registry.snapshot, schema: host.config.schemas[0]! })

    const run: RunChange = async (access, work) => {
      const result = await host.db.transaction(async (db) => {
        const done = await work({ ...change(db), access })
        await host.registry.changed(db)
        return done
      })
      await host.registry.reload()
      return result
    }
    collectionRoutes(host, run)
    fieldRoutes(host, run)
    relationRoutes(host, run)

    return {
      async createCollection(definition, db) {
        await createCollection({ ...change(db), access: system }, parseCollection(definition))
        await host.registry.changed(db)
      },
    }
  },
})

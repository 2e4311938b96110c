/** POST /utils/revert/:revision: an item becomes again what a revision says it was. */
import type { Hono } from 'hono'
import { type Env, type Host, problems } from 'plinth'
import { type Item, type Items, mask } from 'plinth/items'

interface Revision {
  readonly collection: string
  readonly item: string
  readonly data: Item | null
}

export function revertRoutes(host: Host, routes: Hono<Env>, engine: Items): void {
  routes.post('/revert/:revision', async (c) => {
    const caller = { access: c.env.accountability }
    const fields = ['collection', 'item', 'data']
    const { collection, item, data } = await engine.one<Revision>('directus_revisions', c.req.param('revision'), { fields }, caller)
    if (!data || Array.isArray(data)) throw problems.INVALID_PAYLOAD('The revision does not hold what the item was.')
    const table = host.registry.snapshot.tables.get(collection)
    if (!table) throw problems.FORBIDDEN(`There is no collection "${collection}" any more.`)
    // What cannot be written is left as it is: columns that are gone or computed, and secrets, which no revision knows.
    const writable = Object.entries(data).filter(([name, value]) => {
      const column = table.fields.get(name)?.column
      return column && column.generated === null && column.identity !== 'always' && !column.primaryKey && value !== mask
    })
    await engine.update(collection, [item], Object.fromEntries(writable), caller)
    return c.body(null, 204)
  })
}

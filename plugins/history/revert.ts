/** POST /utils/revert/:revision: an item becomes again what a revision says it was. */
import type { Hono } from 'hono'
import { type Env, type Host, problems } from 'plinth'
import { byRoute, segment, systemFields } from 'plinth/graphql'
import { type Item, type Items, mask } from 'plinth/items'
import { eachItem } from './delta.ts'

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
    // An item that is gone is not to be found there either.
    const [now = {}]: Item[] = JSON.parse(await engine.listText(collection, {}, caller, [item])).data
    // What cannot be written is left as it is: columns that are gone or computed, and secrets, which no revision knows. So is what has not changed, as
    // it need not be the caller's to write.
    const known = eachItem(host.registry.snapshot, table, data, withoutMasks)
    const writable = Object.entries(known).filter(([name, value]) => {
      if (JSON.stringify(value) === JSON.stringify(now[name])) return false
      // Versions hold lists as they are written.
      if (table.links.get(name)?.kind === 'o2m') return true
      const { column, concealed } = table.fields.get(name) ?? {}
      const isOwn = column && column.generated === null && column.identity !== 'always' && !column.primaryKey
      return isOwn && !concealed
    })
    await engine.update(collection, [item], Object.fromEntries(writable), caller)
    return c.body(null, 204)
  })
}

const withoutMasks = (item: Item): Item => Object.fromEntries(Object.entries(item).filter(([, value]) => value !== mask))

export const revertField = systemFields('type Mutation { utils_revert(revision: ID!): Boolean }', {
  utils_revert: byRoute('POST', { path: ({ revision }) => `/utils/revert/${segment(revision)}` }),
})

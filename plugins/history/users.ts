/** A user may go although comments and versions name them as who changed them last: as the tables are shared, their foreign keys do not see to it. */
import type { Host } from 'plinth'
import { itemsDelete } from 'plinth/items'
import { pathOf } from './place.ts'

export function letUsersGo(host: Host): void {
  host.hook(itemsDelete, async function forgetUsers({ table, keys, db }, next) {
    if (table.name === 'directus_users') {
      const [comments, versions] = ['directus_comments', 'directus_versions'].map((name) => pathOf(host.registry.snapshot, name))
      await db.query(
        `with done as (update ${comments} set user_updated = null where user_updated::text = any ($1::text[]))
         update ${versions} set user_updated = null where user_updated::text = any ($1::text[])`,
        [keys.map((key) => String(key).toLowerCase())],
      )
    }
    await next()
  })
}

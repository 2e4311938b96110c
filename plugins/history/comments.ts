/** Comments: rows like any other, about an item that the writer may read. */
import { type Host, problems, system } from 'plinth'
import { type Item, type Items, itemsCreate } from 'plinth/items'

/** @throws INVALID_PAYLOAD when something is missing; FORBIDDEN for a collection that there is not, or an item that the writer may not read. */
export function guardComments(host: Host, engine: Items): void {
  host.hook(itemsCreate, async function guardCommented({ table, rows, access, db }, next) {
    if (table.name === 'directus_comments' && access !== system) {
      for (const row of rows) {
        checkComment(row)
        const about = host.registry.snapshot.tables.get(row.collection as string)
        if (!about) throw problems.FORBIDDEN(`There is no collection "${row.collection}", or it is not yours to see.`)
        if (!access.admin) await engine.one(about.name, row.item as string, { fields: [...about.primaryKey] }, { access, db })
      }
    }
    await next()
  })
}

function checkComment(row: Item): void {
  for (const name of ['comment', 'collection', 'item']) {
    const value = row[name]
    if (value === undefined || value === null || value === '') throw problems.INVALID_PAYLOAD(`"${name}" is required.`)
    if (typeof value !== 'string' && !(name === 'item' && typeof value === 'number'))
      throw problems.INVALID_PAYLOAD(`"${name}" must be a text.`)
  }
}

/** A user may go although files, notifications and whatever else the system keeps name them: as its tables are shared, their foreign keys do not see to it. */
import { quoteName, quoteTable, type Snapshot, type Transaction } from 'plinth'
import type { Key } from 'plinth/items'

/** Sets null what would keep users from being deleted; a user's own tables say themselves what becomes of their rows. */
export async function letGo(db: Transaction, snapshot: Snapshot, users: readonly Key[]): Promise<void> {
  const updates = [...snapshot.tables.values()].flatMap((table) => {
    const naming = [...table.columns.values()].filter(
      ({ foreignKey, nullable }) => foreignKey?.table === 'directus_users' && foreignKey.onDelete === 'NO ACTION' && nullable,
    )
    if (!table.system || !naming.length) return []
    const named = naming.map((column) => ({ column: quoteName(column.name), is: `${quoteName(column.name)}::text = any ($1::text[])` }))
    const set = named.map(({ column, is }) => `${column} = case when ${is} then null else ${column} end`)
    return `update ${quoteTable(table)} set ${set.join(', ')} where ${named.map(({ is }) => is).join(' or ')}`
  })
  if (!updates.length) return
  await db.query(`with ${updates.map((update, i) => `u${i} as (${update})`).join(', ')} select 1`, [
    users.map((key) => String(key).toLowerCase()),
  ])
}

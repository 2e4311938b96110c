/** What rows hold that a write touches, its own and those that the database changes along with them. */
import { arrayLiteral, type ForeignKey, quoteName, quoteTable, type Snapshot, type Table, type Transaction } from 'plinth'
import type { ChangedEvent, Item, Key } from '../api.ts'
import { keyColumns, keyLists, keyOf, keysCondition } from '../keys.ts'
import type { Stored } from '../permit/stored.ts'

type Change = Pick<ChangedEvent, 'action' | 'table' | 'keys'>

/** Keys by table. */
type Keys = Map<Table, Set<Key>>

const add = (keys: Keys, { table, keys: more }: Pick<Change, 'table' | 'keys'>) =>
  keys.set(table, new Set([...(keys.get(table) ?? []), ...more]))

/** Rows as PostgreSQL's text, with their keys, by table. */
export type Images = ReadonlyMap<Table, { readonly keys: readonly Key[]; readonly rows: readonly string[] }>

/** @param changes Those of the write, which is undone by now. */
export async function imagesOf(db: Transaction, snapshot: Snapshot, changes: readonly Change[]): Promise<Images> {
  const found: Keys = new Map()
  const waiting = changes.filter(({ action }) => action !== 'create')
  const done = new Set<string>()
  for (const { action, table, keys } of waiting) {
    const idOf = (key: Key) => JSON.stringify([action, table.name, String(key)])
    const fresh = keys.filter((key) => !done.has(idOf(key)))
    if (!fresh.length) continue
    for (const key of fresh) done.add(idOf(key))
    add(found, { table, keys: fresh })
    waiting.push(...(await followers(db, snapshot, { action, table, keys: fresh })))
  }
  const images = new Map()
  for (const [table, keys] of found) images.set(table, await rowsOf(db, table, [...keys]))
  return images
}

/** What a write that has been done makes of rows that were as in `images`. */
export function storedBefore(images: Images, changes: readonly Change[]): Stored {
  const made: Keys = new Map()
  for (const change of changes) if (change.action === 'create') add(made, change)
  const tables = new Set([...images.keys(), ...made.keys()])
  return new Map(
    Array.from(tables, (table) => {
      const { keys, rows } = images.get(table) ?? { keys: [], rows: [] }
      const fresh = [...(made.get(table) ?? [])]
      const lists = (of: readonly Key[]) => (table.primaryKey.length ? keyLists(table, of) : [])
      return [table.name, { rows: arrayLiteral(rows), keys: lists([...keys, ...fresh]), made: lists(fresh) }] as const
    }),
  )
}

/** Rows that foreign keys change, or delete, together with those that they point at. */
async function followers(db: Transaction, snapshot: Snapshot, { action, table, keys }: Change): Promise<Change[]> {
  const found: Change[] = []
  for (const other of snapshot.tables.values()) {
    for (const foreignKey of other.foreignKeys) {
      if (foreignKey.table !== table.name || foreignKey.schema !== table.schema || !follows(foreignKey, table, action)) continue
      const [columns, targets] = [foreignKey.columns, foreignKey.targets].map((names) => names.map(quoteName).join(', '))
      const text =
        `select ${keyColumns('t', other) || '1'} from ${quoteTable(other)} t where (${columns}) in ` +
        `(select ${targets} from ${quoteTable(table)} s where ${keysCondition('s', table, (part) => `$${part + 1}`)})`
      const rows = await db.query<Item>(text, keyLists(table, keys))
      const next = action === 'delete' && foreignKey.onDelete === 'CASCADE' ? 'delete' : 'update'
      if (rows.length) found.push({ action: next, table: other, keys: rows.map((row) => keyOf(other, row)) })
    }
  }
  return found
}

/** Keys of rows never change. */
function follows({ onDelete, onUpdate, targets }: ForeignKey, { primaryKey }: Table, action: Change['action']): boolean {
  const rule = action === 'delete' ? onDelete : targets.every((name) => primaryKey.includes(name)) ? 'NO ACTION' : onUpdate
  return rule !== 'NO ACTION' && rule !== 'RESTRICT'
}

async function rowsOf(db: Transaction, table: Table, keys: readonly Key[]): Promise<{ keys: readonly Key[]; rows: readonly string[] }> {
  if (!table.primaryKey.length) return { keys: [], rows: [] }
  const where = keysCondition('s', table, (part) => `$${part + 1}`)
  const found = await db.query<{ row: string }>(`select s::text as row from ${quoteTable(table)} s where ${where}`, keyLists(table, keys))
  return { keys, rows: found.map(({ row }) => row) }
}

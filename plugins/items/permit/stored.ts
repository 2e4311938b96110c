/**
 * Rows as they are, seen from amidst a write that will be undone: what somebody sees of what the write makes of rows is what they see of these rows
 * both ways, so nothing becomes theirs by it. Rules are asked of the tables as they are (rows that were not written, and what the others held before),
 * which are tables like any other to whoever plans conditions. Pure.
 */
import { type Parameter, quoteName, quoteTable, type Snapshot, type Table } from 'plinth'
import { keysCondition } from '../keys.ts'
import type { Writer } from '../sql/writer.ts'

/** What a write does to one table. */
export interface Touched {
  /** The rows of `keys` that were there, as they were: an array of rows as PostgreSQL's text. */
  readonly rows: string
  /** One list a key column. */
  readonly keys: readonly Parameter[]
  /** Those of rows that were not there. */
  readonly made: readonly Parameter[]
}

/** By table. */
export type Stored = ReadonlyMap<string, Touched>

/** What a placeholder stands for. */
export type StoredBind = { readonly kind: 'stored'; readonly table: string } & (
  | { readonly list: 'rows' }
  | { readonly list: 'keys' | 'made'; readonly part: number }
)

export function storedParameter(stored: Stored, bind: StoredBind): Parameter {
  const touched = stored.get(bind.table)!
  return bind.list === 'rows' ? touched.rows : touched[bind.list][bind.part]!
}

interface StoredTable extends Table {
  readonly asStored: 'touched' | 'unknown'
}

const storedAs = (table: Table): StoredTable['asStored'] | undefined => (table as Partial<StoredTable>).asStored

/** The schema with tables as they are. What views, and rows without a key, were nobody can tell: there are none. */
export function asStored(snapshot: Snapshot, touched: ReadonlySet<string>): Snapshot {
  const stored = (table: Table): Table => {
    if (table.kind !== 'table' || (touched.has(table.name) && !table.primaryKey.length))
      return { ...table, asStored: 'unknown' } as StoredTable
    return touched.has(table.name) ? ({ ...table, asStored: 'touched' } as StoredTable) : table
  }
  return { ...snapshot, tables: new Map(Array.from(snapshot.tables, ([name, table]) => [name, stored(table)])) }
}

/** What the rows of a table are read from. */
export function tableText(writer: Writer, table: Table): string {
  const from = quoteTable(table)
  const how = storedAs(table)
  if (!how) return from
  if (how === 'unknown') return `(select * from ${from} where false)`
  const written = keysCondition('u', table, (part) => placeholder(writer, table, 'keys', part))
  const before = writer.parameter({ kind: 'stored', table: table.name, list: 'rows' })
  // The condition stands around both, and the function by itself: so the planner sees through to the table's indexes.
  const both = `select s.*, false as "$was" from ${from} s union all (select b.*, true from unnest(${before}::${from}[]) b offset 0)`
  return `(select u.* from (${both}) u where u."$was" or not ${written})`
}

/** SQL that is true for a row that was not there; null where the table had all of them. */
export function madeText(writer: Writer, table: Table, row: string): string | null {
  return storedAs(table) === 'touched' ? keysCondition(row, table, (part) => placeholder(writer, table, 'made', part)) : null
}

const placeholder = (writer: Writer, { name: table }: Table, list: 'keys' | 'made', part: number): string =>
  writer.parameter({ kind: 'stored', table, list, part })

/** What tells a row from the others of its table. */
export const sameRow = ({ primaryKey }: Table, a: string, b: string): string =>
  (primaryKey.length ? primaryKey.map(quoteName) : ['ctid']).map((name) => `${a}.${name} = ${b}.${name}`).join(' and ')

/**
 * A table as somebody sees it: rows that one of their grants is about, and in them the fields that such a grant has. Queries are planned
 * against guarded tables alone, and read from a source that holds nothing else, so there is no way around. Pure.
 */
import type { Field, Relation, Table } from 'plinth'
import type { Conditions, Grant } from './grants.ts'

export interface Guard {
  /** The table as it is. */
  readonly whole: Table
  readonly grants: readonly Grant[]
  /** Fields that are seen in some of the rows → the places of their grants. */
  readonly partial: ReadonlyMap<string, readonly number[]>
  /** Planned when they are first asked for. @throws INVALID_QUERY when a rule is not to be understood. */
  conditions(): Conditions
  /** The same of rows as they are, amidst a write that will be undone; absent where rows are what they are. */
  readonly stored?: () => { readonly table: Table; readonly conditions: Conditions }
}

/** `fields` are those seen in some row; `links` those whose other side may be read. */
export interface GuardedTable extends Table {
  readonly guard: Guard
}

export const guardOf = (table: Table): Guard | undefined => (table as Partial<GuardedTable>).guard

/** Whether all rows are seen as they are, so that the table itself may be read. */
export const isOpen = ({ grants, partial }: Guard): boolean => grants.some(({ filter, bare }) => !filter && !bare) && !partial.size

/** The column that holds what `name` does also in rows where it is not seen: keys and what relations hang on. No field can be called so. */
export const heldAs = (table: Table, name: string): string => (guardOf(table)?.partial.has(name) ? `$held:${name}` : name)

/** The column by whose value rows related over `field` are found: null where the relation is not seen. */
export const linkedAs = (table: Table, field: string, owner: string): string =>
  guardOf(table)?.partial.has(field) ? `$link:${field}` : heldAs(table, owner)

export const isGate = (column: string): boolean => column.startsWith('$link:')

/** The column behind such a name. */
export const columnOf = (name: string): string => name.replace(/^\$\w+:/, '')

/** What `heldAs` names. */
export function heldField(table: Table, name: string): Field {
  const guard = guardOf(table)
  const field = (guard?.whole ?? table).fields.get(name)!
  return guard?.partial.has(name) ? { ...field, name: heldAs(table, name) } : field
}

export interface GuardedColumn {
  /** As the source calls it. */
  readonly name: string
  readonly column: string
  /** The grants that show it; null: always held. */
  readonly grants: readonly number[] | null
}

/** What the source of a guarded table holds: the columns seen, and those that keys and relations hang on. */
export function guardedColumns(table: Table, { whole, partial }: Guard): readonly GuardedColumn[] {
  const links = [...whole.links.values()]
  const keys = [...whole.columns.values()].filter(({ unique, name }) => unique || whole.primaryKey.includes(name)).map(({ name }) => name)
  const needed = new Set([...keys, ...links.flatMap(({ kind, field }) => (kind === 'm2o' ? [field] : []))])
  const seen = [...whole.columns.keys()].filter((name) => table.fields.has(name) || needed.has(name))
  const held = keys.filter((name) => partial.has(name))
  const gates = links.filter(({ kind, field }) => kind === 'o2m' && partial.has(field))
  return [
    ...seen.map((name) => ({ name, column: name, grants: partial.get(name) ?? null })),
    ...held.map((name) => ({ name: heldAs(table, name), column: name, grants: null })),
    ...gates.flatMap(({ field, relation }) => {
      const column = ownerOf(whole, relation)
      return column === undefined ? [] : [{ name: `$link:${field}`, column, grants: partial.get(field)! }]
    }),
  ]
}

/** The column whose value rows of the many side hold. */
export const ownerOf = (table: Table, { foreignKey }: Relation): string | undefined => foreignKey?.targets[0] ?? table.primaryKey[0]

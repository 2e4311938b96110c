/** The schema as somebody may be told of it: what they may read something of. Pure. */
import type { Relation, Rule, Snapshot, Table } from 'plinth'
import { guardOf } from './guard.ts'

/** @param rules Those about reading; they are asked of folders, which have no rows. */
export function toldBy(seen: Snapshot, rules: readonly Rule[]): Snapshot {
  const tables = new Map([...seen.tables].map(([name, table]) => [name, told(table)]))
  const named = new Set(rules.map(({ collection }) => collection))
  return Object.freeze({
    ...seen,
    tables,
    folders: new Map([...seen.folders].filter(([name]) => named.has(name))),
    relations: seen.relations.filter((relation) => isTold(tables, relation)),
  })
}

/** Not with fields that are named only to be left out. */
function told(table: Table): Table {
  const grants = guardOf(table)?.grants ?? []
  return { ...table, fields: new Map([...table.fields].filter(([name]) => grants.some(({ fields }) => fields.has(name)))) }
}

/** Both sides, and all of those that an item of any collection may be. */
function isTold(tables: ReadonlyMap<string, Table>, { collection, field, related, meta }: Relation): boolean {
  if (!tables.get(collection)?.fields.has(field)) return false
  if (related === null) return (meta?.one_allowed_collections ?? []).every((name) => tables.has(name))
  return tables.has(related) && (!meta?.one_field || tables.get(related)!.fields.has(meta.one_field))
}

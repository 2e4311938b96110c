/** Tables, fields and links of the API: what the database holds, what the meta tables say of it, and what plugins say of their tables. Pure. */
import type { Catalogue, CatalogueTable, Column, Field, FieldMeta, Model, Table, TableSpec } from 'plinth'
import { fieldType } from './field-type.ts'
import { type Meta, type OwnedMeta, ownedMeta } from './meta.ts'
import { linksOf, toRelations } from './relations.ts'

/** Joins the catalogue with the meta tables' rows and with what plugins say of their tables. Pure. */
export function buildModel(catalogue: Catalogue, meta: Meta, specs: readonly TableSpec[]): Model {
  const warnings: string[] = []
  const served = servedTables(catalogue, warnings)
  const owned = ownedMeta(specs)
  const { relations, oneFields } = toRelations(served, [...owned.relations, ...meta.relations], warnings)
  const fieldMetas = Map.groupBy(meta.fields, (row) => row.collection)
  const linksByTable = linksOf(relations, served)

  const tables = new Map<string, Table>()
  for (const table of served.values()) {
    const isSystem = table.name.startsWith('directus_') || owned.system.has(table.name)
    // Of a system collection too somebody may have said something: then that is told.
    const own = owned.collections.get(table.name)
    const collection = meta.collections.get(table.name) ?? own ?? null
    const fields = toFields(table, fieldMetas.get(table.name) ?? [], owned, oneFields.get(table.name) ?? [])
    const links = (linksByTable.get(table.name) ?? []).filter(({ field }) => fields.has(field))
    const { triggers: _, ...rest } = table
    tables.set(
      table.name,
      Object.freeze({
        ...rest,
        system: isSystem,
        fields,
        links: new Map(links.map((link) => [link.field, link])),
        singleton: (own ?? collection)?.singleton ?? false,
        meta: collection,
        raises: owned.raises.get(table.name),
        tellsOf: owned.tellsOf.get(table.name),
        pointsAnywhere: owned.pointsAnywhere.get(table.name),
      }),
    )
  }
  const folders = new Map([...meta.collections].filter(([name]) => !catalogue.tables.some((table) => table.name === name)))
  return { tables, folders, relations, warnings }
}

/** Names that a path of fields or a query could not hold. */
const isUnservable = (name: string) => name.startsWith('$') || /[.\u0000-\u001f\u007f]/.test(name)

/** By name; without what cannot be served. */
function servedTables(catalogue: Catalogue, warnings: string[]): ReadonlyMap<string, CatalogueTable> {
  const tables = new Map<string, CatalogueTable>()
  for (const table of catalogue.tables) {
    const other = tables.get(table.name)
    if (isUnservable(table.name))
      warnings.push(`Table ${JSON.stringify(table.name)} is left out: its name holds a dot, a control character or a leading $.`)
    else if (other)
      warnings.push(`Table "${table.schema}"."${table.name}" is left out: "${other.schema}" has one of the same name, and comes first.`)
    else tables.set(table.name, withServedColumns(table, warnings))
  }
  return tables
}

function withServedColumns(table: CatalogueTable, warnings: string[]): CatalogueTable {
  const unservable = [...table.columns.keys()].filter(isUnservable)
  for (const name of unservable) {
    warnings.push(
      `Column ${JSON.stringify(name)} of table "${table.name}" is left out: its name holds a dot, a control character or a leading $.`,
    )
  }
  const columns = new Map([...table.columns].filter(([name]) => !isUnservable(name)))
  const whole = (names: readonly string[]) => names.every((name) => columns.has(name))
  return {
    ...table,
    columns,
    primaryKey: whole(table.primaryKey) ? table.primaryKey : [],
    indexes: table.indexes.filter((index) => whole(index.columns)),
    foreignKeys: table.foreignKeys.filter((key) => whole(key.columns)),
  }
}

/** Columns in table order, then the fields that only meta knows of: by sort and id, plugins' first. */
function toFields(
  table: CatalogueTable,
  rows: readonly FieldMeta[],
  owned: OwnedMeta,
  oneFields: readonly string[],
): ReadonlyMap<string, Field> {
  const ownedRows = owned.fields.get(table.name)
  const metas = new Map([...rows.map((row) => [row.field, row] as const), ...(ownedRows ?? [])])
  const fields = new Map<string, Field>()
  for (const column of table.columns.values()) fields.set(column.name, toField(column.name, column, metas.get(column.name) ?? null, owned))
  for (const meta of [...(ownedRows?.values() ?? []), ...rows])
    if (!fields.has(meta.field)) fields.set(meta.field, toField(meta.field, null, meta, owned))
  for (const name of oneFields) if (!fields.has(name)) fields.set(name, toField(name, null, null, owned))
  return fields
}

function toField(name: string, column: Column | null, meta: FieldMeta | null, owned: OwnedMeta): Field {
  const special = meta?.special ?? []
  const isOwnHash = special.includes('hash') && meta !== null && owned.system.has(meta.collection)
  return Object.freeze({
    name,
    type: column ? fieldType(column, special) : 'alias',
    column,
    special,
    concealed: special.includes('conceal') || special.includes('encrypt') || isOwnHash,
    meta,
  })
}

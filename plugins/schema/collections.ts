/** Making and removing collections. */
import { problems } from 'plinth'
import { alter, type Change, callerOf, metaTable } from './change.ts'
import { createTable, dropTable, hasColumn, isKey } from './ddl.ts'
import { fieldRows } from './fields.ts'
import type { CollectionDefinition, FieldDefinition } from './input.ts'
import { checkName } from './names.ts'

/** The key of a table for which none was asked for. */
const idField: FieldDefinition = {
  field: 'id',
  type: 'integer',
  schema: { is_primary_key: true, has_auto_increment: true },
  meta: { interface: 'numeric', hidden: true, readonly: true },
}

/**
 * Makes a table, or without `schema` a folder.
 * @throws INVALID_PAYLOAD for a name that is taken or cannot be served; FORBIDDEN when there is nothing to make.
 */
export async function createCollection(change: Change, { collection, schema, meta, fields }: CollectionDefinition): Promise<void> {
  const { snapshot, items } = change
  checkName('collection', collection)
  if (snapshot.tables.has(collection) || snapshot.folders.has(collection)) {
    throw problems.INVALID_PAYLOAD(`Collection "${collection}" already exists.`)
  }
  if (!schema && !meta) throw problems.FORBIDDEN()
  if (meta) await items.create('directus_collections', [{ ...meta, collection }], callerOf(change))
  if (!schema) return

  const all = withKey(fields ?? [])
  for (const { field } of all) checkName('field', field)
  await alter(change, createTable({ schema: change.schema, name: collection }, all), { collection })
  const rows = fieldRows(collection, all)
  if (rows.length) await items.create('directus_fields', rows, callerOf(change))
}

const withKey = (fields: readonly FieldDefinition[]): readonly FieldDefinition[] =>
  fields.some((field) => hasColumn(field) && isKey(field)) ? fields : [idField, ...fields]

/** Removes a collection with its rows and all that is said of it elsewhere. @throws FORBIDDEN when it is missing or ours; INVALID_PAYLOAD when others need it. */
export async function deleteCollection(change: Change, collection: string): Promise<void> {
  const table = change.snapshot.tables.get(collection)
  if (table?.system || (!table && !change.snapshot.folders.has(collection))) throw problems.FORBIDDEN()
  if (table && table.kind !== 'table') throw problems.INVALID_PAYLOAD(`"${collection}" is a ${table.kind}: remove it with SQL.`)
  const needing = change.snapshot.relations.filter((r) => r.foreignKey && r.related === collection && r.collection !== collection)
  if (needing.length) {
    const names = needing.map((r) => `${r.collection}.${r.field}`).join(', ')
    throw problems.INVALID_PAYLOAD(`Collection "${collection}" is referenced by ${names}: remove these fields first.`)
  }
  await forget(change, collection)
  await change.items.delete('directus_collections', [collection], callerOf(change))
  if (table) await alter(change, [dropTable(table)], { collection })
}

/** Removes what the system tables say of a collection. */
async function forget(change: Change, collection: string): Promise<void> {
  const { db, items, snapshot } = change
  const caller = callerOf(change)
  const [fields, relations, collections] = ['directus_fields', 'directus_relations', 'directus_collections'].map((name) =>
    metaTable(change, name),
  )
  const keys = async <K extends string | number>(sql: string) => (await db.query<{ key: K }>(sql, [collection])).map(({ key }) => key)

  const aliases = `(collection, field) in (select one_collection, one_field from ${relations} where many_collection = $1)`
  await items.delete('directus_fields', await keys<number>(`select id as key from ${fields} where collection = $1 or ${aliases}`), caller)
  await items.delete(
    'directus_relations',
    await keys<number>(`select id as key from ${relations} where many_collection = $1 or one_collection = $1`),
    caller,
  )
  const members = await keys<string>(`select collection as key from ${collections} where "group" = $1`)
  if (members.length) await items.update('directus_collections', members, { group: null }, caller)

  const allowing = await db.query<{ id: number; names: string }>(
    `select id, one_allowed_collections as names from ${relations} where $1 = any (string_to_array(one_allowed_collections, ','))`,
    [collection],
  )
  for (const { id, names } of allowing) {
    const rest = names.split(',').filter((name) => name !== collection)
    await items.update('directus_relations', [id], { one_allowed_collections: rest }, caller)
  }
  for (const name of ['directus_permissions', 'directus_presets']) {
    if (!snapshot.tables.has(name)) continue
    await items.delete(name, await keys<number>(`select id as key from ${metaTable(change, name)} where collection = $1`), caller)
  }
}

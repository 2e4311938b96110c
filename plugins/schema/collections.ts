/** Making, changing and removing collections. */
import { problems } from 'plinth'
import { type Change, metaTable } from './change.ts'
import { commentOnTable, createTable, dropTable, hasColumn, isKey } from './ddl.ts'
import { fieldRows } from './fields.ts'
import { forgetCollection } from './forget.ts'
import type { CollectionDefinition, CollectionPatch, FieldDefinition } from './input.ts'
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
  const { snapshot, rows } = change
  checkName('collection', collection)
  if (snapshot.tables.has(collection) || snapshot.folders.has(collection)) {
    throw problems.INVALID_PAYLOAD(`Collection "${collection}" already exists.`)
  }
  if (!schema && !meta) throw problems.FORBIDDEN()
  if (meta) await rows.create('directus_collections', [{ ...meta, collection }])
  if (!schema) return

  const all = withKey(fields ?? [])
  for (const { field } of all) checkName('field', field)
  const table = { schema: change.schema, name: collection }
  await change.alter([...createTable(table, all), ...(schema.comment ? [commentOnTable(table, schema.comment)] : [])], { collection })
  const metaRows = fieldRows(collection, all)
  if (metaRows.length) await rows.create('directus_fields', metaRows)
}

const withKey = (fields: readonly FieldDefinition[]): readonly FieldDefinition[] =>
  fields.some((field) => hasColumn(field) && isKey(field)) ? fields : [idField, ...fields]

/** Changes what is said of a collection, and the comment of its table. Of a table that nothing was said of it is the first; of a name without table it makes a folder. */
export async function updateCollection(change: Change, collection: string, { schema, meta }: CollectionPatch): Promise<void> {
  const { db, snapshot, rows } = change
  const table = snapshot.tables.get(collection)
  if (table && schema?.comment !== undefined && (schema.comment || null) !== table.comment) {
    if (table.system) throw problems.FORBIDDEN('The tables of the system stay as they are.')
    await change.alter([commentOnTable(table, schema.comment)], { collection })
  }
  if (!meta) return
  const row = { ...meta, collection }
  const [known] = await db.query(`select 1 from ${metaTable(change, 'directus_collections')} where collection = $1`, [collection])
  if (known) return void (await rows.update('directus_collections', [collection], row))
  if (!table) checkName('collection', collection)
  await rows.create('directus_collections', [row])
}

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
  await forgetCollection(change, collection)
  if (table) await change.alter([dropTable(table)], { collection })
}

/** What goes with a collection or a field: all that system tables say of it. */
import type { Field, Table } from 'plinth'
import type { Key } from 'plinth/items'
import { type Change, metaTable, systemTable } from './change.ts'

export async function forgetCollection(change: Change, collection: string): Promise<void> {
  const { db, rows } = change
  const [fields, relations, collections] = metaTables(change)
  const keys = async (sql: string) => (await db.query<{ key: Key }>(sql, [collection])).map(({ key }) => key)

  const aliases = `(collection, field) in (select one_collection, one_field from ${relations} where many_collection = $1)`
  await rows.delete('directus_fields', await keys(`select id as key from ${fields} where collection = $1 or ${aliases}`))
  await rows.delete(
    'directus_relations',
    await keys(`select id as key from ${relations} where many_collection = $1 or one_collection = $1`),
  )
  const members = await keys(`select collection as key from ${collections} where "group" = $1`)
  if (members.length) await rows.follow('directus_collections', members, { group: null })
  await disallow(change, collection)
  for (const name of ['directus_permissions', 'directus_presets']) {
    const table = systemTable(change, name)
    if (table) await rows.delete(name, await keys(`select id as key from ${table} where collection = $1`))
  }
  await rows.delete('directus_collections', await keys(`select collection as key from ${collections} where collection = $1`))
}

const metaTables = (change: Change) => [
  metaTable(change, 'directus_fields'),
  metaTable(change, 'directus_relations'),
  metaTable(change, 'directus_collections'),
]

/** No relation leads to it any more. */
async function disallow(change: Change, collection: string): Promise<void> {
  const [, relations] = metaTables(change)
  const allowing = await change.db.query<{ id: number; names: string }>(
    `select id, one_allowed_collections as names from ${relations} where $1 = any (string_to_array(one_allowed_collections, ','))`,
    [collection],
  )
  for (const { id, names } of allowing) {
    const rest = names.split(',').filter((name) => name !== collection)
    await change.rows.follow('directus_relations', [id], { one_allowed_collections: rest })
  }
}

/** Its row, its relation with the alias on the other side, and settings and rules that name it: a later field of that name is another one. */
export async function forgetField(change: Change, table: Table, { name }: Field): Promise<void> {
  const { db, rows } = change
  const [fields, relations] = metaTables(change)
  const ids = async (sql: string) => (await db.query<{ id: number }>(sql, [table.name, name])).map(({ id }) => id)
  const clear = async (collection: string, keys: readonly Key[], ...columns: readonly string[]) => {
    if (keys.length && columns.length) await rows.follow(collection, keys, Object.fromEntries(columns.map((column) => [column, null])))
  }

  const aliases = `(collection, field) in (select one_collection, one_field from ${relations} where many_collection = $1 and many_field = $2)`
  await rows.delete('directus_fields', await ids(`select id from ${fields} where (collection = $1 and field = $2) or ${aliases}`))
  await rows.delete('directus_relations', await ids(`select id from ${relations} where many_collection = $1 and many_field = $2`))
  const naming = (column: string, side: string) => ids(`select id from ${relations} where ${side} = $1 and ${column} = $2`)
  await clear('directus_relations', await naming('one_field', 'one_collection'), 'one_field')
  await clear('directus_relations', await naming('sort_field', 'many_collection'), 'sort_field')
  await clear('directus_fields', await ids(`select id from ${fields} where collection = $1 and "group" = $2`), 'group')
  await forgetSettings(change, table, name)
  await forgetAllowed(change, table.name, name)
}

/** In no rule's list of fields any more. */
async function forgetAllowed(change: Change, collection: string, field: string): Promise<void> {
  const table = systemTable(change, 'directus_permissions')
  if (!table) return
  const naming = await change.db.query<{ id: number; rest: string[] }>(
    `select id, array_remove(string_to_array(fields, ','), $2) as rest from ${table} where collection = $1 and $2 = any (string_to_array(fields, ','))`,
    [collection, field],
  )
  for (const { id, rest } of naming) await change.rows.update('directus_permissions', [id], { fields: rest.length ? rest : null })
}

async function forgetSettings({ rows }: Change, { name, system, meta }: Table, field: string): Promise<void> {
  if (!meta || system) return
  const patch: Record<string, unknown> = {}
  for (const setting of ['archive_field', 'sort_field']) if (meta[setting] === field) patch[setting] = null
  const copied = meta.item_duplication_fields
  if (Array.isArray(copied) && copied.includes(field)) patch.item_duplication_fields = copied.filter((each) => each !== field)
  if (Object.keys(patch).length) await rows.follow('directus_collections', [name], patch)
}

/** Making and removing fields. */
import { type Field, problems, type Table } from 'plinth'
import type { Item } from 'plinth/items'
import { alter, type Change, callerOf, metaTable } from './change.ts'
import { addColumn, dropColumn, hasColumn } from './ddl.ts'
import { isTold } from './describe.ts'
import type { FieldDefinition } from './input.ts'
import { checkName } from './names.ts'

/** A field's row in directus_fields; undefined for one that has none. JSON columns always have one: their special says how to read them. */
function fieldRow(collection: string, { field, type, meta }: FieldDefinition, sort: number): Item | undefined {
  if (type === 'json') return { sort, ...meta, special: withCastJson(meta?.special), collection, field }
  return meta ? { sort, ...meta, collection, field } : undefined
}

function withCastJson(special: unknown): string[] {
  const words = Array.isArray(special)
    ? special.filter((word) => typeof word === 'string')
    : typeof special === 'string' && special !== ''
      ? special.split(',')
      : []
  return words.includes('cast-json') ? words : [...words, 'cast-json']
}

/** Rows for the fields of a new collection, numbered in order within each group. */
export function fieldRows(collection: string, fields: readonly FieldDefinition[]): Item[] {
  const last = new Map<unknown, number>()
  return fields.flatMap((field) => {
    const sort = (last.get(groupOf(field)) ?? 0) + 1
    const row = fieldRow(collection, field, sort)
    if (row) last.set(groupOf(field), sort)
    return row ? [row] : []
  })
}

const groupOf = ({ meta }: FieldDefinition): string | null => (typeof meta?.group === 'string' ? meta.group : null)

/** @throws FORBIDDEN for an unknown collection; INVALID_PAYLOAD for a name that is taken or cannot be served. */
export async function createField(change: Change, collection: string, definition: FieldDefinition): Promise<void> {
  const { db, items, snapshot } = change
  const table = snapshot.tables.get(collection)
  if (!table) throw problems.FORBIDDEN()
  checkName('field', definition.field)
  if (table.fields.has(definition.field))
    throw problems.INVALID_PAYLOAD(`Field "${definition.field}" already exists in collection "${collection}".`)

  if (hasColumn(definition)) await alter(change, addColumn(table, definition), { collection, field: definition.field })
  const [next] = await db.query<{ sort: number }>(
    `select coalesce(max(sort), 0) + 1 as sort from ${metaTable(change, 'directus_fields')} where collection = $1 and "group" is not distinct from $2`,
    [collection, groupOf(definition)],
  )
  const row = fieldRow(collection, definition, next!.sort)
  if (row) await items.create('directus_fields', [row], callerOf(change))
}

/** Removes a field with its column and all that is said of it elsewhere. @throws FORBIDDEN for an unknown collection or a field of ours. */
export async function deleteField(change: Change, collection: string, name: string): Promise<void> {
  const table = change.snapshot.tables.get(collection)
  const field = table?.fields.get(name)
  if (!table || field?.meta?.system) throw problems.FORBIDDEN()
  if (!isTold(field)) return
  if (field.column?.primaryKey) throw problems.INVALID_PAYLOAD(`"${name}" is the primary key of "${collection}": it cannot be removed.`)
  await forget(change, table, field)
  if (field.column) await alter(change, [dropColumn(table, name)], { collection, field: name })
}

/** Removes what the meta tables say of a field: its row, its relation with the alias on the other side, and settings that name it. */
async function forget(change: Change, table: Table, { name }: Field): Promise<void> {
  const { db, items } = change
  const caller = callerOf(change)
  const [fields, relations] = ['directus_fields', 'directus_relations'].map((of) => metaTable(change, of))
  const ids = async (sql: string) => (await db.query<{ id: number }>(sql, [table.name, name])).map(({ id }) => id)

  const aliases = `(collection, field) in (select one_collection, one_field from ${relations} where many_collection = $1 and many_field = $2)`
  await items.delete('directus_fields', await ids(`select id from ${fields} where (collection = $1 and field = $2) or ${aliases}`), caller)
  await items.delete('directus_relations', await ids(`select id from ${relations} where many_collection = $1 and many_field = $2`), caller)
  const asOne = await ids(`select id from ${relations} where one_collection = $1 and one_field = $2`)
  if (asOne.length) await items.update('directus_relations', asOne, { one_field: null }, caller)
  const members = await ids(`select id from ${fields} where collection = $1 and "group" = $2`)
  if (members.length) await items.update('directus_fields', members, { group: null }, caller)
  const settings = (['archive_field', 'sort_field'] as const).filter((setting) => table.meta?.[setting] === name)
  if (settings.length && !table.system) {
    await items.update('directus_collections', [table.name], Object.fromEntries(settings.map((setting) => [setting, null])), caller)
  }
}

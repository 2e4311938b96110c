/** Making, changing and removing fields. */
import { type Field, problems, quoteTable, type Table } from 'plinth'
import type { Item } from 'plinth/items'
import { alterColumn, type StoredField } from './alter.ts'
import { type Change, metaTable } from './change.ts'
import { addColumn, dropColumn, hasColumn } from './ddl.ts'
import { isTold } from './describe.ts'
import { forgetField } from './forget.ts'
import type { FieldDefinition, FieldPatch } from './input.ts'
import { lossByType } from './loss.ts'
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
  const { db, snapshot, rows } = change
  const table = snapshot.tables.get(collection)
  if (!table) throw problems.FORBIDDEN()
  checkName('field', definition.field)
  if (table.fields.has(definition.field))
    throw problems.INVALID_PAYLOAD(`Field "${definition.field}" already exists in collection "${collection}".`)

  if (hasColumn(definition)) await change.alter(addColumn(table, definition), { collection, field: definition.field })
  const [next] = await db.query<{ sort: number }>(
    `select coalesce(max(sort), 0) + 1 as sort from ${metaTable(change, 'directus_fields')} where collection = $1 and "group" is not distinct from $2`,
    [collection, groupOf(definition)],
  )
  const row = fieldRow(collection, definition, next!.sort)
  if (row) await rows.create('directus_fields', [row])
}

export interface ChangeOptions {
  /** Values may be cut off, rounded or dropped. */
  readonly mayLose?: boolean
}

/**
 * Changes a field's column and what is said of it. Saying something of a name that is not there makes a field without column.
 * @throws FORBIDDEN for an unknown collection; INVALID_PAYLOAD for what cannot be; VALUE_TOO_LONG and others when rows stand against it.
 */
export async function updateField(
  change: Change,
  collection: string,
  name: string,
  patch: FieldPatch,
  options: ChangeOptions = {},
): Promise<void> {
  const table = change.snapshot.tables.get(collection)
  if (!table) throw problems.FORBIDDEN()
  const field = table.fields.get(name)
  if (field?.meta?.system) checkSystemPatch(patch)
  if (field?.column && patch.type === 'alias') throw problems.INVALID_PAYLOAD(`"${name}" of collection "${collection}" has a column.`)
  if (patch.schema) {
    if (!field?.column) throw problems.INVALID_PAYLOAD(`"${name}" of collection "${collection}" has no column.`)
    await alterField(change, table, { ...field, column: field.column }, patch, options)
  }
  if (patch.meta) await updateMeta(change, collection, name, patch.meta)
}

function checkSystemPatch({ schema, meta, type }: FieldPatch): void {
  const said = Object.keys(schema ?? {})
  if (said.length !== 1 || said[0] !== 'is_indexed' || meta || type)
    throw problems.INVALID_PAYLOAD('Of a field of the system only "schema.is_indexed" can be changed.')
}

async function alterField(change: Change, table: Table, field: StoredField, { type, schema }: FieldPatch, { mayLose }: ChangeOptions) {
  const about = { collection: table.name, field: field.name }
  const altered = alterColumn(table, field, type, schema ?? {})
  if (altered.type !== undefined && !mayLose) {
    // No row may come in between the look and the change.
    await change.alter([`lock table ${quoteTable(table)} in access exclusive mode`], about)
    const loss = await lossByType(change, table, field, altered.type)
    if (loss) throw loss
  }
  await change.alter(altered.statements, about)
}

async function updateMeta(change: Change, collection: string, field: string, meta: Item): Promise<void> {
  const { id: _, ...said } = meta
  const [row] = await change.db.query<{ id: number }>(
    `select id from ${metaTable(change, 'directus_fields')} where collection = $1 and field = $2 order by id limit 1`,
    [collection, field],
  )
  const item = { ...said, collection, field }
  if (row) return void (await change.rows.update('directus_fields', [row.id], item))
  checkName('field', field)
  await change.rows.create('directus_fields', [item])
}

/** Removes a field with its column and all that is said of it elsewhere. @throws FORBIDDEN for an unknown collection or a field of ours. */
export async function deleteField(change: Change, collection: string, name: string): Promise<void> {
  const table = change.snapshot.tables.get(collection)
  const field: Field | undefined = table?.fields.get(name)
  if (!table || field?.meta?.system) throw problems.FORBIDDEN()
  if (!isTold(field)) return
  if (field.column?.primaryKey) throw problems.INVALID_PAYLOAD(`"${name}" is the primary key of "${collection}": it cannot be removed.`)
  await forgetField(change, table, field)
  if (field.column) await change.alter([dropColumn(table, name)], { collection, field: name })
}

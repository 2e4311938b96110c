/** Makes what a diff asks for, in the order in which it can be made: what refers to others goes first and comes last. */
import { problems } from 'plinth'
import { alterColumn } from '../alter.ts'
import type { Change } from '../change.ts'
import { addColumn, addIndex, createTable, dropColumn, dropTable, hasColumn, isKey } from '../ddl.ts'
import { forgetCollection, forgetField } from '../forget.ts'
import type { FieldDefinition } from '../input.ts'
import { checkName } from '../names.ts'
import { columnPatch, toDefinition } from './columns.ts'
import type { Delta, Deltas } from './difference.ts'
import type { Model, ModelField } from './document.ts'
import { addForeignKeys, dropForeignKeys } from './foreign-keys.ts'
import { writeRows } from './rows.ts'
import { type TypeOf, typesOf } from './types.ts'

/** @throws INVALID_PAYLOAD for what cannot be made; what the database refuses, as a problem. */
export async function applyDeltas(change: Change, deltas: Deltas, current: Model): Promise<void> {
  const plan = { ...deltas, fields: deltas.fields.flatMap(split) }
  checkNames(change, plan)
  const typeOf = await typesOf(
    change,
    plan.fields.flatMap(({ after }) => after ?? []),
  )
  const foreignKeys = await dropForeignKeys(change, plan, current)
  await removeFields(change, plan)
  await removeCollections(change, plan)
  await writeRows(change, plan, 'directus_collections')
  await makeTables(change, plan, typeOf)
  await makeColumns(change, plan, typeOf)
  await alterColumns(change, plan, typeOf)
  await writeRows(change, plan, 'directus_fields')
  await addForeignKeys(change, plan, foreignKeys)
  await writeRows(change, plan, 'directus_relations')
  await indexSystemFields(change, plan)
}

/** A field that gets a column, or loses it, is another one. */
function split(delta: Delta<ModelField>): Delta<ModelField>[] {
  const { before, after } = delta
  if (!before || !after || Boolean(before.schema) === Boolean(after.schema)) return [delta]
  return [
    { before, after: undefined },
    { before: undefined, after },
  ]
}

const isMade = ({ before, after }: Delta<{ schema?: unknown }>): boolean => !before?.schema && Boolean(after?.schema)

function checkNames({ snapshot }: Change, { collections, fields }: Deltas): void {
  for (const { before, after } of collections) {
    if (after && !before) checkName('collection', after.collection)
    const table = snapshot.tables.get(after?.collection ?? '')
    if (table?.system) throw problems.INVALID_PAYLOAD(`"${table.name}" is a table of the system.`)
  }
  const made = new Set(collections.filter(isMade).map(({ after }) => after!.collection))
  for (const { after } of fields) {
    if (after && !snapshot.tables.has(after.collection) && !made.has(after.collection))
      throw problems.INVALID_PAYLOAD(`There is no collection "${after.collection}" for the field "${after.field}".`)
    if (after && snapshot.tables.get(after.collection)?.fields.get(after.field)?.meta?.system)
      throw problems.INVALID_PAYLOAD(`"${after.collection}.${after.field}" is a field of the system.`)
  }
}

async function removeFields(change: Change, { fields, collections }: Deltas): Promise<void> {
  const gone = new Set(collections.filter(({ after }) => !after).map(({ before }) => before!.collection))
  for (const { before, after } of fields) {
    if (after || !before || gone.has(before.collection)) continue
    const table = change.snapshot.tables.get(before.collection)
    const field = table?.fields.get(before.field)
    if (!table || !field) continue
    if (field.column?.primaryKey)
      throw problems.INVALID_PAYLOAD(`"${field.name}" is the primary key of "${table.name}": it cannot be removed.`)
    await forgetField(change, table, field)
    if (field.column) await change.alter([dropColumn(table, field.name)], { collection: table.name, field: field.name })
  }
}

async function removeCollections(change: Change, { collections }: Deltas): Promise<void> {
  for (const { before, after } of collections) {
    if (after || !before) continue
    const table = change.snapshot.tables.get(before.collection)
    if (table && table.kind !== 'table') throw problems.INVALID_PAYLOAD(`"${table.name}" is a ${table.kind}: remove it with SQL.`)
    await forgetCollection(change, before.collection)
    if (table) await change.alter([dropTable(table)], { collection: table.name })
  }
}

/** A table without a key gets the one that POST /collections would give it, of which nothing is said. */
const idField: FieldDefinition = { field: 'id', type: 'integer', schema: { is_primary_key: true, has_auto_increment: true } }

async function makeTables(change: Change, { collections, fields }: Deltas, typeOf: TypeOf): Promise<void> {
  for (const delta of collections.filter(isMade)) {
    const { collection } = delta.after!
    const columns = fields
      .flatMap(({ before, after }) => (!before && after?.collection === collection && after.schema ? [after] : []))
      .map((field) => toDefinition(field, typeOf))
    const all = columns.some((field) => hasColumn(field) && isKey(field)) ? columns : [idField, ...columns]
    await change.alter(createTable({ schema: change.schema, name: collection }, all), { collection })
  }
}

async function makeColumns(change: Change, { collections, fields }: Deltas, typeOf: TypeOf): Promise<void> {
  const made = new Set(collections.filter(isMade).map(({ after }) => after!.collection))
  for (const { before, after } of fields) {
    if (before || !after || made.has(after.collection)) continue
    const definition = toDefinition(after, typeOf)
    const table = change.snapshot.tables.get(after.collection)!
    if (hasColumn(definition)) await change.alter(addColumn(table, definition), { collection: table.name, field: after.field })
  }
}

async function alterColumns(change: Change, { fields }: Deltas, typeOf: TypeOf): Promise<void> {
  for (const delta of fields) {
    const patch = columnPatch(delta, typeOf)
    if (!patch) continue
    const table = change.snapshot.tables.get(delta.after!.collection)!
    const field = table.fields.get(delta.after!.field)!
    const { statements } = alterColumn(table, { ...field, column: field.column! }, delta.after!.type, patch)
    await change.alter(statements, { collection: table.name, field: field.name })
  }
}

/** Indexes of the system's tables are added where they lack, and never removed: both servers rely on some of their own. */
async function indexSystemFields(change: Change, { systemFields }: Deltas): Promise<void> {
  for (const { after } of systemFields) {
    const table = change.snapshot.tables.get(after?.collection ?? '')
    const column = table?.columns.get(after?.field ?? '')
    if (!table?.system || !column || column.indexed || !after?.schema?.is_indexed) continue
    await change.alter([addIndex(table, column.name)], { collection: table.name, field: column.name })
  }
}

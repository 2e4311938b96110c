/** Making relations. */
import { problems } from 'plinth'
import { alter, type Change, callerOf } from './change.ts'
import { addForeignKey } from './ddl.ts'
import type { RelationDefinition } from './input.ts'

/** With a related collection there is a foreign key, always there is a row in directus_relations. @throws INVALID_PAYLOAD for whatever does not fit. */
export async function createRelation(
  change: Change,
  { collection, field, related_collection: related, schema, meta }: RelationDefinition,
): Promise<void> {
  const { snapshot, items } = change
  const table = snapshot.tables.get(collection)
  if (!table) throw problems.INVALID_PAYLOAD(`Collection "${collection}" does not exist.`)
  if (!table.columns.has(field))
    throw problems.INVALID_PAYLOAD(`Field "${field}" of collection "${collection}" does not exist or has no column.`)
  const target = related ? snapshot.tables.get(related) : undefined
  if (related && !target) throw problems.INVALID_PAYLOAD(`Collection "${related}" does not exist.`)
  if (snapshot.relations.some((known) => known.collection === collection && known.field === field)) {
    throw problems.INVALID_PAYLOAD(`Field "${field}" of collection "${collection}" has a relation already.`)
  }
  if (target) {
    const [targetColumn, ...more] = target.primaryKey
    if (targetColumn === undefined || more.length)
      throw problems.INVALID_PAYLOAD(`"${related}" has no primary key of one column to refer to.`)
    const key = { column: field, target, targetColumn, onDelete: schema?.on_delete, onUpdate: schema?.on_update }
    await alter(change, [addForeignKey(table, key)], { collection, field })
  }
  const row = { ...meta, many_collection: collection, many_field: field, one_collection: related ?? null }
  await items.create('directus_relations', [row], callerOf(change))
}

/** Making, changing and removing relations: a foreign key, a row in directus_relations, or both. */
import { problems, type Relation, type Table } from 'plinth'
import type { Item } from 'plinth/items'
import { type Change, metaTable } from './change.ts'
import { addForeignKey, dropConstraint } from './ddl.ts'
import type { RelationDefinition, RelationPatch } from './input.ts'

/** With a related collection there is a foreign key, always there is a row in directus_relations. @throws INVALID_PAYLOAD for whatever does not fit. */
export async function createRelation(
  change: Change,
  { collection, field, related_collection: related, schema, meta }: RelationDefinition,
): Promise<void> {
  const { snapshot, rows } = change
  const table = snapshot.tables.get(collection)
  if (!table) throw problems.INVALID_PAYLOAD(`Collection "${collection}" does not exist.`)
  if (!table.columns.has(field))
    throw problems.INVALID_PAYLOAD(`Field "${field}" of collection "${collection}" does not exist or has no column.`)
  const target = related ? snapshot.tables.get(related) : undefined
  if (related && !target) throw problems.INVALID_PAYLOAD(`Collection "${related}" does not exist.`)
  if (snapshot.relations.some((known) => known.collection === collection && known.field === field)) {
    throw problems.INVALID_PAYLOAD(`Field "${field}" of collection "${collection}" has a relation already.`)
  }
  if (target) await linkTo(change, table, field, target, schema)
  await rows.create('directus_relations', [relationRow(collection, field, related ?? null, meta)])
}

export const relationRow = (collection: string, field: string, related: string | null, meta: Item | null | undefined): Item => {
  const { id: _, ...said } = meta ?? {}
  return { ...said, many_collection: collection, many_field: field, one_collection: related }
}

type Actions = RelationPatch['schema']

async function linkTo(change: Change, table: Table, column: string, target: Table, schema: Actions): Promise<void> {
  const [targetColumn, ...more] = target.primaryKey
  if (targetColumn === undefined || more.length)
    throw problems.INVALID_PAYLOAD(`"${target.name}" has no primary key of one column to refer to.`)
  const key = { column, target, targetColumn, onDelete: schema?.on_delete, onUpdate: schema?.on_update }
  await change.alter([addForeignKey(table, key)], { collection: table.name, field: column })
}

/** Changes what a foreign key does, and what is said of a relation. Where nothing was said so far it is the first. @throws FORBIDDEN, INVALID_PAYLOAD */
export async function updateRelation(change: Change, collection: string, field: string, { schema, meta }: RelationPatch): Promise<void> {
  const { table, relation } = find(change, collection, field)
  if (schema?.on_delete || schema?.on_update) await alterForeignKey(change, table, relation, schema)
  if (!meta) return
  const row = relationRow(collection, field, relation.related, meta)
  if (relation.meta?.id === undefined) await change.rows.create('directus_relations', [row])
  else await change.rows.update('directus_relations', [relation.meta.id], row)
}

/** The constraint keeps its name. A relation without one gets it; one that leads to any of several collections cannot have one. */
async function alterForeignKey(change: Change, table: Table, { field, related, foreignKey }: Relation, schema: Actions): Promise<void> {
  const target = related === null ? undefined : change.snapshot.tables.get(related)
  if (!target) return
  if (!foreignKey) return linkTo(change, table, field, target, schema)
  const onDelete = schema?.on_delete ?? foreignKey.onDelete
  const onUpdate = schema?.on_update ?? foreignKey.onUpdate
  if (onDelete === foreignKey.onDelete && onUpdate === foreignKey.onUpdate) return
  const { constraint, targets } = foreignKey
  await change.alter(
    [
      dropConstraint(table, constraint),
      addForeignKey(table, { column: field, target, targetColumn: targets[0]!, onDelete, onUpdate, constraint }),
    ],
    { collection: table.name, field },
  )
}

/** Removes the foreign key and what is said of the relation; the field stays. @throws FORBIDDEN, INVALID_PAYLOAD */
export async function deleteRelation(change: Change, collection: string, field: string): Promise<void> {
  const { table, relation } = find(change, collection, field)
  if (relation.foreignKey) await change.alter([dropConstraint(table, relation.foreignKey.constraint)], { collection, field })
  const rows = await change.db.query<{ id: number }>(
    `select id from ${metaTable(change, 'directus_relations')} where many_collection = $1 and many_field = $2`,
    [collection, field],
  )
  if (rows.length)
    await change.rows.delete(
      'directus_relations',
      rows.map(({ id }) => id),
    )
}

/** What holds rights together is not changed. */
function find({ snapshot }: Change, collection: string, field: string): { table: Table; relation: Relation } {
  const table = snapshot.tables.get(collection)
  if (!table) throw problems.FORBIDDEN()
  if (!table.columns.has(field))
    throw problems.INVALID_PAYLOAD(`Field "${field}" of collection "${collection}" does not exist or has no column.`)
  const relation = snapshot.relations.find((known) => known.collection === collection && known.field === field)
  if (!relation) throw problems.INVALID_PAYLOAD(`Field "${field}" of collection "${collection}" has no relation.`)
  if (relation.meta?.system || table.fields.get(field)?.meta?.system)
    throw problems.FORBIDDEN('The relations of the system stay as they are.')
  return { table, relation }
}

/** Foreign keys around a change of the model: taken away where something stands in their way, and put where a document wants them. */
import { problems, type Table } from 'plinth'
import type { Change } from '../change.ts'
import { addForeignKey, dropConstraint, type TableName } from '../ddl.ts'
import { isIdentifier } from '../names.ts'
import { isEqual } from './compare.ts'
import type { Delta, Deltas } from './difference.ts'
import type { Model, ModelRelation } from './document.ts'

/** Drops those that go or change, those of tables that go, and those over columns that get another type. @returns the relations to give one afterwards. */
export async function dropForeignKeys(
  change: Change,
  { collections, relations, fields }: Deltas,
  current: Model,
): Promise<ModelRelation[]> {
  const deltas = new Map(relations.map((delta) => [keyOf(delta), delta]))
  const retyped = new Set(fields.filter(isRetyped).map(({ after }) => JSON.stringify([after!.collection, after!.field])))
  const isTouched = ({ collection, field, related_collection, schema }: ModelRelation) =>
    retyped.has(JSON.stringify([collection, field])) || retyped.has(JSON.stringify([related_collection, schema?.foreign_key_column]))
  const gone = new Set(collections.filter(({ after }) => !after).map(({ before }) => before!.collection))
  const others = current.relations
    .filter((relation) => relation.schema && !deltas.has(keyOf({ before: relation, after: undefined })))
    .filter((relation) => gone.has(relation.collection) || isTouched(relation))
    .map((relation): Delta<ModelRelation> => ({ before: relation, after: gone.has(relation.collection) ? undefined : relation }))

  const wanted: ModelRelation[] = []
  for (const { before, after } of [...relations, ...others]) {
    const isSame = before && after && isEqual(before.schema, after.schema) && before.related_collection === after.related_collection
    if (isSame && !isTouched(before)) continue
    if (before?.schema) await drop(change, before)
    if (after?.schema) wanted.push(after)
  }
  return wanted
}

const keyOf = ({ before, after }: Delta<ModelRelation>): string => {
  const { collection, field } = (before ?? after)!
  return JSON.stringify([collection, field])
}

const isRetyped = ({ before, after }: Delta<{ schema?: Readonly<Record<string, unknown>> }>): boolean =>
  Boolean(before?.schema && after?.schema) && before!.schema!.data_type !== after!.schema!.data_type

async function drop(change: Change, { collection, field }: ModelRelation): Promise<void> {
  const table = change.snapshot.tables.get(collection)
  const constraint = table?.columns.get(field)?.foreignKey?.constraint
  if (table && constraint) await change.alter([dropConstraint(table, constraint)], { collection, field })
}

/** After all tables and columns are there. @throws INVALID_PAYLOAD when a relation leads nowhere. */
export async function addForeignKeys(change: Change, deltas: Deltas, wanted: readonly ModelRelation[]): Promise<void> {
  const tableOf = (name: string): TableName | undefined => tableAfter(change, deltas, name)
  for (const { collection, field, related_collection: related, schema } of wanted) {
    const [table, target] = [tableOf(collection), related === null ? undefined : tableOf(related)]
    if (!table || !target)
      throw problems.INVALID_PAYLOAD(`The relation "${collection}.${field}" leads from or to a collection that does not exist.`)
    const { on_delete, on_update, constraint_name, foreign_key_column } = schema as Record<string, string | null | undefined>
    const key = {
      column: field,
      target,
      targetColumn: foreign_key_column ?? keyColumn(change, target),
      onDelete: on_delete,
      onUpdate: on_update,
      ...(isIdentifier(constraint_name) && { constraint: constraint_name }),
    }
    await change.alter([addForeignKey(table, key)], { collection, field })
  }
}

function tableAfter({ snapshot, schema }: Change, { collections }: Deltas, name: string): TableName | undefined {
  const delta = collections.find(({ before, after }) => (before ?? after)!.collection === name)
  if (delta && !delta.after) return undefined
  return snapshot.tables.get(name) ?? (delta?.after?.schema ? { schema, name } : undefined)
}

const keyColumn = ({ snapshot }: Change, { name }: TableName): string => {
  const table: Table | undefined = snapshot.tables.get(name)
  return table?.primaryKey[0] ?? 'id'
}

/** A document's fields → definitions as POST /fields takes them, and what to change in existing columns. Pure. */
import { type Problem, problems } from 'plinth'
import type { ColumnDefinition, FieldDefinition } from '../input.ts'
import { checkName } from '../names.ts'
import { isEqual } from './compare.ts'
import type { Delta } from './difference.ts'
import type { ModelField } from './document.ts'
import type { TypeOf } from './types.ts'

/** @throws INVALID_PAYLOAD for a name or a column that cannot be. */
export function toDefinition(field: ModelField, typeOf: TypeOf): FieldDefinition {
  checkName('field', field.field)
  const { schema } = field
  const meta = field.meta as FieldDefinition['meta']
  if (!schema) return { field: field.field, type: 'alias', meta }
  if (schema.is_generated)
    throw problems.INVALID_PAYLOAD(`"${field.collection}.${field.field}" is generated: add it with SQL, then apply the rest.`)
  if (schema.default_is_expression) throw expressionProblem(field)
  return {
    field: field.field,
    // The API's word decides how a default is written, the database's own what the column is.
    type: field.type as FieldDefinition['type'],
    schema: { ...(schema as ColumnDefinition), comment: null, exactType: typeOf(field) },
    meta,
  }
}

/** Expressions are SQL, and no request may bring that. */
const expressionProblem = ({ collection, field }: ModelField): Problem =>
  problems.INVALID_PAYLOAD(`The default of "${collection}.${field}" is an expression: set it with SQL, then apply the rest.`)

const members = ['default_value', 'is_nullable', 'is_unique', 'is_indexed', 'is_primary_key', 'has_auto_increment'] as const
const sizes = ['data_type', 'max_length', 'numeric_precision', 'numeric_scale'] as const

/** What of the column has to change, as PATCH /fields takes it; undefined when nothing has. */
export function columnPatch({ before, after }: Delta<ModelField>, typeOf: TypeOf): ColumnDefinition | undefined {
  if (!before?.schema || !after?.schema) return undefined
  const changed = (names: readonly string[]) => names.filter((name) => !isEqual(before.schema![name], after.schema![name]))
  const patch = Object.fromEntries(changed(members).map((name) => [name, after.schema![name] ?? null]))
  const isRetyped = changed(sizes).length > 0
  if (!isRetyped && !Object.keys(patch).length) return undefined
  if ((after.schema.is_generated || before.schema.is_generated) && (isRetyped || 'default_value' in patch))
    throw problems.INVALID_PAYLOAD(`"${after.collection}.${after.field}" is generated: change it with SQL.`)
  if (after.schema.default_is_expression && 'default_value' in patch) throw expressionProblem(after)
  return { ...patch, ...(isRetyped && { exactType: typeOf(after) }) }
}

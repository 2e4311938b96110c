/** The types of a document's columns → types of this database, each with its length. */
import { type Problem, problems } from 'plinth'
import type { Change } from '../change.ts'
import { type ColumnDefinition, isColumnType } from '../input.ts'
import { toSchemaProblem } from '../refusals.ts'
import { typeSql } from '../sql-types.ts'
import type { ModelField } from './document.ts'

/** Words of PostgreSQL for types that every database has: `format_type`'s. */
const builtIn: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'numeric',
  'character varying',
  'character',
  'text',
  'boolean',
  'date',
  'time without time zone',
  'time with time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'json',
  'jsonb',
  'uuid',
  'bytea',
])

/** A field's type as a statement says it. @throws INVALID_PAYLOAD for one that this database does not have. */
export type TypeOf = (field: ModelField) => string

/** Looks up, in one question, the types of `fields` that are no common ones: enums, domains, arrays, those of extensions. */
export async function typesOf({ db }: Change, fields: readonly ModelField[]): Promise<TypeOf> {
  const asked = [...new Set(fields.map(({ schema }) => schema?.data_type).filter((name) => typeof name === 'string'))]
  const uncommon = asked.filter((name) => !builtIn.has(name))
  const rows = uncommon.length
    ? await db
        .query<{ name: string; found: string | null }>(
          'select name, format_type(to_regtype(name), null) as found from unnest($1::text[]) name',
          [uncommon],
        )
        .catch((thrown) => {
          throw toSchemaProblem(thrown, { collection: 'The schema' })
        })
    : []
  const found = new Map(rows.map(({ name, found }) => [name, found]))
  return (field) => {
    const { type, schema } = field
    const name = schema?.data_type
    // A shape and a reference system are part of the type, and not told.
    if (typeof name === 'string' && !type.startsWith('geometry')) {
      const known = builtIn.has(name) ? name : found.get(name)
      if (known) return withSize(known, schema!)
    }
    if (isColumnType(type)) return typeSql(type, schema as ColumnDefinition)
    throw unknownType(field)
  }
}

const unknownType = ({ collection, field, type, schema }: ModelField): Problem =>
  problems.INVALID_PAYLOAD(`This database does not have the type of "${collection}.${field}", ${schema?.data_type ?? type}: make it first.`)

const size = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined

function withSize(name: string, column: Readonly<Record<string, unknown>>): string {
  const [length, precision, scale] = [column.max_length, column.numeric_precision, column.numeric_scale].map(size)
  if (name === 'character varying' || name === 'character') return length ? `${name}(${length})` : name
  if (name === 'numeric') return precision ? `numeric(${precision}, ${scale ?? 0})` : name
  return name
}

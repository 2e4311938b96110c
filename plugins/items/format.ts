/** How a column looks in JSON, as an SQL expression whose value `row_to_json` prints right. Pure. */
import { type Field, quoteName } from 'plinth'
import { mask } from './api.ts'

/** Types by `pg_type.typname` that JSON prints as the API shows them. */
const plain = new Set(['int2', 'int4', 'bool', 'text', 'varchar', 'bpchar', 'citext', 'name', 'uuid', 'json', 'jsonb', 'date', 'time'])

/** `row` is the alias that holds the column. */
export function jsonColumn(row: string, field: Field): string {
  const column = `${row}.${quoteName(field.name)}`
  const { baseType, array } = field.column!
  if (field.concealed) return `case when ${column} is not null then '${mask}' end`
  if (field.type === 'csv') return `case when ${column} = '' then '{}' else string_to_array(${column}, ',') end`
  if (field.type === 'boolean' && baseType !== 'bool') return `(${column})::text::boolean`
  // JSON has no NaN and no infinity.
  if (!array && (baseType === 'float4' || baseType === 'float8'))
    return `case when ${column} not in ('NaN', 'Infinity', '-Infinity') then ${column} end`
  if (array || plain.has(baseType)) return column
  if (baseType === 'timestamptz') return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
  if (baseType === 'timestamp') return `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS')`
  if (baseType === 'bytea') {
    return `case when ${column} is not null then json_build_object('type', 'Buffer', 'data', (select coalesce(json_agg(get_byte(${column}, i)), '[]'::json) from generate_series(0, length(${column}) - 1) i)) end`
  }
  return `${column}::text`
}

/** How a column looks in JSON, as an SQL expression whose value `row_to_json` prints right. Pure. */
import { type Field, quoteName, type TableSpec } from 'plinth'
import { mask } from './api.ts'

/** Types by `pg_type.typname` that JSON prints as the API shows them. */
const plain = new Set([
  'int2',
  'int4',
  'bool',
  'text',
  'varchar',
  'bpchar',
  'citext',
  'name',
  'uuid',
  'json',
  'jsonb',
  'date',
  'time',
  'inet',
])

/** Text as the JSON that it is, or as a JSON string: text columns with cast-json hold both. From PostgreSQL 16 on `is json` would do. */
export const jsonOfText: NonNullable<TableSpec['functions']>[number] = {
  name: 'json_of_text_1',
  sql: `create function plinth.json_of_text_1(value text) returns json language plpgsql immutable strict as $$
begin
  return value::json;
exception when others then
  return to_json(value);
end $$`,
}

/** Whether JSON is nothing that a path finds something in. What `jsonb` cannot hold nobody can look into. */
export const isBare: NonNullable<TableSpec['functions']>[number] = {
  name: 'is_bare_1',
  sql: `create function plinth.is_bare_1(value json, path jsonpath) returns boolean language plpgsql immutable as $$
begin
  return not coalesce(jsonb_path_exists(value::jsonb, path), false);
exception when others then
  return false;
end $$`,
}

/** The path for it (ISO/IEC 19075-6) to objects under any of these names, however deep. */
export function bareOf(names: readonly string[]): string {
  const named = names.map((name) => `@.key == ${JSON.stringify(name)}`).join(' || ')
  const object = '@.type() == "object"'
  return `$.** ? (${object}).keyvalue() ? ((${named}) && exists(@.value.** ? (${object})))`
}

/** Times that four digits of a year cannot tell: ISO 8601 with six and a sign (as JavaScript has it), and infinity. */
export const farTime: NonNullable<TableSpec['functions']>[number] = {
  name: 'far_time_1',
  sql: `create function plinth.far_time_1(value timestamp, form text) returns text language sql immutable strict as $$
select case when isfinite(value)
  then to_char(extract(year from value) + (extract(year from value) < 0)::int, 'FMS000000') || to_char(value, form)
  else value::text end
$$`,
}

/** `utc`: the column as a timestamp without zone; `form`: what follows the year. */
const timeText = (column: string, utc: string, form: string): string =>
  `case when ${column} >= '0001-01-01Z' and ${column} < '10000-01-01Z' then to_char(${utc}, 'YYYY${form}') else plinth.${farTime.name}(${utc}, '${form}') end`

/** Whether the column can hold nothing but JSON. */
export const isJson = ({ column }: Field): boolean => column?.baseType === 'json' || column?.baseType === 'jsonb'

/** The same where answers are typed: keys are text, and a number of any size is a number, unless it is none. */
export function typedColumn(row: string, field: Field): string {
  const column = `${row}.${quoteName(field.name)}`
  const { baseType, primaryKey, array } = field.column!
  if (array || field.concealed) return jsonColumn(row, field)
  if (primaryKey) return `${column}::text`
  return baseType === 'numeric' ? `case when ${column} not in ('NaN', 'Infinity', '-Infinity') then ${column} end` : jsonColumn(row, field)
}

/** `row` is the alias that holds the column. */
export function jsonColumn(row: string, field: Field): string {
  const column = `${row}.${quoteName(field.name)}`
  const { baseType, array } = field.column!
  if (field.concealed) return `case when ${column} is not null then '${mask}' end`
  if (field.type === 'csv') return `case when ${column} = '' then '{}' else string_to_array(${column}, ',') end`
  if (field.type === 'json' && !isJson(field)) return `plinth.${jsonOfText.name}(${column})`
  if (field.type === 'boolean' && baseType !== 'bool') return `(${column})::text::boolean`
  // JSON has no NaN and no infinity.
  if (!array && (baseType === 'float4' || baseType === 'float8'))
    return `case when ${column} not in ('NaN', 'Infinity', '-Infinity') then ${column} end`
  if (array || plain.has(baseType)) return column
  if (baseType === 'timestamptz') return timeText(column, `${column} at time zone 'UTC'`, '-MM-DD"T"HH24:MI:SS.MS"Z"')
  if (baseType === 'timestamp') return timeText(column, column, '-MM-DD"T"HH24:MI:SS')
  if (baseType === 'bytea') {
    return `case when ${column} is not null then json_build_object('type', 'Buffer', 'data', (select coalesce(json_agg(get_byte(${column}, i)), '[]'::json) from generate_series(0, length(${column}) - 1) i)) end`
  }
  return `${column}::text`
}

/** Definitions of collections, fields and relations → SQL. Pure: what users write gets in as a quoted name or a quoted literal, nothing else. */
import { problems, quoteName } from 'plinth'
import { type ColumnDefinition, type ColumnType, type FieldDefinition, isColumnType } from './input.ts'
import { constraintName } from './names.ts'

export interface TableName {
  readonly schema: string
  readonly name: string
}

/** A field that has a column. */
type ColumnField = FieldDefinition & { type: ColumnType }

export const hasColumn = (field: FieldDefinition): field is ColumnField => isColumnType(field.type)

/** Auto-increment implies it: such a column is the table's key. */
export const isKey = (field: FieldDefinition): boolean => Boolean(field.schema?.is_primary_key || field.schema?.has_auto_increment)

export const qualified = ({ schema, name }: TableName): string => `${quoteName(schema)}.${quoteName(name)}`

const sqlTypes: Readonly<Record<ColumnType, string | ((column: ColumnDefinition) => string)>> = {
  string: ({ max_length }) => `varchar(${max_length ?? 255})`,
  text: 'text',
  integer: 'integer',
  bigInteger: 'bigint',
  float: 'real',
  decimal: ({ numeric_precision, numeric_scale }) => `numeric(${numeric_precision ?? 10}, ${numeric_scale ?? 5})`,
  boolean: 'boolean',
  date: 'date',
  time: 'time',
  dateTime: 'timestamp',
  timestamp: 'timestamptz',
  json: 'json',
  csv: 'text',
  uuid: 'uuid',
  hash: 'varchar(255)',
  binary: 'bytea',
  geometry: 'geometry(geometry, 4326)',
  'geometry.Point': 'geometry(Point, 4326)',
  'geometry.LineString': 'geometry(LineString, 4326)',
  'geometry.Polygon': 'geometry(Polygon, 4326)',
  'geometry.MultiPoint': 'geometry(MultiPoint, 4326)',
  'geometry.MultiLineString': 'geometry(MultiLineString, 4326)',
  'geometry.MultiPolygon': 'geometry(MultiPolygon, 4326)',
}

/** `"title" varchar(255) not null default 'x'`. */
export function columnSql(field: ColumnField): string {
  const name = quoteName(field.field)
  const column = field.schema ?? {}
  if (column.has_auto_increment) return `${name} ${field.type === 'bigInteger' ? 'bigserial' : 'serial'}`
  const type = sqlTypes[field.type]
  const parts = [name, typeof type === 'string' ? type : type(column)]
  if (column.is_nullable === false) parts.push('not null')
  if (column.default_value !== undefined && column.default_value !== null)
    parts.push(`default ${defaultSql(field.type, column.default_value)}`)
  return parts.join(' ')
}

/** The functions that a default may be. All else is a literal. */
const functions: readonly [RegExp, (text: string) => string][] = [
  [/^now\(\)$/i, () => 'current_timestamp'],
  [/^CURRENT_TIMESTAMP(\([0-6]\))?$/, (text) => text],
  [/^gen_random_uuid\(\)$/, (text) => text],
]

function defaultSql(type: ColumnType, value: unknown): string {
  if (typeof value === 'object')
    return literal(Array.isArray(value) && type !== 'json' ? value.map(wordOf).join(',') : JSON.stringify(value))
  const text = String(value)
  const found = functions.find(([form]) => form.test(text))
  return found ? found[1](text) : literal(text)
}

const wordOf = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/**
 * Text between quotes, whatever `standard_conforming_strings` is.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
 * @throws INVALID_PAYLOAD for what no PostgreSQL text can hold.
 */
export function literal(text: string): string {
  if (text.includes('\0') || !text.isWellFormed())
    throw problems.INVALID_PAYLOAD('A default value holds characters that a database cannot keep.')
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

const list = (names: readonly string[]): string => names.map(quoteName).join(', ')

export function createTable(table: TableName, fields: readonly FieldDefinition[]): string[] {
  const columns = fields.filter(hasColumn)
  const keys = columns.filter(isKey).map(({ field }) => field)
  const lines = [...columns.map(columnSql), ...(keys.length ? [`primary key (${list(keys)})`] : [])]
  return [`create table ${qualified(table)} (${lines.join(', ')})`, ...columns.flatMap((field) => extras(table, field))]
}

export function addColumn(table: TableName, field: ColumnField): string[] {
  const alter = `alter table ${qualified(table)}`
  const key = isKey(field) ? [`${alter} add primary key (${list([field.field])})`] : []
  return [`${alter} add column ${columnSql(field)}`, ...key, ...extras(table, field)]
}

/** A unique constraint and an index, where asked for. A primary key has both already. */
function extras(table: TableName, field: ColumnField): string[] {
  if (isKey(field)) return []
  const name = (kind: 'unique' | 'index') => quoteName(constraintName(table.name, field.field, kind))
  const column = list([field.field])
  return [
    ...(field.schema?.is_unique ? [`alter table ${qualified(table)} add constraint ${name('unique')} unique (${column})`] : []),
    ...(field.schema?.is_indexed ? [`create index ${name('index')} on ${qualified(table)} (${column})`] : []),
  ]
}

export const dropTable = (table: TableName): string => `drop table ${qualified(table)}`

export const dropColumn = (table: TableName, column: string): string => `alter table ${qualified(table)} drop column ${quoteName(column)}`

export interface ForeignKeyDefinition {
  readonly column: string
  readonly target: TableName
  readonly targetColumn: string
  readonly onDelete?: string | null
  readonly onUpdate?: string | null
}

/** The actions must be PostgreSQL's own words: they are not quoted. */
export function addForeignKey(table: TableName, { column, target, targetColumn, onDelete, onUpdate }: ForeignKeyDefinition): string {
  const name = quoteName(constraintName(table.name, column, 'foreign'))
  const actions = `${onDelete ? ` on delete ${onDelete}` : ''}${onUpdate ? ` on update ${onUpdate}` : ''}`
  return `alter table ${qualified(table)} add constraint ${name} foreign key (${list([column])}) references ${qualified(target)} (${list([targetColumn])})${actions}`
}

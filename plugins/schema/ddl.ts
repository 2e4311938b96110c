/** Definitions of collections, fields and relations → statements that make and remove them. Pure: names go in quoted, values as quoted literals. */
import { problems, quoteName, quoteTable } from 'plinth'
import { defaultSql } from './defaults.ts'
import { type ColumnType, type FieldDefinition, isColumnType } from './input.ts'
import { constraintName } from './names.ts'
import { literal, typeSql } from './sql-types.ts'

export interface TableName {
  readonly schema: string
  readonly name: string
}

/** A field that has a column. */
export type ColumnField = FieldDefinition & ({ type: ColumnType } | { schema: { exactType: string } })

export const hasColumn = (field: FieldDefinition): field is ColumnField => isColumnType(field.type) || Boolean(field.schema?.exactType)

/** Auto-increment implies it: such a column is the table's key. */
export const isKey = (field: FieldDefinition): boolean => Boolean(field.schema?.is_primary_key || field.schema?.has_auto_increment)

/** The type as a statement says it. */
export const typeOf = ({ type, schema }: ColumnField): string => schema?.exactType ?? typeSql(type as ColumnType, schema ?? {})

/** `"title" varchar(255) not null default 'x'`. */
export function columnSql(field: ColumnField): string {
  const name = quoteName(field.field)
  const column = field.schema ?? {}
  if (column.has_auto_increment) return `${name} ${serialOf(field)}`
  const parts = [name, typeOf(field)]
  if (column.is_nullable === false) parts.push('not null')
  if (column.default_value !== undefined && column.default_value !== null)
    parts.push(`default ${defaultSql(field.type!, column.default_value, typeOf(field))}`)
  return parts.join(' ')
}

const serialOf = ({ type, schema }: ColumnField): string =>
  type === 'bigInteger' ? 'bigserial' : schema?.exactType === 'smallint' ? 'smallserial' : 'serial'

const list = (names: readonly string[]): string => names.map(quoteName).join(', ')

export function createTable(table: TableName, fields: readonly FieldDefinition[]): string[] {
  const columns = fields.filter(hasColumn)
  const keys = columns.filter(isKey).map(({ field }) => field)
  const lines = [...columns.map(columnSql), ...(keys.length ? [`primary key (${list(keys)})`] : [])]
  return [`create table ${quoteTable(table)} (${lines.join(', ')})`, ...columns.flatMap((field) => extras(table, field))]
}

export function addColumn(table: TableName, field: ColumnField): string[] {
  const alter = `alter table ${quoteTable(table)}`
  const key = isKey(field) ? [`${alter} add primary key (${list([field.field])})`] : []
  return [`${alter} add column ${columnSql(field)}`, ...key, ...extras(table, field)]
}

/** A unique constraint, an index and a comment, where asked for. A primary key has the first two already. */
function extras(table: TableName, field: ColumnField): string[] {
  const { is_unique, is_indexed, comment } = field.schema ?? {}
  return [
    ...(is_unique && !isKey(field) ? [addUnique(table, field.field)] : []),
    ...(is_indexed && !isKey(field) ? [addIndex(table, field.field)] : []),
    ...(comment ? [commentOnColumn(table, field.field, comment)] : []),
  ]
}

const nameFor = (table: TableName, column: string, kind: 'unique' | 'index' | 'foreign') =>
  quoteName(constraintName(table.name, column, kind))

export const addUnique = (table: TableName, column: string): string =>
  `alter table ${quoteTable(table)} add constraint ${nameFor(table, column, 'unique')} unique (${list([column])})`

export const addIndex = (table: TableName, column: string): string =>
  `create index ${nameFor(table, column, 'index')} on ${quoteTable(table)} (${list([column])})`

/** Whether it is a constraint or a bare index. */
export const dropIndex = (table: TableName, index: string): string[] => [
  `alter table ${quoteTable(table)} drop constraint if exists ${quoteName(index)}`,
  `drop index if exists ${quoteTable({ schema: table.schema, name: index })}`,
]

/** An empty comment is none. */
export const commentOnTable = (table: TableName, comment: string | null): string =>
  `comment on table ${quoteTable(table)} is ${comment ? literal(comment) : 'null'}`

export const commentOnColumn = (table: TableName, column: string, comment: string | null): string =>
  `comment on column ${quoteTable(table)}.${quoteName(column)} is ${comment ? literal(comment) : 'null'}`

export const dropTable = (table: TableName): string => `drop table ${quoteTable(table)}`

export const dropColumn = (table: TableName, column: string): string => `alter table ${quoteTable(table)} drop column ${quoteName(column)}`

export interface ForeignKeyDefinition {
  readonly column: string
  readonly target: TableName
  readonly targetColumn: string
  readonly onDelete?: string | null
  readonly onUpdate?: string | null
  /** Default: made from the names of table and column. */
  readonly constraint?: string
}

/** The actions must be PostgreSQL's own words: they are not quoted. */
export function addForeignKey(table: TableName, key: ForeignKeyDefinition): string {
  const { column, target, targetColumn, onDelete, onUpdate, constraint } = key
  const name = constraint === undefined ? nameFor(table, column, 'foreign') : quoteName(constraint)
  for (const word of [onDelete, onUpdate])
    if (word && !actions.has(word)) throw problems.INVALID_PAYLOAD(`"${word}" is no action of a foreign key.`)
  const when = `${onDelete ? ` on delete ${onDelete}` : ''}${onUpdate ? ` on update ${onUpdate}` : ''}`
  return `alter table ${quoteTable(table)} add constraint ${name} foreign key (${list([column])}) references ${quoteTable(target)} (${list([targetColumn])})${when}`
}

const actions: ReadonlySet<string> = new Set(['NO ACTION', 'SET NULL', 'SET DEFAULT', 'CASCADE', 'RESTRICT'])

export const dropConstraint = (table: TableName, constraint: string): string =>
  `alter table ${quoteTable(table)} drop constraint ${quoteName(constraint)}`

/** The API's types → SQL. Pure: what users write gets in as a quoted literal or a number, nothing else. */
import { problems } from 'plinth'
import type { ColumnDefinition, ColumnType } from './input.ts'

interface SqlType {
  /** PostgreSQL's own word, `pg_type.typname`. */
  readonly base: string
  /** As a statement says it, with length or precision. */
  readonly sql: string | ((column: ColumnDefinition) => string)
}

const plain = (base: string, sql = base): SqlType => ({ base, sql })
const shape = (name: string): SqlType => ({ base: 'geometry', sql: `geometry(${name}, 4326)` })

const sqlTypes: Readonly<Record<ColumnType, SqlType>> = {
  string: { base: 'varchar', sql: ({ max_length }) => `varchar(${max_length ?? 255})` },
  text: plain('text'),
  integer: plain('int4', 'integer'),
  bigInteger: plain('int8', 'bigint'),
  float: plain('float4', 'real'),
  decimal: { base: 'numeric', sql: ({ numeric_precision, numeric_scale }) => `numeric(${numeric_precision ?? 10}, ${numeric_scale ?? 5})` },
  boolean: plain('bool', 'boolean'),
  date: plain('date'),
  time: plain('time'),
  dateTime: plain('timestamp'),
  timestamp: plain('timestamptz'),
  json: plain('json'),
  csv: plain('text'),
  uuid: plain('uuid'),
  hash: plain('varchar', 'varchar(255)'),
  binary: plain('bytea'),
  geometry: shape('geometry'),
  'geometry.Point': shape('Point'),
  'geometry.LineString': shape('LineString'),
  'geometry.Polygon': shape('Polygon'),
  'geometry.MultiPoint': shape('MultiPoint'),
  'geometry.MultiLineString': shape('MultiLineString'),
  'geometry.MultiPolygon': shape('MultiPolygon'),
}

export const baseOf = (type: ColumnType): string => sqlTypes[type].base

export function typeSql(type: ColumnType, column: ColumnDefinition): string {
  const { sql } = sqlTypes[type]
  return typeof sql === 'string' ? sql : sql(column)
}

/**
 * Text between quotes, whatever `standard_conforming_strings` is.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
 * @throws INVALID_PAYLOAD for what no PostgreSQL text can hold.
 */
export function literal(text: string): string {
  if (text.includes('\0') || !text.isWellFormed()) throw problems.INVALID_PAYLOAD('A text holds characters that a database cannot keep.')
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

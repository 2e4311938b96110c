/** The API's type of a column: by PostgreSQL's type, and by specials that see more in it. Pure. */
import type { Column, FieldType } from 'plinth'

/**
 * By `pg_type.typname`. Types that have no operators of the API's in PostgreSQL (money, interval, bit, native points and polygons) are
 * `unknown`, though the reference gives some of them a name; a domain is what its base type is.
 */
const byBaseType: Readonly<Record<string, FieldType>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'bigInteger',
  numeric: 'decimal',
  float4: 'float',
  float8: 'float',
  varchar: 'string',
  bpchar: 'string',
  text: 'text',
  citext: 'text',
  bool: 'boolean',
  date: 'date',
  time: 'time',
  timetz: 'time',
  timestamp: 'dateTime',
  timestamptz: 'timestamp',
  json: 'json',
  jsonb: 'json',
  uuid: 'uuid',
  bytea: 'binary',
  geometry: 'geometry',
  geography: 'geometry',
}

const text = ['varchar', 'bpchar', 'text', 'citext']
const moments = ['date', 'timestamp', 'timestamptz']

/** The first that applies counts. A special on a column that cannot hold such values changes nothing. */
const bySpecial: readonly [special: string, type: FieldType, columns: readonly string[]][] = [
  ['cast-json', 'json', text],
  ['cast-csv', 'csv', text],
  ['hash', 'hash', text],
  ['uuid', 'uuid', text],
  ['cast-timestamp', 'timestamp', [...text, ...moments]],
  ['cast-datetime', 'dateTime', [...text, ...moments]],
]

const shapes = ['Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon'] as const

export function fieldType(column: Column, special: readonly string[]): FieldType {
  const cast = bySpecial.find(([name, , columns]) => special.includes(name) && columns.includes(column.baseType))
  if (cast) return cast[1]
  const type = byBaseType[column.baseType] ?? 'unknown'
  return type === 'geometry' ? geometryType(column.sqlType) : type
}

/** `"public"."geometry"(Point,4326)` → `geometry.Point` */
function geometryType(sqlType: string): FieldType {
  const shape = shapes.find((name) => sqlType.toLowerCase().includes(`(${name.toLowerCase()}`))
  return shape ? `geometry.${shape}` : 'geometry'
}

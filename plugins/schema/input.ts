/** The bodies that change the schema: parsed once, then plain typed data. */
import { problems } from 'plinth'
import * as v from 'valibot'

const columnTypes = [
  'string',
  'text',
  'integer',
  'bigInteger',
  'float',
  'decimal',
  'boolean',
  'date',
  'time',
  'dateTime',
  'timestamp',
  'json',
  'csv',
  'uuid',
  'hash',
  'binary',
  'geometry',
  'geometry.Point',
  'geometry.LineString',
  'geometry.Polygon',
  'geometry.MultiPoint',
  'geometry.MultiLineString',
  'geometry.MultiPolygon',
] as const

/** Types that make no column. */
const otherTypes = ['alias', 'unknown', 'o2m', 'm2m', 'm2a', 'o2a', 'files', 'translations'] as const

export type ColumnType = (typeof columnTypes)[number]

export const isColumnType = (type: unknown): type is ColumnType => (columnTypes as readonly unknown[]).includes(type)

const flag = v.nullish(v.boolean())
const count = (least: number, most: number) =>
  v.nullish(
    v.pipe(v.union([v.number(), v.pipe(v.string(), v.digits(), v.transform(Number))]), v.integer(), v.minValue(least), v.maxValue(most)),
  )
const meta = v.nullish(v.record(v.string(), v.unknown()))

const ColumnInput = v.object({
  default_value: v.optional(v.unknown()),
  is_nullable: flag,
  is_unique: flag,
  is_indexed: flag,
  is_primary_key: flag,
  has_auto_increment: flag,
  max_length: count(1, 10_485_760),
  numeric_precision: count(1, 1000),
  numeric_scale: count(0, 1000),
})

const fieldEntries = {
  field: v.string(),
  type: v.nullish(v.picklist([...columnTypes, ...otherTypes])),
  schema: v.nullish(v.partial(ColumnInput)),
  meta,
}

const FieldInput = v.object(fieldEntries)
/** `collection` is told by the path. */
const NewField = v.strictObject({ ...fieldEntries, collection: v.optional(v.unknown()) })

const CollectionInput = v.object({
  collection: v.string(),
  /** What it holds does not matter: with one there is a table, without one a folder. */
  schema: v.optional(v.unknown()),
  meta,
  fields: v.nullish(v.array(FieldInput)),
})

const action = v.nullish(v.picklist(['NO ACTION', 'SET NULL', 'SET DEFAULT', 'CASCADE', 'RESTRICT']))

const RelationInput = v.strictObject({
  collection: v.string(),
  field: v.string(),
  related_collection: v.nullish(v.string()),
  schema: v.nullish(v.object({ on_delete: action, on_update: action })),
  meta,
})

const SearchInput = v.strictObject({ query: v.optional(v.unknown()), keys: v.optional(v.array(v.string())) })

export type ColumnDefinition = Partial<v.InferOutput<typeof ColumnInput>>
export type FieldDefinition = v.InferOutput<typeof FieldInput>
export type CollectionDefinition = v.InferOutput<typeof CollectionInput>
export type RelationDefinition = v.InferOutput<typeof RelationInput>

/** @throws INVALID_PAYLOAD that names the first fault and where it is. */
const parser =
  <S extends v.GenericSchema>(schema: S) =>
  (body: unknown): v.InferOutput<S> => {
    const result = v.safeParse(schema, body ?? {})
    if (result.success) return result.output
    const issue = result.issues[0]!
    const where = v.getDotPath(issue)
    throw problems.INVALID_PAYLOAD(where ? `"${where}": ${issue.message}.` : `${issue.message}.`)
  }

export const parseCollection = parser(CollectionInput)
export const parseField = parser(NewField)
export const parseRelation = parser(RelationInput)
export const parseSearch = parser(SearchInput)

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
  comment: v.nullable(v.string()),
})

const fieldEntries = {
  field: v.string(),
  type: v.nullish(v.picklist([...columnTypes, ...otherTypes])),
  schema: v.nullish(v.partial(ColumnInput)),
  meta,
}

export const FieldInput = v.object(fieldEntries)
/** `collection` is told by the path. */
export const NewField = v.strictObject({ ...fieldEntries, collection: v.optional(v.unknown()) })
/** The field is told by the path; in a list each says its own. Names stay what they are. */
export const FieldChange = v.object({ ...fieldEntries, field: v.optional(v.unknown()) })

/** A record, as only its comment counts: with one there is a table, without one a folder. */
const tableInput = v.nullish(v.looseObject({ comment: v.nullish(v.string()) }))

export const CollectionInput = v.object({
  collection: v.string(),
  schema: tableInput,
  meta,
  fields: v.nullish(v.array(FieldInput)),
})
export const CollectionChange = v.object({ schema: tableInput, meta })

const action = v.nullish(v.picklist(['NO ACTION', 'SET NULL', 'SET DEFAULT', 'CASCADE', 'RESTRICT']))

const foreignKey = v.nullish(v.object({ on_delete: action, on_update: action }))

export const RelationInput = v.strictObject({
  collection: v.string(),
  field: v.string(),
  related_collection: v.nullish(v.pipe(v.string(), v.nonEmpty())),
  schema: foreignKey,
  meta,
})
/** Both ends stay what they are. */
export const RelationChange = v.strictObject({
  collection: v.optional(v.unknown()),
  field: v.optional(v.unknown()),
  related_collection: v.optional(v.unknown()),
  schema: foreignKey,
  meta,
})

/** Patches by name. Several of one thing become one, in which the later say wins. @throws INVALID_PAYLOAD */
export function parsePatches<P extends { schema?: object | null | undefined; meta?: object | null | undefined }>(
  body: unknown,
  name: 'collection' | 'field',
  parse: (body: unknown) => P,
): Map<string, P> {
  if (!Array.isArray(body)) throw problems.INVALID_PAYLOAD('The body must be a list of changes.')
  const patches = new Map<string, P>()
  for (const entry of body) {
    const key: unknown = entry?.[name]
    if (typeof key !== 'string') throw problems.INVALID_PAYLOAD(`Every change must name its "${name}".`)
    const [before, patch] = [patches.get(key), parse(entry)]
    patches.set(
      key,
      before ? { ...before, ...patch, schema: merged(before.schema, patch.schema), meta: merged(before.meta, patch.meta) } : patch,
    )
  }
  return patches
}

const merged = <T extends object>(before: T | null | undefined, after: T | null | undefined) =>
  before && after ? { ...before, ...after } : (after ?? before)

const SearchInput = v.strictObject({ query: v.optional(v.unknown()), keys: v.optional(v.array(v.string())) })

export interface ColumnDefinition extends Partial<v.InferOutput<typeof ColumnInput>> {
  /** A type by PostgreSQL's own name, length included, that whoever sets it has found in the database. No request can say it. */
  readonly exactType?: string
}
export interface FieldDefinition extends v.InferOutput<typeof FieldInput> {
  readonly schema?: ColumnDefinition | null | undefined
}
export type CollectionDefinition = v.InferOutput<typeof CollectionInput>
export type CollectionPatch = v.InferOutput<typeof CollectionChange>
export type FieldPatch = Omit<FieldDefinition, 'field'>
export type RelationDefinition = v.InferOutput<typeof RelationInput>
export type RelationPatch = Pick<RelationDefinition, 'schema' | 'meta'>

/** @throws INVALID_PAYLOAD that names the first fault and where it is. */
const parser =
  <S extends v.GenericSchema>(schema: S) =>
  (body: unknown): v.InferOutput<S> => {
    if (Array.isArray(body)) throw problems.INVALID_PAYLOAD('One definition was expected, not a list.')
    const result = v.safeParse(schema, body ?? {})
    if (result.success) return result.output
    const issue = result.issues[0]!
    const where = v.getDotPath(issue)
    throw problems.INVALID_PAYLOAD(where ? `"${where}": ${issue.message}.` : `${issue.message}.`)
  }

export const parseCollection = parser(CollectionInput)
export const parseCollectionPatch: (body: unknown) => CollectionPatch = parser(CollectionChange)
export const parseFieldPatch: (body: unknown) => FieldPatch = parser(FieldChange)
export const parseRelationPatch: (body: unknown) => RelationPatch = parser(RelationChange)
export const parseField = parser(NewField)
export const parseRelation = parser(RelationInput)
export const parseSearch = parser(SearchInput)

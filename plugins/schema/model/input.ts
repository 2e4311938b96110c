/** Documents and diffs as they arrive: looked through once, then plain typed data. */
import { problems } from 'plinth'
import * as v from 'valibot'
import type { Edit } from './compare.ts'
import { type Configuration, parts } from './configuration.ts'
import type { ConfigurationDiff } from './configuration-difference.ts'
import type { ModelDiff } from './difference.ts'
import type { Model, ModelCollection, ModelField, ModelRelation } from './document.ts'
import { extras } from './extras.ts'

const record = v.record(v.string(), v.unknown())
const meta = v.nullish(record)

const Collection = v.strictObject({ collection: v.string(), meta, schema: v.nullish(v.strictObject({ name: v.nullish(v.string()) })) })
const Field = v.strictObject({ collection: v.string(), field: v.string(), type: v.string(), meta, schema: v.nullish(record) })
const SystemField = v.strictObject({ collection: v.string(), field: v.string(), schema: v.object({ is_indexed: v.boolean() }) })
const Relation = v.strictObject({
  collection: v.string(),
  field: v.string(),
  related_collection: v.nullable(v.string()),
  meta,
  schema: v.nullish(record),
})

/** A member for each part of a configuration. */
const each = <S extends v.GenericSchema>(schema: S) => Object.fromEntries(parts.map(({ name }) => [name, v.optional(v.array(schema))]))
const named = <T>(record: Readonly<Record<string, unknown>>): Record<string, T> =>
  Object.fromEntries(parts.flatMap(({ name }) => (record[name] === undefined ? [] : [[name, record[name] as T]])))

const Document = v.strictObject({
  include: v.optional(v.array(v.picklist(extras)), []),
  ...each(record),
  version: v.picklist([1, 2]),
  directus: v.optional(v.string()),
  vendor: v.optional(v.string()),
  collections: v.array(Collection),
  fields: v.array(Field),
  systemFields: v.optional(v.array(SystemField), []),
  relations: v.array(Relation),
})

const path = v.optional(v.array(v.union([v.string(), v.number()])))
const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100_000))
const EditInput: v.GenericSchema<unknown, Edit> = v.variant('kind', [
  v.object({ kind: v.literal('N'), path, rhs: v.optional(v.unknown()) }),
  v.object({ kind: v.literal('D'), path, lhs: v.optional(v.unknown()) }),
  v.object({ kind: v.literal('E'), path, lhs: v.optional(v.unknown()), rhs: v.optional(v.unknown()) }),
  v.object({ kind: v.literal('A'), path, index, item: v.lazy(() => EditInput) }),
]) as never

const edited = { collection: v.string(), diff: v.array(EditInput) }
const editedField = v.strictObject({ ...edited, field: v.string() })

const Diff = v.strictObject({
  hash: v.string(),
  diff: v.strictObject({
    collections: v.array(v.strictObject(edited)),
    fields: v.array(editedField),
    systemFields: v.array(editedField),
    relations: v.array(v.strictObject({ ...edited, field: v.string(), related_collection: v.nullish(v.string()) })),
    ...each(v.strictObject({ key: v.string(), diff: v.array(EditInput) })),
  }),
})

/** @throws INVALID_PAYLOAD that names the first fault and where it is. */
function parse<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, body)
  if (result.success) return result.output
  const [issue] = result.issues
  const where = v.getDotPath(issue)
  throw problems.INVALID_PAYLOAD(where ? `"${where}": ${issue.message}.` : `${issue.message}.`)
}

const found = <T extends { schema?: unknown }>(entries: readonly T[]): T[] =>
  entries.map(({ schema, ...rest }) => (schema ? { ...rest, schema } : rest) as T)

export interface ModelDocument {
  /** Its `directus` and `vendor` may be missing: that is for the comparison to say. */
  readonly model: Model
  readonly configuration: Configuration
  readonly withUntold: boolean
}

export function parseDocument(body: unknown): ModelDocument {
  const { include, version, directus, vendor, collections, fields, systemFields, relations, ...rest } = parse(Document, body)
  const lists = { collections: found(collections), fields: found(fields), systemFields, relations: found(relations) }
  return {
    model: { version, directus, vendor, ...lists } as Model,
    configuration: named(rest),
    withUntold: include.includes('untold'),
  }
}

export interface HashedDiff {
  /** Of what it was made for. */
  readonly hash: string
  readonly diff: ModelDiff & ConfigurationDiff
}

export const parseDiff = (body: unknown): HashedDiff => parse(Diff, body) as unknown as HashedDiff

/** What edits have made of entries is looked through like what comes in a document. */
export const parseEntry = {
  collections: (entry: unknown) => found([parse(Collection, entry)])[0] as ModelCollection,
  fields: (entry: unknown) => found([parse(Field, entry)])[0] as ModelField,
  relations: (entry: unknown) => found([parse(Relation, entry)])[0] as ModelRelation,
  row: (entry: unknown) => parse(record, entry),
}

/** Documents and diffs as they arrive: looked through once, then plain typed data. */
import { problems } from 'plinth'
import * as v from 'valibot'
import type { Edit } from './compare.ts'
import type { ModelDiff } from './difference.ts'
import type { Model } from './document.ts'

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

const Document = v.strictObject({
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

/** `directus` and `vendor` may be missing: that is for the comparison to say. */
export function parseModel(body: unknown): Model {
  const { collections, fields, relations, ...rest } = parse(Document, body)
  return { ...rest, collections: found(collections), fields: found(fields), relations: found(relations) } as Model
}

export function parseDiff(body: unknown): { hash: string; diff: ModelDiff } {
  return parse(Diff, body)
}

/** Two models → what leads from one to the other, and back: the diff of /schema/diff and /schema/apply. Pure. */
import { problems } from 'plinth'
import { compare, type Edit, patch } from './compare.ts'
import { keyOf, type Model, type ModelCollection, type ModelField, type ModelRelation, type ModelSystemField } from './document.ts'
import { parseEntry } from './input.ts'
import { wantedPart } from './wanted.ts'

/** Something that is made, changed or removed: before and after. */
export interface Delta<T> {
  readonly before: T | undefined
  readonly after: T | undefined
}

export interface Deltas {
  readonly collections: readonly Delta<ModelCollection>[]
  readonly fields: readonly Delta<ModelField>[]
  readonly systemFields: readonly Delta<ModelSystemField>[]
  readonly relations: readonly Delta<ModelRelation>[]
}

export interface Edited {
  readonly collection: string
  readonly diff: readonly Edit[]
}

/** As it travels. */
export interface ModelDiff {
  readonly collections: readonly Edited[]
  readonly fields: readonly (Edited & { readonly field: string })[]
  readonly systemFields: readonly (Edited & { readonly field: string })[]
  readonly relations: readonly (Edited & { readonly field: string; readonly related_collection?: string | null })[]
}

type Named = { readonly collection: string; readonly field?: string }

export interface CompareOptions {
  /** `merge` removes nothing. */
  readonly mode: 'mirror' | 'merge'
  /** Whether the document speaks of tables of which nothing is said too, so that one that it lacks is to go. */
  readonly withUntold?: boolean
}

/** What is to be done so that `current` becomes what `wanted` asks for. `current` has all there is; of that only what somebody told of is ever removed. */
export function deltasBetween(current: Model, wanted: Model, { mode, withUntold }: CompareOptions): Deltas {
  const part = wantedPart(current, wanted)
  const names = new Set(wanted.collections.map(({ collection }) => collection))
  /** A part of a model speaks of its own collections alone. */
  const isSpokenOf = ({ collection }: Named) => wanted.version !== 2 || names.has(collection)
  const mayGo = (entry: Named & { meta: unknown }) => mode === 'mirror' && (withUntold || entry.meta !== null) && isSpokenOf(entry)
  const collections = pair(current.collections, part.collections, keyOf, mayGo)
  const gone = new Set(collections.filter(({ after }) => !after).map(({ before }) => before!.collection))
  /** What belongs to a collection that goes is not mentioned. */
  const stands = ({ before }: Delta<Named>) => !before || !gone.has(before.collection)
  return {
    collections,
    fields: pair(current.fields, part.fields, keyOf, mayGo).filter(stands),
    systemFields: pair(current.systemFields, part.systemFields, keyOf, () => false),
    relations: pair(current.relations, part.relations, keyOf, mayGo).filter(stands),
  }
}

/** What differs: those of `before` first, in its order; then the new ones. */
export function pair<T>(before: readonly T[], after: readonly T[], keyOf: (entry: T) => string, mayGo: (entry: T) => boolean): Delta<T>[] {
  const wanted = new Map(after.map((entry) => [keyOf(entry), entry]))
  const known = new Set(before.map(keyOf))
  const kept = before.map((entry): Delta<T> => ({ before: entry, after: wanted.get(keyOf(entry)) }))
  const fresh = after.filter((entry) => !known.has(keyOf(entry))).map((entry): Delta<T> => ({ before: undefined, after: entry }))
  return [...kept.filter((delta) => delta.after || mayGo(delta.before!)), ...fresh].filter(
    ({ before, after }) => compare(before, after).length > 0,
  )
}

export const isNothing = (deltas: Deltas): boolean => Object.values(deltas).every((list) => list.length === 0)

export function diffOf(deltas: Deltas): ModelDiff {
  const edited = <T extends Named>({ before, after }: Delta<T>) => ({
    collection: (before ?? after)!.collection,
    diff: shown(before, after),
  })
  const withField = <T extends ModelField | ModelRelation>(delta: Delta<T>) => ({
    ...edited(delta),
    field: (delta.before ?? delta.after)!.field,
  })
  return {
    collections: deltas.collections.map(edited),
    fields: deltas.fields.map(withField),
    systemFields: deltas.systemFields.map(({ after }) => ({
      collection: after!.collection,
      field: after!.field,
      diff: [{ kind: 'E', path: ['schema', 'is_indexed'], lhs: false, rhs: true }],
    })),
    relations: deltas.relations.map((delta) => ({
      ...withField(delta),
      related_collection: (delta.before ?? delta.after)!.related_collection,
    })),
  }
}

/** Members that come or go somewhere within `meta` are shown as one edit of it all, as the reference does; so is a default value. */
function shown(before: object | undefined, after: object | undefined): readonly Edit[] {
  const edits = compare(before, after)
  const whole = ({ kind, path }: Edit, name: readonly string[]) =>
    (kind === 'N' || kind === 'D') && path !== undefined && path.length > name.length && name.every((part, i) => path[i] === part)
  return [['meta'], ['schema', 'default_value']].reduce<readonly Edit[]>((list, name) => {
    if (!list.some((edit) => whole(edit, name))) return list
    const isWithin = ({ path }: Edit) => path !== undefined && name.every((part, i) => path[i] === part)
    const at = (value: unknown) => name.reduce((inner, part) => (inner as Record<string, unknown>)[part], value)
    return [...list.filter((edit) => !isWithin(edit)), { kind: 'E', path: name, lhs: at(before), rhs: at(after) }]
  }, edits)
}

/** @throws INVALID_PAYLOAD when it asks to make what is there, to change what is not, or for what makes no sense; FORBIDDEN when it removes what is not there. */
export function deltasOf(diff: ModelDiff, current: Model): Deltas {
  const read = <T extends Named>(
    what: string,
    entries: readonly (Edited & { field?: string })[],
    list: readonly T[],
    parse: (entry: unknown) => T,
  ) => {
    const known = new Map(list.map((entry) => [keyOf(entry), entry]))
    return entries.map((entry): Delta<T> => {
      const before = known.get(keyOf(entry))
      const isWhole = (kind: string) => entry.diff.some((edit) => edit.kind === kind && !edit.path?.length)
      const fault = (why: string) =>
        problems.INVALID_PAYLOAD(
          `The diff of the ${what} "${[entry.collection, entry.field].filter(Boolean).join('.')}" ${why}: ask for a new one.`,
        )
      if (!before && isWhole('D')) throw problems.FORBIDDEN()
      if (isWhole('N') === Boolean(before)) throw fault(before ? 'would make what exists' : 'would change what does not exist')
      const patched = patch(before, entry.diff)
      const after = patched === undefined ? undefined : parse(patched)
      if (after && keyOf(after) !== keyOf(entry)) throw fault('gives it another name')
      return { before, after }
    })
  }
  return {
    collections: read('collection', diff.collections, current.collections, parseEntry.collections),
    fields: read('field', diff.fields, current.fields, parseEntry.fields),
    systemFields: diff.systemFields.map(({ collection, field, diff: edits }) => {
      const { schema } = patch({ schema: { is_indexed: false } }, edits) as { schema?: { is_indexed?: unknown } }
      return { before: undefined, after: { collection, field, schema: { is_indexed: schema?.is_indexed === true } } }
    }),
    relations: read('relation', diff.relations, current.relations, parseEntry.relations),
  }
}

/** What leads from one configuration to another, as it is compared, as it travels, as it is done. */
import { problems, type Snapshot } from 'plinth'
import type { Item, Key } from 'plinth/items'
import type { Rows } from '../change.ts'
import { compare, type Edit, isEqual, patch } from './compare.ts'
import { type Configuration, fieldsOf, type Part, partsOf, type Stored, type StoredConfiguration } from './configuration.ts'
import { groups } from './extras.ts'
import { parseEntry } from './input.ts'

export interface RowDelta {
  /** Undefined for a new row. */
  readonly id: Key | undefined
  readonly key: string
  readonly before: Item | undefined
  readonly after: Item | undefined
}
export type ConfigurationDeltas = Readonly<Record<string, readonly RowDelta[]>>

export interface EditedRow {
  readonly key: string
  readonly diff: readonly Edit[]
}
export type ConfigurationDiff = Readonly<Record<string, readonly EditedRow[]>>

/** Each row under what tells it apart: a JSON list of its key's values, then which of several it is. */
function keyed<T>(part: Part, list: readonly T[], rowOf: (entry: T) => Item): Map<string, T> {
  const counts = new Map<string, number>()
  return new Map(
    list.map((entry) => {
      const values = JSON.stringify(part.key.map((name) => rowOf(entry)[name] ?? null))
      const nth = counts.get(values) ?? 0
      counts.set(values, nth + 1)
      return [nth ? `${values} ${nth + 1}` : values, entry]
    }),
  )
}

export interface ConfigurationOptions {
  readonly mode: 'mirror' | 'merge'
  /** Keys of roles and policies that stay although the document does not know them. */
  readonly used: ReadonlySet<unknown>
}

export function configurationDeltas(
  snapshot: Snapshot,
  current: StoredConfiguration,
  wanted: Configuration,
  options: ConfigurationOptions,
): ConfigurationDeltas {
  const { mode, used } = options
  const known = new Set(['roles', 'policies'].flatMap((name) => (wanted[name] ?? []).map(({ id }) => id)))
  const stays = (id: unknown) => typeof id === 'string' && used.has(id) && !known.has(id)
  const mayGo = (part: Part, { row }: Stored) => mode === 'mirror' && part.key.length > 0 && ![row.id, row.role, row.policy].some(stays)
  const named = partsOf(snapshot, groups).filter(([part]) => wanted[part.name])
  const entries = named.map(([part, table]): [string, RowDelta[]] => {
    const fields = new Set(fieldsOf(table, part))
    const before = keyed(part, current[part.name] ?? [], ({ row }) => row)
    const after = keyed(part, wanted[part.name] ?? [], (row) => row)
    const kept = [...before].flatMap(([key, stored]): RowDelta[] => {
      const said = after.get(key)
      if (!said) return mayGo(part, stored) ? [{ id: stored.id, key, before: stored.row, after: undefined }] : []
      return [{ id: stored.id, key, before: stored.row, after: { ...stored.row, ...only(fields, said) } }]
    })
    const fresh = [...after]
      .filter(([key]) => !before.has(key))
      .map(([key, row]): RowDelta => ({ id: undefined, key, before: undefined, after: only(fields, row) }))
    return [part.name, [...kept, ...fresh].filter((delta) => !isEqual(delta.before, delta.after))]
  })
  return Object.fromEntries(entries)
}

const only = (fields: ReadonlySet<string>, row: Item): Item =>
  Object.fromEntries(Object.entries(row).filter(([name, value]) => fields.has(name) && value !== undefined))

export const isNoChange = (deltas: ConfigurationDeltas): boolean => Object.values(deltas).every((list) => list.length === 0)

export const configurationDiff = (deltas: ConfigurationDeltas): ConfigurationDiff =>
  Object.fromEntries(
    Object.entries(deltas).map(([name, list]) => [name, list.map(({ key, before, after }) => ({ key, diff: compare(before, after) }))]),
  )

/** @throws INVALID_PAYLOAD when it asks to make what is there, or to change or remove what is not. */
export function deltasOfConfiguration(snapshot: Snapshot, current: StoredConfiguration, diff: ConfigurationDiff): ConfigurationDeltas {
  const entries = partsOf(snapshot, groups).map(([part, table]): [string, RowDelta[]] => {
    const fields = new Set(fieldsOf(table, part))
    const known = keyed(part, current[part.name] ?? [], ({ row }) => row)
    const deltas = (diff[part.name] ?? []).map(({ key, diff: edits }): RowDelta => {
      const stored = known.get(key)
      const isNew = edits.some(({ kind, path }) => kind === 'N' && !path?.length)
      if (isNew === Boolean(stored))
        throw problems.INVALID_PAYLOAD(`The diff does not fit the ${part.name} that are here (${key}): ask for a new one.`)
      const after = patch(stored?.row, edits)
      return { id: stored?.id, key, before: stored?.row, after: after === undefined ? undefined : only(fields, parseEntry.row(after)) }
    })
    return [part.name, deltas]
  })
  return Object.fromEntries(entries)
}

/** Removes what others refer to last, and makes it first. */
export async function applyConfiguration(rows: Rows, snapshot: Snapshot, deltas: ConfigurationDeltas): Promise<void> {
  const list = partsOf(snapshot, groups).map(([part]) => [part.collection, deltas[part.name] ?? []] as const)
  for (const [collection, changes] of list) {
    const fresh = changes.flatMap(({ before, after }) => (!before && after ? [after] : []))
    if (fresh.length) await rows.create(collection, fresh)
    const edited = changes.flatMap(({ id, before, after }) => {
      if (id === undefined || !before || !after) return []
      const patch = Object.fromEntries(Object.entries(after).filter(([name, value]) => !isEqual(before[name], value)))
      return Object.keys(patch).length ? [{ keys: [id], patch }] : []
    })
    if (edited.length) await rows.updateEach(collection, edited)
  }
  for (const [collection, changes] of list.toReversed()) {
    const gone = changes.flatMap(({ id, after }) => (id !== undefined && !after ? [id] : []))
    if (gone.length) await rows.delete(collection, gone)
  }
}

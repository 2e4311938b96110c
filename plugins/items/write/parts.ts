/** Payloads taken apart: what the row itself holds, the items that it points at, the lists of items that point at it. Pure. */
import { isObject, type Link, problems, type Snapshot, type Table } from 'plinth'
import type { Item } from '../api.ts'
import { keyParameters } from '../keys.ts'
import { dotted } from '../payload.ts'

export type Scalar = string | number
type LinkOf<Kind extends Link['kind']> = Extract<Link, { kind: Kind }>
export type ManyLink = LinkOf<'o2m'>

/** An item in place of the key that `field` takes. */
export interface One {
  readonly field: string
  /** The collection of the item. */
  readonly target: string
  /** The column of `target` whose value `field` takes; null: its key, as text. */
  readonly targetField: string | null
  readonly item: Item
}

/** What happens to the rows that point at an item. */
export type ListChange =
  /** These and no others do from now on. */
  | { readonly kind: 'set'; readonly entries: readonly (Scalar | Item)[] }
  | {
      readonly kind: 'steps'
      readonly create: readonly Item[]
      readonly update: readonly Item[]
      readonly delete: readonly (Scalar | Item)[]
    }

export interface Parts {
  /** Values of the row's own fields. */
  readonly own: Item
  readonly ones: readonly One[]
  /** By field. */
  readonly lists: ReadonlyMap<string, ListChange>
}

const isScalar = (value: unknown): value is Scalar => typeof value === 'string' || typeof value === 'number'
const isComposite = (table: Table | undefined): boolean => table !== undefined && table.primaryKey.length > 1

/** @throws INVALID_PAYLOAD for a list of another form, or an item of a collection that its field does not take. */
export function takeApart(snapshot: Snapshot, table: Table, item: Item, path: readonly string[] = []): Parts {
  // Without a prototype: fields may be called "constructor" or "__proto__".
  const own: Item = Object.create(null)
  const ones: One[] = []
  const lists = new Map<string, ListChange>()
  for (const [field, value] of Object.entries(item)) {
    const link = value === undefined ? undefined : table.links.get(field)
    if (link?.kind === 'o2m') lists.set(field, toListChange(dotted(path, field), value, isComposite(snapshot.tables.get(link.target))))
    else if (link && typeof value === 'object' && value !== null) ones.push(toOne(snapshot, link, item, value, dotted(path, field)))
    else own[field] = value
  }
  return { own, ones, lists }
}

/** A list in the place of an item has no fields. `place` is the field with what leads to it. */
function toOne(snapshot: Snapshot, link: LinkOf<'m2o' | 'm2a'>, holder: Item, value: object, place: string): One {
  const item = isObject(value) ? value : {}
  const { field } = link
  if (link.kind === 'm2o') return { field, target: link.target, targetField: link.targetField, item }
  const target = holder[link.collectionField]
  if (target === undefined || target === null)
    throw problems.INVALID_PAYLOAD(`"${place}" holds an item, so "${link.collectionField}" must say of which collection.`)
  if (typeof target !== 'string' || !link.targets.includes(target) || !snapshot.tables.has(target))
    throw problems.INVALID_PAYLOAD(`"${place}" cannot hold an item of that collection.`)
  return { field, target, targetField: null, item }
}

const steps = ['create', 'update', 'delete']

/** `composite`: keys may be objects of their columns. */
function toListChange(place: string, value: unknown, composite: boolean): ListChange {
  const refuse = (expects: string) => problems.INVALID_PAYLOAD(`"${place}" must be ${expects}.`)
  // Whatever says no in JavaScript empties the list, as the API has it.
  if (!value) return { kind: 'set', entries: [] }
  if (Array.isArray(value)) {
    if (!value.every((entry) => isScalar(entry) || isObject(entry))) throw refuse('a list of keys and objects')
    return { kind: 'set', entries: value }
  }
  if (!isObject(value)) throw refuse('a list, or an object of "create", "update" and "delete"')
  const other = Object.keys(value).find((name) => !steps.includes(name))
  if (other !== undefined) throw refuse(`a list, or an object of "create", "update" and "delete": it has "${other}"`)
  const { create = [], update = [], delete: remove = [] } = value
  if (!Array.isArray(create) || !create.every(isObject)) throw refuse('given a list of objects as "create"')
  if (!Array.isArray(update) || !update.every(isObject)) throw refuse('given a list of objects as "update"')
  if (!Array.isArray(remove) || !remove.every((key) => isScalar(key) || (composite && isObject(key))))
    throw refuse('given a list of keys as "delete"')
  return { kind: 'steps', create, update, delete: remove }
}

/** A row to be written, together with others of its table. */
export interface Entry {
  readonly item: Item
  /** From `identityOf`: which row it is about; null: a new one. */
  readonly identity: string | null
  /** The item that it stood in. */
  readonly parent: Item
  /** What to do when there is no such row. */
  readonly absent: 'create' | 'refuse' | 'ignore'
  /** It names the row and says nothing of it. */
  readonly bare: boolean
  /** The value by which the row points at `parent`. */
  readonly owner?: unknown
}

/**
 * Two keys that are one row's have one identity; null for an item that names none.
 * @throws FORBIDDEN when it cannot be a key of this table.
 */
export function identityOf(table: Table, raw: unknown): string | null {
  if (isObject(raw) && table.primaryKey.some((name) => raw[name] === undefined || raw[name] === null)) return null
  const parts = keyParameters(table, raw)
  return JSON.stringify(
    parts.map((part, i) => (table.columns.get(table.primaryKey[i]!)!.baseType === 'uuid' ? String(part).toLowerCase() : part)),
  )
}

/** The parts of a key, as `keyLists` takes them. */
export const keyOfIdentity = (table: Table, identity: string): unknown => {
  const parts: unknown[] = JSON.parse(identity)
  return parts.length === 1 ? parts[0] : Object.fromEntries(table.primaryKey.map((name, i) => [name, parts[i]]))
}

/**
 * Entries in sets that hold each row once, so that a set can be written at once. What is said of a row twice is said together if its nested items
 * allow it; if not, it has to wait for the next set, as its items are those that the last one says.
 */
export function inWaves(table: Table, entries: readonly Entry[], mayJoin = agree): Entry[][] {
  const waves: Entry[][] = [[]]
  const last = new Map<string, { wave: number; at: number }>()
  for (const entry of entries) {
    const { identity } = entry
    const before = identity === null ? undefined : last.get(identity)
    const earlier = before && waves[before.wave]![before.at]!
    if (before && earlier && mayJoin(table, earlier.item, entry.item)) {
      const bare = earlier.bare && entry.bare
      waves[before.wave]![before.at] = { ...earlier, item: { ...earlier.item, ...entry.item }, owner: entry.owner, bare }
      continue
    }
    const wave = before ? before.wave + 1 : 0
    if (wave === waves.length) waves.push([])
    const set = waves[wave]!
    if (identity !== null) last.set(identity, { wave, at: set.length })
    set.push(entry)
  }
  return waves
}

/** Whether no relation gets two different values of which one holds items. */
function agree(table: Table, a: Item, b: Item): boolean {
  return [...table.links.values()].every((link) => {
    const both = [a, b].filter((item) => Object.hasOwn(item, link.field))
    if (both.length < 2 || !both.some((item) => typeof item[link.field] === 'object' && item[link.field] !== null)) return true
    const [one, other] = both.map((item) => JSON.stringify([item[link.field], link.kind === 'm2a' && item[link.collectionField]]))
    return one === other
  })
}

/** Keys do not change. */
export const withoutKey = (table: Table, item: Item): Item =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !table.primaryKey.includes(name)))

/** What a version changes of its item: payloads as they are saved, marked with who and when, and as they are shown. Pure. */
import { isObject, type Link, problems, type Snapshot, type Table } from 'plinth'
import { type Item, mask } from 'plinth/items'

/** Who saved, and when. */
export interface Mark {
  readonly _user: string | null
  readonly _date: string
}

/** `change` at every item of a payload, the outermost first, each with its table where that is known. */
export function eachItem(snapshot: Snapshot, table: Table, item: Item, change: (item: Item, table: Table | undefined) => Item): Item {
  const changed = change(item, table)
  const entries = Object.entries(changed).map(([name, value]) => {
    const link = table.links.get(name)
    return [name, link ? related(value, link, changed) : value]
  })
  return Object.fromEntries(entries)

  function related(value: unknown, link: Link, holder: Item): unknown {
    const name = link.kind === 'm2a' ? holder[link.collectionField] : link.target
    const target = snapshot.tables.get(name as string)
    const enter = (inner: unknown): unknown => {
      if (!isObject(inner)) return inner
      return target ? eachItem(snapshot, target, inner, change) : change(inner, undefined)
    }
    if (Array.isArray(value)) return value.map(enter)
    if (link.kind !== 'o2m' || !isObject(value)) return enter(value)
    // The detailed form: lists of what is created, updated, deleted.
    const lists = Object.entries(change(value, undefined)).map(([step, list]) => [step, Array.isArray(list) ? list.map(enter) : list])
    return Object.fromEntries(lists)
  }
}

export const marked = (snapshot: Snapshot, table: Table, payload: Item, mark: Mark): Item =>
  eachItem(snapshot, table, payload, (item) => ({ ...item, ...mark }))

/**
 * Without the masks of secrets, which change nothing.
 * @throws INVALID_PAYLOAD for a secret: versions are read by more people than may know it.
 */
export function withoutSecrets(snapshot: Snapshot, table: Table, payload: Item): Item {
  return eachItem(snapshot, table, payload, (item, own) => {
    const entries = Object.entries(item).filter(([name, value]) => {
      const field = own?.fields.get(name)
      const secret = field && (field.concealed || field.special.includes('hash')) && value !== null
      if (secret && value !== mask)
        throw problems.INVALID_PAYLOAD(`"${name}" is write-only and cannot be kept in a version: write it on the item itself.`)
      return !secret
    })
    return Object.fromEntries(entries)
  })
}

/** Rows that a payload names beside its own, by collection: what it points at, changes or lets go of. */
export function linksIn(snapshot: Snapshot, table: Table, payload: Item): ReadonlyMap<string, ReadonlySet<unknown>> {
  const links = new Map<string, Set<unknown>>()
  const name = (collection: unknown, key: unknown) => {
    if (typeof collection !== 'string' || (typeof key !== 'string' && typeof key !== 'number')) return
    links.set(collection, (links.get(collection) ?? new Set()).add(key))
  }
  eachItem(snapshot, table, payload, (item, own) => {
    const [key, ...others] = own?.primaryKey ?? []
    if (own && key !== undefined && !others.length && item !== payload) name(own.name, item[key])
    for (const link of own?.links.values() ?? []) {
      const value = item[link.field]
      const target = link.kind === 'm2a' ? item[link.collectionField] : link.target
      const named = Array.isArray(value)
        ? value
        : link.kind === 'o2m' && isObject(value) && Array.isArray(value.delete)
          ? value.delete
          : [value]
      for (const each of named) name(target, each)
    }
    return item
  })
  return links
}

const unmarked = ({ _user, _date, ...item }: Item): Item => item

const ofTable = (table: Table, item: Item): Item => Object.fromEntries(Object.entries(item).filter(([name]) => table.fields.has(name)))

/** The fields that a version changes, without marks. */
export const changesIn = (snapshot: Snapshot, table: Table, delta: Item): Item => ofTable(table, eachItem(snapshot, table, delta, unmarked))

/** The same as reads show it: nested items keep who saved them, and when; `isNew`: so does the item itself. */
export function signedChangesIn(snapshot: Snapshot, table: Table, delta: Item, isNew: boolean): Item {
  const signed = eachItem(snapshot, table, delta, (each, own) => (own && (isNew || each !== delta) ? withMark(own, each) : unmarked(each)))
  return ofTable(table, signed)
}

/** What only names a row does not change it. */
function withMark(table: Table, { _user, _date, ...item }: Item): Item {
  const { primaryKey } = table
  const named = primaryKey.every((name) => (item[name] ?? null) !== null)
  if (named && Object.keys(item).every((name) => primaryKey.includes(name) || !table.fields.has(name))) return item
  const moment = named ? 'updated' : 'created'
  for (const { name, special } of table.fields.values()) {
    if (_date && special.includes(`date-${moment}`)) item[name] = _date
    if (_user && special.includes(`user-${moment}`) && (named || (item[name] ?? null) === null)) item[name] = _user
  }
  return item
}

/** The same with the item's key, and with the last mark where the item keeps who changed it and when. */
export function shownDelta(snapshot: Snapshot, table: Table, item: string | null, delta: Item | null): Item {
  const [key, ...others] = table.primaryKey
  const shown: Item = signedChangesIn(snapshot, table, delta ?? {}, false)
  // Saved or not: the key of an item does not change.
  if (key !== undefined && !others.length) shown[key] = item
  for (const { name, special } of table.fields.values()) {
    if (special.includes('date-updated') && delta?._date) shown[name] = delta._date
    if (special.includes('user-updated') && delta?._user) shown[name] = delta._user
  }
  return shown
}

/** What a version changes of its item: payloads as they are saved, marked with who and when, and as they are shown. Pure. */
import { isObject, type Link, problems, type Snapshot, type Table } from 'plinth'
import { type Item, mask } from 'plinth/items'

/** Who saved, and when. */
export interface Mark {
  readonly _user: string | null
  readonly _date: string
}

/** `change` at every item of a payload, the outermost first, each with its table where that is known. */
function eachItem(snapshot: Snapshot, table: Table, item: Item, change: (item: Item, table: Table | undefined) => Item): Item {
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

const unmarked = ({ _user, _date, ...item }: Item): Item => item

/** The fields that a version changes, without marks. */
export function changesIn(snapshot: Snapshot, table: Table, delta: Item): Item {
  const plain = eachItem(snapshot, table, delta, unmarked)
  return Object.fromEntries(Object.entries(plain).filter(([name]) => table.fields.has(name)))
}

/** The same with the item's key, and with the last mark where the item keeps who changed it and when. */
export function shownDelta(snapshot: Snapshot, table: Table, item: string | null, delta: Item | null): Item {
  const [key, ...others] = table.primaryKey
  const shown: Item = { ...(key !== undefined && !others.length && { [key]: item }), ...changesIn(snapshot, table, delta ?? {}) }
  for (const { name, special } of table.fields.values()) {
    if (special.includes('date-updated') && delta?._date) shown[name] = delta._date
    if (special.includes('user-updated') && delta?._user) shown[name] = delta._user
  }
  return shown
}

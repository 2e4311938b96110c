/**
 * Nested items, set by set: those that rows point at, and the lists of those that point at rows. What becomes of each set is its table's business: it
 * is created, updated and deleted as any other items are.
 */
import { isObject, problems, type Snapshot, type Table, type Transaction } from 'plinth'
import type { Change, Item, Key } from '../api.ts'
import { keyLists, keyOf } from '../keys.ts'
import { tableOf } from '../place.ts'
import { type Entry, identityOf, inWaves, keyOfIdentity, type ListChange, type ManyLink, type Parts, withoutKey } from './parts.ts'
import { highestOf, lookUp, otherChildren, ownChildren, presentRows, type Target } from './statements.ts'

/** Where items stand in a payload. */
export interface Place {
  /** The fields that lead to them. */
  readonly path: readonly string[]
  /** For each of them the item that holds it. */
  readonly parents?: readonly Item[]
  /** The field by which they come to point at those. */
  readonly given?: string | undefined
}

/** How sets of items are written. */
export interface Writes {
  create(table: Table, items: readonly Item[], place: Place): Promise<Key[]>
  update(table: Table, changes: readonly Change[], place: Place, options: { readonly present: boolean }): Promise<unknown>
  delete(table: Table, keys: readonly unknown[], place: Place): Promise<unknown>
  /** Whether the caller may see some rows only. */
  readonly limited: boolean
  /** The schema as they may read it. */
  readonly seen: Snapshot
  /** Which of the rows of `keys` the caller may read, or may do this to: for them there are no others. */
  known(table: Table, keys: readonly unknown[], action: 'update' | 'delete'): Promise<readonly boolean[]>
  /** @throws FORBIDDEN for the key of a row that the caller does not see. */
  checkSeen(table: Table, keys: readonly Key[]): Promise<void>
}

export interface NestLimits {
  /** Levels of relations, the field counted. */
  readonly depth: number
  /** Sets of nested items. */
  readonly relations: number
}

/** A row that is written by now, and the lists that its item held. */
export interface Owner extends Pick<Parts, 'lists'> {
  readonly key: Key
  readonly item: Item
}

/** An item with a list, what is to become of the list, and the value by which rows point at the item. */
interface Holder {
  readonly item: Item
  readonly list: ListChange
  readonly value: string
}

export class Nest {
  readonly #writes: Writes
  readonly #db: Transaction
  readonly #snapshot: Snapshot
  readonly #limits: NestLimits
  #relations = 0

  constructor(writes: Writes, db: Transaction, snapshot: Snapshot, limits: NestLimits) {
    this.#writes = writes
    this.#db = db
    this.#snapshot = snapshot
    this.#limits = limits
  }

  #at = (table: Table): Target => ({ table, db: this.#db, seen: this.#writes.seen })

  /** Leaves the keys that there are, so that nothing is written beside a row that is missing. */
  async keepPresent(table: Table, changes: readonly Change[], parts: readonly Parts[]): Promise<void> {
    const lists = changes.map(({ keys }) => keys)
    const rows = await presentRows(this.#at(table), lists, new Set())
    for (const [i, change] of changes.entries()) {
      const present = rows[i]!.map((row) => keyOf(table, row))
      const pointing = present.length < change.keys.length && [...parts[i]!.lists].find(([, list]) => wantsOwner(list))
      if (pointing) {
        const link = table.links.get(pointing[0]) as ManyLink
        const value = change.keys.find((key) => !present.some((found) => String(found) === String(key)))
        throw problems.INVALID_FOREIGN_KEY(undefined, { collection: link.target, field: link.targetField, value })
      }
      change.keys = present
    }
  }

  /** Writes the items that rows point at, and puts what they are pointed at by into the rows. `holders` are the items that the rows were made of. */
  async writeOnes(parts: readonly Parts[], rows: readonly Item[], holders: readonly Item[], place: Place): Promise<void> {
    const all = parts.flatMap(({ ones }, i) => ones.map((one) => ({ ...one, row: rows[i]!, parent: holders[i]! })))
    for (const ones of Map.groupBy(all, ({ field, target }) => JSON.stringify([field, target])).values()) {
      const { field, target, targetField } = ones[0]!
      const table = tableOf(this.#snapshot, target)
      const path = this.#enter(place, field)
      const entries = ones.map(({ item, parent }): Entry => {
        const bare = Object.keys(item).every((name) => table.primaryKey.includes(name))
        return { item, identity: this.#identity(table, item), parent, absent: 'create', bare }
      })
      const keys = await this.#save(table, entries, path)
      const values =
        targetField === null ? keys.map((key) => (key === undefined ? key : String(key))) : await this.#values(table, keys, targetField)
      for (const [i, { row }] of ones.entries()) row[field] = values[i] ?? null
    }
  }

  /** Writes the items that point at rows, and lets go of those that shall not point at them any more. `fresh` says that the rows were just made. */
  async writeLists(table: Table, owners: readonly Owner[], place: Place, fresh: boolean): Promise<void> {
    const fields = new Set(owners.flatMap(({ lists }) => [...lists.keys()]))
    for (const field of fields) {
      const link = table.links.get(field) as ManyLink
      const holders = owners.filter(({ lists }) => lists.has(field))
      const from = link.relation.foreignKey?.targets[0] ?? table.primaryKey[0]!
      const values = await this.#values(
        table,
        holders.map(({ key }) => key),
        from,
      )
      const lists = holders.map(({ item, lists }, i) => ({ item, list: lists.get(field)!, value: String(values[i]) }))
      await this.#writeList(link, lists, this.#enter(place, field), fresh)
    }
  }

  async #writeList(link: ManyLink, holders: readonly Holder[], path: readonly string[], fresh: boolean): Promise<void> {
    const table = tableOf(this.#snapshot, link.target)
    const highest = await this.#numbers(link, table, holders, fresh)
    const entries = holders.flatMap((holder) => this.#entriesOf(link, table, holder, highest.get(holder)))
    const kept = await this.#save(table, entries, path, link.targetField)
    const action = link.relation.meta?.one_deselect_action === 'delete' ? 'delete' : 'update'
    const left = await this.#left(link, table, holders, kept, fresh, action)
    if (!left.length) return
    const place = { path, parents: left.map(({ parent }) => parent) }
    const keys = left.map(({ key }) => key)
    if (action === 'delete') await this.#writes.delete(table, keys, place)
    else {
      const changes = keys.map((key) => ({ keys: [key], patch: { [link.targetField]: null } }))
      await this.#writes.update(table, changes, place, { present: true })
    }
  }

  /** The numbers after which created rows are numbered on; of lists that are numbered. */
  async #numbers(link: ManyLink, table: Table, holders: readonly Holder[], fresh: boolean): Promise<ReadonlyMap<Holder, number>> {
    const sort = link.relation.meta?.sort_field
    if (!sort || !table.columns.has(sort)) return new Map()
    const numbered = holders.filter(({ list }) => list.kind === 'steps' && list.create.length)
    const owners = numbered.map(({ value }) => value)
    const highest = owners.length && !fresh ? await highestOf(this.#at(table), link.targetField, sort, owners) : []
    return new Map(numbered.map((holder, i) => [holder, highest[i] ?? 0]))
  }

  /** The rows that a list speaks of. With `after` the created ones are numbered. */
  #entriesOf(link: ManyLink, table: Table, { item: parent, list, value: owner }: Holder, after: number | undefined): Entry[] {
    const common = { parent, owner, bare: false }
    const named = (entry: unknown) => this.#identity(table, keyBeneath(table, link, owner, entry))
    if (list.kind === 'set') {
      return list.entries.map((entry) => {
        const identity = named(entry)
        return isObject(entry)
          ? { ...common, item: entry, identity, absent: 'create' }
          : { ...common, item: {}, identity, absent: 'refuse', bare: true }
      })
    }
    const sort = link.relation.meta?.sort_field ?? ''
    return [
      ...list.create.map((item, i): Entry => {
        const number = after !== undefined && item[sort] === undefined ? { [sort]: after + i + 1 } : {}
        return { ...common, item: { ...item, ...number }, identity: null, absent: 'create' }
      }),
      ...list.update.map((item): Entry => {
        const identity = named(item)
        if (identity === null) throw problems.INVALID_PAYLOAD(`Each item of "update" of "${link.field}" must hold its key.`)
        return { ...common, item, identity, absent: 'ignore' }
      }),
    ]
  }

  /** The rows that lists have let go of: those that a set leaves out, and those that are to be deleted. What the caller knows nothing of stays. */
  async #left(
    link: ManyLink,
    table: Table,
    holders: readonly Holder[],
    kept: readonly (Key | undefined)[],
    fresh: boolean,
    action: 'update' | 'delete',
  ): Promise<{ key: Key; parent: Item }[]> {
    const target = this.#at(table)
    const column = link.targetField
    // A row that was just made has no other rows pointing at it, unless no foreign key forbids them.
    const sets = fresh && link.relation.foreignKey ? [] : holders.filter(({ list }) => list.kind === 'set')
    const removals = holders.flatMap(({ item, list, value }) =>
      list.kind === 'steps' ? list.delete.map((key) => ({ item, value, key: keyBeneath(table, link, value, key) })) : [],
    )
    const removed = removals.map(({ key }) => key)
    checkRemoved(table, removed)
    const owners = (some: readonly { readonly value: string }[]) => some.map(({ value }) => value)
    const known = kept.filter((key) => key !== undefined)
    const others = sets.length ? await otherChildren(target, column, owners(sets), known) : []
    const own = removals.length ? await ownChildren(target, column, owners(removals), removed) : []
    const left = [
      ...others.map(({ owner, key }) => ({ key, parent: sets[owner]!.item })),
      ...own.map(({ owner, key }) => ({ key, parent: removals[owner]!.item })),
    ]
    if (!this.#writes.limited || (!sets.length && !removals.length)) return left
    const asked = left.map(({ key }) => key)
    const seen = await this.#writes.known(table, asked, action)
    return left.filter((_, i) => seen[i])
  }

  /**
   * Makes the rows that are not there yet and changes those that are. With `column` they come to point by it at the owners of their entries.
   * @returns the keys, in the order of the entries; undefined for what is not there.
   */
  async #save(table: Table, entries: readonly Entry[], path: readonly string[], column?: string): Promise<(Key | undefined)[]> {
    const keys = new Map<Entry | string, Key>()
    const keep = (entry: Entry, key: Key | undefined) => key !== undefined && keys.set(entry.identity ?? entry, key)
    for (const wave of inWaves(table, entries)) {
      if (++this.#relations > this.#limits.relations)
        throw problems.INVALID_PAYLOAD(`The payload has more than ${this.#limits.relations} sets of nested items.`)
      const named = wave.filter(({ identity }) => identity !== null)
      const known = await this.#lookUp(
        table,
        named.map(({ identity }) => keyOfIdentity(table, identity!)),
        column ?? null,
      )
      const fresh: Entry[] = wave.filter(({ identity }) => identity === null)
      const changed: { entry: Entry; change: Change }[] = []
      const linked: Key[] = []
      for (const [i, entry] of named.entries()) {
        const row = known[i]
        if (row) {
          keep(entry, row.key)
          const moves = column !== undefined && row.value !== entry.owner
          const patch = { ...withoutKey(table, entry.item), ...(moves && { [column]: entry.owner }) }
          if (!entry.bare || moves) changed.push({ entry, change: { keys: [row.key], patch } })
          else if (column === undefined) linked.push(row.key)
        } else if (entry.absent === 'refuse' || (entry.absent === 'ignore' && this.#writes.limited)) throw unseen()
        else if (entry.absent === 'create') fresh.push(entry)
      }
      if (this.#writes.limited) await this.#writes.checkSeen(table, linked)
      if (fresh.length) {
        const rows = fresh.map(({ item, owner }) => (column === undefined ? item : { ...item, [column]: owner }))
        const made = await this.#writes.create(table, rows, { path, parents: fresh.map(({ parent }) => parent), given: column })
        for (const [i, entry] of fresh.entries()) keep(entry, made[i])
      }
      if (changed.length) {
        const place = { path, parents: changed.map(({ entry }) => entry.parent), given: column }
        await this.#writes.update(
          table,
          changed.map(({ change }) => change),
          place,
          { present: true },
        )
      }
    }
    return entries.map((entry) => keys.get(entry.identity ?? entry))
  }

  /** For each key its row's key and what `column` holds there; undefined where there is none for the caller. */
  async #lookUp(table: Table, keys: readonly unknown[], column: string | null): ReturnType<typeof lookUp> {
    if (!keys.length) return []
    const rows = await lookUp(this.#at(table), keys, column)
    if (!this.#writes.limited) return rows
    const known = await this.#writes.known(table, keys, 'update')
    return rows.map((row, i) => (known[i] ? row : undefined))
  }

  /** What `column` holds in the rows of these keys. */
  async #values(table: Table, keys: readonly (Key | undefined)[], column: string): Promise<readonly unknown[]> {
    if (table.primaryKey.length === 1 && table.primaryKey[0] === column) return keys
    const known = keys.filter((key) => key !== undefined)
    const rows = await lookUp(this.#at(table), known, column)
    const values = new Map(known.map((key, i) => [key, rows[i]?.value]))
    return keys.map((key) => (key === undefined ? key : values.get(key)))
  }

  #identity(table: Table, raw: unknown): string | null {
    if (!table.primaryKey.length) throw problems.INVALID_PAYLOAD(`Items of "${table.name}" cannot be nested: they have no key.`)
    return identityOf(table, raw)
  }

  /** The path one level further down. @throws INVALID_PAYLOAD when that is too deep. */
  #enter({ path }: Place, field: string): readonly string[] {
    if (path.length + 2 > this.#limits.depth)
      throw problems.INVALID_PAYLOAD(`The payload is nested deeper than ${this.#limits.depth} levels.`)
    return [...path, field]
  }
}

const unseen = () => problems.FORBIDDEN('There is no such item, or it is not yours to see.')

/** Where the column that points at the owner is part of a key, it goes without saying. */
const keyBeneath = (table: Table, { targetField }: ManyLink, owner: string, key: unknown): unknown =>
  isObject(key) && table.primaryKey.includes(targetField) ? { [targetField]: owner, ...key } : key

/** @throws INVALID_QUERY for a key of the wrong type: they are a condition on rows. */
function checkRemoved(table: Table, keys: readonly unknown[]): void {
  try {
    keyLists(table, keys)
  } catch {
    throw problems.INVALID_QUERY('A key to be deleted is not of the type that keys have.')
  }
}

/** Whether rows come to point at the item that holds the list. */
const wantsOwner = (list: ListChange): boolean => (list.kind === 'set' ? list.entries : [...list.create, ...list.update]).length > 0

/**
 * One write request inside its transaction. Nested items are written set by set: the items that rows point at, then the rows, then the items that
 * point at them; so statements grow with the fields of a payload that lead elsewhere, not with its rows.
 */
import { type Access, type Host, problems, type Snapshot, type Table, type Transaction } from 'plinth'
import {
  type Change,
  type ChangedEvent,
  type CreateEvent,
  type DeleteEvent,
  type Item,
  itemsCreate,
  itemsDelete,
  itemsUpdate,
  type Key,
  type UpdateEvent,
} from '../api.ts'
import { keyLists, keyOf } from '../keys.ts'
import { type Surroundings, toChange, toNewRow } from '../payload.ts'
import { Check, checkSeen, fillIn, type Scene } from '../permit/check.ts'
import type { WriteAction } from '../permit/writing.ts'
import type { Permit, Permits } from '../permit.ts'
import { tableOf } from '../place.ts'
import { itemProblems } from '../problems.ts'
import type { Reader } from '../read.ts'
import { hasVersions } from '../versions.ts'
import { type Entry, identityOf, inWaves, isItem, keyOfIdentity, type ListChange, type ManyLink, type Parts, takeApart } from './parts.ts'
import {
  deleteRows,
  highestOf,
  insertRows,
  lookUp,
  otherChildren,
  ownChildren,
  presentRows,
  type Target,
  updateRows,
  type Versions,
} from './statements.ts'
import { rulesOf } from './validation.ts'
import { variableOf } from './variables.ts'

export interface WriteLimits {
  /** Levels of relations, the field counted. */
  readonly depth: number
  /** Sets of nested items. */
  readonly relations: number
  /** Rows that a request may write; -1: any number. */
  readonly rows: number
}

export interface TreeParts {
  readonly host: Host
  readonly permits: Permits
  readonly reader: Reader
  readonly limits: WriteLimits
}

interface UpdateOptions {
  /** All rows are known to be there. */
  readonly present?: boolean
  /** Of which the one row must be that is changed. */
  readonly versions?: Versions
}

/** Where items stand in a payload. */
interface Place {
  /** The fields that lead to them. */
  readonly path: readonly string[]
  /** For each of them the item that holds it. */
  readonly parents?: readonly Item[]
  /** The field by which they come to point at those. */
  readonly given?: string | undefined
}

const root: Place = { path: [] }

/** A row that is written by now, and the lists that its item held. */
interface Owner extends Pick<Parts, 'lists'> {
  readonly key: Key
  readonly item: Item
}

export class Tree {
  readonly #host: Host
  readonly #db: Transaction
  readonly #access: Access
  readonly #limits: WriteLimits
  readonly #snapshot: Snapshot
  readonly #reader: Reader
  readonly #permit: Permit
  /** What has to hold once all is written. */
  readonly #checks: (() => Promise<void>)[] = []
  readonly #note: (change: ChangedEvent) => Promise<void>
  #relations = 0
  #rows = 0

  /** `note` hears of each set of rows that was written. */
  constructor(
    { host, permits, reader, limits }: TreeParts,
    db: Transaction,
    access: Access,
    note: (change: ChangedEvent) => Promise<void>,
  ) {
    this.#host = host
    this.#reader = reader
    this.#limits = limits
    this.#db = db
    this.#access = access
    this.#snapshot = host.registry.snapshot
    this.#permit = permits.of(access, this.#snapshot)
    this.#note = note
  }

  /** To be called once everything is written. @throws FORBIDDEN when a row is not such as its writer may write. */
  async checkAll(): Promise<void> {
    for (const check of this.#checks) await check()
  }

  /** Undefined for those who may do everything. @throws FORBIDDEN for those who may do it nowhere. */
  #check(action: WriteAction, table: Table): Check | undefined {
    const rules = this.#permit.writing(action, table.name)
    return rules ? new Check(this.#scene(), rules) : undefined
  }

  #scene = (): Scene => ({
    db: this.#db,
    access: this.#access,
    snapshot: this.#snapshot,
    seen: this.#permit.seen,
    variable: (name) => variableOf(name, this.#access, this.#reader, this.#db),
  })

  async create(table: Table, items: readonly Item[], place: Place = root): Promise<Key[]> {
    const check = this.#check('create', table)
    if (!items.length) return []
    this.#count(items.length)
    await check?.sent(items, place.given)
    const event: CreateEvent = { ...this.#event(table, place), rows: [...items], keys: [], wanted: new Set() }
    await this.#host.run(itemsCreate, event, async (e) => {
      if (check) {
        const presets = await check.presets()
        for (const row of e.rows) fillIn(row, presets)
        await check.valid(e.rows, place.path)
      }
      const parts = e.rows.map((item) => takeApart(this.#snapshot, table, item))
      const around = await this.#surroundings(table, place)
      const rows = parts.map((part, i) => toNewRow(table, part.own, this.#access, around(e.rows[i]!, part)))
      await this.#writeOnes(parts, rows, e.rows, place)
      e.stored = await insertRows(this.#at(table), rows, e.rows, e.wanted)
      e.keys = e.stored.map((row) => keyOf(table, row))
      const owners = e.keys.map((key, i): Owner => ({ key, item: e.rows[i]!, lists: parts[i]!.lists }))
      await this.#writeLists(table, owners, place, true)
    })
    if (check) this.#checks.push(() => check.stand(event.keys))
    await this.#note({ action: 'create', table, keys: event.keys, access: this.#access })
    return event.keys
  }

  /** Changes of which each row is in one only. */
  async update(
    table: Table,
    changes: readonly Change[],
    place: Place = root,
    { present, versions }: UpdateOptions = {},
  ): Promise<Change[]> {
    const check = this.#check('update', table)
    checkVersioned(table, versions)
    this.#count(changes.reduce((sum, { keys }) => sum + keys.length, 0))
    const allowed = await check?.changes(changes, place.given)
    const presets = new Map(allowed?.map(({ change, presets }) => [change, presets]))
    const asked = check && new Set(changes.flatMap(({ keys }) => keys.map((key) => identityOf(table, key)))).size
    const event: UpdateEvent = {
      ...this.#event(table, place),
      changes: allowed?.map(({ change }) => change) ?? [...changes],
      wanted: new Set(),
    }
    await this.#host.run(itemsUpdate, event, async (e) => {
      for (const change of e.changes) fillIn(change.patch, presets.get(change) ?? {})
      await check?.valid(
        e.changes.map(({ patch }) => patch),
        place.path,
      )
      const parts = e.changes.map(({ patch }) => takeApart(this.#snapshot, table, patch))
      if (!present && parts.some(({ ones, lists }) => ones.length || lists.size)) await this.#keepPresent(table, e.changes, parts)
      const around = await this.#surroundings(table, place)
      const rows = e.changes.map(({ keys, patch }, i) => ({
        keys,
        patch,
        values: toChange(table, parts[i]!.own, this.#access, around(patch, parts[i]!)),
      }))
      const found = [...rows.keys()].filter((i) => rows[i]!.keys.length)
      await this.#writeOnes(
        found.map((i) => parts[i]!),
        found.map((i) => rows[i]!.values),
        found.map((i) => rows[i]!.patch),
        place,
      )
      const stored = await updateRows(this.#at(table), rows, e.wanted, versions)
      if (versions !== undefined && !stored.flat().length) throw itemProblems.PRECONDITION_FAILED()
      for (const [i, change] of e.changes.entries()) {
        change.stored = stored[i]!
        change.keys = change.stored.map((row) => keyOf(table, row))
      }
      const owners = e.changes.flatMap(({ keys, patch }, i) => keys.map((key): Owner => ({ key, item: patch, lists: parts[i]!.lists })))
      await this.#writeLists(table, owners, place, false)
    })
    const keys = event.changes.flatMap((change) => change.keys)
    if (asked !== undefined && keys.length < asked) throw unseen()
    if (check) this.#checks.push(() => check.stand(keys))
    await this.#note({ action: 'update', table, keys, access: this.#access })
    return event.changes
  }

  /** Changes of which some may be about the same row: they happen one after the other. */
  async updateEach(table: Table, changes: readonly Change[]): Promise<Key[]> {
    const entries = changes.flatMap(({ keys, patch }) => keys.map((key) => this.#entry(table, key, patch)))
    const keys: Key[] = []
    for (const wave of inWaves(table, entries)) {
      const patches = wave.map(({ identity, item }) => ({ keys: [keyOfIdentity(table, identity!) as Key], patch: withoutKey(table, item) }))
      keys.push(...(await this.update(table, patches)).flatMap((change) => change.keys))
    }
    return [...new Set(keys)]
  }

  async delete(table: Table, keys: readonly unknown[], place: Place = root, versions?: Versions): Promise<Key[]> {
    const check = this.#check('delete', table)
    checkVersioned(table, versions)
    this.#count(keys.length)
    await check?.touch(keys)
    const event: DeleteEvent = { ...this.#event(table, place), keys: [...keys] as Key[] }
    await this.#host.run(itemsDelete, event, async (e) => {
      e.keys = await deleteRows(this.#at(table), e.keys, versions)
      if (versions !== undefined && !e.keys.length) throw itemProblems.PRECONDITION_FAILED()
    })
    await this.#note({ action: 'delete', table, keys: event.keys, access: this.#access })
    return event.keys
  }

  #count(rows: number): void {
    this.#rows += rows
    const { rows: most } = this.#limits
    if (most >= 0 && this.#rows > most) throw problems.INVALID_PAYLOAD(`The request writes more than ${most} items (MAX_BATCH_MUTATION).`)
  }

  #event(table: Table, { parents }: Place): Omit<DeleteEvent, 'keys'> {
    return { table, db: this.#db, access: this.#access, ...(parents && { parents }) }
  }

  #at = (table: Table): Target => ({ table, db: this.#db, snapshot: this.#snapshot })

  #entry = (table: Table, key: unknown, item: Item): Entry => ({
    item,
    identity: identityOf(table, key),
    parent: item,
    absent: 'ignore',
    bare: false,
  })

  /** Leaves the keys that there are, so that nothing is written beside a row that is missing. */
  async #keepPresent(table: Table, changes: readonly Change[], parts: readonly Parts[]): Promise<void> {
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

  /** What payloads at a place are checked with. */
  async #surroundings(table: Table, { path }: Place): Promise<(item: Item, parts: Parts) => Surroundings> {
    const faultsOf = await rulesOf(table, (name) => variableOf(name, this.#access, this.#reader, this.#db))
    return (item, { ones }) => ({
      path,
      pending: new Set(ones.map(({ field }) => field)),
      ...(faultsOf && { faultsOf: (field) => faultsOf(field, item, path) }),
    })
  }

  /** Writes the items that rows point at, and puts what they are pointed at by into the rows. `holders` are the items that the rows were made of. */
  async #writeOnes(parts: readonly Parts[], rows: readonly Item[], holders: readonly Item[], place: Place): Promise<void> {
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
      const values = targetField === null ? keys.map((key) => key && String(key)) : await this.#values(table, keys, targetField)
      for (const [i, { row }] of ones.entries()) row[field] = values[i] ?? null
    }
  }

  /** Writes the items that point at rows, and lets go of those that shall not point at them any more. `fresh` says that the rows were just made. */
  async #writeLists(table: Table, owners: readonly Owner[], place: Place, fresh: boolean): Promise<void> {
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

  async #writeList(
    link: ManyLink,
    lists: readonly { item: Item; list: ListChange; value: string }[],
    path: readonly string[],
    fresh: boolean,
  ): Promise<void> {
    const table = tableOf(this.#snapshot, link.target)
    const target = this.#at(table)
    const column = link.targetField
    const { sort_field: sort, one_deselect_action: action } = link.relation.meta!
    const numbered = sort !== null && table.columns.has(sort) ? lists.filter(({ list }) => list.kind === 'steps' && list.create.length) : []
    const owners = (some: typeof lists) => some.map(({ value }) => value)
    const highest = numbered.length && !fresh ? await highestOf(target, column, sort!, owners(numbered)) : []

    const entries = lists.flatMap((one): Entry[] => {
      const { item: parent, list, value: owner } = one
      const common = { parent, owner, bare: false }
      if (list.kind === 'set') {
        return list.entries.map((entry) => {
          const identity = this.#identity(table, entry)
          return isItem(entry)
            ? { ...common, item: entry, identity, absent: 'create' }
            : { ...common, item: {}, identity, absent: 'refuse', bare: true }
        })
      }
      const after = highest[numbered.indexOf(one)] ?? 0
      return [
        ...list.create.map((item, i): Entry => {
          const number = numbered.includes(one) && item[sort!] === undefined ? { [sort!]: after + i + 1 } : {}
          return { ...common, item: { ...item, ...number }, identity: null, absent: 'create' }
        }),
        ...list.update.map((item): Entry => {
          const identity = this.#identity(table, item)
          if (identity === null) throw problems.INVALID_PAYLOAD(`Each item of "update" of "${link.field}" must hold its key.`)
          return { ...common, item, identity, absent: 'ignore' }
        }),
      ]
    })
    const kept = await this.#save(table, entries, path, column)

    // A row that was just made has no other rows pointing at it, unless no foreign key forbids them.
    const sets = fresh && link.relation.foreignKey ? [] : lists.filter(({ list }) => list.kind === 'set')
    const removals = lists.flatMap(({ item, list, value }) =>
      list.kind === 'steps' ? list.delete.map((key) => ({ item, value, key })) : [],
    )
    const removed = removals.map(({ key }) => key)
    checkRemoved(table, removed)
    const left = [
      ...(sets.length
        ? await otherChildren(
            target,
            column,
            owners(sets),
            kept.filter((key) => key !== undefined),
          )
        : []
      ).map(({ owner, key }) => ({ key, parent: sets[owner]!.item })),
      ...(removals.length
        ? await ownChildren(
            target,
            column,
            removals.map(({ value }) => value),
            removed,
          )
        : []
      ).map(({ owner, key }) => ({ key, parent: removals[owner]!.item })),
    ]
    if (!left.length) return
    const place = { path, parents: left.map(({ parent }) => parent) }
    if (action === 'delete') {
      await this.delete(
        table,
        left.map(({ key }) => key),
        place,
      )
    } else {
      await this.update(
        table,
        left.map(({ key }) => ({ keys: [key], patch: { [column]: null } })),
        place,
        { present: true },
      )
    }
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
      const known = named.length
        ? await lookUp(
            this.#at(table),
            named.map(({ identity }) => keyOfIdentity(table, identity!)),
            column ?? null,
          )
        : []
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
        } else if (entry.absent === 'refuse' || (entry.absent === 'ignore' && this.#permit.limited)) throw unseen()
        else if (entry.absent === 'create') fresh.push(entry)
      }
      if (this.#permit.limited) await checkSeen(this.#scene(), table, linked)
      if (fresh.length) {
        const rows = fresh.map(({ item, owner }) => (column === undefined ? item : { ...item, [column]: owner }))
        const made = await this.create(table, rows, { path, parents: fresh.map(({ parent }) => parent), given: column })
        for (const [i, entry] of fresh.entries()) keep(entry, made[i])
      }
      if (changed.length) {
        const place = { path, parents: changed.map(({ entry }) => entry.parent), given: column }
        await this.update(
          table,
          changed.map(({ change }) => change),
          place,
          { present: true },
        )
      }
    }
    return entries.map((entry) => keys.get(entry.identity ?? entry))
  }

  /** What `column` holds in the rows of these keys. */
  async #values(table: Table, keys: readonly (Key | undefined)[], column: string): Promise<readonly unknown[]> {
    if (table.primaryKey.length === 1 && table.primaryKey[0] === column) return keys
    const known = keys.filter((key) => key !== undefined)
    const rows = await lookUp(this.#at(table), known, column)
    const values = new Map(known.map((key, i) => [key, rows[i]?.value]))
    return keys.map((key) => key && values.get(key))
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

/** @throws PRECONDITION_FAILED where no item has a version. */
function checkVersioned(table: Table, versions: Versions): void {
  if (versions !== undefined && !hasVersions(table)) throw itemProblems.PRECONDITION_FAILED('Items of a view have no version.')
}

const unseen = () => problems.FORBIDDEN('There is no such item, or it is not yours to see.')

const withoutKey = (table: Table, item: Item): Item =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !table.primaryKey.includes(name)))

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

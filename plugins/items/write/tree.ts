/**
 * One write request inside its transaction. Nested items are written set by set (nest.ts): the items that rows point at, then the rows, then the items that
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
import { keyOf } from '../keys.ts'
import { type Surroundings, toChange, toNewRow } from '../payload.ts'
import { Check, checkSeen, fillIn, knownRows, type Scene } from '../permit/check.ts'
import type { WriteAction } from '../permit/writing.ts'
import type { Permit, Permits } from '../permit.ts'
import { itemProblems } from '../problems.ts'
import type { Reader } from '../read.ts'
import { hasVersions } from '../versions.ts'
import { Nest, type NestLimits, type Owner, type Place } from './nest.ts'
import { type Entry, identityOf, inWaves, keyOfIdentity, type Parts, takeApart, withoutKey } from './parts.ts'
import { type Move, moveRow, sortFieldOf } from './sort.ts'
import { deleteRows, insertRows, type Target, updateRows, type Versions } from './statements.ts'
import { rulesOf } from './validation.ts'
import { variableOf } from './variables.ts'

export interface WriteLimits extends NestLimits {
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

const root: Place = { path: [] }

export class Tree {
  readonly #host: Host
  readonly #db: Transaction
  readonly #access: Access
  readonly #limits: WriteLimits
  readonly #snapshot: Snapshot
  readonly #reader: Reader
  readonly #permit: Permit
  readonly #nest: Nest
  /** What has to hold once all is written. */
  readonly #checks: (() => Promise<void>)[] = []
  readonly #note: (change: ChangedEvent) => Promise<void>
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
    this.#nest = new Nest(this, db, this.#snapshot, limits)
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

  /** Whether the caller may see some rows only. */
  get limited(): boolean {
    return this.#permit.limited
  }

  get seen(): Snapshot {
    return this.#permit.seen
  }

  checkSeen(table: Table, keys: readonly Key[]): Promise<void> {
    return checkSeen(this.#scene(), table, keys)
  }

  known(table: Table, keys: readonly unknown[], action: 'update' | 'delete'): Promise<readonly boolean[]> {
    return knownRows(this.#scene(), table, this.#permit.rulesOf(action, table.name), keys)
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
      const parts = e.rows.map((item) => takeApart(this.#snapshot, table, item, place.path))
      const around = await this.#surroundings(table, place)
      const rows = parts.map((part, i) => toNewRow(table, part.own, this.#access, around(e.rows[i]!, part)))
      await this.#nest.writeOnes(parts, rows, e.rows, place)
      e.stored = await insertRows(this.#at(table, place), rows, e.rows, e.wanted)
      e.keys = e.stored.map((row) => keyOf(table, row))
      const owners = e.keys.map((key, i): Owner => ({ key, item: e.rows[i]!, lists: parts[i]!.lists }))
      await this.#nest.writeLists(table, owners, place, true)
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
      const parts = e.changes.map(({ patch }) => takeApart(this.#snapshot, table, patch, place.path))
      if (!present && parts.some(({ ones, lists }) => ones.length || lists.size)) await this.#nest.keepPresent(table, e.changes, parts)
      const around = await this.#surroundings(table, place)
      const rows = e.changes.map(({ keys, patch }, i) => ({
        keys,
        patch,
        values: toChange(table, parts[i]!.own, this.#access, around(patch, parts[i]!)),
        held: parts[i]!.lists.size > 0,
      }))
      const found = [...rows.keys()].filter((i) => rows[i]!.keys.length)
      await this.#nest.writeOnes(
        found.map((i) => parts[i]!),
        found.map((i) => rows[i]!.values),
        found.map((i) => rows[i]!.patch),
        place,
      )
      const stored = await updateRows(this.#at(table, place), rows, e.wanted, versions)
      if (versions !== undefined && !stored.flat().length) throw itemProblems.PRECONDITION_FAILED()
      for (const [i, change] of e.changes.entries()) {
        change.stored = stored[i]!
        change.keys = change.stored.map((row) => keyOf(table, row))
      }
      const owners = e.changes.flatMap(({ keys, patch }, i) => keys.map((key): Owner => ({ key, item: patch, lists: parts[i]!.lists })))
      await this.#nest.writeLists(table, owners, place, false)
    })
    const keys = event.changes.flatMap((change) => change.keys)
    if (asked !== undefined && keys.length < asked) throw unseen()
    if (check) this.#checks.push(() => check.stand(keys))
    await this.#note({ action: 'update', table, keys, access: this.#access })
    return event.changes
  }

  /** Changes of which some may be about the same row: they happen one after the other, and each is told of in histories. */
  async updateEach(table: Table, changes: readonly Change[]): Promise<Key[]> {
    const entries = changes.flatMap(({ keys, patch }) => keys.map((key) => this.#entry(table, key, patch)))
    const keys: Key[] = []
    const waves = inWaves(table, entries, () => false)
    if (waves.length > this.#limits.relations)
      throw problems.INVALID_PAYLOAD(`The list changes an item more than ${this.#limits.relations} times (PAYLOAD_RELATIONS_MAX).`)
    for (const wave of waves) {
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
      e.keys = await deleteRows(this.#at(table, place), e.keys, versions)
      if (versions !== undefined && !e.keys.length) throw itemProblems.PRECONDITION_FAILED()
    })
    await this.#note({ action: 'delete', table, keys: event.keys, access: this.#access })
    return event.keys
  }

  /** An item takes the place of another one. What the server keeps of changes (dates, users) is not touched: the items themselves are as they were. */
  async sort(table: Table, move: Move): Promise<Key[]> {
    const check = this.#check('update', table)
    const keys = await moveRow(this.#at(table), sortFieldOf(table), move, this.#access, check)
    if (check) this.#checks.push(() => check.stand(keys))
    if (keys.length) await this.#note({ action: 'update', table, keys, access: this.#access })
    return keys
  }

  #count(rows: number): void {
    this.#rows += rows
    const { rows: most } = this.#limits
    if (most >= 0 && this.#rows > most) throw problems.INVALID_PAYLOAD(`The request writes more than ${most} items (MAX_BATCH_MUTATION).`)
  }

  #event(table: Table, { parents }: Place): Omit<DeleteEvent, 'keys'> {
    return { table, db: this.#db, access: this.#access, ...(parents && { parents }) }
  }

  #at = (table: Table, { path } = root): Target => ({ table, db: this.#db, seen: this.seen, path })

  /** @throws FORBIDDEN for what cannot be a key. */
  #entry(table: Table, key: unknown, item: Item): Entry & { readonly identity: string } {
    const identity = identityOf(table, key)
    if (identity === null) throw unseen()
    return { item, identity, parent: item, absent: 'ignore', bare: false }
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
}

/** @throws PRECONDITION_FAILED where no item has a version. */
function checkVersioned(table: Table, versions: Versions): void {
  if (versions !== undefined && !hasVersions(table)) throw itemProblems.PRECONDITION_FAILED('Items of a view have no version.')
}

const unseen = () => problems.FORBIDDEN('There is no such item, or it is not yours to see.')

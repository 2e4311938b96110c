/** Writes: one transaction, handlers around, a set of rows a statement. Rows travel as one JSON parameter and PostgreSQL gives them their types. */
import { type Access, type Host, type Parameter, quoteName, type Table, type Transaction } from 'plinth'
import {
  type Caller,
  type ChangedEvent,
  type CreateEvent,
  type DeleteEvent,
  type Item,
  itemsChanged,
  itemsCreate,
  itemsDelete,
  itemsUpdate,
  type Key,
  type UpdateEvent,
} from './api.ts'
import { toWriteProblem } from './faults.ts'
import { keyColumns, keyLists, keyOf, keysCondition } from './keys.ts'
import { toChange, toNewRow } from './payload.ts'
import { authorise } from './permit.ts'
import { tableOf } from './plan.ts'
import { tableName } from './sql.ts'

export class Writer {
  readonly #host: Host
  /** What each of our own open transactions has changed so far, to be told after commit. */
  readonly #changes = new WeakMap<Transaction, ChangedEvent[]>()

  constructor(host: Host) {
    this.#host = host
  }

  /** Runs `work` in the caller's transaction, or in one of its own; then, after commit, tells what changed. */
  async within<T>(caller: Caller, work: (db: Transaction) => Promise<T>): Promise<T> {
    if (caller.db) return work(caller.db)
    let changes: ChangedEvent[] = []
    const result = await this.#host.db.transaction((db) => {
      changes = []
      this.#changes.set(db, changes)
      return work(db)
    })
    for (const change of changes) await this.#host.run(itemsChanged, change)
    return result
  }

  async create(collection: string, items: readonly Item[], caller: Caller): Promise<Key[]> {
    authorise(caller.access, 'create', collection)
    const table = tableOf(this.#host.registry.snapshot, collection)
    if (!items.length) return []
    return this.within(caller, async (db) => {
      const event: CreateEvent = { table, db, access: caller.access, rows: items.map((item) => structuredClone(item)), keys: [] }
      await this.#host.run(itemsCreate, event, async (e) => {
        e.keys = await insert(db, table, e.rows, caller.access)
      })
      return this.#changed(db, { action: 'create', table, keys: event.keys, access: caller.access })
    })
  }

  /** Answers the keys of the rows that were there. @throws FORBIDDEN for a key that cannot be one. */
  async update(collection: string, keys: readonly unknown[], patch: Item, caller: Caller): Promise<Key[]> {
    authorise(caller.access, 'update', collection)
    const table = tableOf(this.#host.registry.snapshot, collection)
    return this.within(caller, async (db) => {
      const event: UpdateEvent = { table, db, access: caller.access, keys: keys as Key[], patch: structuredClone(patch) }
      await this.#host.run(itemsUpdate, event, async (e) => {
        e.keys = await change(db, table, e.keys, e.patch, caller.access)
      })
      return this.#changed(db, { action: 'update', table, keys: event.keys, access: caller.access })
    })
  }

  async delete(collection: string, keys: readonly unknown[], caller: Caller): Promise<Key[]> {
    authorise(caller.access, 'delete', collection)
    const table = tableOf(this.#host.registry.snapshot, collection)
    return this.within(caller, async (db) => {
      const event: DeleteEvent = { table, db, access: caller.access, keys: keys as Key[] }
      await this.#host.run(itemsDelete, event, async (e) => {
        e.keys = await remove(db, table, e.keys)
      })
      return this.#changed(db, { action: 'delete', table, keys: event.keys, access: caller.access })
    })
  }

  /** A transaction that somebody else opened is told at once: only they know when it ends. */
  async #changed(db: Transaction, change: ChangedEvent): Promise<Key[]> {
    const pending = this.#changes.get(db)
    if (pending) pending.push(change)
    else await this.#host.run(itemsChanged, change)
    return [...change.keys]
  }
}

/** Rows with the same columns share a statement, so that a column left out gets its default. */
async function insert(db: Transaction, table: Table, items: readonly Item[], access: Access): Promise<Key[]> {
  const rows = items.map((item) => toNewRow(table, item, access))
  const groups = Map.groupBy(rows.keys(), (i) => Object.keys(rows[i]!).sort().join('\0'))
  const keys: Key[] = Array(rows.length)
  for (const places of groups.values()) {
    const group = places.map((i) => rows[i]!)
    const inserted = await said(table, items, () => insertAlike(db, table, group))
    for (const [n, i] of places.entries()) keys[i] = inserted[n]!
  }
  return keys
}

async function insertAlike(db: Transaction, table: Table, rows: readonly Item[]): Promise<Key[]> {
  const columns = Object.keys(rows[0]!)
  const returning = table.primaryKey.length ? ` returning ${keyColumns(tableAlias, table)}` : ''
  if (!columns.length) {
    const one = await Promise.all(
      rows.map(() => db.query<Item>(`insert into ${tableName(table)} as ${tableAlias} default values${returning}`)),
    )
    return one.map(([row]) => keyOf(table, row!))
  }
  const names = columns.map(quoteName).join(', ')
  const text = `insert into ${tableName(table)} as ${tableAlias} (${names}) select ${names} from json_populate_recordset(null::${tableName(table)}, $1::json)${returning}`
  const inserted = await db.query<Item>(text, [JSON.stringify(rows)])
  await raiseSequence(db, table, rows)
  return inserted.map((row) => keyOf(table, row))
}

const tableAlias = 't'

/** An explicit key moves the sequence behind it, so that the next row does not collide. */
async function raiseSequence(db: Transaction, table: Table, rows: readonly Item[]): Promise<void> {
  const [key] = table.primaryKey
  const column = key === undefined ? undefined : table.columns.get(key)
  if (table.primaryKey.length !== 1 || !column?.autoIncrement || rows[0]![key!] === undefined) return
  const highest = rows.reduce(
    (most, row) => (BigInt(row[key!] as string | number) > most ? BigInt(row[key!] as string | number) : most),
    0n,
  )
  const sequence = `pg_get_serial_sequence($1, $2)::regclass`
  await db.query(`select setval(${sequence}, $3::bigint) where $3::bigint > coalesce(pg_sequence_last_value(${sequence}), 0)`, [
    tableName(table),
    key!,
    highest,
  ])
}

async function change(db: Transaction, table: Table, keys: readonly unknown[], patch: Item, access: Access): Promise<Key[]> {
  const row = toChange(table, patch, access)
  const columns = Object.keys(row).map(quoteName)
  const lists = keyLists(table, keys)
  const where = keysCondition(tableAlias, table, (part) => `$${part + 1}`)
  const returning = `returning ${keyColumns(tableAlias, table)}`
  const text = columns.length
    ? `update ${tableName(table)} as ${tableAlias} set ${columns.map((name) => `${name} = v.${name}`).join(', ')} from json_populate_record(null::${tableName(table)}, $${lists.length + 1}::json) v where ${where} ${returning}`
    : `select ${keyColumns(tableAlias, table)} from ${tableName(table)} as ${tableAlias} where ${where}`
  const parameters: Parameter[] = columns.length ? [...lists, JSON.stringify(row)] : lists
  const found = await said(table, [patch], () => db.query<Item>(text, parameters))
  return found.map((key) => keyOf(table, key))
}

async function remove(db: Transaction, table: Table, keys: readonly unknown[]): Promise<Key[]> {
  const lists = keyLists(table, keys)
  const where = keysCondition(tableAlias, table, (part) => `$${part + 1}`)
  const text = `delete from ${tableName(table)} as ${tableAlias} where ${where} returning ${keyColumns(tableAlias, table)}`
  const gone = await said(table, [], () => db.query<Item>(text, lists))
  return gone.map((key) => keyOf(table, key))
}

/** Runs a statement; what the database refuses is said in the API's words. */
async function said<T>(table: Table, items: readonly Item[], run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    throw toWriteProblem(thrown, table, items)
  }
}

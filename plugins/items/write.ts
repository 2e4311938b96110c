/** Writes: one transaction, handlers around, a set of rows a statement. Rows travel as one JSON parameter and PostgreSQL gives them their types. */
import { type Access, type Host, type Parameter, quoteName, type Snapshot, type Table, type Transaction } from 'plinth'
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
import { upToDate } from './outdated.ts'
import { toChange, toNewRow } from './payload.ts'
import { authorise } from './permit.ts'
import { tableOf } from './place.ts'
import { quoteLiteral, tableName } from './sql.ts'

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
    const { db, registry } = this.#host
    const run = () =>
      db.transaction((transaction) => {
        changes = []
        this.#changes.set(transaction, changes)
        return work(transaction)
      })
    const result = await upToDate(registry, run).catch((thrown) => {
      // What is checked at commit alone: deferred constraints.
      const table = registry.snapshot.tables.get(thrown?.table) ?? changes.at(-1)?.table
      throw table ? toWriteProblem(thrown, registry.snapshot, table, []) : thrown
    })
    for (const change of changes) await this.#tell(change)
    return result
  }

  async create(collection: string, items: readonly Item[], caller: Caller): Promise<Key[]> {
    authorise(caller.access, 'create', collection)
    if (!items.length) return []
    return this.within(caller, async (db) => {
      const { snapshot } = this.#host.registry
      const table = tableOf(snapshot, collection)
      const event: CreateEvent = {
        table,
        db,
        access: caller.access,
        rows: items.map((item) => structuredClone(item)),
        keys: [],
        wanted: new Set(),
      }
      await this.#host.run(itemsCreate, event, async (e) => {
        e.stored = await insert(snapshot, db, table, e.rows, e.wanted, caller.access)
        e.keys = e.stored.map((row) => keyOf(table, row))
      })
      return this.#changed(db, { action: 'create', table, keys: event.keys, access: caller.access })
    })
  }

  /** Answers the keys of the rows that were there. @throws FORBIDDEN for a key that cannot be one. */
  async update(collection: string, keys: readonly unknown[], patch: Item, caller: Caller): Promise<Key[]> {
    authorise(caller.access, 'update', collection)
    return this.within(caller, async (db) => {
      const { snapshot } = this.#host.registry
      const table = tableOf(snapshot, collection)
      const event: UpdateEvent = {
        table,
        db,
        access: caller.access,
        changes: [{ keys: keys as Key[], patch: structuredClone(patch) }],
        wanted: new Set(),
      }
      await this.#host.run(itemsUpdate, event, async (e) => {
        for (const one of e.changes) one.stored = await change(snapshot, db, table, one.keys, one.patch, e.wanted, caller.access)
        for (const one of e.changes) one.keys = one.stored!.map((row) => keyOf(table, row))
      })
      return this.#changed(db, { action: 'update', table, keys: event.changes.flatMap((one) => one.keys), access: caller.access })
    })
  }

  async delete(collection: string, keys: readonly unknown[], caller: Caller): Promise<Key[]> {
    authorise(caller.access, 'delete', collection)
    return this.within(caller, async (db) => {
      const { snapshot } = this.#host.registry
      const table = tableOf(snapshot, collection)
      const event: DeleteEvent = { table, db, access: caller.access, keys: keys as Key[] }
      await this.#host.run(itemsDelete, event, async (e) => {
        e.keys = await remove(snapshot, db, table, e.keys)
      })
      return this.#changed(db, { action: 'delete', table, keys: event.keys, access: caller.access })
    })
  }

  /** Of a transaction that somebody else opened handlers hear at once, as only they know when it ends; caches wait for the notice that commit sends. */
  async #changed(db: Transaction, change: ChangedEvent): Promise<Key[]> {
    const pending = this.#changes.get(db)
    if (pending) pending.push(change)
    else await this.#host.run(itemsChanged, change)
    return [...change.keys]
  }

  /** This process's own caches must not wait for the notice to come back. */
  async #tell(change: ChangedEvent): Promise<void> {
    if (change.table.raises) this.#host.versions.touch(change.table.raises)
    // The write stands: whoever asked for it must not hear that it failed.
    await this.#host.run(itemsChanged, change).catch((error) => {
      this.#host.log.error('a handler failed after a write', { collection: change.table.name, action: change.action, error })
    })
  }
}

/** One statement for all rows, answering the key and the wanted fields of each, in their order. A column that a row leaves out gets its default. */
async function insert(
  snapshot: Snapshot,
  db: Transaction,
  table: Table,
  items: readonly Item[],
  wanted: ReadonlySet<string>,
  access: Access,
): Promise<Item[]> {
  const rows = items.map((item) => toNewRow(table, item, access))
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const stored = await said(snapshot, table, items, () => db.query<Item>(insertText(table, columns, rows, wanted), [JSON.stringify(rows)]))
  await raiseSequence(db, table, rows)
  return stored
}

function insertText(table: Table, given: readonly string[], rows: readonly Item[], wanted: ReadonlySet<string>): string {
  const target = tableName(table)
  const returning = `returning ${keyColumns(tableAlias, table, wanted) || '1'}`
  const columns = given.length ? given : writable(table)
  if (!columns.length)
    return `insert into ${target} as ${tableAlias} select from generate_series(1, json_array_length($1::json)) ${returning}`
  const names = columns.map(quoteName).join(', ')
  const into = `insert into ${target} as ${tableAlias} (${names})`
  const partial = new Set(columns.filter((name) => defaultOf(table, name) && rows.some((row) => row[name] === undefined)))
  if (!partial.size) return `${into} select ${names} from json_to_recordset($1::json) v(${typed(table, columns)}) ${returning}`
  const values = columns.map((name) => {
    const value = `v.${quoteName(name)}`
    return partial.has(name) ? `case when e.item ? ${quoteLiteral(name)} then ${value} else ${defaultOf(table, name)} end` : value
  })
  const source = `jsonb_array_elements($1::jsonb) with ordinality e(item, n), jsonb_to_record(e.item) v(${typed(table, columns)})`
  return `${into} select ${values.join(', ')} from ${source} order by e.n ${returning}`
}

/** These columns alone, as a table's row type would bring those of domains that refuse null into every row. */
const typed = (table: Table, columns: readonly string[]): string =>
  columns.map((name) => `${quoteName(name)} ${table.columns.get(name)!.sqlType}`).join(', ')

/** One column that rows without any value can name. */
const writable = (table: Table): string[] =>
  [...table.columns.values()]
    .filter(({ generated, identity }) => generated === null && identity !== 'always')
    .map(({ name }) => name)
    .slice(0, 1)

/** The expression that PostgreSQL would put in for a column left out. */
function defaultOf(table: Table, name: string): string | null {
  const { identity, default: expression } = table.columns.get(name)!
  return identity ? `nextval(pg_get_serial_sequence(${quoteLiteral(tableName(table))}, ${quoteLiteral(name)}))` : expression
}

const tableAlias = 't'

/** An explicit key moves the sequence behind it, so that the next row does not collide. */
async function raiseSequence(db: Transaction, table: Table, rows: readonly Item[]): Promise<void> {
  const [key] = table.primaryKey
  const column = key === undefined ? undefined : table.columns.get(key)
  if (table.primaryKey.length !== 1 || !column?.autoIncrement) return
  const given = rows.flatMap((row) => (row[key!] === undefined ? [] : [BigInt(row[key!] as string | number)]))
  if (!given.length) return
  const highest = given.reduce((most, value) => (value > most ? value : most))
  const sequence = `pg_get_serial_sequence($1, $2)::regclass`
  await db.query(`select setval(${sequence}, $3::bigint) where $3::bigint > coalesce(pg_sequence_last_value(${sequence}), 0)`, [
    tableName(table),
    key!,
    highest,
  ])
}

/** Answers the key and the wanted fields of each row that was there. */
async function change(
  snapshot: Snapshot,
  db: Transaction,
  table: Table,
  keys: readonly unknown[],
  patch: Item,
  wanted: ReadonlySet<string>,
  access: Access,
): Promise<Item[]> {
  const row = toChange(table, patch, access)
  const columns = Object.keys(row)
  const lists = keyLists(table, keys)
  const where = keysCondition(tableAlias, table, (part) => `$${part + 1}`)
  const shown = keyColumns(tableAlias, table, wanted)
  const text = columns.length
    ? `update ${tableName(table)} as ${tableAlias} set ${columns.map((name) => `${quoteName(name)} = v.${quoteName(name)}`).join(', ')} from json_to_record($${lists.length + 1}::json) v(${typed(table, columns)}) where ${where} returning ${shown}`
    : `select ${shown} from ${tableName(table)} as ${tableAlias} where ${where}`
  const parameters: Parameter[] = columns.length ? [...lists, JSON.stringify(row)] : lists
  return said(snapshot, table, [patch], () => db.query<Item>(text, parameters))
}

async function remove(snapshot: Snapshot, db: Transaction, table: Table, keys: readonly unknown[]): Promise<Key[]> {
  const lists = keyLists(table, keys)
  const where = keysCondition(tableAlias, table, (part) => `$${part + 1}`)
  const text = `delete from ${tableName(table)} as ${tableAlias} where ${where} returning ${keyColumns(tableAlias, table)}`
  const gone = await said(snapshot, table, [], () => db.query<Item>(text, lists))
  return gone.map((key) => keyOf(table, key))
}

/** Runs a statement; what the database refuses is said in the API's words. */
async function said<T>(snapshot: Snapshot, table: Table, items: readonly Item[], run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    throw toWriteProblem(thrown, snapshot, table, items)
  }
}

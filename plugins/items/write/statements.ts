/** The statements of writes: a set of rows each. Rows travel as one JSON parameter and PostgreSQL gives them their types. */
import { LRUCache } from 'lru-cache'
import { type Parameter, quoteName, quoteTable, type Snapshot, type Table, type Transaction } from 'plinth'
import type { Item, Key } from '../api.ts'
import { toWriteProblem } from '../faults.ts'
import { castType, keyColumns, keyLists, keyOf, keysCondition, keysMatch } from '../keys.ts'
import { quoteLiteral } from '../sql/writer.ts'
import { toWhole } from '../values.ts'
import { versionOf } from '../versions.ts'

/** Where statements are sent. */
export interface Target {
  /** The schema as the caller may read it: errors tell of nothing else. */
  readonly seen: Snapshot
  readonly db: Transaction
  readonly table: Table
  /** The fields that lead to the rows in a payload. */
  readonly path?: readonly string[]
}

/** Fields that are answered together with keys. */
type Wanted = ReadonlySet<string>

const row = 't'

/** Runs a statement; what the database refuses is said in the API's words. `items` are what it was asked for with. */
async function ask(
  { db, seen, table, path }: Target,
  text: string,
  parameters: readonly Parameter[],
  items: readonly Item[] = [],
): Promise<Item[]> {
  try {
    return await db.query<Item>(text, parameters)
  } catch (thrown) {
    throw toWriteProblem(thrown, seen, table, items, path)
  }
}

/**
 * One statement for all rows, answering the key and the wanted fields of each, in their order. A column that a row leaves out gets its default.
 * `items` are what the rows were made of.
 */
export async function insertRows(target: Target, rows: readonly Item[], items: readonly Item[], wanted: Wanted): Promise<Item[]> {
  const { table } = target
  const given = [...new Set(rows.flatMap((values) => Object.keys(values)))]
  const columns = given.length ? given : writable(table)
  const partial = columns.filter((name) => rows.some((values) => values[name] === undefined) && defaultOf(table, name))
  const text = keptText(table, ['insert', columns, partial, [...wanted]], () => insertText(table, columns, new Set(partial), wanted))
  const stored = await ask(target, text, [JSON.stringify(rows)], items)
  await raiseSequence(target, rows)
  return stored
}

/**
 * Texts of statements, by what they depend on. Most writes are like earlier ones, and a statement that is prepared is found faster by the very string
 * that it was prepared with.
 */
const texts = new WeakMap<Table, LRUCache<string, string>>()

function keptText(table: Table, by: readonly unknown[], make: () => string): string {
  const own = texts.get(table) ?? new LRUCache({ max: 100 })
  texts.set(table, own)
  const key = JSON.stringify(by)
  const text = own.get(key) ?? make()
  own.set(key, text)
  return text
}

function insertText(table: Table, columns: readonly string[], partial: ReadonlySet<string>, wanted: Wanted): string {
  const target = quoteTable(table)
  const returning = `returning ${keyColumns(row, table, wanted) || '1'}`
  if (!columns.length) return `insert into ${target} as ${row} select from generate_series(1, json_array_length($1::json)) ${returning}`
  const names = columns.map(quoteName).join(', ')
  const into = `insert into ${target} as ${row} (${names})`
  if (!partial.size) return `${into} select ${names} from json_to_recordset($1::json) v(${typed(table, columns)}) ${returning}`
  const values = columns.map((name) => (partial.has(name) ? givenOr(name, defaultOf(table, name)!) : `v.${quoteName(name)}`))
  return `${into} select ${values.join(', ')} from ${entries(typed(table, columns))} order by e.n ${returning}`
}

/** Each row as `v`, its JSON as `e.item`, its place from 1 as `e.n`. */
const entries = (columns: string): string =>
  `json_array_elements($1::json) with ordinality e(item, n), json_to_record(e.item) v(${columns})`

/** The value of a row that says it, another one where it does not. */
const givenOr = (name: string, otherwise: string): string =>
  `case when e.item -> ${quoteLiteral(name)} is not null then v.${quoteName(name)} else ${otherwise} end`

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
  return identity ? `nextval(pg_get_serial_sequence(${quoteLiteral(quoteTable(table))}, ${quoteLiteral(name)}))` : expression
}

/** An explicit key moves the sequence behind it, so that the next row does not collide. */
async function raiseSequence(target: Target, rows: readonly Item[]): Promise<void> {
  const { table } = target
  const [key] = table.primaryKey
  const column = key === undefined ? undefined : table.columns.get(key)
  if (table.primaryKey.length !== 1 || !column?.autoIncrement) return
  const given = rows.flatMap((values) => toWhole(String(values[key!])) ?? [])
  if (!given.length) return
  const highest = given.reduce((most, value) => (value > most ? value : most))
  const sequence = `pg_get_serial_sequence($1, $2)::regclass`
  await ask(target, `select setval(${sequence}, $3::bigint) where $3::bigint > coalesce(pg_sequence_last_value(${sequence}), 0)`, [
    quoteTable(table),
    key!,
    highest,
  ])
}

/** Values for the rows of some keys. */
export interface RowChange {
  readonly keys: readonly unknown[]
  readonly values: Item
  /** What the values were made of. */
  readonly patch: Item
  /** Whether lists of the rows are written next: who writes the same lists waits, or both would think that they know all there is in them. */
  readonly held?: boolean
}

/** The versions of which rows must be to be written: null for any, undefined where nobody asks. */
export type Versions = readonly string[] | null | undefined

/** An SQL condition for rows of `versions`, which are the parameter `$n`. */
const ofVersions = (versions: Versions, n: number): string => (versions ? ` and ${versionOf(row)} = any($${n}::text[])` : '')

/**
 * One statement for all changes; answers for each of them the key and the wanted fields of the rows found. No row may be in two of them. With `versions`
 * there may be one change only.
 */
export async function updateRows(target: Target, changes: readonly RowChange[], wanted: Wanted, versions?: Versions): Promise<Item[][]> {
  if (versions !== undefined) return [await updateAll(target, changes[0]!, wanted, versions)]
  const { table } = target
  if (!changes.some(({ values }) => Object.keys(values).length)) {
    const keys = changes.map((change) => change.keys)
    return presentRows(target, keys, wanted, table.kind === 'table' && changes.some(({ held }) => held))
  }
  const [only, ...others] = changes
  return others.length ? updateEach(target, changes, wanted) : [await updateAll(target, only!, wanted)]
}

async function updateAll(target: Target, { keys, values, patch }: RowChange, wanted: Wanted, versions?: Versions): Promise<Item[]> {
  const { table } = target
  const { where, parameters } = keysMatch(row, table, keys)
  const given = Object.keys(values)
  const text = keptText(table, ['update', where, given, Boolean(versions), [...wanted]], () => {
    // What changes nothing of its own still makes a new version of the row, as its lists may change.
    const columns = given.length ? given : writable(table)
    const set = columns.map((name) => `${quoteName(name)} = ${given.length ? 'v' : row}.${quoteName(name)}`).join(', ')
    const source = `json_to_record($${parameters.length + 1}::json) v(${typed(table, columns)})`
    const which = where + ofVersions(versions, parameters.length + 2)
    return `update ${quoteTable(table)} as ${row} set ${set} from ${source} where ${which} returning ${keyColumns(row, table, wanted)}`
  })
  return ask(target, text, [...parameters, JSON.stringify(values), ...(versions ? [versions] : [])], [patch])
}

/** A column that a change does not name keeps its value. */
async function updateEach(target: Target, changes: readonly RowChange[], wanted: Wanted): Promise<Item[][]> {
  const { table } = target
  const columns = [...new Set(changes.flatMap(({ values }) => Object.keys(values)))]
  const partial = new Set(columns.filter((name) => changes.some(({ values }) => values[name] === undefined)))
  const rows = changes.flatMap(({ keys, values }, change) => {
    const lists = keyLists(table, keys) as string[][]
    return keys.map((_, i) => ({ change, item: { ...values, ...named(table, lists, i) } }))
  })
  // Everybody locks rows in the same order, so that two lists of the same items wait for each other instead of dying in a deadlock.
  const order = (item: Item) => JSON.stringify(table.primaryKey.map((name) => item[name]))
  const sorted = rows.map((each) => ({ ...each, order: order(each.item) })).sort((a, b) => (a.order < b.order ? -1 : 1))
  const set = columns.map((name) => {
    const column = quoteName(name)
    return `${column} = ${partial.has(name) ? givenOr(name, `${row}.${column}`) : `v.${column}`}`
  })
  const keyTypes = table.primaryKey.map((name) => `${quoteName(name)} ${castType(table.columns.get(name)!)}`)
  const same = table.primaryKey.map((name) => `${row}.${quoteName(name)} = v.${quoteName(name)}`).join(' and ')
  const text =
    `update ${quoteTable(table)} as ${row} set ${set.join(', ')} from ${entries([...keyTypes, typed(table, columns)].join(', '))} ` +
    `where ${same} returning e.n::integer as "#", ${keyColumns(row, table, wanted)}`
  const patches = changes.map(({ patch }) => patch)
  const found = await ask(target, text, [JSON.stringify(sorted.map(({ item }) => item))], patches)
  return distribute(found, changes.length, (n) => sorted[n - 1]!.change)
}

const named = (table: Table, lists: readonly (readonly string[])[], i: number): Item =>
  Object.fromEntries(table.primaryKey.map((name, part) => [name, lists[part]![i]]))

/** Rows that tell by `#` where they belong, in that order. */
function distribute(found: readonly Item[], size: number, placeOf: (n: number) => number): Item[][] {
  const lists: Item[][] = Array.from({ length: size }, () => [])
  for (const { '#': n, ...stored } of found.toSorted((a, b) => Number(a['#']) - Number(b['#']))) lists[placeOf(Number(n))]!.push(stored)
  return lists
}

export async function deleteRows(target: Target, keys: readonly unknown[], versions?: Versions): Promise<Key[]> {
  const { table } = target
  const { where, parameters } = keysMatch(row, table, keys)
  const which = where + ofVersions(versions, parameters.length + 1)
  const text = `delete from ${quoteTable(table)} as ${row} where ${which} returning ${keyColumns(row, table)}`
  const gone = await ask(target, text, versions ? [...parameters, versions] : parameters)
  return gone.map((key) => keyOf(table, key))
}

/** `k` holds the keys of a list of keys, one a row, `k."#"` their places from 1, joined to the rows of the table that have them. */
function keyed(table: Table): string {
  const lists = table.primaryKey.map((name, part) => `$${part + 1}::${castType(table.columns.get(name)!)}[]`)
  const names = table.primaryKey.map((_, part) => `k${part}`)
  const same = table.primaryKey.map((name, part) => `${row}.${quoteName(name)} = k.k${part}`).join(' and ')
  return `unnest(${lists.join(', ')}) with ordinality k(${[...names, '"#"'].join(', ')}) join ${quoteTable(table)} as ${row} on ${same}`
}

/** Of each list of keys the rows that there are: their keys and wanted fields. `held`: nobody else changes the rows before the transaction ends. */
export async function presentRows(target: Target, lists: readonly (readonly unknown[])[], wanted: Wanted, held = false): Promise<Item[][]> {
  const { table } = target
  const owners = lists.flatMap((keys, i) => keys.map(() => i))
  const order = table.primaryKey.map((name) => `${row}.${quoteName(name)}`).join(', ')
  const hold = held ? ` order by ${order} for no key update of ${row}` : ''
  const text = `select k."#"::integer as "#", ${keyColumns(row, table, wanted)} from ${keyed(table)}${hold}`
  const found = await ask(target, text, keyLists(table, lists.flat()))
  return distribute(found, lists.length, (n) => owners[n - 1]!)
}

/** For each key its row's key and the text of one column; undefined where there is no such row. */
export async function lookUp(
  target: Target,
  keys: readonly unknown[],
  column: string | null,
): Promise<({ key: Key; value: unknown } | undefined)[]> {
  const { table } = target
  const value = column === null ? 'null' : `${row}.${quoteName(column)}::text`
  const text = `select k."#"::integer as "#", ${value} as "#value", ${keyColumns(row, table)} from ${keyed(table)}`
  const found = new Map((await ask(target, text, keyLists(table, keys))).map((each) => [each['#'], each]))
  return keys.map((_, i) => {
    const each = found.get(i + 1)
    return each && { key: keyOf(table, each), value: each['#value'] }
  })
}

/** Rows that point at one of `owners` by `column`. */
const pointing = ({ table }: Target, column: string): string =>
  `unnest($1::${castType(table.columns.get(column)!)}[]) with ordinality o(value, "#") join ${quoteTable(table)} as ${row} on ${row}.${quoteName(column)} = o.value`

/** A row that points at an owner, which is told by its place among the owners. */
export interface Child {
  readonly owner: number
  readonly key: Key
}

const toChild =
  (table: Table) =>
  (each: Item): Child => ({ owner: Number(each['#']) - 1, key: keyOf(table, each) })

/** All that point at one of `owners`, but for those of `kept`. */
export async function otherChildren(target: Target, column: string, owners: readonly string[], kept: readonly Key[]): Promise<Child[]> {
  const { table } = target
  const except = `not (${keysCondition(row, table, (part) => `$${part + 2}`)})`
  const text = `select o."#"::integer as "#", ${keyColumns(row, table)} from ${pointing(target, column)} where ${except}`
  return (await ask(target, text, [owners, ...keyLists(table, kept)])).map(toChild(table))
}

/** Those that point at the owner which is named together with their key. */
export async function ownChildren(target: Target, column: string, owners: readonly string[], keys: readonly unknown[]): Promise<Child[]> {
  const { table } = target
  const lists = table.primaryKey.map((name, part) => `$${part + 2}::${castType(table.columns.get(name)!)}[]`)
  const names = table.primaryKey.map((_, part) => `k${part}`)
  const same = [...table.primaryKey.map((name, part) => `${row}.${quoteName(name)} = o.k${part}`), `${row}.${quoteName(column)} = o.value`]
  const text =
    `select o."#"::integer as "#", ${keyColumns(row, table)} from unnest($1::${castType(table.columns.get(column)!)}[], ${lists.join(', ')}) ` +
    `with ordinality o(value, ${names.join(', ')}, "#") join ${quoteTable(table)} as ${row} on ${same.join(' and ')}`
  return (await ask(target, text, [owners, ...keyLists(table, keys)])).map(toChild(table))
}

/** For each owner the highest number in `sort` among the rows that point at it; 0 without any. */
export async function highestOf(target: Target, column: string, sort: string, owners: readonly string[]): Promise<number[]> {
  const text = `select o."#"::integer as "#", max(${row}.${quoteName(sort)})::text as "#value" from ${pointing(target, column)} group by 1`
  const highest = Array<number>(owners.length).fill(0)
  for (const each of await ask(target, text, [owners])) highest[Number(each['#']) - 1] = Number(each['#value'] ?? 0)
  return highest
}

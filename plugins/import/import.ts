/**
 * A file of items becomes rows: new ones are made, those whose key is there are changed, all or none. What is wrong is told of every row that it is
 * wrong in, up to a bound: the first set that fails is halved until the rows are found, and the rest of the file is tried too.
 */
import { type Access, Problem, problems, type Snapshot, system, type Table } from 'plinth'
import type { Caller, Change, Item, Items, Key } from 'plinth/items'
import type { Row } from './csv.ts'

export interface ImportParts {
  readonly items: Items
  readonly access: Access
  readonly gone: () => boolean
  /** Different things wrong that are told; then reading ends. */
  readonly mostErrors: number
}

/** Rows written at once. */
const batchSize = 500

/** @throws Problem or AggregateError: what is wrong, and in which rows. */
export async function importRows(parts: ImportParts, table: Table, rows: () => AsyncIterable<Row>): Promise<void> {
  const { items, access, gone, mostErrors } = parts
  const faults = new Faults()
  const goOn = () => {
    if (gone()) throw problems.SERVICE_UNAVAILABLE('Nobody waits for this import any more: nothing of it is kept.', { service: 'import' })
  }
  await items.within({ access, gone }, async (inside) => {
    faults.clear() // the transaction may be tried again
    let batch: Row[] = []
    const flush = async () => {
      goOn()
      await write(batch)
      batch = []
      // Histories of a long file are not kept in memory until its end.
      if (!faults.count) await inside.db!.sendLast()
    }
    const write = async (some: readonly Row[]): Promise<void> => {
      if (!some.length || faults.count >= mostErrors) return
      try {
        await inside.db!.savepoint(() => save(items, table, some, inside))
      } catch (error) {
        const found = problemsOf(error)
        if (!found) throw error
        if (some.length === 1) return faults.add(some[0]!.at, found)
        const middle = some.length >> 1
        await write(some.slice(0, middle))
        await write(some.slice(middle))
      }
    }
    for await (const { at, item } of rows()) {
      batch.push({ at, item: known(table, item) })
      if (batch.length === batchSize) await flush()
      if (faults.count >= mostErrors) break
    }
    await flush()
    faults.throwAny()
    goOn()
  })
}

/** Columns that the collection has not are nothing to it. */
function known(table: Table, item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => table.fields.has(name)))
}

async function save(items: Items, table: Table, rows: readonly Row[], inside: Caller): Promise<void> {
  const [key] = table.primaryKey.length === 1 ? table.primaryKey : []
  const keyOf = ({ item }: Row) => (key === undefined ? undefined : (item[key] as Key | null | undefined))
  const given = rows.map(keyOf).filter((value) => value !== undefined && value !== null)
  const there = given.length && key ? await keysThere(items, table, key, given, inside) : new Set<string>()
  // Rows of one file may be about the same item: the later one changes what the earlier one made.
  const seen = new Set<string>()
  let fresh: Item[] = []
  let changes: Change[] = []
  const flush = async () => {
    if (fresh.length) await items.create(table.name, fresh, inside)
    if (changes.length) await items.updateEach(table.name, changes, inside)
    fresh = []
    changes = []
  }
  for (const row of rows) {
    const value = keyOf(row)
    const text = value === undefined || value === null ? undefined : String(value)
    if (text === undefined || key === undefined) {
      fresh.push(text === undefined && key !== undefined ? without(row.item, key) : row.item)
      continue
    }
    if (seen.has(text)) {
      await flush()
      seen.clear()
      there.add(text)
    }
    seen.add(text)
    if (!there.has(text)) {
      fresh.push(row.item)
      there.add(text)
    } else changes.push({ keys: [value as Key], patch: without(row.item, key) })
  }
  await flush()
}

const without = ({ ...item }: Item, key: string): Item => {
  delete item[key]
  return item
}

/** Whether an item is there does not depend on who sees it: whoever may not change it is refused, and makes no second one. */
async function keysThere(items: Items, table: Table, key: string, keys: readonly Key[], { db }: Caller): Promise<Set<string>> {
  const asked = { fields: [key], filter: { [key]: { _in: keys } }, limit: -1 }
  const found = await items.list(table.name, asked, { access: system, db })
  return new Set(found.map((row) => String(row[key])))
}

/** What is wrong with a row. What its sender may not do, or we cannot, ends the import at once. */
function problemsOf(error: unknown): readonly Problem[] | undefined {
  const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  const isFault = (one: unknown) => one instanceof Problem && one.status < 500 && one.status !== 403
  return all.length && all.every(isFault) ? (all as Problem[]) : undefined
}

/** Of one row; of several of them nothing could be said. */
const ofOneRow = new Set(['value', 'collection'])

/** The same thing wrong in several rows is told once, with the rows. */
class Faults {
  readonly #found = new Map<string, { problem: Problem; rows: number[] }>()

  get count(): number {
    return this.#found.size
  }

  clear(): void {
    this.#found.clear()
  }

  add(row: number, found: readonly Problem[]): void {
    for (const problem of found) {
      const { field, type, path } = problem.details
      const name = JSON.stringify([problem.code, field ?? problem.message, type, path])
      const known = this.#found.get(name)
      if (known) known.rows.push(row)
      else this.#found.set(name, { problem, rows: [row] })
    }
  }

  /** @throws Problem, or an AggregateError of several */
  throwAny(): void {
    const told = [...this.#found.values()].map(({ problem, rows }) => {
      const { reason, path, ...details } = problem.details
      const kept = Object.entries(details).filter(([name]) => !ofOneRow.has(name))
      const within = Array.isArray(path) && path.length ? { path } : {}
      const spec = { status: problem.status, message: problem.message, hint: problem.hint }
      const told = { ...(reason ? { reason } : {}), ...Object.fromEntries(kept), ...within, rows: placesOf(rows) }
      return new Problem(problem.code, spec, undefined, told, problem)
    })
    if (told.length === 1) throw told[0]
    if (told.length) throw new AggregateError(told)
  }
}

/** Lines one by one; of many in a row the first and the last. */
export function placesOf(rows: readonly number[]): ({ type: 'lines'; rows: number[] } | { type: 'range'; start: number; end: number })[] {
  const ranges: { type: 'range'; start: number; end: number }[] = []
  const lines: number[] = []
  for (let i = 0; i < rows.length; ) {
    let end = i
    while (rows[end + 1] === rows[end]! + 1) end++
    if (end - i >= 3) ranges.push({ type: 'range', start: rows[i]!, end: rows[end]! })
    else lines.push(...rows.slice(i, end + 1))
    i = end + 1
  }
  return [...(lines.length ? [{ type: 'lines' as const, rows: lines }] : []), ...ranges]
}

/** Whether a path of a CSV file leads to text, of which every value is itself. */
export function isTextAt(snapshot: Snapshot, table: Table, path: readonly string[]): boolean {
  const [name = '', ...rest] = path
  const link = table.links.get(name)
  const target = link?.kind === 'm2o' ? snapshot.tables.get(link.target) : undefined
  if (rest.length) return target ? isTextAt(snapshot, target, rest) : false
  return /^(string|text|hash|uuid)$/.test(table.fields.get(name)?.type ?? '')
}

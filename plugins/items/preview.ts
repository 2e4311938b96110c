/**
 * Reads of versions: what they change of their items is written as any change is, but in a transaction that is undone, and read from there. So
 * relations, filters, orders and rights all see the items as they would be, and what could not be written is told as it would be then.
 */
import { isObject, Problem, system, type Table, type Transaction } from 'plinth'
import type { Caller, ChangedEvent, Item, ItemVersion, Key, VersionEvent } from './api.ts'
import { keyOf } from './keys.ts'
import { isOnlyOf } from './parse.ts'
import type { Stored } from './permit/stored.ts'
import type { ReadNode, Selection } from './plan.ts'
import { missingItem, type Reader } from './read.ts'
import { type Images, imagesOf, storedBefore } from './write/before.ts'
import { identityOf } from './write/parts.ts'
import type { Writer } from './write.ts'

type Versions = readonly ItemVersion[]

/** Keys of items that there would be, by collection: they mean nothing to anybody, so null is shown for them. */
type Created = ReadonlyMap<string, ReadonlySet<string>>

export function createPreview(reader: Reader, writer: Writer) {
  /**
   * The whole answer to `event`, of items with these versions; undefined where the caller sees none of them.
   * @throws FORBIDDEN where one item is asked for that there is not.
   */
  return async function preview(event: VersionEvent, all: Versions): Promise<string | undefined> {
    const { table, caller, key } = event
    const one = key !== undefined || table.singleton
    if (event.raw) return JSON.stringify({ data: await rawOf(event, all[0]) })
    const isNarrow = reader.isNarrow(caller.access)
    const versions = isNarrow ? await seenOf(event, all) : all
    if (!versions.length) return undefined
    const failures = new Map<ItemVersion, Problem>()
    const answer = await writer.undone(caller, async (db, changes) => {
      const images = isNarrow ? await imagesBefore(table, versions, db) : undefined
      failures.clear()
      const items = await write(table, versions, db, failures)
      return read(event, { ...caller, db, stored: images && storedBefore(images, changes) }, items, failures, changes)
    })
    const meta = key === undefined && event.query.meta ? { meta: await countsOf(event) } : {}
    if (!one) return JSON.stringify({ ...answer, ...meta })
    if (!answer.data.length) throw missingItem()
    // Only now: what keeps a version from being written tells of its item.
    for (const failure of failures.values())
      throw isTold(caller) ? failure : new Problem(failure.code, { status: failure.status, message: 'The version cannot be what it says.' })
    return JSON.stringify({ data: answer.data[0], ...meta })
  }

  /** Those of items that the caller sees as they are. It takes a statement also when there are none: nothing tells that somebody else keeps some. */
  async function seenOf({ table, caller }: VersionEvent, versions: Versions): Promise<Versions> {
    const keys = versions.flatMap(({ item }) => (item !== null && identityOf(table, item) !== null ? item : []))
    const rows: Item[] = JSON.parse(await reader.list(table.name, { fields: table.primaryKey, limit: -1 }, caller, keys)).data
    const seen = new Set(rows.map((row) => identityOf(table, keyOf(table, row))))
    return versions.filter(({ item }) => item === null || seen.has(identityOf(table, item)))
  }

  /** What the rows hold that writing the versions touches: it is done once, and undone, to find these. */
  async function imagesBefore(table: Table, versions: Versions, db: Transaction): Promise<Images> {
    const changes = await writer.undone({ access: system, db }, async (db, changes) => {
      await write(table, versions, db, new Map())
      return [...changes]
    })
    return imagesOf(db, reader.snapshot, changes)
  }

  /** The key of each version's item. What cannot be written is kept in `failures`. */
  async function write(
    table: Table,
    versions: Versions,
    db: Transaction,
    failures: Map<ItemVersion, Problem>,
  ): Promise<Map<Key, ItemVersion>> {
    const caller: Caller = { access: system, db }
    const writeAll = async (some: Versions) => {
      const [made, changed] = [some.filter(({ item }) => item === null), some.filter(({ item }) => item !== null)]
      const changes = changed.flatMap(({ item, patch }) => (Object.keys(patch).length ? [{ keys: [item!], patch }] : []))
      if (changes.length) await writer.updateEach(table.name, changes, caller)
      const keys = await writer.create(
        table.name,
        made.map(({ patch }) => patch),
        caller,
      )
      return [...changed.map((version) => [version.item!, version] as const), ...made.map((version, i) => [keys[i]!, version] as const)]
    }
    const together = await db.savepoint(() => writeAll(versions)).catch(problemIn)
    if (!(together instanceof Problem)) return new Map(together)
    const items = new Map<Key, ItemVersion>()
    for (const version of versions) {
      const written = await db.savepoint(() => writeAll([version])).catch(problemIn)
      if (written instanceof Problem) failures.set(version, written)
      for (const [key] of written instanceof Problem ? [[version.item]] : written) if (key !== null) items.set(key!, version)
    }
    return items
  }

  async function read(
    { table, key, keys, query }: VersionEvent,
    caller: Caller & { readonly stored: Stored | undefined },
    items: ReadonlyMap<Key, ItemVersion>,
    failures: ReadonlyMap<ItemVersion, Problem>,
    changes: readonly ChangedEvent[],
  ): Promise<{ data: unknown[]; meta?: Item }> {
    const { limit, meta, ...said } = query
    const [name = '', ...others] = table.primaryKey
    const rest = key !== undefined && !others.length && isOnlyOf(name, said.filter) ? { ...said, filter: undefined } : said
    const most = limit || (limit === 0 ? 0 : key !== undefined || keys ? -1 : reader.defaultLimit)
    const asked = { ...rest, limit: most, ...(meta === 'next_cursor' && { meta }) }
    const named = [...items.keys()]
    const answer: { data: Item[] } = JSON.parse(await reader.list(table.name, asked, caller, named))
    const plan = reader.plan(table.name, asked, caller, named)
    if (plan.grouping) return answer
    const created = createdIn(changes)
    // The same rows in the same order, for what is shown need not hold their keys.
    const alike =
      items.size > 1
        ? JSON.parse(await reader.list(table.name, { ...asked, fields: table.primaryKey, alias: {}, deep: {} }, caller, named)).data
        : []
    const byKey = new Map([...items].map(([key, version]) => [String(key), version]))
    const data = answer.data.map((row, i) => {
      const version = items.size > 1 ? byKey.get(String(keyOf(table, alike[i])))! : [...items.values()][0]!
      const failure = failures.get(version)
      const shown = withoutKeys(plan.node, row, created)
      if (!isObject(shown)) return shown
      // A client that chose the keys gets those alone.
      if (plan.typed) return shown
      if (failure) for (const name of table.primaryKey) shown[name] ??= null
      const told = failure && isTold(caller)
      const error = failure && { error: { code: failure.code, status: failure.status, extensions: told ? failure.details : {} } }
      return {
        ...shown,
        ...(told && unwritten(plan.node, version.patch)),
        $meta: { version_id: version.id, ...((!version.saved || told) && { delta: version.saved ?? {} }), ...error },
      }
    })
    return { ...answer, data }
  }

  /** Counts are of the items as they are. */
  async function countsOf({ table, query, caller }: VersionEvent): Promise<Item> {
    return JSON.parse(await reader.list(table.name, { ...query, limit: 0, offset: 0, page: undefined, export: undefined }, caller)).meta
  }

  /** The item with what was saved of it, in the form in which it was saved. */
  async function rawOf({ table, key, query, caller }: VersionEvent, version: ItemVersion | undefined): Promise<Item> {
    const text = key === undefined ? await reader.list(table.name, query, caller) : await reader.one(table.name, key, query, caller)
    const main: Item = JSON.parse(text).data
    if (!version || !Object.keys(version.patch).length) return main
    const seen = reader.plan(table.name, {}, caller).node.selections.map((selection) => selection.key)
    const [name, ...others] = table.primaryKey
    const saved: Item = { ...(name !== undefined && !others.length && { [name]: version.item }), ...version.patch }
    return { ...main, ...Object.fromEntries(Object.entries(saved).filter(([name]) => seen.includes(name))) }
  }
}

/** Nobody has checked what others may see of it. */
const isTold = ({ access }: Caller): boolean => access === system || access.admin

/** What a node would show of a change that cannot be written: plain values, as they were saved. What leads elsewhere stays as it is. */
function unwritten({ table, selections }: ReadNode, patch: Item): Item {
  const plain = selections.flatMap((one) => {
    const name = one.kind === 'column' && !one.place.fn ? one.place.field.name : undefined
    return name !== undefined && Object.hasOwn(patch, name) && !table.links.has(name) ? [[one.key, patch[name]] as const] : []
  })
  return Object.fromEntries(plain)
}

/** What a write was refused with. Anything else is thrown on. */
function problemIn(thrown: unknown): Problem {
  const [first] = thrown instanceof AggregateError ? thrown.errors : [thrown]
  if (first instanceof Problem && first.status < 500) return first
  throw thrown
}

function createdIn(changes: readonly ChangedEvent[]): Created {
  const created = new Map<string, Set<string>>()
  for (const { action, table, keys } of changes) {
    if (action !== 'create') continue
    const known = created.get(table.name) ?? new Set()
    for (const key of keys) known.add(String(key))
    created.set(table.name, known)
  }
  return created
}

/** A row as a node shows it, or a bare key, with null for the keys of items that were created. */
function withoutKeys({ table, selections }: ReadNode, row: unknown, created: Created): unknown {
  if (!isObject(row)) return isCreated(created, table.name, row) ? null : row
  const entries = selections.map((selection) => [selection.key, shown(table, selection, row[selection.key], created)] as const)
  return { ...row, ...Object.fromEntries(entries) }
}

function shown(table: Table, selection: Selection, value: unknown, created: Created): unknown {
  switch (selection.kind) {
    case 'column': {
      const { field, fn } = selection.place
      const link = table.links.get(field.name)
      const targets = table.primaryKey.includes(field.name)
        ? [table.name]
        : link?.kind === 'm2o'
          ? [link.target]
          : link?.kind === 'm2a'
            ? link.targets
            : []
      return !fn && targets.some((target) => isCreated(created, target, value)) ? null : value
    }
    case 'constant':
      return value
    case 'one':
    case 'object':
      return withoutKeys(selection.node, value, created)
    case 'many':
      return selection.rows.grouping || !Array.isArray(value) ? value : value.map((row) => withoutKeys(selection.rows.node, row, created))
    case 'any': {
      const node = selection.nodes.find(({ node }) =>
        isObject(value)
          ? node.selections.every(({ key }) => Object.hasOwn(value, key)) && node.selections.length
          : isCreated(created, node.table.name, value),
      )
      return node ? withoutKeys(node.node, value, created) : value
    }
  }
}

const isCreated = (created: Created, name: string, key: unknown): boolean => created.get(name)?.has(String(key)) ?? false

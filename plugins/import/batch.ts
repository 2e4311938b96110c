/**
 * Items of several collections from one file, whose keys lead to each other: in the order of what depends on what, and with new keys where theirs count up
 * or are taken. All or none.
 */
import { isObject, problems, system, type Table } from 'plinth'
import type { Caller, Change, Item, Items, Key } from 'plinth/items'
import * as v from 'valibot'
import { inOrder, type Reference, referencesOf } from './order.ts'

export const Parts = v.pipe(
  v.array(
    v.object(
      {
        collection: v.string('"collection" must be a text.'),
        items: v.array(v.custom<Item>(isObject, 'Items must be objects.'), '"items" must be a list.'),
      },
      'The list must hold objects with "collection" and "items".',
    ),
    'Send a list of objects with "collection" and "items".',
  ),
  v.minLength(1, 'The list is empty.'),
)

const modes = ['add', 'merge'] as const

export interface Plan {
  readonly parts: v.InferOutput<typeof Parts>
  /** `add` makes new items; `merge` changes those whose key is there. */
  readonly mode: (typeof modes)[number]
  /** Nothing is kept. */
  readonly dry: boolean
  /** Items that the file has not are deleted. */
  readonly deletes: boolean
}

/** What became of one collection. */
interface Outcome {
  readonly existing: Key[]
  readonly new: Key[]
  readonly deleted: Key[]
  /** Key in the file → key of the item that was made of it. */
  readonly mapped: Record<string, Key>
}

/** @throws INVALID_PAYLOAD, INVALID_QUERY */
export function toPlan(sent: unknown, query: Readonly<Record<string, string[]>>): Plan {
  const { success, output: parts, issues } = v.safeParse(Parts, sent)
  if (!success) throw problems.INVALID_PAYLOAD(issues[0].message)
  const names = parts.map(({ collection }) => collection)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw problems.INVALID_PAYLOAD(`The collection "${twice}" stands in the file twice.`)
  const flag = (name: string): boolean => {
    const [value] = query[name] ?? ['false']
    if (!/^(|true|1|false|0)$/.test(value!)) throw problems.INVALID_QUERY(`"${name}" must be true or false.`)
    return !/^(false|0)$/.test(value!)
  }
  const mode = modes.find((one) => one === (query.mode?.[0] ?? 'add'))
  if (!mode) throw problems.INVALID_QUERY(`"mode" must be one of ${modes.join(', ')}.`)
  const deletes = flag('dangerouslyAllowDelete')
  if (deletes && mode !== 'merge') throw problems.INVALID_QUERY('"dangerouslyAllowDelete" goes with "mode=merge" alone.')
  return { parts, mode, deletes, dry: flag('dryRun') }
}

/** @throws Problem or AggregateError */
export async function importParts(items: Items, plan: Plan, caller: Caller): Promise<Record<string, Outcome>> {
  const undo = new Error('A dry run is undone')
  let outcomes: Record<string, Outcome> = {}
  const run = async (inside: Caller) => {
    outcomes = await new Batch(items, plan, inside).run()
    if (plan.dry) throw undo
  }
  await items.within(caller, run).catch((error: unknown) => {
    if (error !== undo) throw error
  })
  return outcomes
}

class Batch {
  readonly #items: Items
  readonly #plan: Plan
  readonly #inside: Caller
  readonly #tables: ReadonlyMap<string, Table>
  readonly #outcomes = new Map<string, Outcome>()
  /** References that can be written only when all items are there. */
  readonly #late: { table: Table; reference: Reference; item: Item; key: Key }[] = []

  constructor(items: Items, plan: Plan, inside: Caller) {
    this.#items = items
    this.#plan = plan
    this.#inside = inside
    const { known } = items.visible(inside.access)
    this.#tables = new Map(plan.parts.map(({ collection }) => [collection, known.get(collection)!]))
  }

  async run(): Promise<Record<string, Outcome>> {
    const { parts, deletes } = this.#plan
    for (const { collection, items } of parts) checkFlat(this.#tables.get(collection)!, items)
    const { order, late } = inOrder([...this.#tables.values()])
    const given = new Map(parts.map(({ collection, items }) => [collection, items]))
    for (const table of order) await this.#save(table, given.get(table.name)!, late)
    for (const { table, reference, item, key } of this.#late) {
      const patch = { [reference.field]: this.#lead(reference, item) }
      await this.#items.updateEach(table.name, [{ keys: [key], patch }], this.#inside)
    }
    if (deletes) for (const table of order.toReversed()) await this.#deleteOthers(table)
    return Object.fromEntries(parts.map(({ collection }) => [collection, this.#outcomes.get(collection)!]))
  }

  async #save(table: Table, given: readonly Item[], late: ReadonlySet<Reference>): Promise<void> {
    const outcome: Outcome = { existing: [], new: [], deleted: [], mapped: {} }
    this.#outcomes.set(table.name, outcome)
    const key = keyOf(table)
    const { autoIncrement = false } = table.columns.get(key) ?? {}
    const merges = this.#plan.mode === 'merge'
    const references = referencesOf(table)
    const there = merges || !autoIncrement ? await this.#keysThere(table, key, given) : new Set<string>()
    const fresh: { item: Item; from: Item }[] = []
    let changes: { change: Change; from: Item }[] = []
    const flush = async () => {
      if (changes.length)
        await this.#items.updateEach(
          table.name,
          changes.map(({ change }) => change),
          this.#inside,
        )
      changes = []
    }

    for (const from of given) {
      const item: Item = Object.fromEntries(Object.entries(from).filter(([name]) => table.fields.has(name)))
      for (const reference of references) {
        if (isEmpty(item[reference.field])) continue
        if (late.has(reference)) delete item[reference.field]
        else item[reference.field] = this.#lead(reference, item)
      }
      const { [key]: own, ...rest } = item
      if (!isEmpty(own) && merges && there.has(String(own))) {
        if (changes.some(({ change }) => String(change.keys[0]) === String(own))) await flush()
        changes.push({ change: { keys: [own as Key], patch: rest }, from })
        outcome.existing.push(own as Key)
        this.#remember(table, late, from, own as Key)
      } else if (autoIncrement || isEmpty(own)) fresh.push({ item: rest, from })
      else if (merges || !there.has(String(own))) {
        fresh.push({ item, from })
        there.add(String(own))
      } else if (table.fields.get(key)?.type === 'uuid') fresh.push({ item: { ...item, [key]: crypto.randomUUID() }, from })
      else throw problems.INVALID_PAYLOAD(`The key "${own}" of "${table.name}" is taken, and only keys that are UUIDs are made anew.`)
    }
    await flush()
    if (!fresh.length) return
    const made = await this.#items.create(
      table.name,
      fresh.map(({ item }) => item),
      this.#inside,
    )
    for (const [i, { from }] of fresh.entries()) {
      outcome.new.push(made[i]!)
      const before = from[key]
      if (!isEmpty(before) && String(before) !== String(made[i])) outcome.mapped[String(before)] = made[i]!
      this.#remember(table, late, from, made[i]!)
    }
  }

  #remember(table: Table, late: ReadonlySet<Reference>, item: Item, key: Key): void {
    for (const reference of referencesOf(table)) {
      if (late.has(reference) && !isEmpty(item[reference.field])) this.#late.push({ table, reference, item, key })
    }
  }

  /** The value of a reference, where the item that it leads to has another key than in the file. */
  #lead({ field, targetOf }: Reference, item: Item): unknown {
    const { mapped = {} } = this.#outcomes.get(targetOf(item)) ?? {}
    const value = item[field]
    return Object.hasOwn(mapped, String(value)) ? mapped[String(value)] : value
  }

  /** Whether an item is there does not depend on who sees it. */
  async #keysThere(table: Table, key: string, given: readonly Item[]): Promise<Set<string>> {
    const keys = given.map((item) => item[key]).filter((value) => !isEmpty(value))
    if (!keys.length) return new Set()
    const query = { fields: [key], filter: { [key]: { _in: keys } }, limit: -1 }
    const found = await this.#items.list(table.name, query, { access: system, db: this.#inside.db })
    return new Set(found.map((row) => String(row[key])))
  }

  async #deleteOthers(table: Table): Promise<void> {
    const outcome = this.#outcomes.get(table.name)!
    const key = keyOf(table)
    const kept = [...outcome.existing, ...outcome.new]
    const filter = kept.length ? { [key]: { _nin: kept } } : {}
    const others = await this.#items.list(table.name, { fields: [key], filter, sort: [key], limit: -1 }, this.#inside)
    const keys = others.map((row) => row[key] as Key)
    if (keys.length) outcome.deleted.push(...(await this.#items.delete(table.name, keys, this.#inside)))
  }
}

const isEmpty = (value: unknown): value is null | undefined => value === null || value === undefined

/** @throws INVALID_PAYLOAD */
function keyOf({ name, primaryKey, singleton }: Table): string {
  const [key, ...more] = primaryKey
  if (key === undefined || more.length || singleton) throw problems.INVALID_PAYLOAD(`"${name}" has no items with a key of one column.`)
  return key
}

/** @throws INVALID_PAYLOAD for items that hold others: those have a collection of their own in the file. */
function checkFlat(table: Table, items: readonly Item[]): void {
  for (const { field, kind } of table.links.values()) {
    const holds = (value: unknown): boolean => (kind === 'o2m' && Array.isArray(value) ? value.some(isObject) : isObject(value))
    if (items.some((item) => holds(item[field]))) {
      throw problems.INVALID_PAYLOAD(`"${field}" of "${table.name}" holds items: give their keys, and the items in a part of their own.`)
    }
  }
}

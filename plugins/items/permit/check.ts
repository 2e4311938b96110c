/** Rows and links of a write, looked at inside its transaction: may they be touched, and do they stay within what may be touched? */
import { type Access, problems, type Queryable, quoteName, quoteTable, type Snapshot, type Table } from 'plinth'
import type { Change, Item, Key } from '../api.ts'
import { bind } from '../bind.ts'
import { castType, keyLists } from '../keys.ts'
import { fromText, ruleTexts } from '../sql/source.ts'
import { Writer } from '../sql/writer.ts'
import { isTime, resolveTime } from '../values.ts'
import { faultsOf, hasPattern, variablesIn } from '../write/rules.ts'
import { patternMatcher, storedIn } from '../write/validation.ts'
import { withoutRelated } from './related.ts'
import { checkNames, presetsOf, touchesAll, type WriteGrant, type WriteRules } from './writing.ts'

export interface Scene {
  readonly db: Queryable
  readonly access: Access
  readonly snapshot: Snapshot
  /** The schema as the caller may read it. */
  readonly seen: Snapshot
  /** What a name such as `$CURRENT_USER.email` stands for. */
  variable(name: string): Promise<unknown>
}

const refused = () => problems.FORBIDDEN('There is no such item, or it is not yours to change.')

/** One action of a caller in one table. */
export class Check {
  readonly #scene: Scene
  readonly #rules: WriteRules

  constructor(scene: Scene, rules: WriteRules) {
    this.#scene = scene
    this.#rules = rules
  }

  /**
   * Of items to be created: names, and rows that they shall point at. `given` is the field that the request's own nesting fills.
   * @throws FORBIDDEN
   */
  async sent(items: readonly Item[], given?: string): Promise<void> {
    const { table, grants } = this.#rules
    for (const item of items) checkNames(table, namesIn(item), grants)
    await this.#links(
      items.map((item) => ({ item, stored: undefined })),
      given,
    )
  }

  /** What rows get that leave it out. */
  presets(): Promise<Item> {
    return this.#resolved(presetsOf(this.#rules.grants))
  }

  /** @throws FAILED_VALIDATION for all that is wrong with the first item that does not pass. `path` leads to the items in the payload. */
  async valid(items: readonly Item[], path: readonly string[]): Promise<void> {
    const { table, validations } = this.#rules
    if (!validations.length) return
    const variables = new Map<string, unknown>()
    for (const name of variablesIn(validations)) variables.set(name, await this.#scene.variable(name))
    const matches = hasPattern(validations) ? await patternMatcher() : () => true
    const context = { variables, matches, now: new Date(), stored: storedIn(table) }
    const rules = await Promise.all(validations.map((rule) => withoutRelated(this.#scene, table, rule, items)))
    for (const [i, item] of items.entries()) {
      const faults = rules.flatMap((each) => faultsOf(each[i], item, context, path))
      if (faults.length) throw new AggregateError(faults)
    }
  }

  /**
   * The changes, parted where rows get different presets, and what each of them gets.
   * @throws FORBIDDEN for a row that is not there or may not be changed so.
   */
  async changes(changes: readonly Change[], given?: string): Promise<{ change: Change; presets: Item }[]> {
    const { table, grants } = this.#rules
    const linked = changes.some(({ patch }) => Object.keys(patch).some((name) => table.links.has(name)))
    const [only, ...others] = grants
    if (!others.length && !only!.filter && !linked) {
      for (const { patch } of changes) checkNames(table, namesIn(patch), grants)
      const presets = await this.#resolved(only!.presets)
      return changes.map((change) => ({ change, presets }))
    }
    const rows = await this.#rows(
      changes.flatMap(({ keys }) => keys),
      linked,
    )
    let next = 0
    const parted: { change: Change; grants: readonly WriteGrant[] }[] = []
    const links: { item: Item; stored: Item | undefined }[] = []
    for (const { keys, patch } of changes) {
      const byGrants = new Map<string, { keys: Key[]; grants: readonly WriteGrant[] }>()
      for (const key of keys) {
        const row = rows[next++]
        if (!row?.grants.length) throw refused()
        checkNames(table, namesIn(patch), row.grants)
        links.push({ item: patch, stored: row.stored })
        const id = JSON.stringify(presetsOf(row.grants))
        const part = byGrants.get(id) ?? { keys: [], grants: row.grants }
        part.keys.push(key)
        byGrants.set(id, part)
      }
      // Handlers change patches, so no two changes may share one.
      for (const [i, part] of [...byGrants.values()].entries())
        parted.push({ change: { keys: part.keys, patch: i ? structuredClone(patch) : patch }, grants: part.grants })
    }
    await this.#links(links, given)
    return Promise.all(parted.map(async ({ change, grants }) => ({ change, presets: await this.#resolved(presetsOf(grants)) })))
  }

  /** @throws FORBIDDEN unless each of the rows is there and may be touched. */
  async touch(keys: readonly unknown[]): Promise<void> {
    if (!keys.length) return
    for (const row of await this.#rows(keys, false)) if (!row?.grants.length) throw refused()
  }

  /** Once all is written: rows must be such as may be written. What is gone by then is not looked at. */
  async stand(keys: readonly Key[]): Promise<void> {
    if (touchesAll(this.#rules) || !keys.length) return
    for (const row of await this.#rows(keys, false)) if (row && !row.grants.length) throw refused()
  }

  /** SQL that is true for a `row` in which `field` may be written, with the joins that this takes. @throws FORBIDDEN where it may be in none. */
  mayWrite(field: string, writer: Writer, row: string): { joins: string; where: string } {
    const { table, grants } = this.#rules
    checkNames(table, [field], grants)
    const { seen, joins } = ruleTexts(writer, table, this.#rules.conditions(), row)
    const able = seen.filter((_, i) => grants[i]!.fields?.has(field) ?? true)
    return { joins, where: able.map((text) => `(${text})`).join(' or ') }
  }

  /** For each key the grants that cover its row; nothing is locked. */
  async covering(keys: readonly unknown[]): Promise<(readonly WriteGrant[] | undefined)[]> {
    return (await this.#rows(keys, false, false)).map((row) => row?.grants)
  }

  async #resolved(presets: Item): Promise<Item> {
    const held = new Map<string, unknown>()
    for (const name of variablesIn(presets)) held.set(name, await this.#scene.variable(name))
    return replaced(presets, held, new Date()) as Item
  }

  /** For each key the grants that cover its row, and what its links hold; locked, the rows stay as they are until the transaction ends. */
  async #rows(
    keys: readonly unknown[],
    linked: boolean,
    locked = true,
  ): Promise<({ readonly grants: readonly WriteGrant[]; readonly stored: Item } | undefined)[]> {
    const { table, grants } = this.#rules
    const { db, access } = this.#scene
    const lists = keyLists(table, keys)
    const writer = new Writer([], Number.POSITIVE_INFINITY)
    const named = table.primaryKey.map(
      (name, part) => `${writer.parameter({ kind: 'key', part })}::${castType(table.columns.get(name)!)}[]`,
    )
    const { seen, joins } = ruleTexts(writer, table, this.#rules.conditions(), 't')
    const columns = [
      'k."#"::integer as "#"',
      ...seen.map((text, i) => `(${text}) as "${i}"`),
      ...(linked ? linkColumns(table).map((name) => `t.${quoteName(name)}::text as ${quoteName(`=${name}`)}`) : []),
    ]
    const same = table.primaryKey.map((name, part) => `t.${quoteName(name)} = k.k${part}`).join(' and ')
    const text =
      `select ${columns.join(', ')} from unnest(${named.join(', ')}) with ordinality k(${table.primaryKey.map((_, part) => `k${part}`).join(', ')}, "#") ` +
      `join ${quoteTable(table)} t on ${same}${joins}${locked && table.kind === 'table' ? ' for update of t' : ''}`
    const found = await db.query<Item>(text, bind(writer.done(text), { access, key: lists }))
    const byPlace = new Map(found.map((row) => [row['#'], row]))
    return keys.map((_, i) => {
      const row = byPlace.get(i + 1)
      return row && { grants: grants.filter((_, n) => row[n] === true), stored: row }
    })
  }

  /** A link that stands already need not be seen. */
  async #links(rows: readonly { item: Item; stored: Item | undefined }[], given: string | undefined): Promise<void> {
    const { table } = this.#rules
    const wanted = new Map<string, { target: Table; column: string | undefined; keys: Set<unknown> }>()
    for (const { item, stored } of rows) {
      for (const [name, value] of Object.entries(item)) {
        const link = isLink(table, name)
        if (!link || name === given || value === null || typeof value === 'object') continue
        if (stored && String(stored[`=${name}`]) === String(value)) continue
        const collection = link.kind === 'm2o' ? link.target : (item[link.collectionField] ?? stored?.[`=${link.collectionField}`])
        if (typeof collection !== 'string') continue
        const target = this.#scene.snapshot.tables.get(collection)
        if (!target) continue
        const column = link.kind === 'm2o' && !target.primaryKey.includes(link.targetField) ? link.targetField : undefined
        const id = `${collection} ${column}`
        const one = wanted.get(id) ?? { target, column, keys: new Set() }
        one.keys.add(value)
        wanted.set(id, one)
      }
    }
    for (const { target, column, keys } of wanted.values()) await checkSeen(this.#scene, target, [...keys], column)
  }
}

/**
 * Rows that shall be pointed at by their keys, or by the values of another column.
 * @throws FORBIDDEN when the caller does not see one of them by that key: the same as for a key that no row has.
 */
export async function checkSeen({ db, access, seen }: Scene, { name }: Table, keys: readonly unknown[], column?: string): Promise<void> {
  if (!keys.length) return
  const table = seen.tables.get(name)
  if (!table) throw refused()
  const writer = new Writer([], Number.POSITIVE_INFINITY)
  const list = writer.parameter({ kind: 'key', part: 0 })
  const by = column ?? table.primaryKey[0]
  // Whoever does not see keys cannot find out by pointing which there are.
  if (by === undefined || !table.fields.has(by) || (column === undefined && table.primaryKey.length > 1)) throw refused()
  const type = castType(table.columns.get(by)!)
  const source = fromText(writer, table)
  const [held, sought] = column ? [`s.${quoteName(by)}::text`, 'text'] : [`s.${quoteName(by)}`, type]
  const text = `select exists (select from unnest(${list}::${sought}[]) k where not exists (select from ${source} s where ${held} = k))::text`
  const lists = column ? [keys.map(String)] : keyLists(table, keys)
  if ((await db.text(text, bind(writer.done(text), { access, key: lists }))) === 'true') throw refused()
}

/**
 * For each key whether the caller may read its row by it, or rules of a writing action cover it (null: they cover all). What is neither is for
 * them as if it were not there, so that no answer depends on it.
 */
export async function knownRows(
  { db, access, seen }: Scene,
  table: Table,
  rules: WriteRules | null | undefined,
  keys: readonly unknown[],
): Promise<readonly boolean[]> {
  const readable = seen.tables.get(table.name)
  const named = table.primaryKey
  const writer = new Writer([], Number.POSITIVE_INFINITY)
  const lists = named.map((name, part) => `${writer.parameter({ kind: 'key', part })}::${castType(table.columns.get(name)!)}[]`)
  const sameKey = (row: string) => named.map((name, part) => `${row}.${quoteName(name)} = k.k${part}`).join(' and ')
  const ways: string[] = []
  if (readable && named.every((name) => readable.fields.has(name)))
    ways.push(`exists (select from ${fromText(writer, readable)} s where ${sameKey('s')})`)
  if (rules === null) ways.push('true')
  else if (rules) {
    const { seen: covered, joins } = ruleTexts(writer, table, rules.conditions(), 't')
    ways.push(`exists (select from ${quoteTable(table)} t${joins} where ${sameKey('t')} and (${covered.join(' or ')}))`)
  }
  const text =
    `select (${ways.join(' or ') || 'false'}) as known from unnest(${lists.join(', ')}) with ordinality ` +
    `k(${[...named.map((_, part) => `k${part}`), '"#"'].join(', ')}) order by k."#"`
  const found = await db.query<{ known: boolean }>(text, bind(writer.done(text), { access, key: keyLists(table, keys) }))
  return found.map(({ known }) => known)
}

/** Null and what is left out are names as others are. */
const namesIn = (item: Item): string[] => Object.keys(item).filter((name) => item[name] !== undefined)

export function fillIn(item: Item, presets: Item): void {
  for (const [name, value] of Object.entries(presets)) if (item[name] === undefined) item[name] = structuredClone(value)
}

/** A copy in which names stand for something no more. */
function replaced(value: unknown, held: ReadonlyMap<string, unknown>, now: Date): unknown {
  if (typeof value === 'string') return held.has(value) ? held.get(value) : isTime(value) ? resolveTime(value, now).toISOString() : value
  if (Array.isArray(value)) return value.map((inner) => replaced(inner, held, now))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner, held, now)]))
}

function isLink(table: Table, name: string) {
  const link = table.pointsAnywhere?.includes(name) ? undefined : table.links.get(name)
  return link && link.kind !== 'o2m' ? link : undefined
}

const linkColumns = (table: Table): string[] => [
  ...new Set(
    [...table.links.values()].flatMap((link) =>
      link.kind === 'o2m' ? [] : link.kind === 'm2a' ? [link.field, link.collectionField] : [link.field],
    ),
  ),
]

/** Reads: a query becomes a statement once, then only its values change. Plans live as long as the Snapshot they were made for. */
import { LRUCache } from 'lru-cache'
import {
  type Access,
  type Database,
  DatabaseError,
  type Host,
  type Parameter,
  problems,
  type Queryable,
  quoteName,
  quoteTable,
  type Snapshot,
  system,
  type Table,
} from 'plinth'
import { type Caller, type Item, itemsRead, itemsVersion, type QueryInput, type VersionEvent } from './api.ts'
import { type Batch, bind, rawOf } from './bind.ts'
import { brokenCursor, checkCursor } from './cursor.ts'
import { keyLists, keyParameters } from './keys.ts'
import { upToDate } from './outdated.ts'
import { type Limits, parseQuery } from './parse.ts'
import type { Stored } from './permit/stored.ts'
import type { Permit, Permits } from './permit.ts'
import { missingField, tableOf } from './place.ts'
import { planRead, type ReadPlan } from './plan.ts'
import type { PageShape, Query } from './query.ts'
import { parseQueryString } from './query-string.ts'
import type { Statement } from './sql/writer.ts'
import { type AnswerForm, compileBatch, compileRead } from './sql.ts'
import { isTime } from './values.ts'
import { hasVersions, versionOf } from './versions.ts'

export interface ReadLimits extends Limits {
  readonly selections: number
  readonly relations: number
  /** Bytes of one answer. */
  readonly response: number
}

interface Compiled {
  readonly plan: ReadPlan
  readonly statement: Statement
  /** Whether its best plan hangs on the values: see `QueryOptions`. */
  readonly replan: boolean
}

/** A query text seen before: nothing of it need be parsed again. */
interface Known {
  readonly query: Query
  readonly compiled: Compiled
  /** Ready parameters, where none depends on the request. */
  readonly fixed: readonly Parameter[] | null
}

/** A caller; amidst a write that will be undone, with what it does. */
interface Reading extends Caller {
  readonly stored?: Stored | undefined
}

/** Which part of a list: all of it, or a batch at its start or behind another one. */
type Part = 'whole' | 'start' | 'behind'

/**
 * Rows: the first batch; the most that one may have. Characters: what a batch should come to, so wide rows come in fewer at a time. Five times as
 * many are no faster, and a million rows then take up to 260 MB instead of 210, of which 105 are the idle process.
 */
const batches = { first: 500, most: 5000, characters: 100_000 } as const

export class Reader {
  readonly #host: Host
  readonly #limits: ReadLimits
  readonly #permits: Permits
  #snapshot: Snapshot
  readonly #byText = new LRUCache<string, Known>({ max: 2000 })
  readonly #byShape = new LRUCache<string, Compiled>({ max: 1000 })

  constructor(host: Host, permits: Permits, limits: ReadLimits) {
    this.#host = host
    this.#permits = permits
    this.#limits = limits
    this.#snapshot = host.registry.snapshot
  }

  /** Rows of a list that does not say how many; -1 for all. */
  get defaultLimit(): number {
    return this.#limits.defaultLimit
  }

  /** Rows that one list may have; -1 for any number. */
  get mostRows(): number {
    return this.#limits.maxLimit
  }

  get snapshot(): Snapshot {
    return this.#current()
  }

  /** With `keys`: the rows among them that there are. */
  async list(collection: string, input: QueryInput, caller: Reading, keys?: readonly unknown[]): Promise<string> {
    return this.#upToDate(caller, async () => {
      const { table, known } = this.#prepare(collection, input, caller, keys ? 'keys' : 'list')
      const { version } = known.query
      if (version !== null) return this.#ofVersion(version, table, input, caller, { keys })
      const text = await this.#run(known, caller, keys ? keyLists(table, keys) : [])
      const { page } = known.query.shape
      return page ? this.#shownPage(table, text!, page, caller.access) : this.#shown(table, text!, caller.access)
    })
  }

  /** Every row of a list of any length, a batch at a time in the list's order: each is a statement of its own, so nothing is held for a slow reader. */
  async *batches(collection: string, input: QueryInput, caller: Caller, keys?: readonly unknown[]): AsyncGenerator<readonly Item[]> {
    const { query, compiled } = this.#prepare(collection, input, caller, keys ? 'keys' : 'list').known
    const { plan } = compiled
    // Without a key no order is total: there is no telling where a batch ended.
    if (plan.grouping || !plan.table.primaryKey.length || query.version !== null)
      return yield JSON.parse(await this.list(collection, input, caller, keys)).data
    let left = plan.limit ?? Number.POSITIVE_INFINITY
    // A character may take four bytes.
    const aim = Math.min(batches.characters, this.#limits.response / 4)
    let size: number = batches.first
    let last: readonly (string | null)[] | null = null
    while (left > 0) {
      const batch: Batch = { size: Math.min(size, left), last: last ?? [] }
      const part = last ? 'behind' : 'start'
      const text = await this.#upToDate(caller, async () => {
        const { table, known } = this.#prepare(collection, input, caller, keys ? 'keys' : 'list', part)
        return await this.#text(known, caller, keys ? keyLists(table, keys) : [], batch)
      })
      if (!text) {
        if (batch.size === 1) throw this.#tooLarge('A row', 'ask for fewer "fields"')
        size = Math.ceil(batch.size / 10)
        continue
      }
      const found: { data: Item[]; last: (string | null)[] } = JSON.parse(text)
      yield await this.#handled(plan.table, found.data, caller.access)
      if (found.data.length < batch.size) return
      left -= batch.size
      last = found.last
      size = Math.max(1, Math.min(batches.most, Math.floor((batch.size * aim) / text.length)))
    }
  }

  /** Whether which rows somebody reads, or what of them, hangs on what they hold. */
  isNarrow(access: Access): boolean {
    return this.#permits.of(access, this.#current()).narrow
  }

  /** What a list is made of. */
  plan(collection: string, input: QueryInput, caller: Reading, keys?: readonly unknown[]): ReadPlan {
    return this.#prepare(collection, input, caller, keys ? 'keys' : 'list').known.compiled.plan
  }

  /** Whether rows may be changed on their way out. */
  get handled(): boolean {
    return this.#host.hooked(itemsRead)
  }

  /** What a query asks for instead of an answer: a file, or an explanation. */
  wishOf(input: QueryInput): Pick<Query, 'export' | 'explain'> | null {
    const named = typeof input === 'string' ? /explain|export/.test(input) : input.export !== undefined || input.explain !== undefined
    if (!named) return null
    const query = parseQuery(input, this.#limits)
    return query.export || query.explain ? query : null
  }

  /**
   * What a read would send, and how PostgreSQL would find the answer, as JSON text: `{"data":{"statement","parameters","plan"}}`.
   * @throws FORBIDDEN for all but administrators: a plan tells of rows that others may not see.
   */
  async explain(
    collection: string,
    input: QueryInput,
    caller: Caller,
    { key, keys }: { key?: unknown; keys?: readonly unknown[] | undefined },
  ): Promise<string> {
    if (caller.access !== system && !caller.access.admin) throw problems.FORBIDDEN('"explain" is for administrators.')
    return this.#upToDate(caller, async () => {
      const { table, known } = this.#prepare(collection, input, caller, key !== undefined ? 'one' : keys ? 'keys' : 'list')
      const { query, compiled } = known
      const { text } = compiled.statement
      const named = key !== undefined ? keyParameters(table, key) : keys ? keyLists(table, keys) : []
      const parameters = bind(compiled.statement, { ...query, key: named, access: caller.access })
      const how = query.explain === 'analyze' ? 'analyze, buffers, format json' : 'format json'
      const plan = await this.#host.db.text(`explain (${how}) ${text}`, parameters, { gone: caller.gone, replan: true })
      return JSON.stringify({ data: { statement: text, parameters, plan: JSON.parse(plan!)[0] } })
    })
  }

  /** Refuses a query before anything is written whose answer would need it. @throws INVALID_QUERY */
  check(input: QueryInput): void {
    if (input !== '') parseQuery(input, this.#limits)
  }

  /** @throws FORBIDDEN when there is no such row, or it is not allowed. */
  async one(collection: string, key: unknown, input: QueryInput, caller: Caller): Promise<string> {
    return (await this.versioned(collection, key, input, caller)).text
  }

  /** The same, and the version of the item; null where it has none. */
  async versioned(collection: string, key: unknown, input: QueryInput, caller: Caller): Promise<{ text: string; version: string | null }> {
    return this.#upToDate(caller, async () => {
      const { table, known } = this.#prepare(collection, input, caller, 'one')
      const named = known.query.version
      if (named !== null) return { text: await this.#ofVersion(named, table, input, caller, { key }), version: null }
      const found = await this.#text(known, caller, keyParameters(table, key))
      if (found === null) throw this.#tooLarge('The item', 'ask for fewer "fields"')
      if (!found) throw missingItem()
      const end = found.indexOf('\n')
      return { text: await this.#shown(table, found.slice(end + 1), caller.access), version: found.slice(0, end) || null }
    })
  }

  /** Without anybody who knows the version there is no such row, and a list is empty. */
  async #ofVersion(
    version: string,
    table: Table,
    input: QueryInput,
    caller: Caller,
    which: Pick<VersionEvent, 'key'> | Pick<VersionEvent, 'keys'>,
  ): Promise<string> {
    const { version: _, versionRaw, ...query } = typeof input === 'string' ? parseQueryString(input) : input
    const raw = ('key' in which || (table.singleton && !which.keys)) && (versionRaw === true || versionRaw === 'true' || versionRaw === '')
    const event: VersionEvent = { key: undefined, keys: undefined, ...which, table, version, raw, query, caller, answer: undefined }
    await this.#host.run(itemsVersion, event)
    if (event.answer !== undefined) return event.answer
    if (event.key !== undefined || table.singleton) throw missingItem()
    return this.list(table.name, { ...query, limit: 0 }, caller, event.keys)
  }

  /** A transaction that has met an error is over: only who began it can try again. */
  async #upToDate<T>(caller: Caller, read: () => Promise<T>): Promise<T> {
    try {
      return await (caller.db ? read() : upToDate(this.#host.registry, read))
    } catch (thrown) {
      // Some types have no order and some no equality; only the database knows of which that is true.
      throw thrown instanceof DatabaseError && thrown.state === '42883'
        ? problems.INVALID_QUERY('The database cannot sort or compare by such a column.', {}, thrown)
        : thrown
    }
  }

  /** Plans are the snapshot's: a new one starts with empty caches. */
  #current(): Snapshot {
    const { snapshot } = this.#host.registry
    if (snapshot !== this.#snapshot) {
      this.#snapshot = snapshot
      this.#byText.clear()
      this.#byShape.clear()
    }
    return snapshot
  }

  /** What is wrong with the query itself is told first, whoever asks: it says nothing of what there is. */
  #permit({ access, stored }: Reading, collection: string, input: QueryInput): Permit {
    try {
      return this.#permits.authorise(access, this.#current(), 'read', collection, stored)
    } catch (refusal) {
      this.check(input)
      throw refusal
    }
  }

  #prepare(
    collection: string,
    input: QueryInput,
    caller: Reading,
    form: 'list' | 'keys' | 'one',
    part: Part = 'whole',
  ): { table: Table; known: Known } {
    const { seen: snapshot, fingerprint } = this.#permit(caller, collection, input)
    const table = tableOf(snapshot, collection)
    if (form !== 'list') checkKeySeen(table)
    const answer: AnswerForm = form === 'list' && table.singleton ? 'singleton' : form
    const place = `${collection}\n${answer}\n${part}\n${fingerprint}\n`
    const text = typeof input === 'string' && input.length <= 4096 ? place + input : undefined
    const seen = text === undefined ? undefined : this.#byText.get(text)
    if (seen) return { table, known: seen }

    const [key, ...others] = form === 'one' ? table.primaryKey : []
    const query = parseQuery(input, this.#limits, others.length ? undefined : key)
    const shape = place + JSON.stringify(query.shape)
    let compiled = this.#byShape.get(shape)
    if (!compiled) {
      // Whoever names the keys gets them all: the default limit is for lists of unknown length.
      const limit = query.shape.limit ?? (form === 'keys' ? -1 : null)
      const plan = planRead(snapshot, table, { ...query.shape, limit }, this.#limits)
      const { relations } = this.#limits
      const statement =
        part === 'whole' || form === 'one' ? compileRead(plan, answer, relations) : compileBatch(plan, form, part === 'behind', relations)
      compiled = {
        plan,
        statement: bounded(statement, this.#limits.response, form === 'one' ? versionBefore(table, statement) : ''),
        replan: plan.slots.some(({ operator }) => isPattern(operator)),
      }
      this.#byShape.set(shape, compiled)
    }
    if (query.cursor && form !== 'one') checkCursor(query.cursor, compiled.plan.order)
    const fixed =
      form === 'list' && part === 'whole' && isFixed(compiled, query) ? bind(compiled.statement, { ...query, access: caller.access }) : null
    const known = { query, compiled, fixed }
    if (text !== undefined) this.#byText.set(text, known)
    return { table, known }
  }

  async #run(known: Known, caller: Reading, key: readonly Parameter[]): Promise<string | null | undefined> {
    const text = await this.#text(known, caller, key)
    if (text !== null) return text
    const { grouping, table } = known.compiled.plan
    const whole = grouping || !table.primaryKey.length
    const less = whole ? 'for less with "filter" or "limit"' : 'for fewer rows with "limit", page through them, or "export" them'
    throw this.#tooLarge('The answer', `ask ${less}`)
  }

  /** `help`: what would do. Groups, and rows without a key, are one answer when they are exported too. */
  #tooLarge(what: string, help: string) {
    const { response } = this.#limits
    return problems.INVALID_QUERY(`${what} is larger than ${response} bytes: ${help}.`, { limit: response })
  }

  async #text(
    { query, compiled, fixed }: Known,
    caller: Reading,
    key: readonly Parameter[],
    batch?: Batch,
  ): Promise<string | null | undefined> {
    const parameters = fixed ?? bind(compiled.statement, { ...query, key, access: caller.access, stored: caller.stored, batch })
    const db: Queryable | Database = caller.db ?? this.#host.db
    try {
      return await db.text(compiled.statement.text, parameters, compiled.replan ? { gone: caller.gone, replan: true } : caller)
    } catch (thrown) {
      throw unread(thrown, compiled.statement, query)
    }
  }

  /** With handlers on `itemsRead` the rows become objects and text again; without, PostgreSQL's text is the answer. */
  async #shown(table: Table, text: string, access: Access): Promise<string> {
    if (!this.handled) return text
    const answer: { data: Item | Item[] } = JSON.parse(text)
    const rows = await this.#handled(table, Array.isArray(answer.data) ? answer.data : [answer.data], access)
    return JSON.stringify({ ...answer, data: Array.isArray(answer.data) ? rows : rows[0] })
  }

  /** Of a page in edges handlers see the nodes. An edge whose node they leave out is left out, too. */
  async #shownPage(table: Table, text: string, { parts }: PageShape, access: Access): Promise<string> {
    if (!this.handled) return text
    const answer: { data: Record<string, Record<string, Item>[]> } = JSON.parse(text)
    for (const part of parts) {
      if (part.kind !== 'edges') continue
      for (const { kind, key } of part.of) {
        if (kind !== 'node') continue
        const edges = answer.data[part.key]!
        const rows = edges.map((edge) => edge[key]!)
        const shown = await this.#handled(table, [...rows], access)
        const isSame = shown.length === rows.length
        answer.data[part.key] = edges.flatMap((edge, i) =>
          isSame ? [{ ...edge, [key]: shown[i]! }] : shown.includes(rows[i]!) ? [edge] : [],
        )
      }
    }
    return JSON.stringify(answer)
  }

  async #handled(table: Table, rows: Item[], access: Access): Promise<readonly Item[]> {
    if (!this.handled) return rows
    const event = { table, access, rows }
    await this.#host.run(itemsRead, event)
    return event.rows
  }
}

/** Null instead of an answer of more bytes, so that it never leaves the database. `offset 0` keeps PostgreSQL from making the answer twice. */
const bounded = ({ text, ...rest }: Statement, bytes: number, before: string): Statement => ({
  text: `select ${before}case when octet_length(b) <= ${bytes} then b end from (${text} offset 0) x(b)`,
  ...rest,
})

/** SQL for the version of the item that a statement is about, on a line before the answer; an empty line where there is none, as aggregates tell it. */
function versionBefore(table: Table, { binds }: Statement): string {
  const places = table.primaryKey.map((_, part) => binds.findIndex((bind) => bind.kind === 'key' && bind.part === part) + 1)
  if (!hasVersions(table) || !places.every(Boolean)) return `E'\\n' || `
  const where = table.primaryKey.map((name, part) => `v.${quoteName(name)} = $${places[part]}`).join(' and ')
  return `coalesce((select ${versionOf('v')} from ${quoteTable(table)} v where ${where}), '') || E'\\n' || `
}

/** Which part of a query the database could not read, where it tells: `invalid input syntax for type inet: "10.0.0.256"`. */
function unread(thrown: unknown, { slots }: Statement, { values, cursor }: Query): unknown {
  if (!(thrown instanceof DatabaseError) || !thrown.state.startsWith('22')) return thrown
  const [, quoted] = /: "(.*)"$/s.exec(thrown.message) ?? []
  if (quoted === undefined) return thrown
  const slot = slots.find(({ value }) => typeof value === 'number' && [rawOf(value, values)].flat().some((raw) => String(raw) === quoted))
  if (slot) return problems.INVALID_QUERY(`"${slot.field.name}" is compared with something that is not of its type.`, {}, thrown)
  return cursor?.last.includes(quoted) ? brokenCursor() : thrown
}

export const missingItem = () => problems.FORBIDDEN('There is no such item, or it is not yours to see.')

/** @throws FORBIDDEN where the caller does not see keys: no item can be named by one then. */
function checkKeySeen(table: Table): void {
  const hidden = table.primaryKey.find((name) => !table.fields.has(name))
  if (hidden !== undefined) throw missingField(table, hidden)
}

/** Whether the same query has the same parameters whoever asks, and whenever. */
function isFixed({ statement }: Compiled, { values }: Query): boolean {
  const varies = (raw: unknown): boolean => (Array.isArray(raw) ? raw.some(isTime) : isTime(raw))
  return !statement.binds.some(({ kind }) => kind === 'caller') && !statement.slots.some(({ value }) => varies(rawOf(value, values)))
}

const isPattern = (operator: string): boolean => /(contains|starts_with|ends_with)$/.test(operator)

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
  type Snapshot,
  system,
  type Table,
} from 'plinth'
import { type Caller, type Item, itemsRead, type QueryInput } from './api.ts'
import { keyLists, keyParameters } from './keys.ts'
import { upToDate } from './outdated.ts'
import { type Limits, parseQuery } from './parse.ts'
import { authorise, permitRead } from './permit.ts'
import { planRead, type ReadPlan, tableOf } from './plan.ts'
import type { Query } from './query.ts'
import { type AnswerForm, type Bind, compileRead, type Statement } from './sql.ts'
import { toParameter, type Variables } from './values.ts'

export interface ReadLimits extends Limits {
  readonly selections: number
  readonly relations: number
  /** Bytes of one answer. */
  readonly response: number
}

interface Compiled {
  readonly plan: ReadPlan
  readonly statement: Statement
}

/** A query text seen before: nothing of it need be parsed again. */
interface Known {
  readonly query: Query
  readonly compiled: Compiled
  /** Ready parameters, where none depends on the request. */
  readonly fixed: readonly Parameter[] | null
}

export class Reader {
  readonly #host: Host
  readonly #limits: ReadLimits
  #snapshot: Snapshot
  readonly #byText = new LRUCache<string, Known>({ max: 2000 })
  readonly #byShape = new LRUCache<string, Compiled>({ max: 1000 })

  constructor(host: Host, limits: ReadLimits) {
    this.#host = host
    this.#limits = limits
    this.#snapshot = host.registry.snapshot
  }

  get snapshot(): Snapshot {
    return this.#current()
  }

  /** With `keys`: the rows among them that there are. */
  async list(collection: string, input: QueryInput, caller: Caller, keys?: readonly unknown[]): Promise<string> {
    return this.#upToDate(caller, async () => {
      const { table, known } = this.#prepare(collection, input, caller.access, keys ? 'keys' : 'list')
      const text = await this.#run(known, caller, keys ? keyLists(table, keys) : [])
      return this.#shown(table, text!, caller.access)
    })
  }

  /** Refuses a query before anything is written whose answer would need it. @throws INVALID_QUERY */
  check(input: QueryInput): void {
    parseQuery(input, this.#limits)
  }

  /** @throws FORBIDDEN when there is no such row, or it is not allowed. */
  async one(collection: string, key: unknown, input: QueryInput, caller: Caller): Promise<string> {
    return this.#upToDate(caller, async () => {
      const { table, known } = this.#prepare(collection, input, caller.access, 'one')
      const text = await this.#run(known, caller, keyParameters(table, key))
      if (!text) throw problems.FORBIDDEN('There is no such item, or it is not yours to see.')
      return this.#shown(table, text, caller.access)
    })
  }

  /** A transaction that has met an error is over: only who began it can try again. */
  async #upToDate(caller: Caller, read: () => Promise<string>): Promise<string> {
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
  #rights(access: Access, collection: string, input: QueryInput): string {
    try {
      return authorise(access, 'read', collection)
    } catch (refusal) {
      this.check(input)
      throw refusal
    }
  }

  #prepare(collection: string, input: QueryInput, access: Access, form: 'list' | 'keys' | 'one'): { table: Table; known: Known } {
    const rights = this.#rights(access, collection, input)
    const snapshot = this.#current()
    const table = tableOf(snapshot, collection)
    const answer: AnswerForm = form === 'list' && table.singleton ? 'singleton' : form
    const place = `${collection}\n${answer}\n${rights}\n`
    const text = typeof input === 'string' && input.length <= 4096 ? place + input : undefined
    const seen = text === undefined ? undefined : this.#byText.get(text)
    if (seen) return { table, known: seen }

    const query = parseQuery(input, this.#limits)
    const shape = place + JSON.stringify(query.shape)
    let compiled = this.#byShape.get(shape)
    if (!compiled) {
      // Whoever names the keys gets them all: the default limit is for lists of unknown length.
      const limit = query.shape.limit ?? (form === 'keys' ? -1 : null)
      const plan = permitRead(planRead(snapshot, table, { ...query.shape, limit }, this.#limits), rights)
      compiled = { plan, statement: compileRead(plan, answer) }
      this.#byShape.set(shape, compiled)
    }
    const fixed = form === 'list' && !query.values.some(isVariable) ? bind(compiled, query, [], nobodyNow) : null
    const known = { query, compiled, fixed }
    if (text !== undefined) this.#byText.set(text, known)
    return { table, known }
  }

  async #run({ query, compiled, fixed }: Known, caller: Caller, key: readonly Parameter[]): Promise<string | null | undefined> {
    const parameters = fixed ?? bind(compiled, query, key, variablesOf(caller.access))
    const db: Queryable | Database = caller.db ?? this.#host.db
    const text = await db.text(compiled.statement.text, parameters, caller)
    if (text && isLonger(text, this.#limits.response)) {
      throw problems.INVALID_QUERY(
        `The answer is larger than ${this.#limits.response} bytes: ask for fewer rows with "limit", or page through them.`,
      )
    }
    return text
  }

  /** With handlers on `itemsRead` the rows become objects and text again; without, PostgreSQL's text is the answer. */
  async #shown(table: Table, text: string, access: Access): Promise<string> {
    if (!this.#host.hooked(itemsRead)) return text
    const answer: { data: Item | Item[] } = JSON.parse(text)
    const event = { table, access, rows: Array.isArray(answer.data) ? answer.data : [answer.data] }
    await this.#host.run(itemsRead, event)
    return JSON.stringify({ ...answer, data: Array.isArray(answer.data) ? event.rows : event.rows[0] })
  }
}

/** Whether UTF-8 needs more than `bytes`, counted only where that is in doubt. */
const isLonger = (text: string, bytes: number): boolean =>
  text.length > bytes || (text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes)

const isVariable = (value: unknown): boolean =>
  Array.isArray(value) ? value.some(isVariable) : typeof value === 'string' && value.startsWith('$')

const nobodyNow: Variables = { user: null, role: null, now: new Date(0) }

function variablesOf(access: Access): Variables {
  return access === system ? { ...nobodyNow, now: new Date() } : { user: access.user, role: access.role, now: new Date() }
}

function bind({ plan, statement }: Compiled, query: Query, key: readonly Parameter[], variables: Variables): Parameter[] {
  // Every value is checked, also one that the statement does not need.
  const values = plan.slots.map(({ field, operator }, slot) => {
    const raw = query.values[slot]
    if (Array.isArray(raw)) return raw.map((value) => toParameter(field, value, variables))
    return pattern(operator, toParameter(field, raw, variables))
  })
  return statement.binds.map((place: Bind): Parameter => {
    if (place.kind === 'key') return key[place.part]!
    if (place.kind === 'offset') return query.offset
    const value = values[place.slot]!
    return place.end === undefined ? (value as Parameter) : ((value as Parameter[])[place.end] as Parameter)
  })
}

/** `%` and `_` in what is searched for stand for themselves. */
function pattern(operator: string, value: Parameter): Parameter {
  const open = /(contains|ends_with)$/.test(operator)
  const end = /(contains|starts_with)$/.test(operator)
  if (value === null || (!open && !end)) return value
  return `${open ? '%' : ''}${String(value).replace(/[\\%_]/g, '\\$&')}${end ? '%' : ''}`
}

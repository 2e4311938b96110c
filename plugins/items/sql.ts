/** A plan → one statement whose first column is the answer's JSON text. Identifiers come from the plan's tables, values are parameters. Pure. */
import { arrayLiteral, type Field, problems, quoteName, type Table } from 'plinth'
import type { CallerValue } from './caller.ts'
import { cursorText, orderText } from './cursor.ts'
import { estimatedCount } from './estimate.ts'
import { jsonColumn } from './format.ts'
import { castType, keysCondition } from './keys.ts'
import type { Conditions } from './permit/grants.ts'
import { columnOf, guardedColumns, guardOf, heldAs, isGate, isOpen } from './permit/guard.ts'
import type { FieldFunction, Hop, Place } from './place.ts'
import type { Condition, Grouping, Order, ReadNode, ReadPlan, Rows, Selection, Slot } from './plan.ts'
import { type CallerPart, openEnds } from './query.ts'
import { familyOf } from './values.ts'

export interface Statement {
  readonly text: string
  /** What `$1`, `$2`… stand for, in order. */
  readonly binds: readonly Bind[]
  /** Values of the query, then those of the rules that it meets. */
  readonly slots: readonly Slot[]
}

export type Bind =
  | { readonly kind: 'slot'; readonly slot: number /** Which end of a range. */; readonly end?: 0 | 1 }
  | { readonly kind: 'offset' }
  /** How many rows a batch may have. */
  | { readonly kind: 'size' }
  /** What the last row of the batch before had in one of the keys of the order. */
  | { readonly kind: 'last'; readonly part: number }
  /** A column of the one key, or the list of that column's values in all keys. */
  | { readonly kind: 'key'; readonly part: number }
  /** Keys of the caller: one, or the list of them for roles and policies. */
  | { readonly kind: 'caller'; readonly of: CallerPart }
  /** The same for every request of this plan. */
  | { readonly kind: 'constant'; readonly value: string }

/** The shape of the answer: a list, the list of given keys, one row by key, or a singleton's row (its defaults when there is none). */
export type AnswerForm = 'list' | 'keys' | 'one' | 'singleton'

export const tableName = (table: Table): string => `${quoteName(table.schema)}.${quoteName(table.name)}`
export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** What one statement is made of: names for its row sources, numbers for its parameters. */
export class Writer {
  readonly binds: Bind[] = []
  readonly slots: Slot[]
  readonly #added = new Map<readonly Slot[], number>()
  readonly #relations: number
  #followed = 0
  #aliases = 0
  readonly #places = new Map<string, number>()

  constructor(slots: readonly Slot[], relations: number) {
    this.slots = [...slots]
    this.#relations = relations
  }

  /** Adds the values of rules, once; answers the place of the first. */
  add(slots: readonly Slot[]): number {
    const place = this.#added.get(slots) ?? this.slots.push(...slots) - slots.length
    this.#added.set(slots, place)
    return place
  }

  done(text: string): Statement {
    return { text, binds: this.binds, slots: this.slots }
  }

  alias(): string {
    return `t${this.#aliases++}`
  }

  /** A row source for the rows that a relation leads to. */
  related(): string {
    if (++this.#followed > this.#relations) throw problems.INVALID_QUERY(`The query follows more than ${this.#relations} relations.`)
    return this.alias()
  }

  /** The placeholder for `bind`; the same bind keeps its number. */
  parameter(bind: Bind): string {
    const id = JSON.stringify(bind)
    let place = this.#places.get(id)
    if (place === undefined) {
      place = this.binds.push(bind)
      this.#places.set(id, place)
    }
    return `$${place}`
  }
}

/** @throws INVALID_QUERY when it would follow more than `relations` relations: the database's planner takes long over many. */
export function compileRead(plan: ReadPlan, form: AnswerForm, relations: number): Statement {
  const writer = new Writer(plan.slots, relations)
  const also = (row: string) => keyed(writer, row, plan.table, form)
  if (plan.meta.includes('next_cursor') && (form === 'list' || form === 'keys')) return compileCursor(writer, plan, also)
  const shown = plan.grouping ? compileGroups(writer, plan, plan.grouping, also) : compileRows(writer, plan, form)
  // As a list `d` is also a column where a table has one of that name: the row is named in full.
  const value = plan.grouping || plan.node.selections.length ? 'row_to_json(d.*)::text' : "coalesce(to_json(d.key)::text, 'null')"
  const meta = metaText(writer, plan)
  if (form === 'one') return writer.done(`select '{"data":' || ${value} || '}' from (${shown}) d`)
  const data =
    form === 'singleton' && !plan.grouping
      ? `coalesce((select ${value} from (${shown}) d), (select row_to_json(d.*)::text from (${defaultsOf(plan.node)}) d), '{}')`
      : `coalesce((select '[' || string_agg(${value}, ',') || ']' from (${shown}) d), '[]')`
  return writer.done(`select '{"data":' || ${data} || ${meta}'}'`)
}

/**
 * A batch of a list, from its start or behind the row that a batch ended with: `{"data":[…],"last":[…]}`, the latter as text of each key of the
 * order. The order must be total.
 */
export function compileBatch(plan: ReadPlan, form: 'list' | 'keys', behind: boolean, relations: number): Statement {
  const writer = new Writer(plan.slots, relations)
  const rows = { ...plan, limit: 'bound', offset: behind ? 0 : plan.offset } as const
  const { text, data, last } = withKeys(writer, rows, (row) => keyed(writer, row, plan.table, form), behind)
  return writer.done(`select '{"data":' || ${data} || ',"last":' || coalesce(${last}::text, '[]') || '}' from (${text}) d`)
}

/** A page of a list that tells where it ended; null when it is not full, so that nothing follows. */
function compileCursor(writer: Writer, plan: ReadPlan, also: (row: string) => readonly string[]): Statement {
  const { text, data, last } = withKeys(writer, plan, also, plan.behind)
  const place = () => cursorText(writer.parameter({ kind: 'constant', value: orderText(plan.order) }), last)
  const next = plan.limit ? `case count(*) when ${plan.limit} then ${place()} else 'null' end` : `'null'`
  return writer.done(`select '{"data":' || ${data} || ${metaText(writer, plan, next)}'}' from (${text}) d`)
}

/** Rows as `d.shown` with the keys of their order as `d.last`; SQL for the list of the former, and for the last of the latter. */
function withKeys(writer: Writer, rows: Omit<Rows, 'limit'> & Cut, also: (row: string) => readonly string[], behind: boolean) {
  const page = compilePage(writer, rows, also, behind)
  const level = levelOf(writer, writer.alias(), page.text, rows.node)
  const { row, head, from } = level
  const { text, joins } = objectOf(writer, level, rows.node)
  const keys = page.keys.map((key) => `${row}.${quoteName(key)}::text`).join(', ')
  return {
    text: `${head}select to_json(${text}) as shown, json_build_array(${keys}) as last from ${from}${joins}${page.order(row)}`,
    data: `coalesce('[' || string_agg(coalesce(d.shown::text, 'null'), ',') || ']', '[]')`,
    last: `(array_agg(d.last))[count(*)::integer]`,
  }
}

/** The rows of the answer, shown: first the page is found, so that only its rows are joined and formatted. */
function compileRows(writer: Writer, plan: ReadPlan, form: AnswerForm): string {
  const page = compilePage(
    writer,
    {
      ...plan,
      order: form === 'one' ? [] : plan.order,
      limit: form === 'singleton' ? 1 : form === 'one' && plan.limit !== 0 ? null : plan.limit,
      offset: form === 'singleton' ? 0 : plan.offset,
    },
    (row) => keyed(writer, row, plan.table, form),
  )
  const { row, head, from } = levelOf(writer, writer.alias(), page.text, plan.node)
  const { list, joins } = columnsOf(writer, { row, from }, plan.node)
  return `${head}select ${list} from ${from}${joins}${joins ? page.order(row) : ''}`
}

/** Rows that are shown: their name, and what they are read from with it, so that what is related to all of them can be found at once. */
interface Level {
  readonly row: string
  readonly from: string
}

/** The rows of a page; `head` gives it a name where it will be read twice. */
function levelOf(writer: Writer, row: string, page: string, node: ReadNode): Level & { readonly head: string } {
  if (!gathers(node)) return { row, from: `(${page}) ${row}`, head: '' }
  const name = writer.alias()
  return { row, from: `${name} ${row}`, head: `with ${name} as materialized (${page}) ` }
}

/**
 * Whether related rows are gathered for all rows at once: without an index each row would read the whole table for its own (50 of 100,000 rows with ten
 * each of a million: 10.8 s, gathered 0.45 s). With one it is quicker to look for them row by row (1.7 ms, gathered 2.9 ms).
 */
const gathers = (node: ReadNode): boolean =>
  node.selections.some((selection) => {
    if (selection.kind === 'column') return selection.place.fn?.kind === 'rows' && !hasIndex(selection.place.fn.hop)
    if (selection.kind === 'many') return !selection.rows.grouping && (!hasIndex(selection.hop) || gathers(selection.rows.node))
    return selection.kind === 'one' ? gathers(selection.node) : selection.nodes.some((one) => gathers(one.node))
  })

/** Whether an index finds the rows that `hop` leads to from one row. */
const hasIndex = ({ table, to }: Hop): boolean => table.indexes.some(({ columns }) => columns[0] === columnOf(to))

/** What an answer about given keys says of their rows. */
function keyed(writer: Writer, row: string, table: Table, form: AnswerForm): string[] {
  const key = (part: number) => writer.parameter({ kind: 'key', part })
  if (form === 'one') return table.primaryKey.map((name, part) => `${row}.${quoteName(name)} = ${key(part)}`)
  return form === 'keys' ? [keysCondition(row, table, key)] : []
}

interface Page {
  readonly text: string
  /** What the keys of the order are called in its rows. */
  readonly keys: readonly string[]
  /** The order again, for when joins may have lost it. */
  order(row: string): string
}

type Cut = Pick<Rows, 'offset'> & {
  readonly limit: number | 'bound' | null /** Left for whoever reads them. */
  readonly unordered?: boolean
}

/** Bare rows: filtered, ordered and cut; `behind` the last one of a batch. */
function compilePage(writer: Writer, rows: Omit<Rows, 'limit'> & Cut, also: (row: string) => readonly string[], behind = false): Page {
  const source = new Source(writer)
  const conditions = [...also(source.row), ...(rows.where ? [source.where(rows.table, rows.where)] : [])]
  const keys = rows.order.map((key) => source.sortKey(key, rows.order))
  if (behind) conditions.push(behindLast(writer, rows.order, keys))
  // What is no column of the row itself is carried along by a name that no column has.
  const names = rows.order.map(({ place }, i) => (place.via.length || place.fn ? `$${i}` : place.field.name))
  const carried = keys.flatMap((key, i) => (names[i] === `$${i}` ? [`, ${key} as ${quoteName(names[i]!)}`] : []))
  // Our names for them start with `$`, as only columns may that are not served: those must stay out then.
  const own = columnsIn(rows.table)
    .map((name) => `${source.row}.${quoteName(name)}`)
    .join(', ')
  const text = [
    `select ${carried.length || rows.unordered ? own : `${source.row}.*`}${carried.join('')} from ${source.from(rows.table)} ${source.row}${source.joins}`,
    conditions.length ? ` where ${conditions.join(' and ')}` : '',
    rows.unordered ? '' : orderBy(rows.order, (i) => keys[i]!),
    cut(writer, rows),
  ].join('')
  return { text, keys: names, order: (row) => orderBy(rows.order, (i) => `${row}.${quoteName(names[i]!)}`) }
}

const orderBy = (order: readonly Pick<Order, 'descending'>[], key: (i: number) => string): string =>
  order.length ? ` order by ${order.map(({ descending }, i) => `${key(i)}${descending ? ' desc' : ''}`).join(', ')}` : ''

const keyType = ({ field, fn }: Place): string => (fn?.kind === 'path' ? 'text' : castType(field.column!))

/** True for rows that come later in the order than the last one did; nulls are the greatest, as PostgreSQL sorts them. */
function behindLast(writer: Writer, order: readonly Order[], keys: readonly string[]): string {
  const last = order.map(({ place }, part) => `${writer.parameter({ kind: 'last', part })}::${keyType(place)}`)
  const never = order.map(({ place }) => !place.via.length && !place.fn && !place.field.column!.nullable)
  const less = order.map(({ descending }) => descending)
  // The one form that an index serves.
  if (never.every(Boolean) && new Set(less).size === 1) return `(${keys.join(', ')}) ${less[0] ? '<' : '>'} (${last.join(', ')})`
  const later = keys.map((key, i) => {
    if (never[i]) return `${key} ${less[i] ? '<' : '>'} ${last[i]}`
    return less[i]
      ? `(${key} < ${last[i]} or (${last[i]} is null and ${key} is not null))`
      : `(${key} > ${last[i]} or (${last[i]} is not null and ${key} is null))`
  })
  const same = keys.map((key, i) => `${key} is not distinct from ${last[i]}`)
  return `(${later.map((condition, i) => [...same.slice(0, i), condition].join(' and ')).join(' or ')})`
}

function cut(writer: Writer, { limit, offset }: Cut): string {
  const most = limit === 'bound' ? writer.parameter({ kind: 'size' }) : limit
  const skipped = offset === 'bound' ? writer.parameter({ kind: 'offset' }) : offset
  return `${most === null ? '' : ` limit ${most}`}${skipped === 0 ? '' : ` offset ${skipped}`}`
}

/** `next`: SQL for the cursor as JSON text. */
function metaText(writer: Writer, plan: ReadPlan, next = `'null'`): string {
  if (!plan.meta.length) return ''
  const counted = (where: Condition | null) => {
    const source = new Source(writer)
    const condition = where ? ` where ${source.where(plan.table, where)}` : ''
    return `(select count(*) from ${source.from(plan.table)} ${source.row}${source.joins}${condition})`
  }
  // Statistics are of all rows: who may see only some of them is told how many those are.
  const guard = guardOf(plan.table)
  const seesAll = !guard || isOpen(guard)
  const counts = plan.meta.map((name) => {
    if (name === 'next_cursor') return `'"${name}":' || ${next}`
    const exact = counted(name === 'filter_count' ? plan.where : null)
    return `'"${name}":' || ${name === 'estimated_count' && seesAll ? estimatedCount(plan.table, tableName(plan.table), exact) : exact}`
  })
  return `',"meta":{' || ${counts.join(` || ',' || `)} || '}' || `
}

/** One table with the rows that hops reach from it: conditions and orders are said of it. */
class Source {
  readonly row: string
  joins = ''
  readonly #writer: Writer
  /** Where the values of a rule begin; undefined for what a query says. */
  readonly #rule: number | undefined
  readonly #joined = new Map<string, string>()

  constructor(writer: Writer, row = writer.alias(), rule?: number) {
    this.#writer = writer
    this.row = row
    this.#rule = rule
  }

  /** What the rows of a table are read from. */
  from(table: Table): string {
    return fromText(this.#writer, table)
  }

  /** The bound on relations is for those who ask, not for those who make the rules. */
  #related(): string {
    return this.#rule === undefined ? this.#writer.related() : this.#writer.alias()
  }

  /** The row at the end of `hops`, joined once however often it is asked for. */
  at(hops: readonly Hop[]): string {
    let row = this.row
    let path = ''
    for (const hop of hops) {
      path += `/${hop.name}`
      let next = this.#joined.get(path)
      if (next === undefined) {
        next = this.#related()
        this.joins += leftJoin(this.#writer, hop, next, row)
        this.#joined.set(path, next)
      }
      row = next
    }
    return row
  }

  value({ via, field, fn }: Place): string {
    const row = this.at(via)
    if (fn?.kind === 'rows' && !hasIndex(fn.hop)) {
      const { text, joins } = gatheredCount(this.#writer, row, fn.hop)
      this.joins += joins
      return text
    }
    return fn ? functionText(this.#writer, row, field, fn) : `${row}.${quoteName(field.name)}`
  }

  /** JSON has no order, its text has. */
  #sortable(place: Place): string {
    return place.fn?.kind === 'path' ? `(${this.value(place)}) #>> '{}'` : this.value(place)
  }

  /** Of several related rows the one that comes first, by all the keys among `order` that are taken from the same relation. */
  sortKey(key: Order, order: readonly Order[]): string {
    const first = key.place.via.findIndex(({ many }) => many)
    if (first < 0) return this.#sortable(key.place)
    const hop = key.place.via[first]!
    const inner = new Source(this.#writer, this.#related(), this.#rule)
    const shared = order.filter(({ place }) => key.place.via.slice(0, first + 1).every(({ name }, i) => place.via[i]?.name === name))
    const keys = shared.map(({ place }) => inner.#sortable({ ...place, via: place.via.slice(first + 1) }))
    const at = this.at(key.place.via.slice(0, first))
    const mine = keys[shared.indexOf(key)]!
    const from = `${this.from(hop.table)} ${inner.row}${inner.joins}`
    if (hasIndex(hop)) {
      return `(select ${mine} from ${from} where ${link(hop, inner.row, at)}${orderBy(shared, (i) => keys[i]!)} limit 1)`
    }
    const to = `${inner.row}.${quoteName(hop.to)}`
    const sorted = orderBy([{ descending: false }, ...shared], (i) => [to, ...keys][i]!)
    const firsts = this.#writer.alias()
    this.joins += joinGathered(hop, firsts, at, `select distinct on (${to}) ${to}, ${mine} from ${from}${sorted}`)
    return `${firsts}.shown`
  }

  /**
   * A condition of rows of `table`. Where it reaches many rows they are joined aside, and the row counts once: two conditions on one relation
   * must hold for the same related row, and a row without any is there as nulls.
   */
  where(table: Table, condition: Condition): string {
    if (!reachesMany(condition)) return this.condition(condition)
    const inner = new Source(this.#writer, this.#writer.alias(), this.#rule)
    const text = inner.condition(condition)
    const key = table.primaryKey.length ? table.primaryKey.map((name) => heldAs(table, name)) : ['ctid']
    const keyOf = (row: string) => key.map((name) => `${row}.${quoteName(name)}`).join(', ')
    return `(${keyOf(this.row)}) in (select ${keyOf(inner.row)} from ${this.from(table)} ${inner.row}${inner.joins} where ${text})`
  }

  condition(condition: Condition): string {
    if (condition.kind === 'exists') {
      const inner = new Source(this.#writer, this.#related(), this.#rule)
      const linked = link(condition.hop, inner.row, this.at(condition.via))
      const of = inner.condition(condition.of)
      return `${condition.negated ? 'not ' : ''}exists (select 1 from ${this.from(condition.hop.table)} ${inner.row}${inner.joins} where ${linked} and ${of})`
    }
    if (condition.kind === 'caller') return this.#caller(condition)
    if (condition.kind !== 'compare') {
      if (condition.of.length === 0) return condition.kind === 'and' ? 'true' : 'false'
      return `(${condition.of.map((inner) => this.condition(inner)).join(` ${condition.kind} `)})`
    }
    const { place, operator, slot } = condition
    // Else a number with a fraction, or one too large, would be read as the column's own type of number.
    const { baseType } = place.field.column!
    const cast =
      baseType !== 'numeric' && baseType !== 'int8' ? '' : `::${baseType}${operator === '_in' || operator === '_nin' ? '[]' : ''}`
    const value = (end?: 0 | 1) =>
      this.#writer.parameter({ kind: 'slot', slot: slot! + (this.#rule ?? 0), ...(end === undefined ? {} : { end }) }) + cast
    return comparisons[operator]!(comparable(this.value(place), place, operator), value)
  }

  /** Null is a value as others are: it equals null. */
  #caller({ place, operator, value }: Extract<Condition, { kind: 'caller' }>): string {
    const column = comparable(this.value(place), place, operator)
    const list = operator === '_in' || operator === '_nin'
    const { text, shown } = callerText(this.#writer, new Source(this.#writer, this.#writer.alias(), this.#rule), place.field, value, list)
    if (operator === '_eq') return `(${column} = ${shown} or (${text} is null and ${column} is null))`
    if (operator === '_neq') return `(${column} <> ${shown} or (${text} is null and ${column} is not null))`
    if (operator === '_nin') return `(${column} <> all(${shown}) and ${column} is not null)`
    return comparisons[operator]!(column, () => (list ? shown : patternText(operator, shown)))
  }
}

/** What a variable stands for: as it is, and as what `field` holds (null where it cannot be that); with `list` as an array. */
function callerText(
  writer: Writer,
  source: Source,
  field: Field,
  { of, held, field: own }: CallerValue,
  list: boolean,
): { text: string; shown: string } {
  const asText = familyOf(field) === 'text'
  const several = of === 'roles' || of === 'policies'
  const keys = `${writer.parameter({ kind: 'caller', of })}::uuid${several ? '[]' : ''}`
  if (!held) {
    const text = list && !several ? `array[${keys}]` : keys
    return { text, shown: asText ? `${text}::text${list ? '[]' : ''}` : text }
  }
  const { table, place } = held
  const value = source.value(place)
  const select = (what: string) => {
    const key = `${source.row}.${quoteName(heldAs(table, table.primaryKey[0]!))}`
    const found = `(select ${what} from ${source.from(table)} ${source.row}${source.joins} where ${key} = ${several ? `any(${keys})` : keys})`
    return list ? `array${found}` : found
  }
  const isText = familyOf(own) === 'text'
  if (isText === asText) return { text: select(value), shown: select(value) }
  return {
    text: select(value),
    shown: select(asText ? `(${shownValue(writer, source.at(place.via), place)})::text` : textAs(field.column!.baseType, value)),
  }
}

function reachesMany(condition: Condition): boolean {
  if (condition.kind === 'compare' || condition.kind === 'caller') return condition.place.via.some(({ many }) => many)
  if (condition.kind === 'exists') return condition.via.some(({ many }) => many)
  return condition.of.some(reachesMany)
}

/**
 * What rows of a table are read from: the table itself, or for somebody who does not see all of it what they see. Nothing else is in there, so
 * whatever is said of its rows (conditions, orders, groups, counts) can tell nothing else.
 */
export function fromText(writer: Writer, table: Table): string {
  const guard = guardOf(table)
  if (!guard || isOpen(guard)) return tableName(table)
  const { whole } = guard
  const { row, seen, joins } = ruleTexts(writer, whole, guard.conditions())
  const inAny = (grants: readonly string[]) => (grants.length === 1 ? grants[0]! : `(${grants.join(' or ')})`)
  const columns = guardedColumns(table, guard).map(({ name, column, grants }) => {
    const value = `${row}.${quoteName(column)}`
    const shown = grants ? `case when ${inAny(grants.map((i) => seen[i]!))} then ${value} end` : value
    return shown === value && name === column ? value : `${shown} as ${quoteName(name)}`
  })
  if (!whole.primaryKey.length && whole.kind === 'table') columns.push(`${row}.ctid`)
  const where = seen.includes('true') ? '' : ` where ${inAny(seen)}`
  return `(select ${columns.join(', ')} from ${tableName(whole)} ${row}${joins}${where})`
}

/** For each condition of rules whether it holds for a row, as SQL, with the joins that this takes. */
export function ruleTexts(
  writer: Writer,
  table: Table,
  { of, slots }: Conditions,
  row = writer.alias(),
): { row: string; seen: readonly string[]; joins: string } {
  const source = new Source(writer, row, writer.add(slots))
  const seen = of.map((condition) => (condition ? source.where(table, condition) : 'true'))
  return { row, seen, joins: source.joins }
}

/** Names of the columns that rows have as they are read. */
function columnsIn(table: Table): readonly string[] {
  const guard = guardOf(table)
  return guard && !isOpen(guard) ? guardedColumns(table, guard).map(({ name }) => name) : [...table.columns.keys()]
}

const leftJoin = (writer: Writer, hop: Hop, row: string, from: string): string =>
  ` left join ${fromText(writer, hop.table)} ${row} on ${link(hop, row, from)}`

/** A value made of related rows: null where the relation is not seen. */
const behindGate = ({ from }: Hop, row: string, text: string): string =>
  isGate(from) ? `case when ${row}.${quoteName(from)} is not null then ${text} end` : text

/** What makes `row` one that `hop` leads to from `from`. */
function link({ table, from: column, to, scope }: Hop, row: string, from: string): string {
  const held = `${from}.${quoteName(column)}`
  if (!scope) return `${row}.${quoteName(to)} = ${held}`
  return `${row}.${quoteName(to)} = case when ${from}.${quoteName(scope.column)} = ${quoteLiteral(scope.value)} then ${textAs(table.columns.get(table.primaryKey[0]!)!.baseType, held)} end`
}

const wholeTypes = new Set(['int2', 'int4', 'int8'])
const numberTypes = new Set(['numeric', 'float4', 'float8'])

/** Text in the type of a column; null where it cannot be that. Whole numbers as the greatest of their types, which no digits can exceed. */
function textAs(baseType: string, held: string): string {
  if (wholeTypes.has(baseType)) return `case when ${held} ~ '^-?[0-9]{1,18}$' then ${held}::int8 end`
  if (numberTypes.has(baseType))
    return `case when ${held} ~ '^-?[0-9]{1,255}([.][0-9]{1,255})?(e[+-]?[0-9]{1,3})?$' then ${held}::numeric end`
  if (baseType === 'uuid') return `case when ${held} ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then ${held}::uuid end`
  return held
}

/** Parts of times in UTC; weeks and weekdays as PostgreSQL counts them. */
function functionText(writer: Writer, row: string, field: Field, fn: FieldFunction): string {
  if (fn.kind === 'rows') {
    const child = writer.related()
    return behindGate(fn.hop, row, `(select count(*) from ${fromText(writer, fn.hop.table)} ${child} where ${link(fn.hop, child, row)})`)
  }
  const column = `${row}.${quoteName(field.column!.name)}`
  if (fn.kind === 'part') return `extract(${fn.part === 'weekday' ? 'dow' : fn.part} from ${column})`
  if (fn.kind === 'length') return `case json_typeof(${column}::json) when 'array' then json_array_length(${column}::json) end`
  const path = `${writer.parameter({ kind: 'constant', value: arrayLiteral(fn.path) })}::text[]`
  if (fn.as === 'json') return `${column}::json #> ${path}`
  const text = `(${column}::json #>> ${path})`
  return fn.as === 'text' ? text : textAs('numeric', text)
}

/** The pattern that text from the database means: in it `%` and `_` stand for themselves. */
function patternText(operator: string, value: string): string {
  const [open, close] = openEnds(operator)
  return open || close ? `${open ? "'%' || " : ''}regexp_replace(${value}, '([\\\\%_])', '\\\\\\1', 'g')${close ? " || '%'" : ''}` : value
}

const textTypes = new Set(['text', 'varchar', 'bpchar', 'citext', 'name'])
const equality = new Set(['_eq', '_neq', '_in', '_nin', '_null', '_nnull'])

/** Types without the operators we use are compared as their text. */
function comparable(value: string, { field: { column, type }, fn }: Place, operator: string): string {
  if (fn || operator === '_null' || operator === '_nnull' || textTypes.has(column!.baseType)) return value
  return type === 'unknown' || (!equality.has(operator) && type === 'string') ? `${value}::text` : value
}

type Compare = (column: string, value: (end?: 0 | 1) => string) => string

const comparisons: Readonly<Record<string, Compare>> = {
  _eq: (column, value) => `${column} = ${value()}`,
  _neq: (column, value) => `${column} <> ${value()}`,
  _lt: (column, value) => `${column} < ${value()}`,
  _lte: (column, value) => `${column} <= ${value()}`,
  _gt: (column, value) => `${column} > ${value()}`,
  _gte: (column, value) => `${column} >= ${value()}`,
  _in: (column, value) => `${column} = any(${value()})`,
  _nin: (column, value) => `${column} <> all(${value()})`,
  _null: (column) => `${column} is null`,
  _nnull: (column) => `${column} is not null`,
  _empty: (column) => `(${column} is null or ${column} = '')`,
  _nempty: (column) => `(${column} is not null and ${column} <> '')`,
  _between: (column, value) => `${column} between ${value(0)} and ${value(1)}`,
  _nbetween: (column, value) => `${column} not between ${value(0)} and ${value(1)}`,
  _contains: (column, value) => `${column} like ${value()}`,
  _ncontains: (column, value) => `${column} not like ${value()}`,
  _icontains: (column, value) => `${column} ilike ${value()}`,
  _nicontains: (column, value) => `${column} not ilike ${value()}`,
  _starts_with: (column, value) => `${column} like ${value()}`,
  _nstarts_with: (column, value) => `${column} not like ${value()}`,
  _istarts_with: (column, value) => `${column} ilike ${value()}`,
  _nistarts_with: (column, value) => `${column} not ilike ${value()}`,
  _ends_with: (column, value) => `${column} like ${value()}`,
  _nends_with: (column, value) => `${column} not like ${value()}`,
  _iends_with: (column, value) => `${column} ilike ${value()}`,
  _niends_with: (column, value) => `${column} not ilike ${value()}`,
}

/** The select list of a node, and the joins that its relations need. Without selections: the key alone, as `key`. */
function columnsOf(writer: Writer, level: Level, node: ReadNode): { list: string; joins: string } {
  if (!node.selections.length) return { list: `${keyOf(level.row, node.table)} as key`, joins: '' }
  let joins = ''
  const columns = node.selections.map((selection) => {
    const shown = shownOf(writer, level, selection)
    joins += shown.joins
    return `${shown.text} as ${quoteName(selection.key)}`
  })
  return { list: columns.join(', '), joins }
}

function keyOf(row: string, table: Table): string {
  const parts = table.primaryKey.map((name) => {
    const field = table.fields.get(name)
    return field ? jsonColumn(row, field) : 'null::json'
  })
  if (parts.length === 1) return parts[0]!
  return `json_build_object(${table.primaryKey.map((name, i) => `${quoteLiteral(name)}, ${parts[i]}`).join(', ')})`
}

interface Shown {
  readonly text: string
  readonly joins: string
}

function shownOf(writer: Writer, level: Level, selection: Selection): Shown {
  switch (selection.kind) {
    case 'column':
      return shownColumn(writer, level, selection.place)
    case 'one':
      return shownOne(writer, level, selection)
    case 'many':
      if (!selection.rows.grouping && (!hasIndex(selection.hop) || gathers(selection.rows.node)))
        return gatheredMany(writer, level, selection)
      return { text: shownMany(writer, level.row, selection), joins: '' }
    case 'any':
      return shownAny(writer, level, selection)
  }
}

function shownColumn(writer: Writer, { row, from }: Level, place: Place): Shown {
  if (place.fn?.kind !== 'rows' || hasIndex(place.fn.hop)) return { text: shownValue(writer, row, place), joins: '' }
  const { text, joins } = gatheredCount(writer, row, place.fn.hop, from)
  return { text: `(${text})::text`, joins }
}

/** Numbers of unknown size are told as text, as those of columns are. */
function shownValue(writer: Writer, row: string, { field, fn }: Place): string {
  if (!fn) return jsonColumn(row, field)
  const text = functionText(writer, row, field, fn)
  return fn.kind === 'part' || fn.kind === 'rows' ? `(${text})::text` : text
}

function objectOf(writer: Writer, level: Level, node: ReadNode): Shown {
  const { list, joins } = columnsOf(writer, level, node)
  return { text: node.selections.length ? `(select row_to_json(o.*) from (select ${list}) o)` : list.replace(/ as key$/, ''), joins }
}

/** The row that `hop` leads to, or null: where there is none, or it is not as `where` says. */
function shownOne(
  writer: Writer,
  { row, from }: Level,
  { hop, node, where }: Pick<Extract<Selection, { kind: 'one' }>, 'hop' | 'node' | 'where'>,
): Shown {
  const inner = writer.related()
  const join = leftJoin(writer, hop, inner, row)
  const { text, joins } = objectOf(writer, { row: inner, from: from + join }, node)
  const source = new Source(writer, inner)
  const also = where ? ` and ${source.where(hop.table, where)}` : ''
  return {
    text: `case when ${inner}.${quoteName(hop.to)} is not null${also} then ${text} end`,
    joins: join + source.joins + joins,
  }
}

function shownMany(writer: Writer, row: string, { hop, rows }: Extract<Selection, { kind: 'many' }>): string {
  const related = (child: string) => [link(hop, child, row)]
  if (rows.grouping) {
    const groups = compileGroups(writer, rows, rows.grouping, related)
    return behindGate(hop, row, `coalesce((select json_agg(row_to_json(o.*)) from (${groups}) o), '[]'::json)`)
  }
  const page = compilePage(writer, rows, related)
  const inner = writer.related()
  const from = `(${page.text}) ${inner}`
  const { list: columns, joins } = columnsOf(writer, { row: inner, from }, rows.node)
  const shown = `select ${columns} from ${from}${joins}${joins ? page.order(inner) : ''}`
  // Keys alone make an array, which costs less than an aggregate.
  const list = rows.node.selections.length
    ? `coalesce((select json_agg(row_to_json(o.*)) from (${shown}) o), '[]'::json)`
    : `array(${shown})`
  return behindGate(hop, row, list)
}

/** The same of all rows of a level at once: their related rows are read once, numbered within each, and joined to them. */
function gatheredMany(writer: Writer, level: Level, { hop, rows }: Extract<Selection, { kind: 'many' }>): Shown {
  const page = compilePage(writer, { ...rows, limit: null, offset: 0, unordered: true }, (child) => [isOfLevel(hop, child, level)])
  const [all, ranked, row, lists] = [writer.alias(), writer.alias(), writer.related(), writer.alias()]
  const to = quoteName(hop.to)
  const rank = `${ranked}.${quoteName('$rank')}`
  const { limit, offset } = rows
  const cuts = [...(offset ? [`${rank} > ${offset}`] : []), ...(limit === null ? [] : [`${rank} <= ${Number(offset) + limit}`])]
  const numbered = `select ${all}.*, row_number() over (partition by ${all}.${to}${page.order(all)}) as ${quoteName('$rank')} from (${page.text}) ${all}`
  const found = `select * from (${numbered}) ${ranked}${cuts.length ? ` where ${cuts.join(' and ')}` : ''}`
  const inner = levelOf(writer, row, found, rows.node)
  const { text, joins } = objectOf(writer, inner, rows.node)
  const list = `json_agg(${text} order by ${row}.${quoteName('$rank')})`
  return {
    text: behindGate(hop, level.row, `coalesce(${lists}.shown, '[]'::json)`),
    joins: joinGathered(hop, lists, level.row, `${inner.head}select ${row}.${to}, ${list} from ${inner.from}${joins} group by 1`),
  }
}

/** How many rows each row has; with `from` only those of the level are counted. */
function gatheredCount(writer: Writer, row: string, hop: Hop, from?: string): Shown {
  const [child, counts] = [writer.related(), writer.alias()]
  const where = from ? ` where ${isOfLevel(hop, child, { row, from })}` : ''
  const text = `select ${child}.${quoteName(hop.to)}, count(*) from ${fromText(writer, hop.table)} ${child}${where} group by 1`
  return { text: behindGate(hop, row, `coalesce(${counts}.shown, 0)`), joins: joinGathered(hop, counts, row, text) }
}

const isOfLevel = (hop: Hop, child: string, { row, from }: Level): string =>
  `${child}.${quoteName(hop.to)} in (select ${row}.${quoteName(hop.from)} from ${from})`

/** `text` selects what rows are related by, and what is `shown` for it. */
const joinGathered = (hop: Hop, name: string, row: string, text: string): string =>
  ` left join (${text}) ${name}(key, shown) on ${name}.key = ${row}.${quoteName(hop.from)}`

function shownAny(
  writer: Writer,
  level: Level,
  { field, nodes, collectionField, othersHidden }: Extract<Selection, { kind: 'any' }>,
): Shown {
  const shown = nodes.map((node) => ({ scope: node.hop.scope!.value, ...shownOne(writer, level, node) }))
  const cases = shown.map(({ scope, text }) => `when ${quoteLiteral(scope)} then to_json(${text})`)
  const { row } = level
  const held = othersHidden ? 'null::json' : `to_json(${row}.${quoteName(field.name)})`
  return {
    text: cases.length ? `case ${row}.${quoteName(collectionField)} ${cases.join(' ')} else ${held} end` : held,
    joins: shown.map(({ joins }) => joins).join(''),
  }
}

const calls: Readonly<Record<Grouping['aggregates'][number]['fn'], (value: string) => string>> = {
  count: (value) => `count(${value})`,
  countDistinct: (value) => `count(distinct ${value})`,
  countAll: () => 'count(*)',
  sum: (value) => `sum(${value})`,
  sumDistinct: (value) => `sum(distinct ${value})`,
  avg: (value) => `avg(${value})`,
  avgDistinct: (value) => `avg(distinct ${value})`,
  min: (value) => `min(${value})`,
  max: (value) => `max(${value})`,
}

/** Groups are found first (`g0`… and `a0`…), then shown: a value as its column is, a count as text. */
function compileGroups(
  writer: Writer,
  plan: Rows,
  { groups, aggregates, order }: Grouping,
  also: (row: string) => readonly string[],
): string {
  const source = new Source(writer)
  const conditions = [...also(source.row), ...(plan.where ? [source.where(plan.table, plan.where)] : [])]
  const where = conditions.length ? ` where ${conditions.join(' and ')}` : ''
  const values = [
    ...groups.map(({ place }, i) => `${source.value(place)} as g${i}`),
    ...aggregates.map(({ fn, field }, i) => `${calls[fn](field ? `${source.row}.${quoteName(field.name)}` : '*')} as a${i}`),
  ]
  const nameOf = (key: string): string => {
    const group = groups.findIndex((each) => each.key === key)
    if (group >= 0) return `g${group}`
    return `a${aggregates.findIndex(({ fn, key: name }) => key === `${fn}.${name}` || key === fn)}`
  }
  const by = groups.length ? ` group by ${groups.map((_, i) => i + 1).join(', ')}` : ''
  const sorted = orderBy(order, (i) => nameOf(order[i]!.key))
  const found = `select ${values.join(', ')} from ${source.from(plan.table)} ${source.row}${source.joins}${where}${by}${sorted}${cut(writer, plan)}`

  const row = writer.alias()
  const shownGroups = groups.map(
    ({ key, place }, i) => `${place.fn ? `${row}.g${i}::text` : jsonColumn(row, renamed(place.field, `g${i}`))} as ${quoteName(key)}`,
  )
  // Beside fields the number of rows is left out, as the API has it.
  const byFunction = Map.groupBy(aggregates.entries(), ([, { fn }]) => fn)
  const shownAggregates = [...byFunction].map(([fn, entries]) => {
    const shown = [...entries].map(([i, { key, field }]) => ({ key, text: shownAggregate(row, `a${i}`, fn, field) }))
    if (shown.length === 1 && shown[0]!.key === '*') return `${shown[0]!.text} as ${quoteName(fn)}`
    return `json_build_object(${shown
      .filter(({ key }) => key !== '*')
      .map(({ key, text }) => `${quoteLiteral(key)}, ${text}`)
      .join(', ')}) as ${quoteName(fn)}`
  })
  return `select ${[...shownGroups, ...shownAggregates].join(', ')} from (${found}) ${row}`
}

const renamed = (field: Field, name: string): Field => ({ ...field, name })

function shownAggregate(row: string, name: string, fn: string, field: Field | null): string {
  if (field && (fn === 'min' || fn === 'max')) return jsonColumn(row, renamed(field, name))
  return field?.type === 'float' && !fn.startsWith('count') ? `${row}.${name}` : `${row}.${name}::text`
}

/** A singleton that has not been saved yet: its key as null, and the fields that have a default. */
function defaultsOf(node: ReadNode): string {
  const fields = node.selections.flatMap((selection) => (selection.kind === 'column' && !selection.place.fn ? [selection.place.field] : []))
  const given = fields.filter(({ column }) => !column!.primaryKey && column!.default !== null && !column!.default.includes('nextval('))
  const keys = fields.filter(({ column }) => column!.primaryKey).map(({ name }) => `null as ${quoteName(name)}`)
  const shown = [...keys, ...given.map((field) => `${jsonColumn('v', field)} as ${quoteName(field.name)}`)]
  const values = given.map(({ name, column }) => `${column!.default} as ${quoteName(name)}`)
  return shown.length ? `select ${shown.join(', ')} from (select ${values.join(', ')}) v` : 'select where false'
}

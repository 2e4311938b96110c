/** What rows are read from, and what is said of them: conditions, orders, values over relations. Pure. */
import { arrayLiteral, type Field, quoteName, type Table } from 'plinth'
import type { CallerValue } from '../caller.ts'
import { bareOf, isBare, jsonColumn, typedColumn } from '../format.ts'
import type { Conditions } from '../permit/grants.ts'
import { type Guard, guardedColumns, guardOf, heldAs, isGate, isOpen } from '../permit/guard.ts'
import { madeText, sameRow, tableText } from '../permit/stored.ts'
import type { FieldFunction, Hop, Place } from '../place.ts'
import type { Bare, Condition, Order } from '../plan.ts'
import { familyOf } from '../values.ts'
import { comparable, comparableGiven, comparisons, patternText } from './compare.ts'
import { behindGate, hasIndex, isOfLevel, joinGathered, link, type Shown, textAs } from './links.ts'
import type { Writer } from './writer.ts'

export const orderBy = (order: readonly Pick<Order, 'descending'>[], key: (i: number) => string): string =>
  order.length ? ` order by ${order.map(({ descending }, i) => `${key(i)}${descending ? ' desc' : ''}`).join(', ')}` : ''

/** One table with the rows that hops reach from it: conditions and orders are said of it. */
export class Source {
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
    // Of no row there are no related rows, as of one that has none.
    const { fn } = key.place
    const shown = (text: string) => (fn?.kind === 'rows' && !isGate(fn.hop.from) ? `coalesce(${text}, 0)` : text)
    if (hasIndex(hop)) {
      return shown(`(select ${mine} from ${from} where ${link(hop, inner.row, at)}${orderBy(shared, (i) => keys[i]!)} limit 1)`)
    }
    const to = `${inner.row}.${quoteName(hop.to)}`
    const sorted = orderBy([{ descending: false }, ...shared], (i) => [to, ...keys][i]!)
    const firsts = this.#writer.alias()
    this.joins += joinGathered(hop, firsts, at, `select distinct on (${to}) ${to}, ${mine} from ${from}${sorted}`)
    return shown(`${firsts}.shown`)
  }

  /**
   * A condition of rows of `table`. Where it reaches many rows they are joined aside, and the row counts once: two conditions on one relation
   * must hold for the same related row, and a row without any is there as nulls. What needs no common related row is asked for apart: joined
   * together, every row of one relation would meet every row of the other.
   */
  where(table: Table, condition: Condition): string {
    if (!reachesMany(condition)) return this.condition(condition)
    if (condition.kind === 'or') return `(${condition.of.map((each) => this.where(table, each)).join(' or ')})`
    const apart = condition.kind === 'and' ? independent(condition.of) : []
    if (apart.length > 1) return `(${apart.map((of) => this.where(table, { kind: 'and', of })).join(' and ')})`
    const [only, ...others] = apart[0] ?? []
    if (only && !others.length) return this.where(table, only)
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
    if (condition.kind === 'bare') return this.#bare(condition)
    if (condition.kind !== 'compare') {
      if (condition.of.length === 0) return condition.kind === 'and' ? 'true' : 'false'
      return `(${condition.of.map((inner) => this.condition(inner)).join(` ${condition.kind} `)})`
    }
    const { place, operator, slot } = condition
    const { column, cast } = comparableGiven(this.value(place), place, operator)
    const value = (end?: 0 | 1) =>
      this.#writer.parameter({ kind: 'slot', slot: slot! + (this.#rule ?? 0), ...(end === undefined ? {} : { end }) }) + cast
    return comparisons[operator]!(column, value)
  }

  #bare({ columns, names }: Bare): string {
    const path = this.#writer.parameter({ kind: 'constant', value: bareOf(names) })
    return `(${columns.map((name) => `plinth.${isBare.name}(${this.row}.${quoteName(name)}, ${path}::jsonpath)`).join(' and ')})`
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

const reachesMany = (condition: Condition): boolean => manyIn(condition).length > 0

/** The first relation to many rows on each of the paths that a condition takes. */
function manyIn(condition: Condition): readonly string[] {
  if (condition.kind === 'bare') return []
  if (condition.kind !== 'compare' && condition.kind !== 'caller' && condition.kind !== 'exists') return condition.of.flatMap(manyIn)
  const { via } = condition.kind === 'exists' ? condition : condition.place
  const first = via.findIndex(({ many }) => many)
  return first < 0 ? [] : [JSON.stringify(via.slice(0, first + 1).map(({ name }) => name))]
}

/** Conditions in groups of those that meet in a relation to many rows. */
function independent(conditions: readonly Condition[]): readonly (readonly Condition[])[] {
  let groups: { readonly relations: readonly string[]; readonly of: readonly Condition[] }[] = []
  for (const condition of conditions) {
    const relations = manyIn(condition)
    const [shared, others] = [true, false].map((side) =>
      groups.filter((group) => group.relations.some((name) => relations.includes(name)) === side),
    ) as [typeof groups, typeof groups]
    const all = {
      relations: [...shared.flatMap((group) => group.relations), ...relations],
      of: [...shared.flatMap(({ of }) => of), condition],
    }
    groups = [...others, all]
  }
  return groups.map(({ of }) => of)
}

/**
 * What rows of a table are read from: the table itself, or for somebody who does not see all of it what they see. Nothing else is in there, so
 * whatever is said of its rows (conditions, orders, groups, counts) can tell nothing else.
 */
export function fromText(writer: Writer, table: Table): string {
  const guard = guardOf(table)
  if (!guard || isOpen(guard)) return tableText(writer, table)
  const { whole } = guard
  const { row, seen, joins } = ruleTexts(writer, whole, guard.conditions())
  const before = guard.stored && storedTexts(writer, guard.stored(), row)
  const anyOf = (texts: readonly string[]) => (texts.length === 1 ? texts[0]! : `(${texts.join(' or ')})`)
  const inAny = (grants: readonly number[]) =>
    [seen, ...(before ? [before.seen] : [])].map((texts) => anyOf(grants.map((i) => texts[i]!))).join(' and ')
  const columns = guardedColumns(table, guard).map(({ name, column, grants }) => {
    const value = `${row}.${quoteName(column)}`
    const shown = grants ? `case when ${inAny(grants)} then ${value} end` : value
    return shown === value && name === column ? value : `${shown} as ${quoteName(name)}`
  })
  if (!whole.primaryKey.length && whole.kind === 'table') columns.push(`${row}.ctid`)
  const where = seen.includes('true') ? '' : ` where ${inAny([...seen.keys()])}`
  return `(select ${columns.join(', ')} from ${tableText(writer, whole)} ${row}${joins}${before?.joins ?? ''}${where})`
}

/** For each condition whether it held for a row before it was written. What was not there was nobody's to be hidden. */
function storedTexts(
  writer: Writer,
  { table, conditions }: ReturnType<NonNullable<Guard['stored']>>,
  row: string,
): { seen: readonly string[]; joins: string } {
  const was = ruleTexts(writer, table, conditions)
  const held = writer.alias()
  const made = madeText(writer, table, row)
  const columns = was.seen.map((text, i) => `${text} as "${i}"`).join(', ')
  const from = `${tableText(writer, table)} ${was.row}${was.joins} where ${sameRow(table, was.row, row)}`
  return {
    seen: was.seen.map((_, i) => (made ? `(${held}."${i}" or ${made})` : `${held}."${i}"`)),
    joins: ` left join lateral (select ${columns} from ${from}) ${held} on true`,
  }
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
export function columnsIn(table: Table): readonly string[] {
  const guard = guardOf(table)
  return guard && !isOpen(guard) ? guardedColumns(table, guard).map(({ name }) => name) : [...table.columns.keys()]
}

export const leftJoin = (writer: Writer, hop: Hop, row: string, from: string): string =>
  ` left join ${fromText(writer, hop.table)} ${row} on ${link(hop, row, from)}`

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

/** Numbers of unknown size are told as text, as those of columns are, unless answers are typed. */
export function shownValue(writer: Writer, row: string, { field, fn }: Place): string {
  if (!fn) return writer.typed ? typedColumn(row, field) : jsonColumn(row, field)
  const text = functionText(writer, row, field, fn)
  if (writer.typed) return fn.kind === 'part' ? `floor(${text})` : text
  return fn.kind === 'part' || fn.kind === 'rows' ? `(${text})::text` : text
}

/** How many rows each row has; with `from` only those of the level are counted. */
export function gatheredCount(writer: Writer, row: string, hop: Hop, from?: string): Shown {
  const [child, counts] = [writer.related(), writer.alias()]
  const where = from ? ` where ${isOfLevel(hop, child, { row, from })}` : ''
  const text = `select ${child}.${quoteName(hop.to)}, count(*) from ${fromText(writer, hop.table)} ${child}${where} group by 1`
  return { text: behindGate(hop, row, `coalesce(${counts}.shown, 0)`), joins: joinGathered(hop, counts, row, text) }
}

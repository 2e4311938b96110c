/** A plan → one statement whose first column is the answer's JSON text. Identifiers come from the plan's tables, values are parameters. Pure. */
import { type Field, quoteName, type Table } from 'plinth'
import { jsonColumn } from './format.ts'
import { keysCondition } from './keys.ts'
import type { Condition, Hop, Order, Place, ReadNode, ReadPlan, Selection } from './plan.ts'

export interface Statement {
  readonly text: string
  /** What `$1`, `$2`… stand for, in order. */
  readonly binds: readonly Bind[]
}

export type Bind =
  | { readonly kind: 'slot'; readonly slot: number /** Which end of a range. */; readonly end?: 0 | 1 }
  | { readonly kind: 'offset' }
  /** A column of the one key, or the list of that column's values in all keys. */
  | { readonly kind: 'key'; readonly part: number }

/** The shape of the answer: a list, the list of given keys, one row by key, or a singleton's row (its defaults when there is none). */
export type AnswerForm = 'list' | 'keys' | 'one' | 'singleton'

export const tableName = (table: Table): string => `${quoteName(table.schema)}.${quoteName(table.name)}`

class Writer {
  readonly binds: Bind[] = []
  #aliases = 0
  readonly #places = new Map<string, number>()

  alias(): string {
    return `t${this.#aliases++}`
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

/** Whole rows are said as `d.*`: a bare `d` would mean a column of that name. */
export function compileRead(plan: ReadPlan, form: AnswerForm): Statement {
  const writer = new Writer()
  const page = compilePage(writer, plan, form)
  const row = writer.alias()
  const { list, joins } = columnsOf(writer, row, plan.node)
  const order = joins ? page.order(row) : ''
  const shown = `select ${list} from (${page.text}) ${row}${joins}${order}`
  const meta = metaText(writer, plan)
  if (form === 'one') return { text: `select '{"data":' || row_to_json(d.*)::text || '}' from (${shown}) d`, binds: writer.binds }
  const value = plan.node.selections.length ? 'row_to_json(d.*)::text' : "coalesce(to_json(d.key)::text, 'null')"
  const data =
    form === 'singleton'
      ? `coalesce((select row_to_json(d.*)::text from (${shown}) d), (select row_to_json(d.*)::text from (${defaultsOf(plan.node)}) d), '{}')`
      : `coalesce((select '[' || string_agg(${value}, ',') || ']' from (${shown}) d), '[]')`
  return { text: `select '{"data":' || ${data} || ${meta}'}'`, binds: writer.binds }
}

/** The rows of the answer, bare: filtered, ordered and cut, so that only they are formatted. */
function compilePage(writer: Writer, plan: ReadPlan, form: AnswerForm): { text: string; order(row: string): string } {
  const source = new Source(writer)
  const conditions = plan.where ? [source.condition(plan.where)] : []
  const key = (part: number) => writer.parameter({ kind: 'key', part })
  if (form === 'one') conditions.push(...plan.table.primaryKey.map((name, part) => `${source.row}.${quoteName(name)} = ${key(part)}`))
  if (form === 'keys') conditions.push(keysCondition(source.row, plan.table, key))
  const sorted = form === 'one' ? [] : plan.order
  const keys = sorted.map(({ place, descending }) => `${source.column(place)}${descending ? ' desc' : ''}`)
  // Keys that joins bring are carried along by name, so that the order holds after the page is joined again.
  const carried = sorted.flatMap(({ place }, i) => (place.via.length ? [`, ${source.column(place)} as "$${i}"`] : []))
  // Our names for them start with `$`, as only columns may that are not served: those must stay out then.
  const shown = carried.length
    ? [...plan.table.columns.keys()].map((name) => `${source.row}.${quoteName(name)}`).join(', ')
    : `${source.row}.*`
  const limit = form === 'singleton' ? 1 : form === 'one' && plan.limit !== 0 ? null : plan.limit
  const text = [
    `select ${shown}${carried.join('')} from ${tableName(plan.table)} ${source.row}${source.joins}`,
    conditions.length ? ` where ${conditions.join(' and ')}` : '',
    keys.length ? ` order by ${keys.join(', ')}` : '',
    limit === null ? '' : ` limit ${limit}`,
    plan.hasOffset && form !== 'singleton' ? ` offset ${writer.parameter({ kind: 'offset' })}` : '',
  ].join('')
  return {
    text,
    order: (row) => orderBy(sorted, (place, i) => `${row}.${quoteName(place.via.length ? `$${i}` : place.field.name)}`),
  }
}

const orderBy = (order: readonly Order[], column: (place: Place, i: number) => string): string =>
  order.length ? ` order by ${order.map(({ place, descending }, i) => `${column(place, i)}${descending ? ' desc' : ''}`).join(', ')}` : ''

function metaText(writer: Writer, plan: ReadPlan): string {
  if (!plan.meta.length) return ''
  const counts = plan.meta.map((name) => {
    const source = new Source(writer)
    const where = name === 'filter_count' && plan.where ? ` where ${source.condition(plan.where)}` : ''
    return `'"${name}":' || (select count(*) from ${tableName(plan.table)} ${source.row}${source.joins}${where})`
  })
  return `',"meta":{' || ${counts.join(` || ',' || `)} || '}' || `
}

/** One table with the rows that to-one links reach from it: conditions and orders are said of it. */
class Source {
  readonly row: string
  joins = ''
  readonly #writer: Writer
  readonly #joined = new Map<string, string>()

  constructor(writer: Writer) {
    this.#writer = writer
    this.row = writer.alias()
  }

  column({ via, field }: Place): string {
    let row = this.row
    let path = ''
    for (const { link, table } of via) {
      path += `/${link.field}`
      const known = this.#joined.get(path)
      const next = known ?? this.#writer.alias()
      if (!known) {
        this.joins += leftJoin(table, next, row, link)
        this.#joined.set(path, next)
      }
      row = next
    }
    return `${row}.${quoteName(field.name)}`
  }

  condition(condition: Condition): string {
    if (condition.kind !== 'compare') {
      if (condition.of.length === 0) return condition.kind === 'and' ? 'true' : 'false'
      return `(${condition.of.map((inner) => this.condition(inner)).join(` ${condition.kind} `)})`
    }
    const { place, operator, slot } = condition
    const value = (end?: 0 | 1) => this.#writer.parameter({ kind: 'slot', slot: slot!, ...(end === undefined ? {} : { end }) })
    return comparisons[operator]!(comparable(this.column(place), place.field, operator), value)
  }
}

const leftJoin = (table: Table, row: string, from: string, link: Hop['link']): string =>
  ` left join ${tableName(table)} ${row} on ${row}.${quoteName(link.targetField)} = ${from}.${quoteName(link.field)}`

const textTypes = new Set(['text', 'varchar', 'bpchar', 'citext', 'name'])
const equality = new Set(['_eq', '_neq', '_in', '_nin', '_null', '_nnull'])

/** Types without the operators we use are compared as their text. */
function comparable(column: string, { column: facts, type }: Field, operator: string): string {
  if (operator === '_null' || operator === '_nnull' || textTypes.has(facts!.baseType)) return column
  return type === 'unknown' || (!equality.has(operator) && type === 'string') ? `${column}::text` : column
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

/** The select list of a node, and the joins that its to-one relations need. Without selections: the key alone, as `key`. */
function columnsOf(writer: Writer, row: string, node: ReadNode): { list: string; joins: string } {
  if (!node.selections.length) return { list: `${keyOf(row, node.table)} as key`, joins: '' }
  let joins = ''
  const columns = node.selections.map((selection) => {
    const shown = shownOf(writer, row, selection)
    joins += shown.joins
    return `${shown.text} as ${quoteName(selection.key)}`
  })
  return { list: columns.join(', '), joins }
}

function keyOf(row: string, table: Table): string {
  const parts = table.primaryKey.map((name) => jsonColumn(row, table.fields.get(name)!))
  return parts.length === 1
    ? parts[0]!
    : `json_build_object(${table.primaryKey.map((name, i) => `${quoteLiteral(name)}, ${parts[i]}`).join(', ')})`
}

export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`

function shownOf(writer: Writer, row: string, selection: Selection): { text: string; joins: string } {
  if (selection.kind === 'column') return { text: jsonColumn(row, selection.field), joins: '' }
  const inner = writer.alias()
  const { node } = selection
  if (selection.kind === 'm2o') {
    const { link } = selection
    const { list, joins } = columnsOf(writer, inner, node)
    const value = node.selections.length ? `(select row_to_json(o.*) from (select ${list}) o)` : list.replace(/ as key$/, '')
    return {
      text: `case when ${inner}.${quoteName(link.targetField)} is not null then ${value} end`,
      joins: leftJoin(node.table, inner, row, link) + joins,
    }
  }
  const page = writer.alias()
  const { list, joins } = columnsOf(writer, inner, node)
  const orderOf = (alias: string) => orderBy(selection.order, ({ field }) => `${alias}.${quoteName(field.name)}`)
  const limit = selection.limit === null ? '' : ` limit ${selection.limit}`
  const mine = `${page}.${quoteName(selection.link.targetField)} = ${row}.${quoteName(selection.owner)}`
  const rows = `select ${page}.* from ${tableName(node.table)} ${page} where ${mine}${orderOf(page)}${limit}`
  const value = node.selections.length ? 'row_to_json(o.*)' : 'o.key'
  const shown = `select ${list} from (${rows}) ${inner}${joins}${joins ? orderOf(inner) : ''}`
  return { text: `coalesce((select json_agg(${value}) from (${shown}) o), '[]'::json)`, joins: '' }
}

/** A singleton that has not been saved yet: its key as null, and the fields that have a default. */
function defaultsOf(node: ReadNode): string {
  const fields = node.selections.flatMap((selection) => (selection.kind === 'column' ? [selection.field] : []))
  const given = fields.filter(({ column }) => !column!.primaryKey && column!.default !== null && !column!.default.includes('nextval('))
  const keys = fields.filter(({ column }) => column!.primaryKey).map(({ name }) => `null as ${quoteName(name)}`)
  const shown = [...keys, ...given.map((field) => `${jsonColumn('v', field)} as ${quoteName(field.name)}`)]
  const values = given.map(({ name, column }) => `${column!.default} as ${quoteName(name)}`)
  return shown.length ? `select ${shown.join(', ')} from (select ${values.join(', ')}) v` : 'select where false'
}

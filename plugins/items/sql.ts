/** A plan → one statement whose first column is the answer's JSON text. Identifiers come from the plan's tables, values are parameters. Pure. */
import { type Field, quoteName, quoteTable, type Table } from 'plinth'
import { cursorText, orderText } from './cursor.ts'
import { estimatedCount } from './estimate.ts'
import { isJson, jsonColumn } from './format.ts'
import { keysCondition } from './keys.ts'
import { guardOf, isOpen } from './permit/guard.ts'
import type { Condition, ReadPlan, Rows } from './plan.ts'
import { compileEdges } from './sql/edges.ts'
import { compileGroups } from './sql/groups.ts'
import { type Cut, compilePage } from './sql/page.ts'
import { columnsOf, levelOf, objectOf } from './sql/show.ts'
import { Source } from './sql/source.ts'
import { quoteLiteral, type Statement, Writer } from './sql/writer.ts'

/** The shape of the answer: a list, the list of given keys, one row by key, or a singleton's row (its defaults when there is none). */
export type AnswerForm = 'list' | 'keys' | 'one' | 'singleton'

/** @throws INVALID_QUERY when it would follow more than `relations` relations: the database's planner takes long over many. */
export function compileRead(plan: ReadPlan, form: AnswerForm, relations: number): Statement {
  const writer = new Writer(plan.slots, relations, plan.typed)
  const also = (row: string) => keyed(writer, row, plan.table, form)
  if (plan.page && form === 'list') {
    const { data, from } = compileEdges(writer, plan, plan.page, () => counted(writer, plan.table, plan.where))
    return writer.done(`select '{"data":' || ${data} || '}' from ${from} d`)
  }
  if (plan.meta.includes('next_cursor') && (form === 'list' || form === 'keys')) return compileCursor(writer, plan, also)
  const shown = plan.grouping ? compileGroups(writer, plan, plan.grouping, also) : compileRows(writer, plan, form)
  // As a list `d` is also a column where a table has one of that name: the row is named in full.
  const value = plan.grouping || plan.node.selections.length ? 'row_to_json(d.*)::text' : "coalesce(to_json(d.key)::text, 'null')"
  const meta = metaText(writer, plan)
  if (form === 'one') return writer.done(`select '{"data":' || ${value} || '}' from (${shown}) d`)
  const data =
    form === 'singleton' && !plan.grouping
      ? `coalesce((select ${value} from (${shown}) d), (select row_to_json(d.*)::text from (${defaultsOf(plan)}) d), '{}')`
      : `coalesce((select '[' || string_agg(${value}, ',') || ']' from (${shown}) d), '[]')`
  return writer.done(`select '{"data":' || ${data} || ${meta}'}'`)
}

/**
 * A batch of a list, from its start or behind the row that a batch ended with: `{"data":[…],"last":[…]}`, the latter as text of each key of the
 * order. The order must be total.
 */
export function compileBatch(plan: ReadPlan, form: 'list' | 'keys', behind: boolean, relations: number): Statement {
  const writer = new Writer(plan.slots, relations, plan.typed)
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

/** What an answer about given keys says of their rows. */
function keyed(writer: Writer, row: string, table: Table, form: AnswerForm): string[] {
  const key = (part: number) => writer.parameter({ kind: 'key', part })
  if (form === 'one') return table.primaryKey.map((name, part) => `${row}.${quoteName(name)} = ${key(part)}`)
  return form === 'keys' ? [keysCondition(row, table, key)] : []
}

/** `next`: SQL for the cursor as JSON text. */
function metaText(writer: Writer, plan: ReadPlan, next = `'null'`): string {
  if (!plan.meta.length) return ''
  // Statistics are of all rows: who may see only some of them is told how many those are.
  const guard = guardOf(plan.table)
  const seesAll = !guard || isOpen(guard)
  const counts = plan.meta.map((name) => {
    if (name === 'next_cursor') return `'"${name}":' || ${next}`
    const exact = counted(writer, plan.table, name === 'filter_count' ? plan.where : null)
    return `'"${name}":' || ${name === 'estimated_count' && seesAll ? estimatedCount(plan.table, quoteTable(plan.table), exact) : exact}`
  })
  return `',"meta":{' || ${counts.join(` || ',' || `)} || '}' || `
}

/** SQL for how many rows there are. */
function counted(writer: Writer, table: Table, where: Condition | null): string {
  const source = new Source(writer)
  const condition = where ? ` where ${source.where(table, where)}` : ''
  return `(select count(*) from ${source.from(table)} ${source.row}${source.joins}${condition})`
}

const isLiteral = /^('|-?\d|\(-?\d|(true|false|NULL)\b)/

/** Defaults are shown as fields tell them: numbers of any size are numbers, times and lists are texts as PostgreSQL writes them. */
function defaultColumn(row: string, field: Field): string {
  const column = `${row}.${quoteName(field.name)}`
  if (field.concealed) return jsonColumn(row, field)
  if (field.type === 'bigInteger' || field.type === 'decimal') return column
  const isText = ['csv', 'dateTime', 'timestamp'].includes(field.type) || (field.type === 'json' && !isJson(field))
  return isText ? `${column}::text` : jsonColumn(row, field)
}

/** A singleton that has not been saved yet: its key as null, and the fields that have a default; where answers are typed nothing is left out. */
function defaultsOf({ node, typed }: ReadPlan): string {
  const values: string[] = []
  const shown = node.selections.flatMap((selection) => {
    const as = `as ${quoteName(selection.key)}`
    const field = selection.kind === 'column' && !selection.place.fn ? selection.place.field : undefined
    const { primaryKey, default: given } = field?.column ?? {}
    if (primaryKey) return `null ${as}`
    if (field && given && !given.includes('nextval(')) {
      if (!typed && !field.concealed && !isLiteral.test(given)) return `${quoteLiteral(given)} ${as}`
      values.push(`${given} as ${quoteName(field.name)}`)
      return `${typed ? jsonColumn('v', field) : defaultColumn('v', field)} ${as}`
    }
    if (!typed) return []
    if (selection.kind === 'constant' && selection.value !== null) return `${quoteLiteral(selection.value)} ${as}`
    return `${selection.kind === 'many' ? `'[]'::json` : selection.kind === 'object' ? `'{}'::json` : 'null'} ${as}`
  })
  return shown.length ? `select ${shown.join(', ')} from (select ${[...new Set(values)].join(', ')}) v` : 'select where false'
}

/** Aggregates and groups of rows. Pure. */
import { type Field, quoteName } from 'plinth'
import type { Selected } from '../api.ts'
import { jsonColumn } from '../format.ts'
import type { Grouping, Rows } from '../plan.ts'
import type { Wish } from '../query.ts'
import { cut, rankWithin } from './page.ts'
import { orderBy, Source } from './source.ts'
import { quoteLiteral, type Writer } from './writer.ts'

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

type Conditions = (row: string) => readonly string[]

/** Groups are found first (`g0`… and `a0`…), then shown: a value as its column is, a count as text. */
export function compileGroups(writer: Writer, plan: Rows, grouping: Grouping, also: Conditions): string {
  const found = `${foundGroups(writer, plan, grouping, also)}${orderOf(grouping)}${cut(writer, plan)}`
  const row = writer.alias()
  return `select ${shownGroups(row, grouping)} from (${found}) ${row}`
}

/** The same for each value of a column at once: the value, and the list of its groups. */
export function gatheredGroups(writer: Writer, rows: Rows, grouping: Grouping, column: string, also: Conditions): string {
  const [all, row] = [writer.alias(), writer.alias()]
  const ranked = `select ${all}.*, row_number() over (partition by ${all}.k${orderOf(grouping)}) as n from (${foundGroups(writer, rows, grouping, also, column)}) ${all}`
  const shown = `(select row_to_json(o.*) from (select ${shownGroups(row, grouping)}) o)`
  return `select ${row}.k, json_agg(${shown} order by ${row}.n) from (${ranked}) ${row}${rankWithin(`${row}.n`, rows)} group by 1`
}

/** With `column` groups are of rows that have the same there, which is called `k`. */
function foundGroups(writer: Writer, plan: Rows, { groups, aggregates }: Grouping, also: Conditions, column?: string): string {
  const source = new Source(writer)
  const conditions = [...also(source.row), ...(plan.where ? [source.where(plan.table, plan.where)] : [])]
  const where = conditions.length ? ` where ${conditions.join(' and ')}` : ''
  const keys = [
    ...(column === undefined ? [] : [`${source.row}.${quoteName(column)} as k`]),
    ...groups.map(({ place }, i) => `${source.value(place)} as g${i}`),
  ]
  const values = aggregates.map(({ fn, field }, i) => `${calls[fn](field ? `${source.row}.${quoteName(field.name)}` : '*')} as a${i}`)
  const by = keys.length ? ` group by ${keys.map((_, i) => i + 1).join(', ')}` : ''
  return `select ${[...keys, ...values].join(', ')} from ${source.from(plan.table)} ${source.row}${source.joins}${where}${by}`
}

/** The groups' own values come last, so that the order is total: pages of groups would repeat some and leave out others else. */
function orderOf({ groups, aggregates, order }: Grouping): string {
  const nameOf = (key: string): string => {
    const group = groups.findIndex((each) => each.key === key)
    if (group >= 0) return `g${group}`
    return `a${aggregates.findIndex(({ fn, key: name }) => key === `${fn}.${name}` || key === fn)}`
  }
  const sorted = order.map(({ key, descending }) => ({ name: nameOf(key), descending }))
  const rest = groups.map((_, i) => ({ name: `g${i}`, descending: false })).filter(({ name }) => !sorted.some((key) => key.name === name))
  const keys = [...sorted, ...rest]
  return orderBy(keys, (i) => keys[i]!.name)
}

function shownGroups(row: string, { groups, aggregates, wishes }: Grouping): string {
  const group = (i: number) => {
    const { place } = groups[i]!
    return place.fn ? `${row}.g${i}::text` : jsonColumn(row, renamed(place.field, `g${i}`))
  }
  const wished = (wish: Wish): string => {
    if (wish.kind === 'constant') return quoteLiteral(wish.value)
    if (wish.kind === 'group') return objectText(groups.map(({ key }, i) => [key, group(i)]))
    if (wish.kind !== 'aggregate') return 'null'
    const value = (key: string) => `${row}.a${aggregates.findIndex((each) => each.fn === wish.fn && each.key === key)}`
    const part = (one: Selected) => (one.kind === 'field' ? value(one.name) : wished(one as Wish))
    return wish.of ? objectText(wish.of.map((one) => [one.key, part(one)])) : value('*')
  }
  if (wishes) return wishes.map((wish) => `${wished(wish)} as ${quoteName(wish.key)}`).join(', ')
  const shownKeys = groups.map(({ key }, i) => `${group(i)} as ${quoteName(key)}`)
  // Beside fields the number of rows is left out, as the API has it.
  const byFunction = Map.groupBy(aggregates.entries(), ([, { fn }]) => fn)
  const shownAggregates = [...byFunction].map(([fn, entries]) => {
    const shown = [...entries].map(([i, { key, field }]) => ({ key, text: shownAggregate(row, `a${i}`, fn, field) }))
    if (shown.length === 1 && shown[0]!.key === '*') return `${shown[0]!.text} as ${quoteName(fn)}`
    return `${objectText(shown.filter(({ key }) => key !== '*').map(({ key, text }) => [key, text]))} as ${quoteName(fn)}`
  })
  return [...shownKeys, ...shownAggregates].join(', ')
}

/** Key → SQL for its value. Not `json_build_object`, which takes fifty pairs at most. */
export const objectText = (entries: readonly (readonly [key: string, text: string])[]): string =>
  entries.length
    ? `(select row_to_json(o) from (select ${entries.map(([key, text]) => `${text} as ${quoteName(key)}`).join(', ')}) o)`
    : `'{}'::json`

const renamed = (field: Field, name: string): Field => ({ ...field, name })

function shownAggregate(row: string, name: string, fn: string, field: Field | null): string {
  if (field && (fn === 'min' || fn === 'max')) return jsonColumn(row, renamed(field, name))
  return field?.type === 'float' && !fn.startsWith('count') ? `${row}.${name}` : `${row}.${name}::text`
}

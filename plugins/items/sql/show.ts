/** Rows as answers show them, related rows in them. Pure. */
import { quoteName, type Table } from 'plinth'
import { jsonColumn } from '../format.ts'
import type { Hop, Place } from '../place.ts'
import type { Grouping, ReadNode, Rows, Selection } from '../plan.ts'
import { compileGroups, gatheredGroups } from './groups.ts'
import { behindGate, hasIndex, isOfLevel, joinGathered, type Level, link, type Shown } from './links.ts'
import { compilePage, rankWithin } from './page.ts'
import { gatheredCount, leftJoin, Source, shownValue } from './source.ts'
import { quoteLiteral, type Writer } from './writer.ts'

/** The rows of a page; `head` gives it a name where it will be read twice. */
export function levelOf(writer: Writer, row: string, page: string, node: ReadNode): Level & { readonly head: string } {
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
    if (selection.kind === 'many') return !hasIndex(selection.hop) || gathers(selection.rows.node)
    if (selection.kind === 'constant') return false
    return selection.kind === 'any' ? selection.nodes.some((one) => gathers(one.node)) : gathers(selection.node)
  })

/** The select list of a node, and the joins that its relations need. Without selections: the key alone, as `key`; of an object that is empty then, too. */
export function columnsOf(writer: Writer, level: Level, node: ReadNode): { list: string; joins: string } {
  if (!node.selections.length && node.object) return { list: `'{}'::json as key`, joins: '' }
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

function shownOf(writer: Writer, level: Level, selection: Selection): Shown {
  switch (selection.kind) {
    case 'column':
      return shownColumn(writer, level, selection.place)
    case 'constant':
      return { text: selection.value === null ? 'null' : quoteLiteral(selection.value), joins: '' }
    case 'object':
      return objectOf(writer, level, selection.node)
    case 'one':
      return shownOne(writer, level, selection)
    case 'many':
      if (!hasIndex(selection.hop) || gathers(selection.rows.node)) return gatheredMany(writer, level, selection)
      return { text: shownMany(writer, level.row, selection), joins: '' }
    case 'any':
      return shownAny(writer, level, selection)
  }
}

function shownColumn(writer: Writer, { row, from }: Level, place: Place): Shown {
  if (place.fn?.kind !== 'rows' || hasIndex(place.fn.hop)) return { text: shownValue(writer, row, place), joins: '' }
  const { text, joins } = gatheredCount(writer, row, place.fn.hop, from)
  return { text: writer.typed ? text : `(${text})::text`, joins }
}

export function objectOf(writer: Writer, level: Level, node: ReadNode): Shown {
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
  if (rows.grouping) return gatheredManyGroups(writer, level, hop, rows, rows.grouping)
  const page = compilePage(writer, { ...rows, limit: null, offset: 0, unordered: true }, (child) => [isOfLevel(hop, child, level)])
  const [all, ranked, row, lists] = [writer.alias(), writer.alias(), writer.related(), writer.alias()]
  const to = quoteName(hop.to)
  const rank = `${ranked}.${quoteName('$rank')}`
  const numbered = `select ${all}.*, row_number() over (partition by ${all}.${to}${page.order(all)}) as ${quoteName('$rank')} from (${page.text}) ${all}`
  const found = `select * from (${numbered}) ${ranked}${rankWithin(rank, rows)}`
  const inner = levelOf(writer, row, found, rows.node)
  const { text, joins } = objectOf(writer, inner, rows.node)
  const list = `json_agg(${text} order by ${row}.${quoteName('$rank')})`
  return {
    text: behindGate(hop, level.row, `coalesce(${lists}.shown, '[]'::json)`),
    joins: joinGathered(hop, lists, level.row, `${inner.head}select ${row}.${to}, ${list} from ${inner.from}${joins} group by 1`),
  }
}

function gatheredManyGroups(writer: Writer, level: Level, hop: Hop, rows: Rows, grouping: Grouping): Shown {
  const lists = writer.related()
  const text = gatheredGroups(writer, rows, grouping, hop.to, (child) => [isOfLevel(hop, child, level)])
  // No rows make no groups, but what is said of all of them is said of none too.
  const none = grouping.groups.length
    ? ''
    : `(select json_agg(row_to_json(o.*)) from (${compileGroups(writer, rows, grouping, () => ['false'])}) o), `
  return {
    text: behindGate(hop, level.row, `coalesce(${lists}.shown, ${none}'[]'::json)`),
    joins: joinGathered(hop, lists, level.row, text),
  }
}

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

/** Steps along relations as SQL: what makes two rows related, and how related rows are joined to a level of rows. Pure. */
import { quoteName } from 'plinth'
import { columnOf, isGate } from '../permit/guard.ts'
import type { Hop } from '../place.ts'
import { quoteLiteral } from './writer.ts'

/** Rows that are shown: their name, and what they are read from with it, so that what is related to all of them can be found at once. */
export interface Level {
  readonly row: string
  readonly from: string
}

/** SQL for a value, and the joins that it takes. */
export interface Shown {
  readonly text: string
  readonly joins: string
}

/** Whether an index finds the rows that `hop` leads to from one row. */
export const hasIndex = ({ table, to }: Hop): boolean => table.indexes.some(({ columns }) => columns[0] === columnOf(to))

/** What makes `row` one that `hop` leads to from `from`. */
export function link({ table, from: column, to, scope, back }: Hop, row: string, from: string): string {
  const held = `${from}.${quoteName(column)}`
  if (back) return `${row}.${quoteName(to)} = ${held}::text and ${row}.${quoteName(back.column)} = ${quoteLiteral(back.value)}`
  if (!scope) return `${row}.${quoteName(to)} = ${held}`
  return `${row}.${quoteName(to)} = case when ${from}.${quoteName(scope.column)} = ${quoteLiteral(scope.value)} then ${textAs(table.columns.get(table.primaryKey[0]!)!.baseType, held)} end`
}

export const isOfLevel = (hop: Hop, child: string, { row, from }: Level): string =>
  `${child}.${quoteName(hop.to)} in (select ${row}.${quoteName(hop.from)} from ${from})`

/** A value made of related rows: null where the relation is not seen. */
export const behindGate = ({ from }: Hop, row: string, text: string): string =>
  isGate(from) ? `case when ${row}.${quoteName(from)} is not null then ${text} end` : text

/** `text` selects what rows are related by, and what is `shown` for it. */
export const joinGathered = (hop: Hop, name: string, row: string, text: string): string =>
  ` left join (${text}) ${name}(key, shown) on ${name}.key = ${row}.${quoteName(hop.from)}`

const wholeTypes = new Set(['int2', 'int4', 'int8'])
const numberTypes = new Set(['numeric', 'float4', 'float8'])

/** Text in the type of a column; null where it cannot be that. Whole numbers as the greatest of their types, which no digits can exceed. */
export function textAs(baseType: string, held: string): string {
  if (wholeTypes.has(baseType)) return `case when ${held} ~ '^-?[0-9]{1,18}$' then ${held}::int8 end`
  if (numberTypes.has(baseType))
    return `case when ${held} ~ '^-?[0-9]{1,255}([.][0-9]{1,255})?(e[+-]?[0-9]{1,3})?$' then ${held}::numeric end`
  if (baseType === 'uuid') return `case when ${held} ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then ${held}::uuid end`
  return held
}

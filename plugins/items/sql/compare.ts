/** Operators as SQL. Pure. */
import type { Place } from '../place.ts'
import { isEquality, openEnds } from '../query.ts'

type Compare = (column: string, value: (end?: 0 | 1) => string) => string

export const comparisons: Readonly<Record<string, Compare>> = {
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

const textTypes = new Set(['text', 'varchar', 'bpchar', 'citext', 'name'])

/** Types without the operators we use are compared as their text. */
export function comparable(value: string, { field: { column, type }, fn }: Place, operator: string): string {
  if (fn || operator === '_null' || operator === '_nnull' || textTypes.has(column!.baseType)) return value
  return type === 'unknown' || (!isEquality(operator) && type === 'string') ? `${value}::text` : value
}

/** The same where the value comes with the request, and what it is cast to: PostgreSQL reads it as what the column holds, so that an index serves. */
export function comparableGiven(value: string, place: Place, operator: string): { column: string; cast: string } {
  const { labels, baseType, sqlType } = place.field.column!
  // Enums, and addresses, which are the same however they are spelled.
  const read = !place.fn && isEquality(operator) && (labels !== null || baseType === 'inet')
  // Else a number with a fraction, or one too large, would be read as the column's own type of number.
  const type = read ? sqlType : baseType === 'numeric' || baseType === 'int8' ? baseType : null
  const list = operator === '_in' || operator === '_nin' ? '[]' : ''
  // The cast of the column does nothing but for domains, which some types have no operators for.
  return { column: read ? `${value}::${sqlType}` : comparable(value, place, operator), cast: type ? `::${type}${list}` : '' }
}

/** The pattern that text from the database means: in it `%` and `_` stand for themselves. */
export function patternText(operator: string, value: string): string {
  const [open, close] = openEnds(operator)
  return open || close ? `${open ? "'%' || " : ''}regexp_replace(${value}, '([\\\\%_])', '\\\\\\1', 'g')${close ? " || '%'" : ''}` : value
}

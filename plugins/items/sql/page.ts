/** A page of rows as they are: filtered, ordered and cut. Pure. */
import { quoteName } from 'plinth'
import { castType } from '../keys.ts'
import type { Place } from '../place.ts'
import type { Order, Rows } from '../plan.ts'
import { columnsIn, orderBy, Source } from './source.ts'
import type { Writer } from './writer.ts'

interface Page {
  readonly text: string
  /** What the keys of the order are called in its rows. */
  readonly keys: readonly string[]
  /** The order again, for when joins may have lost it. */
  order(row: string): string
}

export type Cut = Pick<Rows, 'offset'> & {
  readonly limit: number | 'bound' | null /** Left for whoever reads them. */
  readonly unordered?: boolean
  /** The other way round, from the end. */
  readonly backward?: boolean
}

/** Bare rows: filtered, ordered and cut; `behind` the last one of a batch. */
export function compilePage(
  writer: Writer,
  rows: Omit<Rows, 'limit'> & Cut,
  also: (row: string) => readonly string[],
  behind = false,
): Page {
  const source = new Source(writer)
  const conditions = [...also(source.row), ...(rows.where ? [source.where(rows.table, rows.where)] : [])]
  const keys = rows.order.map((key) => source.sortKey(key, rows.order))
  const order = rows.backward ? rows.order.map((key) => ({ ...key, descending: !key.descending })) : rows.order
  if (behind) conditions.push(behindLast(writer, order, keys))
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
    rows.unordered ? '' : orderBy(order, (i) => keys[i]!),
    cut(writer, rows),
  ].join('')
  return { text, keys: names, order: (row) => orderBy(order, (i) => `${row}.${quoteName(names[i]!)}`) }
}

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

export function cut(writer: Writer, { limit, offset }: Cut): string {
  const most = limit === 'bound' ? writer.parameter({ kind: 'size' }) : limit
  const skipped = offset === 'bound' ? writer.parameter({ kind: 'offset' }) : offset
  return `${most === null ? '' : ` limit ${most}`}${skipped === 0 ? '' : ` offset ${skipped}`}`
}

/** The same where rows are numbered, for what is a page of each of several lists. */
export function rankWithin(rank: string, { limit, offset }: Pick<Rows, 'limit' | 'offset'>): string {
  const cuts = [...(offset ? [`${rank} > ${offset}`] : []), ...(limit === null ? [] : [`${rank} <= ${Number(offset) + limit}`])]
  return cuts.length ? ` where ${cuts.join(' and ')}` : ''
}

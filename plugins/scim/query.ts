/** What a list is asked for, by query string or by a body to `.search` (RFC 7644 §3.4.2, §3.4.3; RFC 9865). Pure. */
import { isUuid } from 'plinth'
import type { Limits } from './discovery.ts'
import { bindFilter, isAddress, type Place, placeOf } from './places.ts'
import { type Selection, toSelection } from './present.ts'
import { scimProblems } from './problems.ts'
import type { Shape } from './schemas.ts'
import type { Wanted } from './source.ts'

export interface Asked {
  readonly filter: string | null
  readonly sortBy: string | null
  readonly descending: boolean
  /** From 1 on. */
  readonly startIndex: number
  readonly count: number
  /** Undefined: pages are counted. Null: the first page, to be followed by cursors. Else where the page before ended. */
  readonly after: Marker | null | undefined
  readonly selection: Selection
}

/** What a cursor holds: the resource that a page ended with. */
export interface Marker {
  readonly type: string
  readonly key: string
}

/** @throws SCIM_INVALID_VALUE, SCIM_INVALID_CURSOR */
export function toAsked(sent: Readonly<Record<string, unknown>>, { page, pageMax }: Limits): Asked {
  const order = textOf(sent, 'sortOrder')?.toLowerCase() ?? 'ascending'
  if (order !== 'ascending' && order !== 'descending') throw scimProblems.SCIM_INVALID_VALUE('"sortOrder" must be ascending or descending.')
  return {
    filter: textOf(sent, 'filter'),
    sortBy: textOf(sent, 'sortBy'),
    descending: order === 'descending',
    startIndex: Math.max(1, wholeOf(sent, 'startIndex') ?? 1),
    count: Math.min(pageMax, Math.max(0, wholeOf(sent, 'count') ?? page)),
    after: markerOf(sent.cursor),
    selection: toSelection(sent.attributes, sent.excludedAttributes),
  }
}

function textOf(sent: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = sent[name]
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string') throw scimProblems.SCIM_INVALID_VALUE(`"${name}" must be text.`)
  return value
}

function wholeOf(sent: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = sent[name]
  if (value === undefined || value === null || value === '') return null
  if (!/^-?\d{1,15}$/.test(String(value))) throw scimProblems.SCIM_INVALID_VALUE(`"${name}" must be a whole number.`)
  return Number(value)
}

export const toCursor = ({ type, key }: Marker): string => btoa(`${type}/${key}`).replaceAll('=', '')

function markerOf(cursor: unknown): Marker | null | undefined {
  if (cursor === undefined || cursor === null) return undefined
  if (cursor === '') return null
  const [type = '', key = ''] = typeof cursor === 'string' && /^[\w+/]{1,80}$/.test(cursor) ? decoded(cursor).split('/') : []
  if (!isUuid(key)) throw scimProblems.SCIM_INVALID_CURSOR()
  return { type, key }
}

function decoded(cursor: string): string {
  try {
    return atob(cursor)
  } catch {
    // Cut off: no key either.
    return ''
  }
}

/** All but the bounds of the page. @param lenient Where several types are asked, names of one are unknown to another. @throws SCIM_INVALID_FILTER, SCIM_INVALID_PATH */
export function toWanted(shape: Shape, asked: Asked, wide: boolean, lenient: boolean): Omit<Wanted, 'offset' | 'limit'> {
  return {
    filter: asked.filter === null ? undefined : bindFilter(shape, asked.filter, lenient),
    sortBy: asked.sortBy === null ? undefined : sortPlace(shape, asked.sortBy, lenient),
    descending: asked.descending,
    after: asked.after?.type === shape.name ? asked.after.key : undefined,
    wide,
  }
}

function sortPlace(shape: Shape, name: string, lenient: boolean): Place | undefined {
  const place = placeOf(shape, name)
  const { attribute, sub } = place ?? {}
  if (place && attribute && (sub || attribute.type !== 'complex') && !isAddress(place)) return place
  const value = attribute?.subAttributes?.find((one) => one.name === 'value')
  if (place && value && !sub) return { ...place, sub: value }
  if (lenient && !place) return undefined
  throw scimProblems.SCIM_INVALID_PATH(`"${name}" is nothing to sort by.`)
}

/**
 * Where a page of a list ended: what its last row has in each key of the order, as PostgreSQL's text. Opaque to clients, bound like any value, so
 * a forged one finds other rows of the same list at most. Pure.
 */
import { problems } from 'plinth'
import type { Order } from './plan.ts'

export interface Cursor {
  /** The order that it is a place in, as `orderText` tells it. */
  readonly order: string
  readonly last: readonly (string | null)[]
}

/** A cursor means something only in the order that it was made for. */
export const orderText = (order: readonly Order[]): string =>
  order
    .map(({ place: { via, field, fn }, descending }) => {
      const path = [...via.map(({ name }) => name), field.name, ...(fn?.kind === 'path' ? fn.path : [])]
      return `${descending ? '-' : ''}${path.join('.')}`
    })
    .join(',')

export const brokenCursor = () => problems.INVALID_QUERY('"cursor" is none that an answer gave as "next_cursor".')

/** base64url of `[order, [key, …]]`; `cursorText` in SQL is the other way. @throws INVALID_QUERY for anything else. */
export function parseCursor(text: string): Cursor {
  const [order, last, ...more] = listIn(text)
  if (typeof order !== 'string' || !Array.isArray(last) || more.length) throw brokenCursor()
  if (!last.every((value) => value === null || (typeof value === 'string' && !value.includes('\0')))) throw brokenCursor()
  return { order, last }
}

function listIn(text: string): unknown[] {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return Array.isArray(value) ? value : []
  } catch {
    throw brokenCursor()
  }
}

/** SQL for the cursor as JSON; `order` and `last` are SQL too, the latter a JSON list. */
export const cursorText = (order: string, last: string): string =>
  `to_json(translate(encode(convert_to(json_build_array(${order}::text, ${last})::text, 'UTF8'), 'base64'), E'+/=\\n', '-_'))::text`

/** @throws INVALID_QUERY for a cursor of another order. */
export function checkCursor({ order, last }: Cursor, keys: readonly Order[]): void {
  if (order !== orderText(keys) || last.length !== keys.length)
    throw problems.INVALID_QUERY('"cursor" belongs to a list in another order: leave "sort" as it was.')
}

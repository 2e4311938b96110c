/** Values of one request → the parameters of a statement, checked against what they are compared with. */
import type { Access, Parameter } from 'plinth'
import { callerKeys } from './caller.ts'
import type { Cursor } from './cursor.ts'
import { type Stored, storedParameter } from './permit/stored.ts'
import type { Slot } from './plan.ts'
import { isEquality, openEnds } from './query.ts'
import type { Bind, Statement } from './sql/writer.ts'
import { checkLabel, toParameter } from './values.ts'

/** What a request brings along. */
export interface Given {
  readonly access: Access
  /** Values of the query. */
  readonly values?: readonly unknown[]
  readonly offset?: number
  /** Columns of a key, or lists of them. */
  readonly key?: readonly Parameter[]
  readonly batch?: Batch | undefined
  readonly cursor?: Cursor | null
  readonly stored?: Stored | undefined
}

export interface Batch {
  /** Rows asked for. */
  readonly size: number
  /** See `compileBatch`. */
  readonly last: readonly (string | null)[]
}

/** @throws INVALID_QUERY when a value cannot be what it is compared with. */
export function bind({ slots, binds }: Pick<Statement, 'slots' | 'binds'>, given: Given): Parameter[] {
  const { access, values: queried = [], offset = 0, key = [], batch, cursor, stored } = given
  const now = new Date()
  // Every value is checked, also one that the statement does not need.
  const values = slots.map(({ value, field, operator, plain }) => {
    const raw = rawOf(value, queried)
    if (isEquality(operator)) for (const one of [raw].flat()) checkLabel(field, one)
    if (Array.isArray(raw)) return raw.map((value) => toParameter(field, value, now))
    return pattern(operator, toParameter(field, raw, plain ? null : now))
  })
  return binds.map((place: Bind): Parameter => {
    if (place.kind === 'key') return key[place.part]!
    if (place.kind === 'offset') return offset
    if (place.kind === 'size') return batch!.size
    if (place.kind === 'last') return (batch ?? cursor)!.last[place.part]!
    if (place.kind === 'constant') return place.value
    if (place.kind === 'stored') return storedParameter(stored!, place)
    if (place.kind === 'caller') return callerKeys(access, place.of)
    const value = values[place.slot]!
    return place.end === undefined ? (value as Parameter) : ((value as Parameter[])[place.end] as Parameter)
  })
}

/** A rule brings its own value, a query's comes with each request. */
export const rawOf = (value: Slot['value'], values: readonly unknown[]): unknown =>
  typeof value === 'number' ? values[value] : value.constant

/** `%` and `_` in what is searched for stand for themselves. */
function pattern(operator: string, value: Parameter): Parameter {
  const [open, close] = openEnds(operator)
  if (value === null || (!open && !close)) return value
  return `${open ? '%' : ''}${String(value).replace(/[\\%_]/g, '\\$&')}${close ? '%' : ''}`
}

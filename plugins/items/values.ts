/** Values that arrive in filters and keys → parameters, checked against the column's type before a statement sees them. Pure but for the clock. */
import { type Field, isUuid, type Parameter, problems } from 'plinth'

/** The groups of types that share operators and a way to read values. */
export type Family = 'text' | 'hash' | 'number' | 'time' | 'boolean' | 'uuid' | 'json' | 'other'

const families: Readonly<Record<string, Family>> = {
  string: 'text',
  text: 'text',
  csv: 'text',
  hash: 'hash',
  integer: 'number',
  bigInteger: 'number',
  decimal: 'number',
  float: 'number',
  date: 'time',
  time: 'time',
  dateTime: 'time',
  timestamp: 'time',
  boolean: 'boolean',
  uuid: 'uuid',
  json: 'json',
}

export const familyOf = (field: Field): Family => families[field.type] ?? 'other'

/** Whole-number types by `pg_type.typname`, with their least value; the greatest is -least - 1. */
const leastOf: Readonly<Record<string, bigint>> = { int2: -(2n ** 15n), int4: -(2n ** 31n), int8: -(2n ** 63n) }

const refuse = (field: Field, expects: string) =>
  problems.INVALID_QUERY(`"${field.name}" is compared with something that is not ${expects}.`)

/**
 * The parameter for one value compared with `field` at the time `now`; without a time `$NOW` is text like any other.
 * @throws INVALID_QUERY when the value cannot be one of the column's type.
 */
export function toParameter(field: Field, raw: unknown, now: Date | null): Parameter {
  const value = now && isTime(raw) ? resolveTime(raw, now) : raw
  if (value === null) return null
  switch (familyOf(field)) {
    case 'number':
      return toNumber(field, value)
    case 'boolean':
      if (value === true || value === 'true' || value === 1 || value === '1') return true
      if (value === false || value === 'false' || value === 0 || value === '0') return false
      throw refuse(field, 'true or false')
    case 'uuid':
      if (typeof value === 'string' && isUuid(value)) return value
      throw refuse(field, 'a UUID')
    case 'time':
      return toTime(field, value)
    default:
      if (typeof value === 'string' && value.includes('\0')) throw refuse(field, 'text without null characters')
      return value instanceof Date ? value.toISOString() : String(value)
  }
}

/** A time counts in milliseconds. */
function toNumber(field: Field, raw: unknown): string {
  const value = raw instanceof Date ? raw.getTime() : raw
  const { baseType } = field.column!
  const least = leastOf[baseType]
  const text = String(typeof value === 'boolean' ? Number(value) : value).trim()
  if (least !== undefined) {
    const exact = baseType !== 'int8' || (typeof value === 'string' ? /^[+-]?\d+$/.test(text) : Number.isSafeInteger(value))
    const whole = exact ? toWhole(text) : undefined
    if (whole === undefined || whole < least || whole >= -least) throw refuse(field, 'a whole number in the range of its type')
    return String(whole)
  }
  if (text === '' || !Number.isFinite(Number(text))) throw refuse(field, 'a number')
  return /^[+-]?[\d.]/.test(text) && !/^[+-]?0[xbo]/i.test(text) ? text : String(Number(text))
}

/** Digits exactly, whatever their number; other spellings (1e3, 0x10) as JavaScript reads them. */
export function toWhole(text: string): bigint | undefined {
  if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace('+', ''))
  const number = text === '' ? Number.NaN : Number(text)
  return Number.isSafeInteger(number) ? BigInt(number) : undefined
}

/** By type; what columns hold that know a zone, or no end, they take. */
const timeForms: Readonly<Record<string, RegExp>> = {
  timetz: /^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2}){0,2})?$/,
  time: /^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/,
  date: /^[+-]?\d{4,6}-\d{2}-\d{2}([T ].*)?$/,
  dateTime: /^[+-]?\d{4,6}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/,
  timestamp: /^[+-]?\d{4,6}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/,
}

function toTime(field: Field, value: unknown): string {
  if (value instanceof Date) {
    const text = value.toISOString()
    return field.type === 'date' ? text.slice(0, 10) : field.type === 'time' ? text.slice(11, 23) : text
  }
  const text = String(value).trim()
  if (field.type !== 'time' && isEndless(text)) return text
  const form = timeForms[field.column!.baseType] ?? timeForms[field.type]!
  const plainDay = /^\d{4}-\d{2}-\d{2}(?!\d)/.exec(text)
  if (!form.test(text) || (plainDay && !isDay(plainDay[0]))) throw refuse(field, `a ${field.type} in ISO 8601`)
  return toYear(text)
}

/** JavaScript takes 30 February for 1 March. */
export const isDay = (text: string): boolean => {
  const midnight = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text)
}

/** @throws INVALID_QUERY for what an enum does not have. */
export function checkLabel(field: Field, value: unknown): void {
  const { labels } = field.column!
  if (labels && value !== null && !labels.includes(String(value))) throw refuse(field, `one of ${labels.join(', ')}`)
}

const isEndless = (text: string): boolean => /^[+-]?infinity$/i.test(text)

/** What four digits of a year cannot tell, as it is shown, in PostgreSQL's words; undefined for all else. */
export const farTimeOf = (text: string): string | undefined =>
  isEndless(text) ? text : /^([+-]\d{4,6}|\d{5,6})-/.test(text) ? toYear(text) : undefined

/** ISO 8601 counts years with a sign, zero among them; PostgreSQL has none, and counts those before it backwards. */
function toYear(text: string): string {
  const [, sign, year, rest] = /^([+-])(\d{4,6})(-.*)$/.exec(text) ?? []
  if (!sign) return text
  const number = Number(year) * (sign === '-' ? -1 : 1)
  const padded = String(number > 0 ? number : 1 - number).padStart(4, '0')
  return `${padded}${rest}${number > 0 ? '' : ' BC'}`
}

/** What a unit is worth: milliseconds, or a step of the calendar. */
const units: readonly (readonly [form: RegExp, (date: Date, n: number) => void])[] = [
  [/^(ms|msecs?|milliseconds?)$/, (date, n) => date.setTime(date.getTime() + n)],
  [/^(s|secs?|seconds?)$/, (date, n) => date.setTime(date.getTime() + n * 1000)],
  [/^(m|mins?|minutes?)$/, (date, n) => date.setTime(date.getTime() + n * 60_000)],
  [/^(h|hrs?|hours?)$/, (date, n) => date.setTime(date.getTime() + n * 3_600_000)],
  [/^(|d|days?)$/, (date, n) => date.setTime(date.getTime() + n * 86_400_000)],
  [/^(w|weeks?)$/, (date, n) => date.setTime(date.getTime() + n * 604_800_000)],
  [/^months?$/, (date, n) => date.setUTCMonth(date.getUTCMonth() + n)],
  [/^(y|yrs?|years?)$/, (date, n) => date.setUTCFullYear(date.getUTCFullYear() + n)],
]

/** Whether a value depends on when it is asked: `$NOW`, `$NOW(-1 day)`. */
export const isTime = (value: unknown): value is string => typeof value === 'string' && /^\$NOW(\(|$)/.test(value)

export function resolveTime(text: string, now: Date): Date {
  const date = new Date(now)
  if (text === '$NOW' || text === '$NOW()') return date
  const [, amount, unit = ''] = /^\$NOW\(\s*([+-]?\s*\d{1,9}(?:\.\d{1,9})?)\s*([a-z]*)\s*\)$/i.exec(text) ?? []
  const shift = amount === undefined ? undefined : units.find(([form]) => form.test(unit.toLowerCase()))?.[1]
  if (!shift) throw problems.INVALID_QUERY(`"${text}" is not understood: say $NOW(-1 day), with a unit from seconds to years.`)
  shift(date, Number(amount!.replace(/\s/g, '')))
  if (!(date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999))
    throw problems.INVALID_QUERY(`"${text}" is beyond the time that can be told.`)
  return date
}

/** One value has many spellings that a column takes for the same: `"t"`, `"TRUE"`, `1`; a UUID in capitals; `"05"`. Rules that forbid a value mean all of them. Pure. */
import type { Field } from 'plinth'
import { familyOf } from '../values.ts'

const truths = ['true', 'yes', 'on', '1']
const untruths = ['false', 'no', 'off', '0']

/** `value` as its column would tell it; what no column takes stays as it is, to be refused later. */
export function spelled(field: Field, value: unknown): unknown {
  if (value === null || typeof value === 'object') return value
  const text = String(value).trim()
  switch (familyOf(field)) {
    case 'boolean':
      return toBoolean(text.toLowerCase()) ?? value
    case 'number':
      return toNumeral(text) ?? value
    case 'uuid':
      return text.toLowerCase().replaceAll(/[-{}]/g, '')
    case 'time':
      return toTime(field.type, text) ?? value
    default:
      return field.column?.baseType === 'bpchar' ? String(value).trimEnd() : String(value)
  }
}

/** Any beginning of a word will do, as PostgreSQL has it, but for `o`. */
function toBoolean(text: string): boolean | undefined {
  const begins = (words: readonly string[]) => text !== '' && text !== 'o' && words.some((word) => word.startsWith(text))
  return begins(truths) ? true : begins(untruths) ? false : undefined
}

/** Whole numbers by their digits, others by those that count and where the point is. */
function toNumeral(text: string): string | undefined {
  const plain = text.replaceAll(/(?<=[\da-f])_(?=[\da-f])/gi, '')
  const [, sign, based] = /^([+-]?)(0[xob][\da-f]+)$/i.exec(plain) ?? []
  const decimal = based === undefined ? plain : Number.isNaN(Number(based)) ? '' : `${sign}${BigInt(based)}`
  const [, minus, whole = '', part = '', exponent = '0'] = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(decimal) ?? []
  if (whole + part === '') return undefined
  const digits = (whole + part).replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  if (kept === '') return '0'
  const places = Number(exponent) - part.length + digits.length - kept.length
  return `${minus === '-' ? '-' : ''}${kept}${places < 0 || places > 40 ? `e${places}` : '0'.repeat(places)}`
}

function toTime(type: string, text: string): string | undefined {
  if (type === 'date') return text.replace(/^(\d{4})$/, '$1-01-01').replace(/^(\d{4})-?(\d{2})-?(\d{2}).*$/s, '$1-$2-$3')
  if (type === 'time') {
    const [, hour, minute, second = '00', half] = /^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s*([ap]m)?$/i.exec(text) ?? []
    if (hour === undefined) return undefined
    const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)
    return `${String(hours).padStart(2, '0')}:${minute}:${second}`
  }
  const zoned = /([Zz]|[+-]\d{2}(:?\d{2})?)$/.test(text.slice(11)) ? text : `${text.length > 10 ? text : `${text}T00:00`}Z`
  const moment = new Date(zoned)
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString()
}

/** What a column keeps of `value`, in its own spelling: numbers and times are rounded, blanks that are too many cut off. */
export function kept(field: Field, value: unknown): unknown {
  const { column } = field
  if (!column || value === null || typeof value === 'object') return value
  switch (familyOf(field)) {
    case 'number': {
      const numeral = toNumeral(String(value).trim())
      if (numeral === undefined) return value
      if (column.baseType === 'float4') return toNumeral(shortest(Math.fround(Number(numeral)))) ?? value
      return column.baseType === 'numeric' && column.scale !== null ? rounded(numeral, column.scale) : numeral
    }
    case 'time':
      return roundedTime(field, String(value).trim(), Number(/\((\d)\)/.exec(column.sqlType)?.[1] ?? 6))
    case 'text':
      return column.maxLength === null ? spelled(field, value) : String(spelled(field, value)).replace(longerThan(column.maxLength), '$1')
    default:
      return spelled(field, value)
  }
}

/** Blanks beyond so many characters. */
const longerThan = (length: number) => new RegExp(`^(.{${length}}) +$`, 'su')

/** Half a unit goes away from zero, as PostgreSQL has it. */
function rounded(numeral: string, scale: number): string {
  const [, minus = '', digits = '', exponent = '0'] = /^(-?)(\d+)(?:e(-?\d+))?$/.exec(numeral)!
  const end = digits.length + Number(exponent) + scale
  // More digits than any column holds are refused there.
  if (end >= digits.length || end > 1000) return numeral
  const whole = BigInt(digits.slice(0, Math.max(end, 0)) || 0) + (end >= 0 && digits[end]! >= '5' ? 1n : 0n)
  return toNumeral(`${whole ? minus : ''}${whole}e${-scale}`)!
}

/** The fewest digits that mean this number of four bytes. */
const shortest = (number: number): string => {
  const texts = [6, 7, 8, 9].map((digits) => number.toPrecision(digits))
  return texts.find((text) => Math.fround(Number(text)) === number) ?? String(number)
}

/** A time with its fraction of a second rounded to so many digits, and told in milliseconds. */
function roundedTime(field: Field, text: string, digits: number): unknown {
  const [, before, fraction = '', after] = /^(.*:\d{2})\.(\d+)(.*)$/s.exec(text) ?? []
  if (before === undefined || fraction.length <= Math.min(digits, 3)) return spelled(field, text)
  const day = field.type === 'time' ? '1970-01-01T' : ''
  const whole = new Date(`${day}${spelled(field, `${before}${after}`)}${day && 'Z'}`).getTime()
  if (Number.isNaN(whole)) return spelled(field, text)
  const parts = Number(fraction.slice(0, digits)) + (fraction.length > digits && fraction[digits]! >= '5' ? 1 : 0)
  const at = new Date(whole + Math.floor((parts * 1000) / 10 ** Math.min(digits, fraction.length))).toISOString()
  return day ? at.slice(11, -1).replace(/\.000$/, '') : at
}

/** Validation rules: filters over a payload. What it does not mention passes; every part that fails is told. Pure but for the clock. */
import { isObject, type Problem, problems } from 'plinth'
import type { Item } from '../api.ts'
import { isTime, resolveTime } from '../values.ts'

/** What a rule needs beside the payload. */
export interface RuleContext {
  /** What `$CURRENT_USER.email` and its kin stand for. */
  readonly variables: ReadonlyMap<string, unknown>
  readonly matches: (pattern: string, text: string) => boolean
  readonly now: Date
  /** How columns hold values. */
  readonly stored?: Stored
}

export interface Stored {
  /** What a field makes of a value: other spellings of a value are that value. */
  spelled(field: string, value: unknown): unknown
  /** The same of what it keeps of it. */
  kept(field: string, value: unknown): unknown
}

/** Members of FAILED_VALIDATION: which field, which check, and what it is about. */
interface Fault {
  readonly field: string
  readonly type: string
  readonly valid?: unknown
  readonly invalid?: unknown
  readonly substring?: unknown
}

/** Null, and what is of another kind than the rule speaks of, fails as if it were missing. */
const required = { type: 'required' }

/** The problems of `item`, which stands at `path` in its payload. */
export function faultsOf(rule: unknown, item: Item, context: RuleContext, path: readonly string[]): Problem[] {
  return check(rule, item, context).map(({ field, ...details }) =>
    problems.FAILED_VALIDATION(`"${field}" does not satisfy its rule (${details.type}).`, { field, path, ...details }),
  )
}

function check(rule: unknown, item: Item, context: RuleContext): Fault[] {
  if (!isObject(rule)) return []
  return Object.entries(rule).flatMap(([name, condition]): Fault[] => {
    if (name === '_and') return listOf(condition).flatMap((part) => check(part, item, context))
    if (name === '_or') {
      const parts = listOf(condition).map((part) => check(part, item, context))
      return parts.some((faults) => !faults.length) ? [] : parts.flat()
    }
    return checkField(name, item, condition, context)
  })
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function checkField(field: string, item: Item, condition: unknown, context: RuleContext): Fault[] {
  const value = Object.hasOwn(item, field) ? item[field] : undefined
  const conditions = isObject(condition) ? condition : { _eq: condition }
  return Object.entries(conditions).flatMap(([operator, raw]): Fault[] => {
    if (!operator.startsWith('_')) return isObject(value) ? checkField(operator, value, raw, context) : []
    if (value === undefined) return operator === '_submitted' ? [{ field, ...required }] : []
    if (!Object.hasOwn(checks, operator)) return []
    const wanted = resolved(raw, context)
    const faults = checks[operator]!(value, wanted, context)
    const found = faults.length || !context.stored ? faults : storedFaults(field, operator, value, wanted, context.stored, context)
    return found.map((fault) => ({ field, ...fault }))
  })
}

/** What compares with values, and may be passed by another spelling of what it refuses. */
const evaded: ReadonlySet<string> = new Set(['_neq', '_nin', '_lt', '_lte', '_gt', '_gte', '_between', '_nbetween'])

function storedFaults(
  field: string,
  operator: string,
  value: unknown,
  wanted: unknown,
  { spelled, kept }: Stored,
  context: RuleContext,
): Omit<Fault, 'field'>[] {
  if (value === null || wanted === null || wanted === undefined) return []
  const held = kept(field, value)
  // Of a text other rules speak too.
  if (!evaded.has(operator))
    return typeof value === 'string' && value.startsWith(String(held)) && held !== value ? checks[operator]!(held, wanted, context) : []
  const listed = /in$|between$/.test(operator) ? bounds(wanted).map((one) => spelled(field, one)) : spelled(field, wanted)
  const faults = checks[operator]!(held, listed, context)
  // Told in the rule's own words.
  return faults.length
    ? [operator === '_nin' ? { type: 'nin', invalid: bounds(wanted) } : operator === '_neq' ? { type: 'neq', invalid: wanted } : faults[0]!]
    : []
}

function resolved(raw: unknown, context: RuleContext): unknown {
  if (Array.isArray(raw)) return raw.map((one) => resolved(one, context))
  if (isTime(raw)) return resolveTime(raw, context.now)
  return typeof raw === 'string' && context.variables.has(raw) ? context.variables.get(raw) : raw
}

/** The names that stand for something of the caller, such as `$CURRENT_USER.email`. */
export function variablesIn(rule: unknown): string[] {
  if (typeof rule === 'string') return /^\$CURRENT_(USER|ROLE|ROLES|POLICIES)(\.|$)/.test(rule) ? [rule] : []
  return typeof rule === 'object' && rule !== null ? Object.values(rule).flatMap(variablesIn) : []
}

/** Whether a rule needs `matches`. */
export const hasPattern = (rule: unknown): boolean =>
  typeof rule === 'object' && rule !== null && Object.entries(rule).some(([name, value]) => name === '_regex' || hasPattern(value))

type Check = (value: unknown, wanted: unknown, context: RuleContext) => Omit<Fault, 'field'>[]

const unless = (passes: boolean, fault: Omit<Fault, 'field'>): Omit<Fault, 'field'>[] => (passes ? [] : [fault])

/** Numbers may be spelled as text; dates are compared as moments. */
function compared(type: string, passes: (order: number) => boolean): Check {
  return (value, wanted) => {
    if (wanted === undefined || wanted === null) return []
    const [mine, theirs] = pair(value, wanted)
    if (mine === undefined) return [required]
    return unless(passes(mine < theirs! ? -1 : mine > theirs! ? 1 : 0), { type, valid: shown(theirs) })
  }
}

type Ordered = number | bigint | string | Date

function pair(value: unknown, wanted: unknown): [mine: Ordered | undefined, theirs: Ordered | undefined] {
  const number = toNumber(wanted)
  if (number !== undefined) return [toNumber(value), number]
  const moment = toMoment(wanted)
  if (moment) return [toMoment(value), moment]
  return [typeof value === 'string' ? value : undefined, String(wanted)]
}

/** Whole numbers beyond those that JavaScript counts by ones are compared by their digits. */
function toNumber(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '' || !Number.isFinite(Number(value))) return undefined
  return /^-?\d+$/.test(value) && !Number.isSafeInteger(Number(value)) ? BigInt(value) : Number(value)
}

function toMoment(value: unknown): Date | undefined {
  if (value instanceof Date) return value
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(value)) return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date
}

const shown = (value: Ordered | undefined): unknown => (typeof value === 'bigint' ? String(value) : value)

const bounds = (wanted: unknown): unknown[] => (typeof wanted === 'string' ? wanted.split(',') : [...listOf(wanted)])

/** A list is read as its comma text. */
function text(type: string, passes: (mine: string, theirs: string) => boolean, anyCase = false): Check {
  return (value, wanted) => {
    const mine = Array.isArray(value) ? value.join(',') : value
    if (typeof mine !== 'string') return [required]
    const fold = (one: string) => (anyCase ? one.toLowerCase() : one)
    return unless(passes(fold(mine), fold(String(wanted))), { type, substring: wanted })
  }
}

const has = (mine: string, theirs: string) => mine.includes(theirs)
const starts = (mine: string, theirs: string) => mine.startsWith(theirs)
const ends = (mine: string, theirs: string) => mine.endsWith(theirs)
const not = (passes: typeof has) => (mine: string, theirs: string) => !passes(mine, theirs)

const isNull: Check = (value) => unless(value === null, { type: 'null' })
const isNotNull: Check = (value) => unless(value !== null, { type: 'nnull' })
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

const checks: Readonly<Record<string, Check>> = {
  _eq(value, wanted, context) {
    if (wanted === null) return isNull(value, wanted, context)
    if (typeof wanted !== 'number') return unless(same(value, wanted), { type: 'eq', valid: wanted })
    const valid = [wanted, String(wanted)]
    return unless(valid.includes(value as number), { type: 'in', valid })
  },
  _neq(value, wanted, context) {
    if (wanted === null) return isNotNull(value, wanted, context)
    return unless(!same(value, wanted) && (typeof wanted !== 'number' || value !== String(wanted)), { type: 'neq', invalid: wanted })
  },
  _in(value, wanted) {
    const valid = bounds(wanted)
    return unless(!valid.length || valid.some((one) => same(value, one)), { type: 'in', valid })
  },
  _nin(value, wanted, context) {
    const invalid = bounds(wanted)
    if (value === null && invalid.includes(null)) return isNotNull(value, wanted, context)
    return unless(!invalid.some((one) => same(value, one)), { type: 'nin', invalid })
  },
  _gt: compared('gt', (order) => order > 0),
  _gte: compared('gte', (order) => order >= 0),
  _lt: compared('lt', (order) => order < 0),
  _lte: compared('lte', (order) => order <= 0),
  _between(value, wanted, context) {
    const [low, high] = bounds(wanted)
    const faults = checks._gte!(value, low, context)
    return faults.length ? faults : checks._lte!(value, high, context)
  },
  _nbetween(value, wanted, context) {
    const [low, high] = bounds(wanted)
    const faults = [...checks._lt!(value, low, context), ...checks._gt!(value, high, context)]
    return faults[0] === required ? [required] : faults.length === 2 ? faults : []
  },
  _null: isNull,
  _nnull: isNotNull,
  _empty: (value) => unless(value === '' || (Array.isArray(value) && !value.length), { type: 'empty' }),
  _nempty: (value) => unless(value !== '' && !(Array.isArray(value) && !value.length), { type: 'nempty' }),
  _contains: text('contains', has),
  _ncontains: text('ncontains', not(has)),
  _icontains: text('contains', has, true),
  _nicontains: text('ncontains', not(has), true),
  _starts_with: text('starts_with', starts),
  _nstarts_with: text('nstarts_with', not(starts)),
  _istarts_with: text('istarts_with', starts, true),
  _nistarts_with: text('nistarts_with', not(starts), true),
  _ends_with: text('ends_with', ends),
  _nends_with: text('nends_with', not(ends)),
  _iends_with: text('iends_with', ends, true),
  _niends_with: text('niends_with', not(ends), true),
  _regex(value, wanted, { matches }) {
    if (typeof value !== 'string') return [required]
    return unless(matches(String(wanted), value), { type: 'regex', invalid: value })
  },
}

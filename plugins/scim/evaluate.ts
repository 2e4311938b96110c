/** Whether a resource, or one value of an attribute, fulfils a filter. Pure. */
import { isObject } from 'plinth'
import type { Bound, Place } from './places.ts'

export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0)

/** The same text for what is the same, whatever the order of its keys: PostgreSQL keeps another one. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (isObject(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one))

/** What stands at a place: every value of an attribute that has several. */
export function valuesAt(resource: unknown, { at, sub }: Place): unknown[] {
  const found = at.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), resource)
  const all = Array.isArray(found) ? found : [found]
  return (sub ? all.map((one) => (isObject(one) ? one[sub.name] : undefined)) : all).filter((value) => !isEmpty(value))
}

export function fulfils(resource: unknown, filter: Bound): boolean {
  switch (filter.op) {
    case 'and':
      return filter.of.every((one) => fulfils(resource, one))
    case 'or':
      return filter.of.some((one) => fulfils(resource, one))
    case 'not':
      return !fulfils(resource, filter.of)
    case 'never':
      return false
    case 'has':
      return valuesAt(resource, filter.place).some((value) => fulfils(value, filter.of))
    case 'pr':
      return valuesAt(resource, filter.place).length > 0
    default:
      return compares(valuesAt(resource, filter.place), filter)
  }
}

type Compared = Extract<Bound, { value: unknown }>

function compares(found: readonly unknown[], { op, value, caseExact }: Compared): boolean {
  if (op === 'ne') return !compares(found, { op: 'eq', value, caseExact } as Compared)
  if (value === null) return found.length === 0
  const fold = (one: unknown) => (caseExact ? String(one) : String(one).toLowerCase())
  const wanted = fold(value)
  return found.map(fold).some((one) => {
    if (op === 'eq') return one === wanted
    if (op === 'co') return one.includes(wanted)
    if (op === 'sw') return one.startsWith(wanted)
    if (op === 'ew') return one.endsWith(wanted)
    if (op === 'gt') return one > wanted
    if (op === 'ge') return one >= wanted
    return op === 'lt' ? one < wanted : one <= wanted
  })
}

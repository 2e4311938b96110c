/** Filters, of queries and of rules of rights: from what was sent to a `Filter`, as far as that goes without a schema. Pure. */
import { problems } from 'plinth'
import { pathIn } from './place.ts'
import { type CallerPart, callerParts, type FieldPath, type Filter, type Operator, operators } from './query.ts'
import { checkDepth, type Limits, objectOf, type Params, pathOf } from './words.ts'

const known = new Set<string>(operators)
/** A filter, of a query or of a rule of rights; what it compares with is added to `values`. `depth`: levels above it. Null: nothing to check. */
export function parseFilter(parameter: string, raw: unknown, values: unknown[], limits: Limits, depth = 0): Filter | null {
  const root = objectOf(parameter, raw)
  if (!root) return null
  let nodes = 0

  /** Null when `map` holds empty groups alone. */
  const every = (map: Params, toFilter: (name: string, value: unknown) => Filter | null): Filter | null => {
    const entries = Object.entries(map)
    const of = entries.flatMap(([name, value]) => toFilter(name, value) ?? [])
    return entries.length && !of.length ? null : and(of)
  }

  /** What `map` says of `field` (null at the root, where only fields and groups may stand). */
  const conditions = (field: string | null, map: Params, depth: number): Filter | null =>
    every(map, (name, value) => condition(field, name, value, depth))

  const condition = (field: string | null, name: string, value: unknown, depth: number): Filter | null => {
    if (isGroup(name)) return group(name, value, (entry) => conditions(field, entry, depth))
    if (field !== null && known.has(name)) return compare(field, name as Operator, value)
    if (field !== null && name === '_json')
      return Array.isArray(value) && !value.length
        ? null
        : inJson(field, mapOf(value, `"filter": "_json" of "${field}" must be an object of paths.`))
    if (field !== null && (name === '_some' || name === '_none')) return quantified(field, name, value, depth)
    if (name.startsWith('_') && (known.has(name) || typeof value !== 'object' || Array.isArray(value))) {
      throw problems.INVALID_QUERY(`"filter" does not know the operator "${name}"${field === null ? ' here' : ''}.`)
    }
    checkDepth('filter', depth + 1, limits)
    const of = below(name, value, depth + 1)
    return of && { kind: 'field', name, of }
  }

  const quantified = (field: string, name: '_some' | '_none', value: unknown, depth: number): Filter => {
    count()
    const said = mapOf(value, `"filter": "${name}" of "${field}" must be a filter.`)
    return { kind: name === '_some' ? 'some' : 'none', of: conditions(null, said, depth) ?? and([]) }
  }

  /** Paths into JSON, each with all that is said of what is there. */
  const inJson = (field: string, paths: Params): Filter | null =>
    every(paths, (name, said) => {
      if (isGroup(name)) return group(name, said, (entry) => inJson(field, entry))
      return atPath(name, pathIn(name), mapOf(said, `"filter": "_json" of "${field}" must hold operators at "${name}".`))
    })

  const atPath = (label: string, path: readonly string[], said: Params): Filter | null =>
    every(said, (name, value) => {
      if (isGroup(name)) return group(name, value, (entry) => atPath(label, path, entry))
      if (!known.has(name)) throw problems.INVALID_QUERY(`"filter": "_json" does not know "${name}".`)
      const isNumber = [value].flat().some((each) => typeof each === 'number') && !patterns.test(name)
      return { kind: 'json', path, as: isNumber ? 'number' : 'text', of: compare(label, name as Operator, value) }
    })

  /** Conditions and groups count, names on the way to them do not. */
  const count = () => {
    if (++nodes > limits.filterNodes) throw problems.INVALID_QUERY(`"filter" has more than ${limits.filterNodes} conditions.`)
  }

  /** `toFilter`: what an entry of the list says; null for nothing. */
  const group = (name: '_and' | '_or', value: unknown, toFilter: (entry: Params) => Filter | null): Filter | null => {
    count()
    if (!Array.isArray(value)) throw problems.INVALID_QUERY(`"filter": "${name}" must be a list of filters.`)
    const of = value.flatMap((entry) => toFilter(mapOf(entry, `"filter": "${name}" must hold objects.`)) ?? [])
    if (!of.length) return null
    return name === '_and' ? and(of) : { kind: 'or', of }
  }

  const below = (field: string, value: unknown, depth: number): Filter | null => {
    if (value === null) throw problems.INVALID_QUERY(`"filter": "${field}" is compared with null; say {"_null": true}.`)
    return typeof value === 'object' ? conditions(field, value as Params, depth) : compare(field, '_eq', value)
  }

  const compare = (field: string, operator: Operator, value: unknown): Filter => {
    count()
    const flag = flags[operator]
    if (flag) return { kind: 'compare', operator: flag[truth(field, operator, value) ? 0 : 1], value: null }
    if (operator === '_in' || operator === '_nin') return listed(operator, listOf(field, operator, value, false))
    if (operator === '_between' || operator === '_nbetween') return ranged(operator, listOf(field, operator, value, true))
    return plain(operator, single(field, operator, value))
  }

  const plain = (operator: Operator, value: unknown): Filter => {
    const own = callerOf(value, limits)
    if (own) return { kind: 'caller', operator, ...own }
    if (value === null && operator === '_eq') return { kind: 'compare', operator: '_null', value: null }
    if (value === null && operator === '_neq') return { kind: 'compare', operator: '_nnull', value: null }
    values.push(value)
    return { kind: 'compare', operator, value: values.length - 1 }
  }

  /** What is the caller's own is compared with by itself: it may be a list. */
  const listed = (operator: '_in' | '_nin', list: readonly unknown[]): Filter => {
    const owned = list.map((entry) => callerOf(entry, limits))
    const plainOnes = list.filter((_, i) => !owned[i])
    const of = owned.flatMap((own): Filter[] => {
      if (own) count()
      return own ? [{ kind: 'caller', operator, ...own }] : []
    })
    if (plainOnes.length) of.unshift(plain(operator, plainOnes))
    return operator === '_nin' || of.length === 1 ? and(of) : { kind: 'or', of }
  }

  const ranged = (operator: '_between' | '_nbetween', ends: readonly unknown[]): Filter => {
    if (!ends.some((end) => callerOf(end, limits))) return plain(operator, ends)
    const [low, high] = ends
    return operator === '_between'
      ? and([plain('_gte', low), plain('_lte', high)])
      : { kind: 'or', of: [plain('_lt', low), plain('_gt', high)] }
  }

  return conditions(null, root, depth)
}

const isGroup = (name: string): name is '_and' | '_or' => name === '_and' || name === '_or'

/** @throws INVALID_QUERY with `message` for anything that is no object. */
function mapOf(value: unknown, message: string): Params {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw problems.INVALID_QUERY(message)
  return value as Params
}

/** Operators that take a boolean, with what `true` and `false` make of them. */
const flags: { readonly [O in Operator]?: readonly [Operator, Operator] } = {
  _null: ['_null', '_nnull'],
  _nnull: ['_nnull', '_null'],
  _empty: ['_empty', '_nempty'],
  _nempty: ['_nempty', '_empty'],
}

/** Without a value an operator such as `_null` is meant. */
function truth(field: string, operator: Operator, value: unknown): boolean {
  if (value === true || value === 'true' || value === '' || isNull(value)) return true
  if (value === false || value === 'false') return false
  throw problems.INVALID_QUERY(`"filter": "${operator}" of "${field}" must be true or false.`)
}

/** `$CURRENT_USER`, `$CURRENT_ROLE.name`, `$CURRENT_POLICIES`…: undefined for anything else. */
export function callerOf(value: unknown, limits: Limits): { of: CallerPart; path: FieldPath } | undefined {
  const [, part, path] = typeof value === 'string' ? (/^\$CURRENT_([A-Z]+)(?:\.(.*))?$/.exec(value) ?? []) : []
  const of = callerParts.find((name) => name.toUpperCase() === part)
  return of && { of, path: path === undefined ? [] : pathOf('filter', path, limits) }
}

/** In brackets there is no way to write null but as a word, so it is one everywhere, except within text that is looked for. */
const isNull = (value: unknown): boolean => value === null || (typeof value === 'string' && value.toLowerCase() === 'null')
const patterns = /(contains|starts_with|ends_with)$/

/** Null compares with nothing, so it finds nothing. */
function single(field: string, operator: Operator, value: unknown): unknown {
  if (isNull(value) && !patterns.test(operator)) return null
  if (value === '' || value === undefined || (typeof value === 'object' && value !== null)) {
    throw problems.INVALID_QUERY(`"filter": "${operator}" of "${field}" needs a value.`)
  }
  return value
}

function listOf(field: string, operator: Operator, value: unknown, range: boolean): readonly unknown[] {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [value]
  if (range ? list.length !== 2 : list.length < 1) {
    throw problems.INVALID_QUERY(`"filter": "${operator}" of "${field}" needs ${range ? 'two values' : 'a list of values'}.`)
  }
  return list.map((entry) => (entry === '' && !range ? entry : single(field, operator, entry)))
}

const and = (of: readonly Filter[]): Filter => (of.length === 1 ? of[0]! : { kind: 'and', of })

/** From what a client sent (query string, SEARCH body, code) to a `Query`, checked as far as that goes without a schema. Pure. */
import { problems } from 'plinth'
import type { QueryInput } from './api.ts'
import type {
  Aggregate,
  CallerPart,
  DeepShape,
  ExportFormat,
  FieldPath,
  Filter,
  MetaName,
  Operator,
  Query,
  Search,
  SortKey,
} from './query.ts'
import { aggregateFunctions, callerParts, exportFormats, metaNames, operators } from './query.ts'
import { parseQueryString } from './query-string.ts'
import { isUuid } from './values.ts'

export interface Limits {
  readonly defaultLimit: number
  /** -1: none. */
  readonly maxLimit: number
  /** Levels of relations, the field counted. */
  readonly depth: number
  readonly fields: number
  readonly filterNodes: number
  readonly aliases: number
}

type Params = Readonly<Record<string, unknown>>

const known = new Set<string>(operators)
const later = ['version', 'cursor'] as const

/** @throws INVALID_QUERY naming the parameter at fault; FORBIDDEN where the reference takes a list for field names. */
export function parseQuery(input: QueryInput, limits: Limits): Query {
  const params: Params = typeof input === 'string' ? parseQueryString(input) : input
  for (const name of later) {
    if (params[name] !== undefined && params[name] !== '') throw problems.INVALID_QUERY(`"${name}" is not offered yet.`)
  }
  const values: unknown[] = []
  const limit = parseLimit('limit', params.limit, limits)
  const offset = parseOffset('', params, limit, limits)
  return {
    shape: {
      fields: parseFields(params.fields, limits),
      filter: parseFilter('filter', params.filter, values, limits),
      search: parseSearch('search', params.search, values),
      sort: parseSort('sort', params.sort, limits),
      limit,
      alias: parseAlias('alias', params.alias, limits),
      deep: parseDeep(params.deep, values, limits),
      hasOffset: offset > 0,
      meta: parseMeta(params.meta),
      backlink: String(params.backlink) !== 'false',
      aggregate: parseAggregate(params.aggregate),
      group: wordsOf('groupBy', params.groupBy ?? params.group).map((word) => pathOf('groupBy', word, limits)),
    },
    export: parseExport(params.export),
    explain: parseExplain(params.explain),
    values,
    offset,
  }
}

function parseExport(raw: unknown): ExportFormat | null {
  if (raw === undefined || raw === null || raw === '') return null
  const format = exportFormats.find((name) => name === raw)
  if (!format) throw problems.INVALID_QUERY(`"export" must be one of ${exportFormats.join(', ')}.`)
  return format
}

/** `?explain` alone is a wish too. */
function parseExplain(raw: unknown): Query['explain'] {
  if (raw === undefined || raw === null || raw === false || raw === 'false') return null
  if (raw === '' || raw === true || raw === 'true') return 'plan'
  if (raw === 'analyze') return raw
  throw problems.INVALID_QUERY('"explain" must be true, false or "analyze".')
}

function parseLimit(name: string, raw: unknown, limits: Limits): number | null {
  const limit = raw === undefined ? null : wholeNumber(name, raw, -1)
  if (limits.maxLimit >= 0 && limit !== null && (limit === -1 || limit > limits.maxLimit)) {
    throw problems.INVALID_QUERY(`"${name}" may be at most ${limits.maxLimit}.`)
  }
  return limit
}

/** Rows to skip: `page` wins over `offset`, unless all rows are asked for. */
function parseOffset(prefix: '' | '_', params: Params, limit: number | null, limits: Limits): number {
  const [page, offset] = [`${prefix}page`, `${prefix}offset`].map((name) =>
    params[name] === undefined ? null : wholeNumber(name, params[name], 0),
  )
  const size = limit ?? limits.defaultLimit
  return page == null || size === -1 ? (offset ?? 0) : (Math.max(page, 1) - 1) * size
}

function parseSearch(name: string, raw: unknown, values: unknown[]): Search | null {
  if (raw === undefined || raw === null) return null
  if (typeof raw === 'object') throw problems.INVALID_QUERY(`"${name}" must be text.`)
  const text = String(raw).trim()
  if (text === '') return null
  if (text.includes('\0')) throw problems.INVALID_QUERY(`"${name}" holds a null character.`)
  values.push(text)
  return { value: values.length - 1, form: searchForm(text) }
}

/** Numbers as they are plainly spelled; `whole`: one that a column of whole numbers could hold. */
function searchForm(text: string): Search['form'] {
  if (isUuid(text)) return 'uuid'
  if (!/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/.test(text)) return 'text'
  return !text.includes('.') && BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? 'whole' : 'number'
}

function parseAlias(name: string, raw: unknown, limits: Limits): Readonly<Record<string, string>> {
  const alias = objectOf(name, raw) ?? {}
  const entries = Object.entries(alias)
  if (entries.length > limits.aliases) throw problems.INVALID_QUERY(`"${name}" has more than ${limits.aliases} names.`)
  for (const [key, target] of entries) {
    if (typeof target !== 'string') throw problems.INVALID_QUERY(`"${name}" must name a field for "${key}".`)
    if (key.includes('.') || (target.includes('.') && !target.includes('(')))
      throw problems.INVALID_QUERY(`"${name}" takes plain names, not paths such as "${key.includes('.') ? key : target}".`)
  }
  return alias as Record<string, string>
}

/** `deep[rel][_filter]`…; what is neither of these nor a relation is ignored, as the API has it. */
function parseDeep(raw: unknown, values: unknown[], limits: Limits): Readonly<Record<string, DeepShape>> {
  const level = (map: Params, depth: number): Record<string, DeepShape> => {
    checkDepth('deep', depth, limits)
    const shapes: Record<string, DeepShape> = Object.create(null)
    for (const [name, params] of Object.entries(map)) {
      if (name.startsWith('_') || typeof params !== 'object' || params === null || Array.isArray(params)) continue
      const own = params as Params
      const limit = parseLimit('_limit', own._limit, limits)
      shapes[name] = {
        filter: parseFilter('_filter', own._filter, values, limits, depth),
        search: parseSearch('_search', own._search, values),
        sort: parseSort('_sort', own._sort, limits),
        limit,
        offset: parseOffset('_', own, limit, limits),
        alias: parseAlias('_alias', own._alias, limits),
        deep: level(own, depth + 1),
      }
    }
    return shapes
  }
  const root = typeof raw === 'string' ? jsonOf(raw) : raw
  return typeof root === 'object' && root !== null && !Array.isArray(root) ? level(root as Params, 1) : {}
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseAggregate(raw: unknown): readonly Aggregate[] {
  const map = objectOf('aggregate', raw) ?? {}
  return Object.entries(map).flatMap(([fn, fields]) => {
    const known = aggregateFunctions.find((name) => name === fn)
    if (!known) throw problems.INVALID_QUERY(`"aggregate" does not know the function "${fn}".`)
    const words = [...new Set(wordsOf('aggregate', fields))]
    return (words.length ? words : ['']).map((field) => ({ fn: known, field }))
  })
}

/** A number as JavaScript reads one; empty text is 0. */
function wholeNumber(name: string, raw: unknown, min: number): number {
  const plain = Array.isArray(raw) && raw.length === 1 ? raw[0] : raw
  const value = typeof plain === 'number' || typeof plain === 'string' ? Number(plain) : Number.NaN
  if (!Number.isSafeInteger(value) || value < min) throw problems.INVALID_QUERY(`"${name}" must be a whole number of at least ${min}.`)
  return value
}

/** Text with commas (none inside parentheses), or a list of such texts. */
function wordsOf(name: string, raw: unknown): string[] {
  if (raw === undefined || raw === null || raw === '') return []
  const texts = Array.isArray(raw) ? raw : [raw]
  return texts.flatMap((text) => {
    if (typeof text !== 'string') throw problems.INVALID_QUERY(`"${name}" must be text or a list of texts.`)
    const words = text.split(/,(?![^()]*\))/).map((word) => word.trim())
    if (words.includes('')) throw problems.INVALID_QUERY(`"${name}" has an empty name between commas.`)
    return words
  })
}

/** At the dots outside parentheses. @throws INVALID_QUERY for parentheses that do not add up. */
function pathOf(name: string, word: string, limits: Limits): FieldPath {
  if (/[()]/.test(word) && !/^[^()]*\([^()]+\)$/.test(word)) throw problems.INVALID_QUERY(`"${name}" does not understand "${word}".`)
  const path = word.split(/\.(?![^()]*\))/)
  checkDepth(name, path.length, limits)
  return path
}

function checkDepth(name: string, depth: number, limits: Limits): void {
  if (depth > limits.depth) throw problems.INVALID_QUERY(`"${name}" goes deeper than ${limits.depth} levels.`)
}

function parseFields(raw: unknown, limits: Limits): readonly FieldPath[] {
  const words = wordsOf('fields', raw)
  if (words.length > limits.fields) throw problems.INVALID_QUERY(`"fields" names more than ${limits.fields} fields.`)
  return words.length ? words.map((word) => pathOf('fields', word, limits)) : [['*']]
}

/** Text with commas, or a list of single names. */
function parseSort(name: string, raw: unknown, limits: Limits): readonly SortKey[] {
  const keys = Array.isArray(raw) ? raw.map((key) => scalarText(name, key)) : wordsOf(name, raw)
  if (keys.length > limits.fields) throw problems.INVALID_QUERY(`"${name}" names more than ${limits.fields} fields.`)
  return keys.map((key) => {
    const descending = key.startsWith('-')
    return { path: pathOf(name, descending ? key.slice(1) : key, limits), descending }
  })
}

/** Of text, a number, null… An object may not even have a text. */
function scalarText(name: string, value: unknown): string {
  if (typeof value === 'object' && value !== null) throw problems.INVALID_QUERY(`"${name}" must be text or a list of texts.`)
  return String(value)
}

function parseMeta(raw: unknown): readonly MetaName[] {
  const names = Array.isArray(raw) ? raw : typeof raw === 'string' && raw !== '' ? raw.split(',') : []
  for (const name of names) {
    if (name !== '*' && !metaNames.some((known) => known === name))
      throw problems.INVALID_QUERY(`"meta" does not know "${scalarText('meta', name)}".`)
  }
  // The estimate is our own: the star stands for what every client knows.
  const all = names.includes('*')
  return metaNames.filter((name) => (all && name !== 'estimated_count') || names.includes(name))
}

/** An object, or JSON text of one. */
function objectOf(name: string, raw: unknown): Params | null {
  if (raw === undefined || raw === null || raw === '') return null
  let value = raw
  if (typeof raw === 'string') {
    try {
      value = JSON.parse(raw)
    } catch {
      throw problems.INVALID_QUERY(`"${name}" is not valid JSON.`)
    }
  }
  if (typeof value !== 'object' || value === null) throw problems.INVALID_QUERY(`"${name}" must be an object.`)
  if (Array.isArray(value)) {
    if (!/filter$/.test(name)) throw problems.INVALID_QUERY(`"${name}" must be an object.`)
    if (value.length === 0) return null
    throw problems.FORBIDDEN(`"${name}" is a list: there is no field "0".`)
  }
  return value as Params
}

/** A filter, of a query or of a rule of rights; what it compares with is added to `values`. `depth`: levels above it. Null: nothing to check. */
export function parseFilter(parameter: string, raw: unknown, values: unknown[], limits: Limits, depth = 0): Filter | null {
  const root = objectOf(parameter, raw)
  if (!root) return null
  let nodes = 0

  /** What `map` says of `field` (null at the root, where only fields and groups may stand). Null when it holds empty groups alone. */
  const conditions = (field: string | null, map: Params, depth: number): Filter | null => {
    const entries = Object.entries(map)
    const of = entries.flatMap(([name, value]) => condition(field, name, value, depth) ?? [])
    return entries.length && !of.length ? null : and(of)
  }

  const condition = (field: string | null, name: string, value: unknown, depth: number): Filter | null => {
    if (name === '_and' || name === '_or') return group(field, name, value, depth)
    if (field !== null && known.has(name)) return compare(field, name as Operator, value)
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
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw problems.INVALID_QUERY(`"filter": "${name}" of "${field}" must be a filter.`)
    }
    return { kind: name === '_some' ? 'some' : 'none', of: conditions(null, value as Params, depth) ?? and([]) }
  }

  /** Conditions and groups count, names on the way to them do not. */
  const count = () => {
    if (++nodes > limits.filterNodes) throw problems.INVALID_QUERY(`"filter" has more than ${limits.filterNodes} conditions.`)
  }

  const group = (field: string | null, name: '_and' | '_or', value: unknown, depth: number): Filter | null => {
    count()
    if (!Array.isArray(value)) throw problems.INVALID_QUERY(`"filter": "${name}" must be a list of filters.`)
    const of = value.flatMap((entry) => {
      if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
        throw problems.INVALID_QUERY(`"filter": "${name}" must hold objects.`)
      return conditions(field, entry as Params, depth) ?? []
    })
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
function callerOf(value: unknown, limits: Limits): { of: CallerPart; path: FieldPath } | undefined {
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

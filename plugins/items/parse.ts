/** From what a client sent (query string, SEARCH body, code) to a `Query`, checked as far as that goes without a schema. Pure. */
import { isUuid, problems } from 'plinth'
import { aggregateFunctions, type PageSelected, paging, type QueryInput, type Selected, selection } from './api.ts'
import { parseCursor } from './cursor.ts'
import { partPage } from './paging.ts'
import { parseFilter } from './parse-filter.ts'
import type { Aggregate, DeepShape, ExportFormat, FieldPath, MetaName, Query, QueryShape, Search, SortKey, Wish } from './query.ts'
import { exportFormats, metaNames } from './query.ts'
import { parseQueryString } from './query-string.ts'
import { checkDepth, type Limits, objectOf, type Params, pathOf, wordsOf } from './words.ts'

export { parseFilter } from './parse-filter.ts'
export type { Limits } from './words.ts'

/**
 * `key`: the field that names the one item that is asked for. A filter on it alone is ignored, as the API has it.
 * @throws INVALID_QUERY naming the parameter at fault; FORBIDDEN where the reference takes a list for field names.
 */
export function parseQuery(input: QueryInput, limits: Limits, key?: string): Query {
  const params: Params = typeof input === 'string' ? parseQueryString(input) : input
  const values: unknown[] = []
  const { [selection]: selected, [paging]: direction } = typeof input === 'string' ? {} : input
  const parted = selected && direction ? partPage(direction, selected) : undefined
  const wishes = selected ? parseWishes(parted?.nodes ?? selected, values, limits) : null
  const limit = parseLimit('limit', params.limit, limits)
  const offset = parseOffset('', params, limit, limits)
  const wantsCursor = params.cursor !== undefined && params.cursor !== null
  const cursor = wantsCursor && params.cursor !== '' ? parseCursor(scalarText('cursor', params.cursor)) : null
  const filter = parseFilter('filter', params.filter, values, limits)
  const shape: QueryShape = {
    fields: wishes ? [] : parseFields(params.fields, limits),
    wishes,
    page: parted?.page ?? null,
    filter: key !== undefined && isOnlyOf(key, params.filter) ? null : filter,
    search: parseSearch('search', params.search, values),
    sort: parseSort('sort', params.sort, limits),
    limit,
    alias: parseAlias('alias', params.alias, limits),
    deep: parseDeep(params.deep, values, limits),
    hasOffset: offset > 0,
    behind: cursor !== null,
    meta: parseMeta(params.meta, wantsCursor),
    backlink: String(params.backlink) !== 'false',
    aggregate: parseAggregate('aggregate', params.aggregate, limits),
    group: parseGroup('groupBy', params.groupBy ?? params.group, limits),
  }
  if (shape.meta.includes('next_cursor')) checkPaging(shape, params)
  return {
    shape,
    export: parseExport(params.export),
    explain: parseExplain(params.explain),
    values,
    offset,
    cursor,
    version: parseVersion(params.version),
  }
}

export function isOnlyOf(field: string, raw: unknown): boolean {
  const [name, ...others] = Object.keys(objectOf('filter', raw) ?? {})
  return name === field && !others.length
}

/** A cursor is a place in a list of rows, and says by itself where a page begins. */
function checkPaging({ aggregate, group, behind }: QueryShape, params: Params): void {
  const other = ['page', 'offset', 'export'].find((name) => params[name] !== undefined && params[name] !== '')
  if (behind && other) throw problems.INVALID_QUERY(`"cursor" and "${other}" exclude each other.`)
  if (aggregate.length || group.length) throw problems.INVALID_QUERY('"cursor" is for rows, not for groups.')
}

/** What there is without versions goes by two names. */
function parseVersion(raw: unknown): string | null {
  if (raw === undefined || raw === null || raw === '' || raw === 'main' || raw === 'published') return null
  if (typeof raw !== 'string') throw problems.INVALID_QUERY('"version" must be text.')
  return raw
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

/** Rows to skip: `page` wins over `offset`, unless it is 0 or all rows are asked for. */
function parseOffset(prefix: '' | '_', params: Params, limit: number | null, limits: Limits): number {
  const [page, offset] = [`${prefix}page`, `${prefix}offset`].map((name) =>
    params[name] === undefined ? null : wholeNumber(name, params[name], 0),
  )
  const size = limit ?? limits.defaultLimit
  return !page || size === -1 ? (offset ?? 0) : (page - 1) * size
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
      shapes[name] = { ...parseRelated(params as Params, values, limits, depth), deep: level(params as Params, depth + 1) }
    }
    return shapes
  }
  const root = typeof raw === 'string' ? jsonOf(raw) : raw
  return typeof root === 'object' && root !== null && !Array.isArray(root) ? level(root as Params, 1) : {}
}

/** What is said of related rows. */
function parseRelated(params: Params, values: unknown[], limits: Limits, depth: number): Omit<DeepShape, 'deep'> {
  const limit = parseLimit('_limit', params._limit, limits)
  return {
    filter: parseFilter('_filter', params._filter, values, limits, depth),
    search: parseSearch('_search', params._search, values),
    sort: parseSort('_sort', params._sort, limits),
    limit,
    offset: parseOffset('_', params, limit, limits),
    skipped: parseOffset('_', params, -1, limits),
    alias: parseAlias('_alias', params._alias, limits),
    aggregate: parseAggregate('_aggregate', params._aggregate, limits),
    group: parseGroup('_group', params._group ?? params._groupBy, limits),
  }
}

/** Level by level, as deep as relations may lead. */
function parseWishes(selected: readonly Selected[], values: unknown[], limits: Limits, depth = 1): Wish[] {
  checkDepth('fields', depth, limits)
  const level = (of: readonly Selected[], below: number) => parseWishes(of, values, limits, depth + below)
  return selected.map((one): Wish => {
    if (one.kind === 'object') return { ...one, of: level(one.of, 0) }
    if (one.kind === 'any') return { ...one, of: mapped(one.of, (of) => level(of, 1)) }
    if (isOfPage(one)) throw new Error(`A "${one.kind}" is of pages, not of rows`)
    if (one.kind !== 'related') return one
    const { kind, key, name, query, of } = one
    return { kind, key, name, rows: { ...parseRelated(query, values, limits, depth), deep: {} }, of: level(of, 1) }
  })
}

const isOfPage = (one: Selected): one is PageSelected => /^(edges|cursor|page|total)$/.test(one.kind)

const mapped = <A, B>(map: Readonly<Record<string, A>>, to: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, to(value)]))

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseAggregate(name: string, raw: unknown, limits: Limits): readonly Aggregate[] {
  const map = objectOf(name, raw) ?? {}
  const aggregates = Object.entries(map).flatMap(([fn, fields]) => {
    const known = aggregateFunctions.find((name) => name === fn)
    if (!known) throw problems.INVALID_QUERY(`"${name}" does not know the function "${fn}".`)
    const words = [...new Set(wordsOf(name, fields))]
    return (words.length ? words : ['']).map((field) => ({ fn: known, field }))
  })
  if (aggregates.length > limits.fields) throw problems.INVALID_QUERY(`"${name}" names more than ${limits.fields} fields.`)
  return aggregates
}

function parseGroup(name: string, raw: unknown, limits: Limits): readonly FieldPath[] {
  const words = wordsOf(name, raw)
  if (words.length > limits.fields) throw problems.INVALID_QUERY(`"${name}" names more than ${limits.fields} fields.`)
  return words.map((word) => pathOf(name, word, limits))
}

/** A number as JavaScript reads one; empty text is 0. */
function wholeNumber(name: string, raw: unknown, min: number): number {
  const plain = Array.isArray(raw) && raw.length === 1 ? raw[0] : raw
  const value = typeof plain === 'number' || typeof plain === 'string' ? Number(plain) : Number.NaN
  if (!Number.isSafeInteger(value) || value < min) throw problems.INVALID_QUERY(`"${name}" must be a whole number of at least ${min}.`)
  return value
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

function parseMeta(raw: unknown, wantsCursor: boolean): readonly MetaName[] {
  const asked = Array.isArray(raw) ? raw : typeof raw === 'string' && raw !== '' ? raw.split(',') : []
  const names = wantsCursor ? [...asked, 'next_cursor'] : asked
  for (const name of names) {
    if (name !== '*' && !metaNames.some((known) => known === name))
      throw problems.INVALID_QUERY(`"meta" does not know "${scalarText('meta', name)}".`)
  }
  // The star stands for what every client knows.
  const all = names.includes('*')
  return metaNames.filter((name) => (all && name.endsWith('_count') && name !== 'estimated_count') || names.includes(name))
}

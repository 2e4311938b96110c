/** Paths of names → places: hops along relations, ending at a column or at a function of one. Pure. */
import { type Field, problems, type Snapshot, type Table } from 'plinth'
import { dateParts, saysAlias } from './api.ts'
import { guardOf, heldAs, linkedAs, ownerOf } from './permit/guard.ts'
import type { FieldPath, JsonValue } from './query.ts'

/** One step from a row to the rows it is related to: those of `table` whose `to` is our `from`. */
export interface Hop {
  /** What it is asked by: `author`, `comments`, `item:pages`. */
  readonly name: string
  readonly table: Table
  readonly many: boolean
  readonly from: string
  readonly to: string
  /** A link to any of several collections: `from` is text, and means `table` only in rows where `column` says so. */
  readonly scope?: { readonly column: string; readonly value: string }
  /** The same against the arrow: `to` is text, and means us only in rows where `column` says so. */
  readonly back?: { readonly column: string; readonly value: string }
}

export type DatePart = (typeof dateParts)[number]

/** What is done to a column, or to the rows of a relation. */
export type FieldFunction =
  | { readonly kind: 'part'; readonly part: DatePart }
  | { readonly kind: 'length' }
  /** What JSON holds at a path: as JSON, or read as text or a number. */
  | { readonly kind: 'path'; readonly path: readonly string[]; readonly as: 'json' | JsonValue }
  | { readonly kind: 'rows'; readonly hop: Hop }

/** A value of a row, or of a row reached over hops. */
export interface Place {
  readonly via: readonly Hop[]
  /** What the value is: of a function, its result. */
  readonly field: Field
  readonly fn: FieldFunction | null
}

export const missingField = (table: Table, name: string) =>
  problems.FORBIDDEN(`There is no field "${name}" in "${table.name}", or it is not yours to see.`)

export function tableOf(snapshot: Snapshot, name: string): Table {
  const table = snapshot.tables.get(name)
  if (!table) throw problems.FORBIDDEN(`There is no collection "${name}", or it is not yours to see.`)
  return table
}

/** What a column that is gone has left behind is no field for queries, nor is what is there for forms alone. */
export function isServed(table: Table, name: string): boolean {
  const field = table.fields.get(name)
  if (!field || field.column || table.links.has(name) || !field.meta) return field !== undefined
  return saysAlias(field) && !field.special.includes('no-data')
}

/** The step that `name` is, undefined for a plain column. @throws FORBIDDEN for a field or a collection that does not exist. */
export function hopOf(snapshot: Snapshot, table: Table, name: string): Hop | undefined {
  const [, follower, back] = /^\$FOLLOW\(\s*([^,]+?)\s*,\s*([^,]+?)\s*\)$/.exec(name) ?? []
  if (follower !== undefined) return followHop(snapshot, table, name, follower, back!)
  const [field = '', scope] = name.split(':')
  if (!table.fields.has(field)) throw missingField(table, field)
  const link = table.links.get(field)
  if (!link) return undefined
  if (link.kind === 'm2a') {
    if (scope === undefined) return undefined
    return anyHop(snapshot, field, link.collectionField, scope)
  }
  const target = tableOf(snapshot, link.target)
  if (link.kind === 'm2o') return { name: field, table: target, many: false, from: field, to: heldAs(target, link.targetField) }
  const owner = ownerOf(table, link.relation)
  if (owner === undefined) return undefined
  return { name: field, table: target, many: true, from: linkedAs(table, field, owner), to: link.targetField }
}

/** `$FOLLOW(comments,post)`: the rows of another table whose field leads here, also where no field of ours says so. */
function followHop(snapshot: Snapshot, table: Table, name: string, follower: string, field: string): Hop {
  const target = tableOf(snapshot, follower)
  const link = target.links.get(field)
  const hop = { name, table: target, many: true, to: field }
  if (!target.fields.has(field)) throw missingField(target, field)
  if (link?.kind === 'm2o' && link.target === table.name) return { ...hop, from: heldAs(table, link.targetField) }
  if (link?.kind !== 'm2a' || !link.targets.includes(table.name)) throw missingField(target, field)
  return { ...hop, from: heldAs(table, table.primaryKey[0]!), back: { column: link.collectionField, value: table.name } }
}

export function anyHop(snapshot: Snapshot, field: string, collectionField: string, scope: string): Hop {
  const target = tableOf(snapshot, scope)
  const [key] = target.primaryKey
  if (key === undefined) throw missingField(target, 'key')
  const to = heldAs(target, key)
  return { name: `${field}:${scope}`, table: target, many: false, from: field, to, scope: { column: collectionField, value: scope } }
}

/**
 * Where a path leads. A relation at its end stands for the related key.
 * @throws FORBIDDEN for what does not exist; INVALID_QUERY for a function that its type does not have.
 */
export function placeOf(snapshot: Snapshot, table: Table, path: FieldPath): Place {
  const via: Hop[] = []
  let at = table
  for (const name of path.slice(0, -1)) {
    const hop = hopOf(snapshot, at, name)
    if (!hop) throw missingField(at, name)
    via.push(hop)
    at = hop.table
  }
  const name = path.at(-1)!
  const called = callOf(at, name)
  if (called) return { via, ...functionOf(snapshot, at, called.fn, called.field, called.path) }
  if (name.includes(':')) throw missingField(at, name)
  const field = at.fields.get(name)
  if (!field || !isServed(at, name)) throw missingField(at, name)
  if (field.column) return { via, field, fn: null }
  const hop = hopOf(snapshot, at, name)
  if (!hop && isHidden(at, name)) throw missingField(at, name)
  if (!hop) throw problems.INVALID_QUERY(`"${name}" has no column to compare or sort by.`)
  const key = hop.table.primaryKey[0] ?? hop.to
  const keyField = hop.table.fields.get(key)
  if (!keyField) throw missingField(hop.table, key)
  return { via: [...via, hop], field: keyField, fn: null }
}

/** Whether a field leads to what the caller may not read. */
export const isHidden = (table: Table, name: string): boolean => Boolean(guardOf(table)?.whole.links.has(name)) && !table.links.has(name)

export interface Call {
  readonly fn: string
  readonly field: string
  readonly path: readonly string[]
}

/** What `name` asks of a table's rows, unless a field is called so. */
export const callOf = ({ fields }: Table, name: string): Call | undefined => (fields.has(name) ? undefined : parseCall(name))

/** `year(born)` → its parts; undefined for a plain name. */
function parseCall(name: string): Call | undefined {
  const [, fn, field, rest] = /^(\w+)\(\s*([^,()]+?)\s*(?:,\s*([^()]*?)\s*)?\)$/.exec(name) ?? []
  if (fn === undefined || field === undefined) return undefined
  return { fn, field, path: rest === undefined ? [] : pathIn(rest) }
}

/** `a.b[0]` → ['a', 'b', '0']. @throws INVALID_QUERY for any other form. */
export function pathIn(text: string): string[] {
  if (!/^([\p{L}\p{N}_-]+|\[\d+\])(\.[\p{L}\p{N}_-]+|\[\d+\])*$/u.test(text))
    throw problems.INVALID_QUERY(`"${text}" is no path such as a.b[0].`)
  return text.split(/[.[\]]+/).filter(Boolean)
}

/** The key of a function in answers: `born_year`, `info_a_b_json`. */
export const callKey = ({ fn, field, path }: Call): string => [field, ...path, fn].join('_')

/** The same for a path that ends in a function: `author.born_year`; any other as it is. */
export function pathKey(path: FieldPath): string {
  const call = parseCall(path.at(-1)!)
  return [...path.slice(0, -1), call ? callKey(call) : path.at(-1)].join('.')
}

const partsOf: Readonly<Record<string, readonly DatePart[]>> = {
  date: dateParts.slice(0, 5),
  time: dateParts.slice(5),
  dateTime: dateParts,
  timestamp: dateParts,
}

export function functionOf(
  snapshot: Snapshot,
  table: Table,
  fn: string,
  name: string,
  path: readonly string[],
): { field: Field; fn: FieldFunction } {
  if (name.includes('.')) throw problems.INVALID_QUERY(`"${fn}(${name})" is not understood: write the path before the function.`)
  const field = table.fields.get(name)
  if (!field) throw missingField(table, name)
  if (field.concealed) throw problems.INVALID_QUERY(`"${name}" is write-only.`)
  const result = (type: 'integer' | 'decimal' | 'json') => resultOf(field, fn, type)
  const part = dateParts.find((known) => known === fn)
  if (part && field.column && partsOf[field.type]?.includes(part)) return { field: result('decimal'), fn: { kind: 'part', part } }
  if (fn === 'count' && field.type === 'json') return { field: result('integer'), fn: { kind: 'length' } }
  if (fn === 'json' && field.type === 'json' && path.length) return { field: result('json'), fn: { kind: 'path', path, as: 'json' } }
  const hop = fn === 'count' ? hopOf(snapshot, table, name) : undefined
  if (hop?.many) return { field: result('decimal'), fn: { kind: 'rows', hop } }
  if (fn === 'count' && isHidden(table, name)) throw missingField(table, name)
  throw problems.INVALID_QUERY(`There is no function "${fn}" of "${name}" (${field.type}).`)
}

/** What a field is like once a function has been at it. */
const resultOf = (field: Field, fn: string, type: 'integer' | 'decimal' | 'json' | 'text'): Field => ({
  ...field,
  name: `${fn}(${field.name})`,
  type,
  column: { ...baseColumn, name: field.name, baseType: type === 'json' || type === 'text' ? type : 'numeric' },
})

/** What the JSON column at `place` holds at `path`. @throws INVALID_QUERY for a column of another type. */
export function jsonPlace({ via, field, fn }: Place, path: readonly string[], as: JsonValue): Place {
  if (fn || field.type !== 'json') throw problems.INVALID_QUERY(`"filter": "${field.name}" (${field.type}) does not take "_json".`)
  return { via, field: resultOf(field, 'json', as === 'number' ? 'decimal' : 'text'), fn: { kind: 'path', path, as } }
}

/** Facts of a value that no column holds. */
const baseColumn = {
  dataType: 'numeric',
  sqlType: 'numeric',
  nullable: true,
  default: null,
  generated: null,
  identity: null,
  autoIncrement: false,
  array: false,
  labels: null,
  maxLength: null,
  precision: null,
  scale: null,
  comment: null,
  primaryKey: false,
  unique: false,
  indexed: false,
  foreignKey: null,
} as const

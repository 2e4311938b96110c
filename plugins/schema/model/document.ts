/** The model as a document, the API's snapshot of a schema: what /schema/snapshot answers, what files in git hold. Pure. */
import type { Field, Relation, Snapshot, Table } from 'plinth'
import { isForeignExpression } from '../defaults.ts'
import { describeField, describeRelation } from '../describe.ts'

type Meta = Readonly<Record<string, unknown>>

export interface ModelCollection {
  readonly collection: string
  /** Null for a table of which nothing is said. */
  readonly meta: Meta | null
  /** Without it a folder. */
  readonly schema?: { readonly name: string }
}

export interface ModelField {
  readonly collection: string
  readonly field: string
  readonly type: string
  readonly meta: Meta | null
  /** Its column; without it an alias. */
  readonly schema?: Meta
}

/** An index on a field of the system. */
export interface ModelSystemField {
  readonly collection: string
  readonly field: string
  readonly schema: { readonly is_indexed: boolean }
}

export interface ModelRelation {
  readonly collection: string
  readonly field: string
  readonly related_collection: string | null
  readonly meta: Meta | null
  /** Its foreign key. */
  readonly schema?: Meta
}

export interface Model {
  /** 2: it speaks of the collections that it holds, and of no other. */
  readonly version: number
  /** The version of the reference whose format it has. */
  readonly directus: string
  readonly vendor: string
  readonly collections: readonly ModelCollection[]
  readonly fields: readonly ModelField[]
  readonly systemFields: readonly ModelSystemField[]
  readonly relations: readonly ModelRelation[]
}

type Named = { readonly collection: string; readonly field?: string }

/** Of a collection, a field or a relation among others of its kind. */
export const keyOf = ({ collection, field }: Named): string => JSON.stringify([collection, field])

/** Documents are exchanged with a reference server of this version. */
export const formatVersion = '12.4.0'
export const vendor = 'postgres'

/** All of it, tables of which nothing is said included. Collections by name, fields and relations in the order in which they were told of. */
export function modelOf(snapshot: Snapshot): Model {
  const tables = [...snapshot.tables.values()]
  const own = [...tables.filter(({ system }) => !system), ...snapshot.folders.values()].map(toCollection)
  const relations = snapshot.relations.filter(({ meta, collection, field }) => !meta?.system && !isOfSystem(snapshot, collection, field))
  return {
    version: 1,
    directus: formatVersion,
    vendor,
    collections: own.sort(by(({ collection }) => collection)),
    fields: tables.sort(by(({ name }) => name)).flatMap(toFields),
    systemFields: tables.filter(({ system }) => system).flatMap(toSystemFields),
    relations: relations.sort(by(({ collection }) => collection)).map(toRelation),
  }
}

const by =
  <T>(key: (item: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0

/** Without what is the row's own in this database. */
function withoutId(meta: Meta | null): Meta | null {
  if (!meta) return null
  const { id: _, system: __, ...told } = meta
  return told
}

const toCollection = (one: Table | { collection: string }): ModelCollection =>
  'collection' in one
    ? { collection: one.collection, meta: withoutId(one) }
    : { collection: one.name, meta: withoutId(one.meta), schema: { name: one.name } }

const isOfSystem = ({ tables }: Snapshot, collection: string, field: string): boolean =>
  tables.get(collection)?.fields.get(field)?.meta?.system === true

function toFields(table: Table): ModelField[] {
  const last = Number.POSITIVE_INFINITY
  return [...table.fields.values()]
    .filter(({ meta, column }) => (column && !table.system) || (meta && !meta.system))
    .sort((a, b) => (a.meta?.id ?? last) - (b.meta?.id ?? last) || 0)
    .map((field) => toField(table, field))
}

function toField(table: Table, field: Field): ModelField {
  const { collection, field: name, type, meta, schema } = describeField(table, field)
  if (!schema) return { collection, field: name, type, meta: withoutId(meta) }
  const { foreign_key_schema: _, comment: __, ...told } = schema
  const expression = field.column?.autoIncrement ? null : (field.column?.default ?? null)
  // Beyond the format, which the reference passes over: text that looks like an expression is told apart from one.
  const column = expression !== null && isForeignExpression(expression) ? { ...told, default_is_expression: true } : told
  return { collection, field: name, type, meta: withoutId(meta), schema: column }
}

function toSystemFields(table: Table): ModelSystemField[] {
  return [...table.fields.values()]
    .filter(({ meta, column }) => meta?.system && column?.indexed)
    .map(({ name }) => ({ collection: table.name, field: name, schema: { is_indexed: true } }))
    .sort(by(({ field }) => field))
}

function toRelation(relation: Relation): ModelRelation {
  const { collection, field, related_collection, schema, meta } = describeRelation(relation)
  if (!schema) return { collection, field, related_collection, meta: withoutId(meta) }
  const { foreign_key_schema: _, ...key } = schema
  return { collection, field, related_collection, meta: withoutId(meta), schema: key }
}

/** What somebody has said something of, as the reference's snapshots hold it; and columns that relations stand on, without which these cannot be made. */
export function toldPart(model: Model): Model {
  const isTold = ({ meta }: { meta: Meta | null }) => meta !== null
  const relations = model.relations.filter(isTold)
  const needed = new Set(relations.map(keyOf))
  const fields = model.fields.filter((field) => isTold(field) || needed.has(keyOf(field)))
  return { ...model, collections: model.collections.filter(isTold), fields, relations }
}

/** What belongs to some collections alone. `keeps` is asked for each name; system fields go along when `withSystem`. */
export function partOf(model: Model, keeps: (collection: string) => boolean, withSystem: boolean): Model {
  const kept = <T extends { collection: string }>(list: readonly T[]) => list.filter(({ collection }) => keeps(collection))
  return {
    ...model,
    version: 2,
    collections: kept(model.collections),
    fields: kept(model.fields),
    systemFields: withSystem ? kept(model.systemFields) : [],
    relations: kept(model.relations),
  }
}

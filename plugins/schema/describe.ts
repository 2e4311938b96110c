/** A snapshot of the schema → what /collections, /fields and /relations answer. Pure. */
import type { CollectionMeta, Column, Field, FieldMeta, Relation, Snapshot, Table } from 'plinth'
import { saysAlias } from 'plinth/items'
import { toDefault } from './defaults.ts'

export interface CollectionAnswer {
  readonly collection: string
  readonly meta: Readonly<Record<string, unknown>> | null
  readonly schema: { readonly schema: string; readonly name: string; readonly comment: string | null } | null
}

export interface FieldAnswer {
  readonly collection: string
  readonly field: string
  readonly type: string
  readonly meta: Readonly<Record<string, unknown>> | null
  readonly schema: Readonly<Record<string, unknown>> | null
}

export interface RelationAnswer {
  readonly collection: string
  readonly field: string
  readonly related_collection: string | null
  readonly schema: Readonly<Record<string, unknown>> | null
  readonly meta: Readonly<Record<string, unknown>> | null
}

/** Collections with meta, then system ones, then tables without meta. */
export function describeCollections(snapshot: Snapshot): CollectionAnswer[] {
  const names = [...snapshot.tables.keys(), ...snapshot.folders.keys()].sort(byText)
  const rank = (name: string): number => {
    const table = snapshot.tables.get(name)
    if (table?.system) return 1
    return (table?.meta ?? snapshot.folders.get(name)) ? 0 : 2
  }
  return names.sort((a, b) => rank(a) - rank(b)).map((name) => describeCollection(snapshot, name)!)
}

/** Undefined for an unknown one. */
export function describeCollection(snapshot: Snapshot, name: string): CollectionAnswer | undefined {
  const folder = snapshot.folders.get(name)
  if (folder) return { collection: name, meta: folder, schema: null }
  const table = snapshot.tables.get(name)
  return table && { collection: name, meta: collectionMeta(table.meta), schema: { schema: table.schema, name, comment: table.comment } }
}

/** Of a system collection only what differs from the default is told. */
function collectionMeta(meta: CollectionMeta | null): Readonly<Record<string, unknown>> | null {
  if (!meta?.system) return meta
  const { collection, hidden, singleton, icon, note, translations, display_template, accountability, archive_field, sort_field } = meta
  return {
    collection,
    hidden,
    singleton,
    icon,
    note,
    translations,
    display_template,
    accountability,
    ...(archive_field && { archive_field, archive_value: meta.archive_value, unarchive_value: meta.unarchive_value }),
    ...(sort_field && { sort_field }),
    system: true,
  }
}

/** All columns by collection, then all fields without a column. */
export function describeFields(snapshot: Snapshot): FieldAnswer[] {
  const tables = [...snapshot.tables.values()].sort((a, b) => byText(a.name, b.name))
  const fields = tables.flatMap(describeFieldsOf)
  const rank = ({ schema, meta }: FieldAnswer): number => (schema ? 0 : meta?.system ? 2 : 1)
  return fields.sort((a, b) => rank(a) - rank(b))
}

export const describeFieldsOf = (table: Table): FieldAnswer[] =>
  [...table.fields.values()]
    .filter((field) => isTold(field) && (field.column || saysAlias(field)))
    .map((field) => describeField(table, field))

/** A relation's other side is a field for queries alone, until somebody adds it. */
export const isTold = (field: Field | undefined): field is Field => Boolean(field?.column || field?.meta)

export function describeField(table: Table, field: Field): FieldAnswer {
  return {
    collection: table.name,
    field: field.name,
    // The API has no name for bytea.
    type: field.type === 'binary' ? 'unknown' : field.type,
    meta: field.meta && fieldMeta(field.meta),
    schema: field.column && describeColumn(table, field, field.column),
  }
}

function fieldMeta(meta: FieldMeta): Readonly<Record<string, unknown>> {
  if (!meta.system) return { ...meta }
  const { id, validation, validation_message, ...told } = meta
  return told
}

function describeColumn(table: Table, field: Field, column: Column): Readonly<Record<string, unknown>> {
  const key = column.foreignKey
  return {
    name: column.name,
    table: table.name,
    data_type: column.dataType,
    default_value: column.generated === null ? toDefault(column.default, field) : null,
    generation_expression: column.generated,
    max_length: column.maxLength,
    numeric_precision: column.precision,
    numeric_scale: column.scale,
    is_generated: column.generated !== null,
    is_nullable: column.nullable,
    is_unique: column.unique,
    is_indexed: column.indexed,
    is_primary_key: column.primaryKey,
    has_auto_increment: column.autoIncrement,
    foreign_key_schema: key?.schema ?? null,
    foreign_key_table: key?.table ?? null,
    foreign_key_column: key?.targets[0] ?? null,
    comment: column.comment,
  }
}

/** Only the many side is told: those with a foreign key first. `collection`: relations of its own columns. */
export function describeRelations({ relations }: Snapshot, collection?: string): RelationAnswer[] {
  const asked = relations.filter((relation) => collection === undefined || relation.collection === collection)
  return asked.sort((a, b) => Number(!a.foreignKey) - Number(!b.foreignKey)).map(describeRelation)
}

export function describeRelation({ collection, field, related, foreignKey, meta }: Relation): RelationAnswer {
  return {
    collection,
    field,
    related_collection: related,
    schema: foreignKey && {
      constraint_name: foreignKey.constraint,
      table: collection,
      column: field,
      foreign_key_schema: foreignKey.schema,
      foreign_key_table: foreignKey.table,
      foreign_key_column: foreignKey.targets[0],
      on_update: foreignKey.onUpdate,
      on_delete: foreignKey.onDelete,
    },
    meta: meta && { ...meta },
  }
}

/** By code unit, as the names' order must not depend on a locale. */
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

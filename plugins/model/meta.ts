/** What is said of tables and fields: rows of the meta tables, and the specs of the plugins that own tables. */
import {
  type Catalogue,
  type CollectionMeta,
  type FieldMeta,
  type OwnedField,
  type Queryable,
  quoteTable,
  type RelationMeta,
  type TableSpec,
  type TellsOf,
} from 'plinth'

export interface Meta {
  readonly collections: ReadonlyMap<string, CollectionMeta>
  /** By sort, then id; those without a sort last. */
  readonly fields: readonly FieldMeta[]
  readonly relations: readonly RelationMeta[]
}

/** The meta tables' rows as JSON text for `parseMeta`; where such a table is missing, none of it. */
export async function readMeta(db: Queryable, catalogue: Catalogue): Promise<string> {
  const parts = Object.entries({
    collections: ['directus_collections', 'm.collection'],
    fields: ['directus_fields', 'm.sort nulls last, m.id'],
    relations: ['directus_relations', 'm.id'],
  }).flatMap(([part, [name, order]]) => {
    const table = catalogue.tables.find((table) => table.name === name)
    return table ? `'${part}', (select json_agg(m order by ${order}) from ${quoteTable(table)} m)` : []
  })
  return (await db.text(`select json_build_object(${parts.join(', ')})::text`))!
}

/** Lists are comma text in the database. */
interface Answer {
  collections?: CollectionMeta[] | null
  fields?: (Record<string, unknown> & Pick<FieldMeta, 'collection' | 'field'> & { special: string | null })[] | null
  relations?: (Omit<RelationMeta, 'one_allowed_collections'> & { one_allowed_collections: string | null })[] | null
}

const toList = (text: string | null): readonly string[] | null => (text === '' ? [] : (text?.split(',').map((item) => item.trim()) ?? null))

export function parseMeta(text: string): Meta {
  const { collections, fields, relations }: Answer = JSON.parse(text)
  return {
    collections: new Map(collections?.map((row) => [row.collection, Object.freeze({ ...noCollectionMeta, ...row })])),
    fields: (fields ?? []).map((row) => Object.freeze({ ...noFieldMeta, ...row, special: toList(row.special) })),
    relations: (relations ?? []).map((row) => Object.freeze({ ...row, one_allowed_collections: toList(row.one_allowed_collections) })),
  }
}

/** What the meta tables' columns hold by default. */
const noCollectionMeta = {
  icon: null,
  note: null,
  display_template: null,
  hidden: false,
  singleton: false,
  translations: null,
  archive_field: null,
  archive_app_filter: true,
  archive_value: null,
  unarchive_value: null,
  sort_field: null,
  accountability: 'all',
  color: null,
  item_duplication_fields: null,
  sort: null,
  group: null,
  collapse: 'open',
  preview_url: null,
  versioning: false,
}

const noFieldMeta = {
  special: null,
  interface: null,
  options: null,
  display: null,
  display_options: null,
  readonly: false,
  hidden: false,
  sort: null,
  width: 'full',
  translations: null,
  note: null,
  conditions: null,
  required: false,
  group: null,
  validation: null,
  validation_message: null,
  searchable: true,
}

/** What the meta tables would hold of plugins' tables. */
export interface OwnedMeta {
  /** Names of the tables shared with the reference. */
  readonly system: ReadonlySet<string>
  readonly raises: ReadonlyMap<string, string>
  readonly tellsOf: ReadonlyMap<string, TellsOf>
  readonly pointsAnywhere: ReadonlyMap<string, readonly string[]>
  readonly collections: ReadonlyMap<string, CollectionMeta>
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, FieldMeta>>
  readonly relations: readonly RelationMeta[]
}

export function ownedMeta(specs: readonly TableSpec[]): OwnedMeta {
  const shown = specs.filter(({ schema }) => schema === undefined)
  return {
    system: new Set(shown.filter(({ system }) => system).map(({ name }) => name)),
    raises: new Map(shown.flatMap(({ name, raises }): [string, string][] => (raises ? [[name, raises.version]] : []))),
    tellsOf: new Map(shown.flatMap(({ name, tellsOf }): [string, TellsOf][] => (tellsOf ? [[name, tellsOf]] : []))),
    pointsAnywhere: new Map(
      shown.flatMap(({ name, pointsAnywhere: fields }): [string, readonly string[]][] => (fields ? [[name, fields]] : [])),
    ),
    collections: new Map(shown.filter(({ system }) => system).map((spec) => [spec.name, collectionOf(spec)])),
    fields: new Map(shown.map((spec) => [spec.name, fieldsOf(spec)])),
    relations: shown.flatMap(relationsOf),
  }
}

const marked = ({ system }: TableSpec): { system?: true } => (system ? { system: true } : {})

const collectionOf = (spec: TableSpec): CollectionMeta => {
  const { name, singleton = false, accountability = noCollectionMeta.accountability } = spec
  return Object.freeze({ ...noCollectionMeta, collection: name, singleton, accountability, ...marked(spec) })
}

/** Of every field of a system table; of another table's those that its spec says anything about. */
function fieldsOf(spec: TableSpec): ReadonlyMap<string, FieldMeta> {
  const entries = Object.entries(spec.columns).map(([name, column], i): [string, OwnedField, number] => [
    name,
    typeof column === 'string' ? {} : column,
    i + 1,
  ])
  return new Map(
    entries
      .filter(([, said]) => spec.system || said.special || said.hidden || said.readonly || said.interface)
      .map(([field, { special = null, hidden = false, readonly = false, interface: shown = null }, sort]) => [
        field,
        Object.freeze({ ...noFieldMeta, collection: spec.name, field, special, hidden, readonly, interface: shown, sort, ...marked(spec) }),
      ]),
  )
}

const relationsOf = (spec: TableSpec): readonly RelationMeta[] =>
  (spec.relations ?? []).map((relation) =>
    Object.freeze({
      many_collection: spec.name,
      many_field: relation.field,
      one_collection: relation.related,
      one_field: relation.oneField ?? null,
      one_collection_field: null,
      one_allowed_collections: null,
      junction_field: relation.junctionField ?? null,
      sort_field: relation.sortField ?? null,
      one_deselect_action: relation.deselect ?? 'nullify',
      ...marked(spec),
    }),
  )

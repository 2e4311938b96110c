/** The schema as frozen data: what the database holds, and what is said of it. One request reads one Snapshot from start to end. Types alone. */
import type { Queryable } from '../database/database.ts'
import type { TableSpec } from './tables.ts'

/** The API's names for types. A column of a PostgreSQL type without one (inet, interval, tsvector…) is `unknown` and travels as text. */
export type FieldType =
  | 'string'
  | 'text'
  | 'integer'
  | 'bigInteger'
  | 'float'
  | 'decimal'
  | 'boolean'
  | 'date'
  | 'time'
  | 'dateTime'
  | 'timestamp'
  | 'json'
  | 'csv'
  | 'uuid'
  | 'hash'
  | 'binary'
  | 'geometry'
  | `geometry.${'Point' | 'LineString' | 'Polygon' | 'MultiPoint' | 'MultiLineString' | 'MultiPolygon'}`
  | 'alias'
  | 'unknown'

export interface ForeignKey {
  readonly constraint: string
  readonly columns: readonly string[]
  readonly schema: string
  readonly table: string
  readonly targets: readonly string[]
  readonly onUpdate: ReferentialAction
  readonly onDelete: ReferentialAction
}

export type ReferentialAction = 'NO ACTION' | 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'SET DEFAULT'

export interface Column {
  readonly name: string
  /** PostgreSQL's word without length or precision, as the API tells it: `integer`, `character varying`, `text[]`, a domain's or enum's name. */
  readonly dataType: string
  /**
   * What a cast needs, schema-qualified and quoted where necessary: `integer`, `character varying(160)`, `"public"."mood"`, `text[]`.
   * For a domain it is the base type: a value that a domain refuses may stand in a filter. A cast to a length cuts off silently.
   */
  readonly sqlType: string
  /** The type below domains: `int4`, `varchar`, `_text`, `mood`. `pg_type.typname`. */
  readonly baseType: string
  readonly nullable: boolean
  /** The default's expression as PostgreSQL prints it. */
  readonly default: string | null
  /** `generated always as (…) stored`: its expression. */
  readonly generated: string | null
  readonly identity: 'always' | 'by default' | null
  /** An identity, or a default that draws from a sequence. */
  readonly autoIncrement: boolean
  readonly array: boolean
  /** Labels of an enum type, in order. */
  readonly labels: readonly string[] | null
  /** Characters, for varchar and char. */
  readonly maxLength: number | null
  readonly precision: number | null
  readonly scale: number | null
  readonly comment: string | null
  readonly primaryKey: boolean
  /** Alone in a unique constraint or index (a one-column primary key too). */
  readonly unique: boolean
  /** First in an index that is no unique one. */
  readonly indexed: boolean
  /** The foreign key that this column alone makes. */
  readonly foreignKey: ForeignKey | null
}

/** What is said of a field: a row of directus_fields, JSON parsed, `special` split. System fields have no id. */
export interface FieldMeta {
  readonly id?: number
  readonly collection: string
  readonly field: string
  readonly special: readonly string[] | null
  readonly sort: number | null
  readonly group: string | null
  readonly validation: unknown
  readonly required: boolean | null
  readonly readonly: boolean
  readonly hidden: boolean
  readonly searchable: boolean
  readonly system?: true
  /** What only editors look at. */
  readonly [other: string]: unknown
}

export interface Field {
  readonly name: string
  /** By column type and specials: a text column with `cast-csv` is `csv`. Without a column: `alias`. */
  readonly type: FieldType
  readonly column: Column | null
  readonly special: readonly string[]
  /** Written, never read back: specials `conceal` and `encrypt`, hashes of users and shares. */
  readonly concealed: boolean
  readonly meta: FieldMeta | null
}

/** What is said of a collection: a row of directus_collections, JSON parsed. */
export interface CollectionMeta {
  readonly collection: string
  readonly singleton: boolean
  readonly sort_field: string | null
  readonly archive_field: string | null
  readonly archive_value: string | null
  readonly unarchive_value: string | null
  readonly accountability: string | null
  readonly item_duplication_fields: unknown
  readonly versioning: boolean
  readonly system?: true
  /** What only editors look at. */
  readonly [other: string]: unknown
}

/** A row of directus_relations, lists split. */
export interface RelationMeta {
  readonly id?: number
  readonly many_collection: string
  readonly many_field: string
  readonly one_collection: string | null
  readonly one_field: string | null
  readonly one_collection_field: string | null
  readonly one_allowed_collections: readonly string[] | null
  readonly junction_field: string | null
  readonly sort_field: string | null
  readonly one_deselect_action: 'nullify' | 'delete'
  readonly system?: true
}

/** A link between tables: from a foreign key, from meta, or from both. `related` is null for a link to any of several collections (m2a). */
export interface Relation {
  readonly collection: string
  readonly field: string
  readonly related: string | null
  /** Null where the database has no foreign key. */
  readonly foreignKey: ForeignKey | null
  readonly meta: RelationMeta | null
}

/** How a field of a table leads elsewhere. */
export type Link =
  /** This table's column holds the key of `target`. */
  | { readonly kind: 'm2o'; readonly field: string; readonly target: string; readonly targetField: string; readonly relation: Relation }
  /** Rows of `target` hold this table's key in their column `targetField`. */
  | { readonly kind: 'o2m'; readonly field: string; readonly target: string; readonly targetField: string; readonly relation: Relation }
  /** This table's column holds a key as text, its column `collectionField` says of which collection. */
  | {
      readonly kind: 'm2a'
      readonly field: string
      readonly collectionField: string
      readonly targets: readonly string[]
      readonly relation: Relation
    }

/** Over whole columns and all rows; those over expressions or a part of the rows are left out. */
export interface Index {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly primary: boolean
}

/** A table as the database's catalogue tells of it. */
export interface CatalogueTable {
  readonly name: string
  readonly schema: string
  readonly kind: 'table' | 'view' | 'materialized view'
  readonly comment: string | null
  readonly columns: ReadonlyMap<string, Column>
  /** Column names in key order; empty without a primary key. */
  readonly primaryKey: readonly string[]
  readonly indexes: readonly Index[]
  readonly foreignKeys: readonly ForeignKey[]
  /** Names of the triggers that Plinth put there. */
  readonly triggers: readonly string[]
}

/** Of some schemas and of our own. */
export interface Catalogue {
  /** Those asked for that exist. */
  readonly schemas: readonly string[]
  /** Schema by schema in the order asked for, then by name. */
  readonly tables: readonly CatalogueTable[]
  /** Names of the functions of our own schema. */
  readonly functions: readonly string[]
}

/** A table, view or materialised view that the API serves. Called `collection` in paths and answers. */
export interface Table extends Omit<CatalogueTable, 'triggers'> {
  /** Owned by a plugin (directus_*): not served under /items. */
  readonly system: boolean
  /** Columns in table order, then fields without a column (o2m, groups…). */
  readonly fields: ReadonlyMap<string, Field>
  readonly links: ReadonlyMap<string, Link>
  readonly singleton: boolean
  readonly meta: CollectionMeta | null
  /** The version that a change of its rows raises: `versions.touch` it after a commit. */
  readonly raises?: string
  readonly tellsOf?: TellsOf
  /** Fields that may point at rows that are not seen. */
  readonly pointsAnywhere?: readonly string[]
}

/** The columns that say of which item a row tells: whoever does not see it does not see the row; without `item`, whoever does not see all of its collection. */
export interface TellsOf {
  readonly collection: string
  readonly item?: string
  /** JSON columns that hold what was written to the item, nested items included. */
  readonly payloads?: readonly string[]
}

export interface Snapshot {
  /** Differs from that of every other state of the schema that this process has seen. */
  readonly version: string
  readonly tables: ReadonlyMap<string, Table>
  /** directus_collections rows without a table: folders. */
  readonly folders: ReadonlyMap<string, CollectionMeta>
  readonly relations: readonly Relation[]
  /** What could not be served and why, a line each: for the boot report. */
  readonly warnings: readonly string[]
}

/** What a model is made of: the catalogue, and what else its modeller wants to know. */
export interface Reading {
  readonly catalogue: Catalogue
}

/**
 * Makes of the database what the API serves. Part of a plugin itself, not of its `setup`: the first snapshot is there before any plugin is set
 * up. Without one nothing is made and nothing served.
 */
export interface Modeller<R extends Reading = any> {
  /** Of these PostgreSQL schemas and of our own; `before` itself when nothing has changed since. */
  read(db: Queryable, schemas: readonly string[], before?: R): Promise<R>
  /** Pure. `specs` are the tables that plugins own. */
  build(reading: R, specs: readonly TableSpec[]): Model
}

export type Model = Omit<Snapshot, 'version'>

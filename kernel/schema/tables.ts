/** Tables that plugins own: how they are declared. Types alone. */
import type { Database, Queryable } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Catalogue, TellsOf } from './snapshot.ts'

/** What the API says of a field of an owned table, beside its column. */
export interface OwnedField {
  readonly special?: readonly string[]
  readonly hidden?: boolean
  readonly readonly?: boolean
  readonly interface?: string
}

export interface OwnedColumn extends OwnedField {
  /** Type, default and NOT NULL as SQL: `varchar(64) not null default 'inbox'`. Trusted: written by the plugin's author. */
  readonly sql: string
  /** `directus_roles(id) on delete set null`. Made only when that table exists, after all tables. */
  readonly references?: string
}

/** A field without a column, such as the many side of a relation. */
export interface OwnedAlias extends OwnedField {
  readonly alias: true
}

export interface OwnedRelation {
  readonly field: string
  readonly related: string
  /** The alias field on the related table that lists our rows. */
  readonly oneField?: string
  readonly junctionField?: string
  readonly sortField?: string
  readonly deselect?: 'nullify' | 'delete'
}

export interface NamedStatement {
  readonly name: string
  readonly sql: string
}

/** Which changes of a table's rows raise which version. */
export interface Raises {
  readonly version: string
  /** Updates of these columns do. */
  readonly on: readonly string[] | 'any'
  /** SQL on `old` and `new`: updates for which it holds do as well. */
  readonly when?: string
  /** Whether new rows do. Default true; false suits caches that never remember what was not there. */
  readonly inserts?: boolean
}

export interface TableSpec {
  readonly name: string
  /** `plinth`: ours alone, never shown as a collection. Default: the first schema served. */
  readonly schema?: 'plinth'
  /** Column name → SQL or more. */
  readonly columns: Readonly<Record<string, string | OwnedColumn | OwnedAlias>>
  readonly primaryKey: string | readonly string[]
  readonly unique?: readonly (readonly string[])[]
  /** Columns; or an expression, which is indexed where the table is made. */
  readonly indexes?: readonly (readonly string[] | string)[]
  readonly relations?: readonly OwnedRelation[]
  readonly singleton?: boolean
  /** What histories keep of its changes: who did what (`activity`), also what became of the rows (`all`, the default), or nothing (null). */
  readonly accountability?: 'all' | 'activity' | null
  /** Its rows tell of items: see `TellsOf`. */
  readonly tellsOf?: TellsOf
  /** Fields that may point at rows whoever writes them does not see: their plugin says at which. */
  readonly pointsAnywhere?: readonly string[]
  /**
   * Shared with the reference: made when missing, never altered, served as a system collection. Otherwise missing columns are added,
   * and a table outside `plinth` is an ordinary collection.
   */
  readonly system?: boolean
  /** SQL functions of our own schema that its owner's statements call, each made when there is none of its name: a changed one needs a new name. */
  readonly functions?: readonly NamedStatement[]
  /** Columns whose change must reach every process's caches at once: insert, delete, or update of one of them raises the version. */
  readonly raises?: Raises
}

export interface MakerParts {
  readonly db: Database
  /** What is there. */
  readonly catalogue: Catalogue
  /** Reads that anew. */
  introspect(db: Queryable): Promise<Catalogue>
  /** What should be: tables of all plugins that are on, and the kernel's own. */
  readonly specs: readonly TableSpec[]
  /** Those served: tables go to the first. */
  readonly schemas: readonly string[]
  readonly log: Log
}

/**
 * Makes what the specs ask for and the database lacks. Part of a plugin itself, not of its `setup`: tables are there before any plugin is set
 * up. Without one they must have been made before.
 * @returns whether `catalogue` is out of date.
 */
export type TableMaker = (parts: MakerParts) => Promise<boolean>

/** Tables that plugins own: how they are declared, and how they come to exist. */

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

export interface TableSpec {
  readonly name: string
  /** `plinth`: ours alone, never shown as a collection. Default: the first schema served. */
  readonly schema?: 'plinth'
  /** Column name → SQL or more. */
  readonly columns: Readonly<Record<string, string | OwnedColumn | OwnedAlias>>
  readonly primaryKey: string | readonly string[]
  readonly unique?: readonly (readonly string[])[]
  readonly indexes?: readonly (readonly string[])[]
  readonly relations?: readonly OwnedRelation[]
  readonly singleton?: boolean
  /**
   * Shared with the reference: made when missing, never altered, served as a system collection. Otherwise missing columns are added,
   * and a table outside `plinth` is an ordinary collection.
   */
  readonly system?: boolean
  /** Columns whose change must reach every process's caches at once: insert, delete, or update of one of them raises version `access`. */
  readonly raises?: { readonly version: 'access' | 'schema'; readonly on: readonly string[] | 'any' }
}

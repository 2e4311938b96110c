/** The meta tables: what the database cannot say of collections, fields and relations. */
import type { TableSpec } from 'plinth'

const flag = (otherwise: boolean) => ({ sql: `boolean not null default ${otherwise}`, special: ['cast-boolean'] })
const json = { sql: 'json', special: ['cast-json'] }
const hidden = { hidden: true }
const raises = { version: 'schema', on: 'any' } as const

const collections: TableSpec = {
  name: 'directus_collections',
  system: true,
  raises,
  primaryKey: 'collection',
  columns: {
    collection: { sql: 'varchar(64) not null', readonly: true },
    icon: 'varchar(64)',
    note: 'text',
    display_template: 'varchar(255)',
    hidden: flag(false),
    singleton: flag(false),
    translations: json,
    archive_field: 'varchar(64)',
    archive_app_filter: flag(true),
    archive_value: 'varchar(255)',
    unarchive_value: 'varchar(255)',
    sort_field: 'varchar(64)',
    accountability: "varchar(255) default 'all'",
    color: 'varchar(255)',
    item_duplication_fields: json,
    sort: { sql: 'integer', ...hidden },
    group: { sql: 'varchar(64)', references: 'directus_collections(collection)', ...hidden },
    collapse: { sql: "varchar(255) not null default 'open'", ...hidden },
    preview_url: 'varchar(255)',
    versioning: flag(false),
    status: "varchar(255) not null default 'active'",
    autosave_revision_interval: 'real',
  },
  relations: [{ field: 'group', related: 'directus_collections' }],
}

const fields: TableSpec = {
  name: 'directus_fields',
  system: true,
  raises,
  primaryKey: 'id',
  columns: {
    id: 'serial',
    collection: 'varchar(64) not null',
    field: 'varchar(64) not null',
    special: { sql: 'varchar(64)', special: ['cast-csv'], ...hidden },
    interface: 'varchar(64)',
    options: { ...json, ...hidden },
    display: 'varchar(64)',
    display_options: { ...json, ...hidden },
    readonly: { ...flag(false), ...hidden },
    hidden: { ...flag(false), ...hidden },
    sort: 'integer',
    width: "varchar(30) default 'full'",
    translations: { ...json, ...hidden },
    note: 'text',
    conditions: { ...json, ...hidden },
    required: { sql: 'boolean default false', special: ['cast-boolean'], ...hidden },
    group: 'varchar(64)',
    validation: { ...json, ...hidden },
    validation_message: { sql: 'text', ...hidden },
    searchable: { ...flag(true), ...hidden },
  },
  relations: [
    { field: 'collection', related: 'directus_collections', oneField: 'fields' },
    { field: 'group', related: 'directus_fields' },
  ],
}

const relations: TableSpec = {
  name: 'directus_relations',
  system: true,
  accountability: null,
  raises,
  primaryKey: 'id',
  columns: {
    id: 'serial',
    many_collection: 'varchar(64) not null',
    many_field: 'varchar(64) not null',
    one_collection: 'varchar(64)',
    one_field: 'varchar(64)',
    one_collection_field: 'varchar(64)',
    one_allowed_collections: { sql: 'text', special: ['cast-csv'] },
    junction_field: 'varchar(64)',
    sort_field: 'varchar(64)',
    one_deselect_action: "varchar(255) not null default 'nullify'",
  },
}

export const tables: readonly TableSpec[] = [collections, fields, relations]

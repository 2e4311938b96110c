/** The meta tables as the registry's tests need them; in the product plugin `schema` owns them. */
import type { TableSpec } from '../../../kernel/schema/tables.ts'

const raises = { version: 'schema', on: 'any' } as const
const flag = 'boolean not null default false'

export const metaTables: readonly TableSpec[] = [
  {
    name: 'directus_collections',
    system: true,
    columns: {
      collection: 'varchar(64) not null',
      note: 'text',
      hidden: flag,
      singleton: flag,
      translations: 'json',
      group: { sql: 'varchar(64)', references: 'directus_collections(collection)' },
    },
    primaryKey: 'collection',
    raises,
  },
  {
    name: 'directus_fields',
    system: true,
    columns: {
      id: 'serial',
      collection: 'varchar(64) not null',
      field: 'varchar(64) not null',
      special: 'varchar(64)',
      interface: 'varchar(64)',
      options: 'json',
      sort: 'integer',
    },
    primaryKey: 'id',
    raises,
  },
  {
    name: 'directus_relations',
    system: true,
    columns: {
      id: 'serial',
      many_collection: 'varchar(64) not null',
      many_field: 'varchar(64) not null',
      one_collection: 'varchar(64)',
      one_field: 'varchar(64)',
      one_collection_field: 'varchar(64)',
      one_allowed_collections: 'text',
      junction_field: 'varchar(64)',
      sort_field: 'varchar(64)',
      one_deselect_action: "varchar(255) not null default 'nullify'",
    },
    primaryKey: 'id',
    raises,
  },
]

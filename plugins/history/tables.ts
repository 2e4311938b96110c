/** Activity, revisions, versions, comments: tables shared with the reference, column for column. Where they are made here, with indexes for what is asked of them. */
import type { TableSpec } from 'plinth'

const key = { sql: 'uuid not null', special: ['uuid'], hidden: true, readonly: true } as const
const json = { sql: 'json', special: ['cast-json'] } as const
const collection = 'varchar(64) not null'
/** Who made and last changed a row, and when. */
const kept = {
  date_created: { sql: 'timestamptz default current_timestamp', special: ['date-created', 'cast-timestamp'] },
  date_updated: { sql: 'timestamptz default current_timestamp', special: ['date-updated', 'cast-timestamp'] },
  user_created: { sql: 'uuid', special: ['user-created'], references: 'directus_users(id) on delete set null' },
  user_updated: { sql: 'uuid', special: ['user-updated'], references: 'directus_users(id)' },
} as const
const keptRelations = [
  { field: 'user_created', related: 'directus_users' },
  { field: 'user_updated', related: 'directus_users' },
] as const

const activity: TableSpec = {
  name: 'directus_activity',
  system: true,
  accountability: null,
  tellsOf: { collection: 'collection' },
  columns: {
    id: 'serial not null',
    action: 'varchar(45) not null',
    user: 'uuid',
    timestamp: { sql: 'timestamptz not null default current_timestamp', special: ['date-created', 'cast-timestamp'] },
    ip: 'varchar(50)',
    user_agent: 'text',
    collection,
    item: 'varchar(255) not null',
    origin: 'varchar(255)',
    revisions: { alias: true, special: ['o2m'] },
  },
  primaryKey: 'id',
  indexes: [['timestamp']],
  relations: [{ field: 'user', related: 'directus_users' }],
}

const revisions: TableSpec = {
  name: 'directus_revisions',
  system: true,
  accountability: null,
  tellsOf: { collection: 'collection', payloads: ['data', 'delta'] },
  columns: {
    id: 'serial not null',
    activity: { sql: 'integer not null', references: 'directus_activity(id) on delete cascade' },
    collection,
    item: 'varchar(255) not null',
    data: { ...json, hidden: true },
    delta: { ...json, hidden: true },
    parent: { sql: 'integer', references: 'directus_revisions(id)' },
    version: { sql: 'uuid', references: 'directus_versions(id) on delete cascade' },
  },
  primaryKey: 'id',
  indexes: [['activity'], ['parent'], ['version'], ['collection', 'item']],
  relations: [
    { field: 'activity', related: 'directus_activity', oneField: 'revisions' },
    { field: 'parent', related: 'directus_revisions' },
    { field: 'version', related: 'directus_versions' },
  ],
}

const versions: TableSpec = {
  name: 'directus_versions',
  system: true,
  tellsOf: { collection: 'collection', payloads: ['delta'] },
  pointsAnywhere: ['collection'],
  columns: {
    id: key,
    key: 'varchar(64) not null',
    name: 'varchar(255)',
    collection: { sql: collection, references: 'directus_collections(collection) on delete cascade' },
    item: 'varchar(255)',
    hash: { sql: 'varchar(255)', hidden: true, readonly: true },
    ...kept,
    delta: json,
  },
  primaryKey: 'id',
  indexes: [['collection', 'item']],
  relations: [{ field: 'collection', related: 'directus_collections' }, ...keptRelations],
}

const comments: TableSpec = {
  name: 'directus_comments',
  system: true,
  tellsOf: { collection: 'collection', item: 'item' },
  pointsAnywhere: ['collection'],
  columns: { id: key, collection, item: 'varchar(255) not null', comment: 'text not null', ...kept },
  primaryKey: 'id',
  indexes: [['collection', 'item']],
  relations: [{ field: 'collection', related: 'directus_collections' }, ...keptRelations],
}

export const tables: readonly TableSpec[] = [activity, revisions, versions, comments]

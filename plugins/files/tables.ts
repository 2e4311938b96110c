/** Files and their folders: tables shared with the reference, column for column. And what is to be removed, which is our own. */
import type { TableSpec } from 'plinth'

const key = { sql: 'uuid not null', special: ['uuid'] } as const
const divider = { alias: true, special: ['alias', 'no-data'], interface: 'presentation-divider' } as const
const kept = (sql: string) => ({ sql, readonly: true })
const json = { sql: 'json', special: ['cast-json'] } as const

export const filesTable: TableSpec = {
  name: 'directus_files',
  system: true,
  columns: {
    id: { ...key, hidden: true },
    storage: kept('varchar(255) not null'),
    filename_disk: kept('varchar(255)'),
    filename_download: 'varchar(255) not null',
    title: 'varchar(255)',
    type: kept('varchar(255)'),
    folder: { ...kept('uuid'), special: ['m2o'], references: 'directus_folders(id) on delete set null' },
    uploaded_by: { sql: 'uuid', special: ['user-created'], hidden: true, references: 'directus_users(id)' },
    created_on: { ...kept('timestamptz not null default current_timestamp'), special: ['date-created'] },
    modified_by: { ...kept('uuid'), special: ['user-updated'], references: 'directus_users(id)' },
    modified_on: { ...kept('timestamptz not null default current_timestamp'), special: ['date-created', 'date-updated'] },
    charset: kept('varchar(50)'),
    filesize: kept('bigint'),
    width: kept('integer'),
    height: kept('integer'),
    duration: kept('integer'),
    embed: { ...kept('varchar(200)'), hidden: true },
    description: 'text',
    location: 'text',
    tags: { sql: 'text', special: ['cast-json'] },
    metadata: { ...json, hidden: true },
    focal_point_x: 'integer',
    focal_point_y: 'integer',
    tus_id: { sql: 'varchar(64)', hidden: true },
    tus_data: { ...json, hidden: true },
    uploaded_on: { sql: 'timestamptz', hidden: true },
    focal_point_divider: divider,
    storage_divider: divider,
  },
  primaryKey: 'id',
  relations: [
    { field: 'uploaded_by', related: 'directus_users' },
    { field: 'modified_by', related: 'directus_users' },
    { field: 'folder', related: 'directus_folders' },
  ],
}

export const foldersTable: TableSpec = {
  name: 'directus_folders',
  system: true,
  columns: {
    id: key,
    name: 'varchar(255) not null',
    parent: { sql: 'uuid', references: 'directus_folders(id)' },
    type: { sql: "varchar(255) not null default 'files'", hidden: true },
  },
  primaryKey: 'id',
  relations: [{ field: 'parent', related: 'directus_folders' }],
}

/**
 * Contents that no row of directus_files stands for: not yet, or no more. Noted before an upload begins and in the transaction that removes a
 * file, so that whatever ends a process between storage and database leaves nothing behind for good.
 */
export const leftoversTable: TableSpec = {
  name: 'file_leftovers',
  schema: 'plinth',
  columns: {
    storage: 'text not null',
    name: 'text not null',
    file: 'uuid not null',
    due: 'timestamptz not null default current_timestamp',
  },
  primaryKey: ['storage', 'name'],
  indexes: [['file'], ['due']],
}

/** Uploads that go on where they broke off, until they are `due`; and those that became a `file`, for whoever did not hear of it. */
export const uploadsTable: TableSpec = {
  name: 'file_uploads',
  schema: 'plinth',
  columns: {
    id: 'uuid',
    owner: 'uuid',
    size: 'bigint not null',
    received: 'bigint not null default 0',
    metadata: 'text not null',
    storage: 'text not null',
    parts: "text[] not null default '{}'",
    replaces: 'uuid',
    file: 'uuid',
    due: 'timestamptz not null',
  },
  primaryKey: 'id',
  indexes: [['due']],
}

/** What is known of the content that a file has, as long as it has that one: `name` says which. */
export const detailsTable: TableSpec = {
  name: 'file_details',
  schema: 'plinth',
  columns: { file: 'uuid', name: 'text not null', sha256: 'text', thumbhash: 'text' },
  primaryKey: 'file',
}

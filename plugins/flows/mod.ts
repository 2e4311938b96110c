/** Flows and their operations, kept at /flows and /operations. Nothing runs them. */
import { definePlugin, type TableSpec } from 'plinth'
import { items } from 'plinth/items'

const key = { sql: 'uuid not null', special: ['uuid'] }
const json = { sql: 'json', special: ['cast-json'] }
const kept = {
  date_created: { sql: 'timestamptz default current_timestamp', special: ['date-created'] },
  user_created: { sql: 'uuid', special: ['user-created'], references: 'directus_users(id) on delete set null' },
}

const flowsTable: TableSpec = {
  name: 'directus_flows',
  system: true,
  columns: {
    id: key,
    name: 'varchar(255) not null',
    icon: 'varchar(64)',
    color: 'varchar(255)',
    description: 'text',
    status: "varchar(255) not null default 'active'",
    trigger: 'varchar(255)',
    accountability: "varchar(255) default 'all'",
    options: json,
    operation: 'uuid',
    ...kept,
    folder: { sql: 'uuid', special: ['m2o'], readonly: true, references: 'directus_folders(id) on delete set null' },
    operations: { alias: true, special: ['o2m'] },
  },
  primaryKey: 'id',
  unique: [['operation']],
  relations: [
    { field: 'user_created', related: 'directus_users' },
    { field: 'operation', related: 'directus_operations' },
    { field: 'folder', related: 'directus_folders' },
  ],
}

const operations: TableSpec = {
  name: 'directus_operations',
  system: true,
  columns: {
    id: key,
    name: 'varchar(255)',
    key: 'varchar(255) not null',
    type: 'varchar(255) not null',
    position_x: 'integer not null',
    position_y: 'integer not null',
    options: json,
    resolve: { sql: 'uuid', references: 'directus_operations(id)' },
    reject: { sql: 'uuid', references: 'directus_operations(id)' },
    flow: { sql: 'uuid not null', references: 'directus_flows(id) on delete cascade' },
    ...kept,
  },
  primaryKey: 'id',
  unique: [['resolve'], ['reject']],
  indexes: [['flow']],
  relations: [
    { field: 'resolve', related: 'directus_operations' },
    { field: 'reject', related: 'directus_operations' },
    { field: 'flow', related: 'directus_flows', oneField: 'operations', deselect: 'delete' },
    { field: 'user_created', related: 'directus_users' },
  ],
}

export const flows = definePlugin({
  name: 'flows',
  needs: [items],
  tables: [flowsTable, operations],
  setup(host) {
    for (const name of ['flows', 'operations']) host.use(items).crud(host.routes(`/${name}`), `directus_${name}`)
  },
})

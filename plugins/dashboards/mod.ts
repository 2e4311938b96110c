/** Dashboards and their panels, kept for apps at /dashboards and /panels; they mean nothing here. */
import { definePlugin, type TableSpec } from 'plinth'
import { items } from 'plinth/items'

const key = { sql: 'uuid not null', special: ['uuid'] }
const kept = {
  date_created: { sql: 'timestamptz default current_timestamp', special: ['date-created', 'cast-timestamp'] },
  user_created: { sql: 'uuid', special: ['user-created'], references: 'directus_users(id) on delete set null' },
}

const boards: TableSpec = {
  name: 'directus_dashboards',
  system: true,
  columns: {
    id: key,
    name: 'varchar(255) not null',
    icon: "varchar(64) not null default 'dashboard'",
    note: 'text',
    ...kept,
    color: 'varchar(255)',
    panels: { alias: true, special: ['o2m'] },
  },
  primaryKey: 'id',
  relations: [{ field: 'user_created', related: 'directus_users' }],
}

const panels: TableSpec = {
  name: 'directus_panels',
  system: true,
  columns: {
    id: key,
    dashboard: { sql: 'uuid not null', references: 'directus_dashboards(id) on delete cascade' },
    name: 'varchar(255)',
    icon: 'varchar(64)',
    color: 'varchar(10)',
    show_header: { sql: 'boolean not null default false', special: ['cast-boolean'] },
    note: 'text',
    type: 'varchar(255) not null',
    position_x: 'integer not null',
    position_y: 'integer not null',
    width: 'integer not null',
    height: 'integer not null',
    options: { sql: 'json', special: ['cast-json'] },
    ...kept,
  },
  primaryKey: 'id',
  indexes: [['dashboard']],
  relations: [
    { field: 'dashboard', related: 'directus_dashboards', oneField: 'panels' },
    { field: 'user_created', related: 'directus_users' },
  ],
}

export const dashboards = definePlugin({
  name: 'dashboards',
  needs: [items],
  tables: [boards, panels],
  setup(host) {
    for (const name of ['dashboards', 'panels']) host.use(items).crud(host.routes(`/${name}`), `directus_${name}`)
  },
})

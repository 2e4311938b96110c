/** Presets: how somebody, a role or everybody wants to see a collection, and bookmarks of it. Kept for apps at /presets; they mean nothing here. */
import { definePlugin, type TableSpec } from 'plinth'
import { items } from 'plinth/items'

const json = { sql: 'json', special: ['cast-json'], hidden: true }

const table: TableSpec = {
  name: 'directus_presets',
  system: true,
  accountability: null,
  columns: {
    id: 'serial not null',
    bookmark: 'varchar(255)',
    user: { sql: 'uuid', special: ['m2o'], references: 'directus_users(id) on delete cascade' },
    role: { sql: 'uuid', special: ['m2o'], references: 'directus_roles(id) on delete cascade' },
    collection: 'varchar(64)',
    search: 'varchar(100)',
    layout: "varchar(100) default 'tabular'",
    layout_query: json,
    layout_options: json,
    refresh_interval: 'integer',
    filter: json,
    icon: "varchar(64) default 'bookmark'",
    color: 'varchar(255)',
  },
  primaryKey: 'id',
  indexes: [['user'], ['role'], ['collection']],
  relations: [
    { field: 'user', related: 'directus_users' },
    { field: 'role', related: 'directus_roles' },
  ],
}

export const presets = definePlugin({
  name: 'presets',
  needs: [items],
  tables: [table],
  setup(host) {
    host.use(items).crud(host.routes('/presets'), table.name)
  },
})

/** Users, roles, policies and what ties them: tables shared with the reference, column for column. */
import type { TableSpec } from 'plinth'

const divider = { alias: true, special: ['alias', 'no-data'] } as const
const group = { alias: true, special: ['alias', 'no-data', 'group'] } as const
const many = { alias: true, special: ['m2m'] } as const
const children = { alias: true, special: ['o2m'] } as const
const json = { sql: 'json', special: ['cast-json'] } as const
const flag = { sql: 'boolean not null default false', special: ['cast-boolean'] } as const
const key = { sql: 'uuid not null', special: ['uuid'] } as const
const hiddenKey = { ...key, hidden: true } as const

const roles: TableSpec = {
  name: 'directus_roles',
  system: true,
  columns: {
    id: hiddenKey,
    name: 'varchar(100) not null',
    icon: "varchar(64) not null default 'supervised_user_circle'",
    description: 'text',
    parent: { sql: 'uuid', special: ['m2o'], references: 'directus_roles(id)' },
    children: { ...children, hidden: true },
    policies: many,
    users_group: group,
    users_divider: divider,
    users: children,
  },
  primaryKey: 'id',
  relations: [{ field: 'parent', related: 'directus_roles', oneField: 'children' }],
  raises: { version: 'access', on: ['parent'] },
}

const policies: TableSpec = {
  name: 'directus_policies',
  system: true,
  columns: {
    id: hiddenKey,
    name: 'varchar(100) not null',
    icon: "varchar(64) not null default 'badge'",
    description: 'text',
    ip_access: { sql: 'text', special: ['cast-csv'] },
    enforce_tfa: flag,
    admin_access: flag,
    app_access: flag,
    permissions: children,
    assigned_to_divider: divider,
    users: many,
    roles: many,
  },
  primaryKey: 'id',
  raises: { version: 'access', on: ['ip_access', 'enforce_tfa', 'admin_access', 'app_access'] },
}

const users: TableSpec = {
  name: 'directus_users',
  system: true,
  columns: {
    id: key,
    first_name: 'varchar(50)',
    last_name: 'varchar(50)',
    email: 'varchar(128)',
    password: { sql: 'varchar(255)', special: ['hash', 'conceal'] },
    location: 'varchar(255)',
    title: 'varchar(50)',
    description: 'text',
    tags: json,
    avatar: 'uuid',
    language: 'varchar(255) default null::varchar',
    tfa_secret: { sql: 'varchar(255)', special: ['conceal'] },
    status: "varchar(16) not null default 'active'",
    role: { sql: 'uuid', special: ['m2o'], references: 'directus_roles(id) on delete set null' },
    token: { sql: 'varchar(255)', special: ['conceal'] },
    last_access: { sql: 'timestamptz', readonly: true },
    last_page: 'varchar(255)',
    provider: "varchar(128) not null default 'default'",
    external_identifier: 'varchar(255)',
    auth_data: { sql: 'json', hidden: true },
    email_notifications: { sql: 'boolean default true', special: ['cast-boolean'] },
    appearance: 'varchar(255)',
    theme_dark: 'varchar(255)',
    theme_light: 'varchar(255)',
    theme_light_overrides: json,
    theme_dark_overrides: json,
    text_direction: "varchar(255) not null default 'auto'",
    preferences_divider: divider,
    theming_divider: divider,
    admin_divider: divider,
    policies: many,
  },
  primaryKey: 'id',
  unique: [['email'], ['external_identifier'], ['token']],
  // Who signs in is found by it, and whether an address is taken.
  indexes: ['lower(email)'],
  relations: [
    { field: 'role', related: 'directus_roles', oneField: 'users' },
    { field: 'avatar', related: 'directus_files' },
  ],
  raises: { version: 'access', on: ['status', 'role', 'token', 'password', 'email', 'tfa_secret', 'provider'] },
}

const access: TableSpec = {
  name: 'directus_access',
  system: true,
  columns: {
    id: hiddenKey,
    role: { sql: 'uuid', special: ['m2o'], hidden: true, references: 'directus_roles(id) on delete cascade' },
    user: { sql: 'uuid', special: ['m2o'], hidden: true, references: 'directus_users(id) on delete cascade' },
    policy: { sql: 'uuid not null', special: ['m2o'], hidden: true, references: 'directus_policies(id) on delete cascade' },
    sort: { sql: 'integer', hidden: true },
  },
  primaryKey: 'id',
  relations: [
    { field: 'role', related: 'directus_roles', oneField: 'policies', junctionField: 'policy', sortField: 'sort', deselect: 'delete' },
    { field: 'user', related: 'directus_users', oneField: 'policies', junctionField: 'policy', sortField: 'sort', deselect: 'delete' },
    { field: 'policy', related: 'directus_policies', oneField: 'users', junctionField: 'user', deselect: 'delete' },
    { field: 'policy', related: 'directus_policies', oneField: 'roles', junctionField: 'role', deselect: 'delete' },
  ],
  raises: { version: 'access', on: 'any' },
}

const permissions: TableSpec = {
  name: 'directus_permissions',
  system: true,
  columns: {
    id: 'serial not null',
    collection: 'varchar(64) not null',
    action: 'varchar(10) not null',
    permissions: { ...json, hidden: true },
    validation: json,
    presets: { ...json, hidden: true },
    fields: { sql: 'text', special: ['cast-csv'] },
    policy: { sql: 'uuid not null', special: ['m2o'], hidden: true, references: 'directus_policies(id) on delete cascade' },
  },
  primaryKey: 'id',
  relations: [{ field: 'policy', related: 'directus_policies', oneField: 'permissions', deselect: 'delete' }],
  raises: { version: 'access', on: 'any' },
}

const shares: TableSpec = {
  name: 'directus_shares',
  system: true,
  columns: {
    id: { ...hiddenKey, readonly: true },
    name: 'varchar(255)',
    collection: {
      sql: 'varchar(64) not null',
      hidden: true,
      references: 'directus_collections(collection) on delete cascade',
    },
    item: { sql: 'varchar(255) not null', hidden: true },
    role: { sql: 'uuid', references: 'directus_roles(id) on delete cascade' },
    password: { sql: 'varchar(255)', special: ['hash', 'conceal'] },
    user_created: { sql: 'uuid', special: ['user-created'], readonly: true, references: 'directus_users(id) on delete set null' },
    date_created: { sql: 'timestamptz default current_timestamp', special: ['date-created', 'cast-timestamp'], readonly: true },
    date_start: 'timestamptz',
    date_end: 'timestamptz',
    times_used: { sql: 'integer default 0', readonly: true },
    max_uses: 'integer',
  },
  primaryKey: 'id',
  relations: [
    { field: 'collection', related: 'directus_collections' },
    { field: 'role', related: 'directus_roles' },
    { field: 'user_created', related: 'directus_users' },
  ],
  pointsAnywhere: ['collection', 'role'],
  raises: { version: 'access', on: ['collection', 'item', 'role', 'password', 'date_start', 'date_end'], inserts: false },
}

export const tables: readonly TableSpec[] = [roles, policies, users, access, permissions, shares]

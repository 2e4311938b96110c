/** What SCIM keeps for itself, in our own schema: tokens, and what users and roles have no column for. */
import type { TableSpec } from 'plinth'

const moments = { created: 'timestamptz not null default now()', modified: 'timestamptz not null default now()' } as const

const users: TableSpec = {
  name: 'scim_users',
  schema: 'plinth',
  columns: {
    user: { sql: 'uuid not null', references: 'directus_users(id) on delete cascade' },
    /** Null: the email address is the name. */
    user_name: 'text',
    external_id: 'text',
    attributes: "jsonb not null default '{}'",
    /** Which of `emails` is the user's own. */
    email_at: 'integer',
    ...moments,
  },
  primaryKey: 'user',
  indexes: [['external_id']],
}

const groups: TableSpec = {
  name: 'scim_groups',
  schema: 'plinth',
  columns: {
    role: { sql: 'uuid not null', references: 'directus_roles(id) on delete cascade' },
    external_id: 'text',
    /** Changes by SCIM, of members too. */
    revision: 'integer not null default 1',
    ...moments,
  },
  primaryKey: 'role',
}

const tokens: TableSpec = {
  name: 'scim_tokens',
  schema: 'plinth',
  columns: {
    id: 'uuid not null default gen_random_uuid()',
    name: 'varchar(100) not null',
    /** SHA-256 of the token, in hex: it is random enough for that. */
    hash: 'varchar(64) not null',
    /** Separated by spaces. */
    scopes: 'text not null',
    created: 'timestamptz not null default now()',
    expires: 'timestamptz',
    last_used: 'timestamptz',
  },
  primaryKey: 'id',
  unique: [['hash']],
  raises: { version: 'scim', on: ['hash', 'scopes', 'expires', 'name'], inserts: false },
}

export const tables: readonly TableSpec[] = [users, groups, tokens]

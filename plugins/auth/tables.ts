/** Sessions: a refresh token a row. Shared with the reference, column for column; what that table has no room for stands in our own. */
import type { TableSpec } from 'plinth'

const sessions: TableSpec = {
  name: 'directus_sessions',
  system: true,
  columns: {
    token: { sql: 'varchar(64) not null', special: ['conceal'] },
    user: { sql: 'uuid', references: 'directus_users(id) on delete cascade' },
    expires: 'timestamptz not null',
    ip: 'varchar(255)',
    user_agent: 'text',
    share: { sql: 'uuid', references: 'directus_shares(id) on delete cascade' },
    origin: 'varchar(255)',
    next_token: { sql: 'varchar(64)', special: ['conceal'] },
    oauth_client: { sql: 'varchar(255)', references: 'directus_oauth_clients(client_id) on delete cascade' },
  },
  primaryKey: 'token',
  indexes: [['oauth_client']],
  relations: [
    { field: 'user', related: 'directus_users' },
    { field: 'share', related: 'directus_shares' },
    { field: 'oauth_client', related: 'directus_oauth_clients' },
  ],
  // A session that ends early. That one begins, or is prolonged, nobody need be told.
  raises: { version: 'sessions', on: [], when: 'new.expires < old.expires', inserts: false },
}

/** What a session keeps while its token changes, one row for each that lives. */
const families: TableSpec = {
  name: 'sessions',
  schema: 'plinth',
  columns: {
    id: 'uuid not null default gen_random_uuid()',
    token: { sql: 'varchar(64) not null', references: 'directus_sessions(token) on update cascade on delete cascade' },
    /** The token before, while it may still work. */
    previous: 'varchar(64)',
    /** The first characters of all its tokens, told to nobody: by them a spent one is known. */
    family: 'varchar(22) not null',
    /** `json`, `cookie` or `session`. */
    mode: 'varchar(7) not null',
    /** Of the password under which the user came in. */
    stamp: 'varchar(24) not null',
    begun: 'timestamptz not null default now()',
    renewed: 'timestamptz not null default now()',
  },
  primaryKey: 'id',
  unique: [['token'], ['family']],
  raises: { version: 'sessions', on: ['stamp'], inserts: false },
}

/** What is counted of each user's ways in. */
const credentials: TableSpec = {
  name: 'credentials',
  schema: 'plinth',
  columns: {
    user: { sql: 'uuid not null', references: 'directus_users(id) on delete cascade' },
    /** Wrong passwords and codes in a row. */
    failures: 'integer not null default 0',
    /** The newest half minute of which the one-time code has been used, counted from 1970. */
    spent_step: 'bigint',
  },
  primaryKey: 'user',
}

export const tables: readonly TableSpec[] = [sessions, families, credentials]

/** Sessions: a refresh token a row. Shared with the reference, column for column. */
import type { TableSpec } from 'plinth'

const sessions: TableSpec = {
  name: 'directus_sessions',
  system: true,
  columns: {
    token: 'varchar(64) not null',
    user: { sql: 'uuid', references: 'directus_users(id) on delete cascade' },
    expires: 'timestamptz not null',
    ip: 'varchar(255)',
    user_agent: 'text',
    share: { sql: 'uuid', references: 'directus_shares(id) on delete cascade' },
    origin: 'varchar(255)',
    next_token: 'varchar(64)',
    oauth_client: { sql: 'varchar(255)', references: 'directus_oauth_clients(client_id) on delete cascade' },
  },
  primaryKey: 'token',
  indexes: [['oauth_client']],
  relations: [
    { field: 'user', related: 'directus_users' },
    { field: 'share', related: 'directus_shares' },
    { field: 'oauth_client', related: 'directus_oauth_clients' },
  ],
}

export const tables: readonly TableSpec[] = [sessions]

/** Sessions: who may ask for new access tokens, by a refresh token that works once. Each change is one statement. */
import { type Database, type Queryable, randomText } from 'plinth'
import type { Key } from 'plinth/items'

/** From where a session is used. */
export interface Client {
  readonly ip: string | null
  readonly agent: string | null
  readonly origin: string | null
}

export interface Renewed {
  readonly token: string
  readonly user: string
  readonly password: string | null
}

export interface Sessions {
  /** Begins a session and answers its refresh token. */
  begin(user: string, client: Client): Promise<string>
  /** Trades a refresh token for the next one; undefined when it is spent, over, unknown, or its user may not come in any more. */
  renew(token: string, client: Client): Promise<Renewed | undefined>
  end(token: string): Promise<void>
  endAll(users: readonly Key[], db: Queryable): Promise<void>
  /** Deletes those that are over. */
  sweep(): Promise<void>
}

const begin = `
with seen as (update directus_users set last_access = now() where id = $2::uuid)
insert into directus_sessions (token, "user", expires, ip, user_agent, origin)
values ($1, $2::uuid, now() + $3::float8 * interval '1 millisecond', $4, $5, $6)`

// Two requests with one token meet at the row's lock: the second then finds the token changed, and nothing to update.
// Older databases of the reference have no column `oauth_client`, hence the detour.
const renew = `
with turned as (
  update directus_sessions s
  set token = $2, expires = now() + $3::float8 * interval '1 millisecond', ip = $4, user_agent = $5, origin = $6
  from directus_users u
  where s.token = $1 and s.expires > now() and s.share is null and to_jsonb(s) ->> 'oauth_client' is null and u.id = s."user" and u.status = 'active'
  returning u.id, u.password
), seen as (
  update directus_users set last_access = now() where id in (select id from turned)
)
select id, password from turned`

export function createSessions(db: Database, ttl: number): Sessions {
  const traces = ({ ip, agent, origin }: Client) => [ip, agent, origin?.slice(0, 255) ?? null]
  return {
    async begin(user, client) {
      const token = randomText(64)
      await db.query(begin, [token, user, ttl, ...traces(client)])
      return token
    },
    async renew(spent, client) {
      const token = randomText(64)
      const [row] = await db.query<{ id: string; password: string | null }>(renew, [spent, token, ttl, ...traces(client)])
      return row && { token, user: row.id, password: row.password }
    },
    async end(token) {
      await db.query('delete from directus_sessions where token = $1', [token])
    },
    async endAll(users, tx) {
      await tx.query('delete from directus_sessions where "user" = any ($1::uuid[])', [users])
    },
    async sweep() {
      await db.query('delete from directus_sessions where expires < now()')
    },
  }
}

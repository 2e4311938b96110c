/**
 * Sessions: who may ask for new access tokens, by a token that works once. Each change is one statement. All tokens of a session begin with
 * the same secret characters, its family: a spent one that comes back is known by them, and ends the session.
 */
import { type Database, type Log, type Queryable, randomText } from 'plinth'
import type { Key } from 'plinth/items'
import type { Mode, Subject } from './api.ts'

/** From where a session is used. */
export interface Client {
  readonly ip: string | null
  readonly agent: string | null
  readonly origin: string | null
}

export interface Begun {
  /** Of the session, for as long as it lives; null for one that another server began and rotated. */
  readonly id: string | null
  readonly token: string
}

export interface Renewed extends Begun {
  readonly subject: Subject
}

/** A session as its user sees it; times in ISO 8601. */
export interface ListedSession {
  readonly id: string
  readonly mode: Mode
  readonly ip: string | null
  readonly user_agent: string | null
  readonly origin: string | null
  readonly begun: string
  readonly renewed: string
  readonly expires: string
}

export interface Sessions {
  /** Undefined when the user or share is not there (any more), or not active. */
  begin(subject: Subject, mode: Mode, client: Client): Promise<Begun | undefined>
  /** Trades a token for the next one; undefined when it is spent, over, unknown, or its subject may not come in any more. */
  renew(token: string, mode: Mode, client: Client): Promise<Renewed | undefined>
  end(token: string): Promise<void>
  /** Ends the session that has had this token longer ago than the grace allows: somebody else has a copy. Does nothing for any other. */
  endReused(token: string): Promise<void>
  /** Ends all sessions of these users but `keep`, if it is one that lives in a browser's session cookie: that one follows the user's new password. */
  endAll(users: readonly Key[], keep: string | null, db: Queryable): Promise<void>
  list(user: string): Promise<ListedSession[]>
  /** Ends one of a user's sessions, or all but one; answers how many. */
  revoke(user: string, which: { readonly id: string } | { readonly except: string | null }): Promise<number>
  /** Deletes those that are over. */
  sweep(): Promise<void>
}

/** Lifetimes in ms. */
export interface SessionTimes {
  /** Of a session whose client keeps a refresh token. */
  readonly refresh: number
  /** Of one in a session cookie. */
  readonly session: number
  /** How long a spent token is taken for the haste of parallel tabs: in a session cookie it still works, elsewhere it is refused and no more. */
  readonly grace: number
}

const inMs = (parameter: string) => `${parameter}::float8 * interval '1 millisecond'`

/** As `Passwords.stamp` makes it. */
const stampOf = (column: string) => `left(encode(sha256(convert_to(coalesce(${column}, ''), 'UTF8')), 'hex'), 24)`

const subjects = {
  user: `select id as "user", null::uuid as share, password from directus_users where id = $2::uuid and status = 'active'`,
  share: 'select null::uuid as "user", id as share, password from directus_shares where id = $2::uuid',
}

const beginStatement = (kind: keyof typeof subjects) => `
with subject as (${subjects[kind]}),
seen as (update directus_users set last_access = now() where id in (select "user" from subject)),
made as (
  insert into directus_sessions (token, "user", share, expires, ip, user_agent, origin)
  select $1, "user", share, now() + ${inMs('$3')}, $4, $5, $6 from subject
)
insert into plinth.sessions (token, family, mode, stamp) select $1, left($1, 22), $7, ${stampOf('password')} from subject returning id`

/**
 * Two requests with one token meet at the row's lock: the second then finds it changed. A session that has been made by another server
 * gets a family here. Older databases of the reference have no column `oauth_client`, hence the detour.
 */
const found = `
found as (
  select s.token, s.next_token, s."user", s.share, f.id, f.family, coalesce(u.password, h.password) as password
  from directus_sessions s
  left join directus_users u on u.id = s."user" and u.status = 'active'
  left join directus_shares h on h.id = s.share and coalesce(h.date_start <= now(), true) and coalesce(h.date_end > now(), true)
  left join plinth.sessions f on f.token = s.token
  where s.token = $1 and s.expires > now() and to_jsonb(s) ->> 'oauth_client' is null
    and coalesce(h.id, u.id) is not null and coalesce(f.stamp = ${stampOf('coalesce(u.password, h.password)')}, true)
  for update of s
), seen as (
  update directus_users set last_access = now() where id in (select "user" from found)
)`

/** `previous`: SQL for the token that goes on working for a while. */
const nextWith = (previous: string) => `
next as (
  select *, coalesce(family, left($2, 22)) || right($2, 42) as fresh from found where next_token is null
), kept as (
  insert into plinth.sessions (id, token, previous, family, mode, stamp)
  select coalesce(id, gen_random_uuid()), fresh, ${previous}, left(fresh, 22), $7, ${stampOf('password')} from next
  on conflict (id) do update set token = excluded.token, previous = excluded.previous, renewed = now() returning id
)`

/** The token changes where it stands. */
const renewInPlace = `
with ${found}, ${nextWith('null')}, turned as (
  update directus_sessions s set token = fresh, expires = now() + ${inMs('$3')}, ip = $4, user_agent = $5, origin = $6
  from next where s.token = next.token
)
select kept.id, fresh as token, "user", share from next, kept`

/**
 * The next token gets a row of its own; the present one leads to it and works until the grace is over. Of two at once the second finds the
 * first one's next token in the row it waited for, but not yet what else the first has written.
 */
const renewWithGrace = `
with ${found}, ${nextWith('token')}, spent as (
  update directus_sessions s set next_token = fresh, expires = least(s.expires, now() + ${inMs('$8')}) from next where s.token = next.token
), made as (
  insert into directus_sessions (token, "user", share, expires, ip, user_agent, origin)
  select fresh, "user", share, now() + ${inMs('$3')}, $4, $5, $6 from next
)
select kept.id, fresh as token, "user", share from next, kept
union all
select coalesce(found.id, f.id), next_token, "user", share from found left join plinth.sessions f on f.token = next_token where next_token is not null`

/** Both of a session's rows while its grace lasts. */
const rowsOf = (sessions: string) => `
delete from directus_sessions where token in (select token from ${sessions} union all select previous from ${sessions})`

const endFamily = `
with reused as (
  select id, token, previous from plinth.sessions where family = left($1, 22) and token <> $1 and renewed < now() - ${inMs('$2')}
)
${rowsOf('reused')} returning (select id from reused), "user"`

const endOne = `
with given as (select token, coalesce(next_token, token) as newest from directus_sessions where token = $1),
one as (
  select given.token, f.previous from given left join plinth.sessions f on f.token = newest union all select newest, null from given
)
${rowsOf('one')}`

const endAllOf = `
with kept as (
  update plinth.sessions f set stamp = ${stampOf('u.password')}
  from directus_sessions s join directus_users u on u.id = s."user"
  where f.id = $2::uuid and f.mode = 'session' and s.token = f.token returning f.token
)
delete from directus_sessions where "user" = any ($1::uuid[]) and token not in (select token from kept)`

const iso = (time: string) => `to_char(${time} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as ${time.replace(/^.*\./, '')}`

/** Sessions that another server has begun get an identity by being looked at. */
const listOf = `
with live as (
  select * from directus_sessions where "user" = $1::uuid and expires > now() and next_token is null
), adopted as (
  insert into plinth.sessions (token, family, mode, stamp)
  select live.token, left(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/=', '-_'), 22), 'json', ${stampOf('u.password')}
  from live join directus_users u on u.id = live."user"
  on conflict do nothing returning *
)
select f.id, f.mode, live.ip, live.user_agent, live.origin, ${iso('f.begun')}, ${iso('f.renewed')}, ${iso('live.expires')}
from live join (select * from plinth.sessions union all select * from adopted) f on f.token = live.token
order by f.renewed desc, f.id`

const revokeStatement = `
with revoked as (
  select f.id, f.token, f.previous from plinth.sessions f join directus_sessions s on s.token = f.token
  where s."user" = $1::uuid and (f.id = $2::uuid or $2 is null and f.id is distinct from $3::uuid)
), gone as (${rowsOf('revoked')})
select id from revoked`

export function createSessions(db: Database, { refresh, session, grace }: SessionTimes, log: Log, changed: () => void): Sessions {
  const lifetime = (mode: Mode) => (mode === 'session' ? session : refresh)
  const traces = ({ ip, agent, origin }: Client) => [ip, agent, origin?.slice(0, 255) ?? null]

  async function endReused(spent: string): Promise<void> {
    const [ended] = spent.length === 64 ? await db.query<{ id: string; user: string | null }>(endFamily, [spent, grace]) : []
    if (!ended) return
    changed()
    log.warn('a spent refresh token came back: its session has ended', { session: ended.id, user: ended.user })
  }

  return {
    endReused,
    async begin(subject, mode, client) {
      const token = randomText(64)
      const [kind, id] = 'user' in subject ? (['user', subject.user] as const) : (['share', subject.share] as const)
      const [row] = await db.query<{ id: string }>(beginStatement(kind), [token, id, lifetime(mode), ...traces(client), mode])
      return row && { id: row.id, token }
    },
    async renew(spent, mode, client) {
      const parameters = [spent, randomText(64), lifetime(mode), ...traces(client), mode]
      const [statement, values] = mode === 'session' ? [renewWithGrace, [...parameters, grace]] : [renewInPlace, parameters]
      const [row] = await db.query<{ id: string | null; token: string; user: string | null; share: string }>(statement, values)
      if (!row) return void (await endReused(spent))
      if (mode === 'session') changed()
      return { id: row.id, token: row.token, subject: row.user === null ? { share: row.share } : { user: row.user } }
    },
    async end(token) {
      await db.query(endOne, [token])
      changed()
    },
    async endAll(users, keep, tx) {
      await tx.query(endAllOf, [users, keep])
    },
    list: (user) => db.query<ListedSession>(listOf, [user]),
    async revoke(user, which) {
      const parameters = 'id' in which ? [user, which.id, null] : [user, null, which.except]
      const ended = await db.query(revokeStatement, parameters)
      changed()
      return ended.length
    },
    async sweep() {
      await db.query('delete from directus_sessions where expires < now()')
    },
  }
}

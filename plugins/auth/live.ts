/** Which sessions live: looked up once, then remembered until one ends early, anywhere. */
import { type Database, type Host, remember } from 'plinth'

export interface Live {
  /** Of the session; null for one that another server has begun. */
  readonly id: string | null
  /** Of the password under which its user, or whoever came by its share, came in; null when that is not known. */
  readonly stamp: string | null
}

/** How a token names its session: by identity, or by a token of its own. */
export type SessionName = { readonly id: string } | { readonly token: string }

export interface LiveSessions {
  /** Undefined when it has ended. */
  get(name: SessionName): Promise<Live | undefined>
}

interface Row extends Live {
  /** Milliseconds since 1970. */
  readonly expires: number
}

const columns = `f.id, f.stamp, (extract(epoch from s.expires) * 1000)::float8 as expires`
const byId = `select ${columns} from plinth.sessions f join directus_sessions s on s.token = f.token where f.id = $1::uuid and s.expires > now()`
const byToken = `select ${columns} from directus_sessions s left join plinth.sessions f on f.token = coalesce(s.next_token, s.token)
where s.token = $1 and s.expires > now()`

const remembered = 10_000

export function createLiveSessions(db: Database, versions: Host['versions']): LiveSessions {
  const load = (statement: string) => async (name: string) => (await db.query<Row>(statement, [name]))[0]
  const ids = remember(remembered, load(byId))
  const tokens = remember(remembered, load(byToken))
  versions.watch('sessions', () => {
    ids.clear()
    tokens.clear()
  })
  return {
    async get(name) {
      const [memory, key] = 'id' in name ? ([ids, name.id] as const) : ([tokens, name.token] as const)
      const known = await memory.get(key)
      if (!known || known.expires > Date.now()) return known
      // Over, or prolonged since it was looked up.
      memory.forget(key)
      return memory.get(key)
    },
  }
}

/** Users for tests of signing in, whose password costs little to check. */
import { randomUUID } from 'node:crypto'
import type { Queryable } from 'plinth'
import type { Answer, TestHost } from '../../host.ts'

export const password = 'secret'
/** Of `password`, at the least cost that argon2 takes. */
export const cheapHash = '$argon2id$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$OHc9SRN0/XEiuUUihEOCXBYjZ7cbpwHqG3uM3/Rhr/w'

export interface Person {
  readonly id: string
  readonly email: string
}

/** An active user with `password`; `more` are columns. */
export async function addPerson(db: Queryable, name: string, more: Readonly<Record<string, string | null>> = {}): Promise<Person> {
  const row = { id: randomUUID(), email: `${name}@example.com`, password: cheapHash, ...more }
  const names = Object.keys(row)
  await db.query(
    `insert into directus_users (${names.map((column) => `"${column}"`).join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
    Object.values(row),
  )
  return row
}

/** A client of one person: signs in, remembers what it got, asks with it. */
export function clientOf(host: TestHost, { email }: Pick<Person, 'email'>) {
  const post = (path: string, body: unknown, headers = {}) => host.api('POST', path, { token: null, body, headers })
  return {
    login: (mode: 'json' | 'cookie' | 'session' = 'json', more: object = {}) => post('/auth/login', { email, password, mode, ...more }),
    refresh: (refresh_token: string) => post('/auth/refresh', { refresh_token }),
    refreshBy: (cookie: string, mode: 'cookie' | 'session', headers = {}) => post('/auth/refresh', { mode }, { cookie, ...headers }),
    logout: (refresh_token: string) => post('/auth/logout', { refresh_token }),
    /** The own address as seen with a token, or by a cookie; else the status. */
    me: async (by: { token?: string; cookie?: string }) => {
      const answer = await host.api('GET', '/users/me?fields=id', {
        token: by.token ?? null,
        headers: by.cookie ? { cookie: by.cookie } : {},
      })
      return answer.status === 200 ? answer.data.id : answer.status
    },
  }
}

/** `name=value` of the cookie that an answer sets. */
export const cookieOf = ({ headers }: Answer): string => headers.getSetCookie()[0]!.split(';')[0]!

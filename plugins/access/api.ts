/** What other plugins may import of users and rights, as `plinth/access`. */
import { type Accountability, service } from 'plinth'

export interface Accounts {
  /** Rights of an active user; undefined when there is none of this id or it is not active. Cached; current on every process. */
  byId(user: string, ip: string | null): Promise<Accountability | undefined>
  /** The same for a static token. */
  byToken(token: string, ip: string | null): Promise<Accountability | undefined>
  /** Rights of somebody who has not signed in: the public policies. */
  anonymous(ip: string | null): Promise<Accountability>
}

export const accounts = service<Accounts>('access')

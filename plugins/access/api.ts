/** What other plugins may import of users and rights, as `plinth/access`. */
import { type Accountability, type Queryable, service, type Transaction } from 'plinth'

export interface Accounts {
  /**
   * Rights of an active user; undefined when there is none of this id or it is not active. Cached; current on every process.
   * `stamp`, when given, is that of the password under which the caller was let in: undefined when the password is another one now.
   */
  byId(user: string, ip: string | null, stamp?: string): Promise<Accountability | undefined>
  /** The same for a static token. */
  byToken(token: string, ip: string | null): Promise<Accountability | undefined>
  /** What a role brings, those above it included: not what everybody may do, and nothing when there is none of this id. Cached; current on every process. */
  ofRole(role: string, ip: string | null): Promise<Accountability>
  /** The same for any address, read inside a transaction. */
  mostOfRole(role: string, db: Queryable): Promise<Accountability>
  /** Rights of somebody who has not signed in: the public policies. */
  anonymous(ip: string | null): Promise<Accountability>
  /**
   * Sets or removes the second factor of `user` (default: the caller's own) with the caller's rights. `prove` runs first, in the same
   * transaction, and answers the new secret; what it throws leaves all as it was. @throws FORBIDDEN
   */
  changeSecondFactor(access: Accountability, prove: (db: Transaction) => Promise<string | null>, user?: string): Promise<void>
  /** argon2id, as directus_users.password and fields with the special `hash` store it. Off the event loop, few at a time. */
  hash(text: string): Promise<string>
  /** @throws FAILED_VALIDATION for a password that the project's rule refuses. Not inside a transaction. */
  checkPassword(text: string): Promise<void>
  /** Whether `text` is what an argon2 hash (id, i, d) was made of. Takes as long when there is no hash. */
  verify(hash: string | null, text: string): Promise<boolean>
  /** A mark that changes with a stored password and tells nothing of it: see `byId`. */
  stamp(hash: string | null): Promise<string>
}

export { isWithin } from './giving.ts'

export const accounts = service<Accounts>('access')

/** What a person's email address looks like. */
export const emailForm = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+\.[^\s@.\p{Cc}]+$/u

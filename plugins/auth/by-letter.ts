/** What is done with the token of a letter, once: a password set, an invitation accepted, an address confirmed. */
import { type Host, problems, system, type Transaction } from 'plinth'
import type { Item, Items } from 'plinth/items'

export interface LetterUser {
  readonly id: string
  readonly email: string
  readonly password: string | null
  readonly status: string
}

const lockUser = `
select id, email, password, status from directus_users where lower(email) = lower($1) and provider = 'default'
order by email = $1 desc, id limit 1 for update`

/**
 * Changes the user of an address, one at a time: of two who use one letter at once the second finds `allowed` false.
 * Answers who was changed; undefined when there is none or it is not allowed.
 */
export async function changeByLetter(
  host: Host,
  items: Items,
  email: string,
  allowed: (user: LetterUser) => boolean | Promise<boolean>,
  patch: Item,
): Promise<LetterUser | undefined> {
  const changed = await host.db.transaction(async (db: Transaction) => {
    const [user] = await db.query<LetterUser>(lockUser, [email])
    if (!user || !(await allowed(user))) return undefined
    await items.update('directus_users', [user.id], patch, { access: system, db })
    return user
  })
  if (changed) for (const version of ['access', 'sessions']) host.versions.touch(version)
  return changed
}

/** The token of a request: text, or nothing. @throws INVALID_PAYLOAD */
export function requiredText(body: Readonly<Record<string, unknown>>, name: string, mayBeEmpty = false): string {
  const value = body[name]
  if (typeof value === 'string' && (value !== '' || mayBeEmpty)) return value
  throw problems.INVALID_PAYLOAD(`"${name}" is required, as text.`)
}

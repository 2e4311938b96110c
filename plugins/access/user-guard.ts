/** What users, and whoever makes or changes them, may not do by writing rows. */
import { type Access, problems, system, type Transaction } from 'plinth'
import { type Item, type Items, type Key, mask } from 'plinth/items'
import type { ProjectSettings } from 'plinth/settings'

/** Written by the server alone, whoever asks. */
const kept = ['last_access']
/** How somebody signs in elsewhere: an administrator's to say. */
const ofAdmins = ['provider', 'external_identifier', 'auth_data']

/** Changes `row`: what only the server writes is left out. @throws INVALID_PAYLOAD for what is not the caller's to say. */
export function keepServersOwn(row: Item, access: Access, factorProved: boolean): void {
  if (access === system) return
  for (const name of kept) delete row[name]
  if ('tfa_secret' in row && !factorProved)
    throw problems.INVALID_PAYLOAD('"tfa_secret" is changed by enabling or disabling the second factor.')
  const named = access.admin ? undefined : ofAdmins.find((name) => name in row)
  if (named) throw problems.INVALID_PAYLOAD(`"${named}" is changed by administrators only.`)
}

const takenEmails = `
select lower(email) as email from directus_users where lower(email) = any (select lower(e) from unnest($1::text[]) e) and not (id::text = any ($2))`

/** Addresses differ by more than case; one write of an address at a time. @throws RECORD_NOT_UNIQUE */
export async function checkEmailsFree(db: Transaction, rows: readonly Item[], keys: readonly Key[]): Promise<void> {
  const emails = rows.flatMap(({ email }) => (typeof email === 'string' ? [email] : [])).sort()
  if (!emails.length) return
  const seen = new Set<string>()
  const twice = emails.map((email) => email.toLowerCase()).find((email) => seen.size === seen.add(email).size)
  const [, [taken]] = await Promise.all([
    db.query(`select pg_advisory_xact_lock(hashtext('plinth.email ' || lower(e))) from unnest($1::text[]) e`, [emails]),
    db.query<{ email: string }>(takenEmails, [emails, keys]),
  ])
  const email = twice ?? taken?.email
  if (email) throw problems.RECORD_NOT_UNIQUE(undefined, { collection: 'directus_users', field: 'email', value: `[${email}]` })
}

/** @throws FAILED_VALIDATION for a password that the project's rule refuses; the answer does not repeat it. */
export async function checkPassword(
  items: Items,
  settings: ProjectSettings | undefined,
  { password }: Item,
  db?: Transaction,
): Promise<void> {
  if (typeof password !== 'string' || password === '' || password === mask) return
  const rule = (await settings?.current(db))?.auth_password_policy
  if (typeof rule !== 'string' || rule === '') return
  const faults = await items.faultsOf({ password: { _regex: toPattern(rule) } }, { password })
  if (faults.length)
    throw problems.FAILED_VALIDATION('The password is not as this project wants it.', { field: 'password', type: 'regex', path: [] })
}

/** `/^.{8,}$/` or plain. @throws INVALID_PAYLOAD for flags, which would say something else of every letter. */
function toPattern(rule: string): string {
  const [, body = rule, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(rule) ?? []
  if (flags) throw problems.INVALID_PAYLOAD(`The rule for passwords has flags ("${flags}"), which are not understood: leave them out.`)
  return body
}

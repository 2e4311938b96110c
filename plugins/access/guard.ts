/** What is checked and changed in rows before they are written: addresses of users, and fields that are never read back. */
import { problems, type Table } from 'plinth'
import { type Item, mask } from 'plinth/items'
import { emailForm } from './api.ts'

/** Changes `row`: values of fields with the special `hash` to their hash, an empty one to null; drops masks that came back. */
export async function sealSecrets(table: Table, row: Item, hash: (text: string) => Promise<string>): Promise<void> {
  for (const { name, special, concealed } of table.fields.values()) {
    const value = row[name]
    if (value === undefined || value === null) continue
    if (concealed && value === mask) delete row[name]
    else if (special.includes('hash'))
      row[name] = value === '' ? null : await hash(typeof value === 'string' ? value : JSON.stringify(value))
  }
}

/** @throws FAILED_VALIDATION for a user's email address that is none. */
export function checkEmail(table: Table, { email }: Item): void {
  if (table.name !== 'directus_users' || email === undefined || email === null) return
  if (typeof email === 'string' && emailForm.test(email)) return
  throw problems.FAILED_VALIDATION('"email" must be an email address.', { field: 'email', type: 'email', path: [] })
}

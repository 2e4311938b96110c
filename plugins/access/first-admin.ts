/** The first administrator of an empty database, with its role and policy, and the policy of everybody. */
import { type Database, env, type Queryable, randomText } from 'plinth'
import * as v from 'valibot'
import { emailForm } from './api.ts'

export const FirstAdminOptions = v.object({
  ADMIN_EMAIL: env.matching(emailForm, 'an email address', 'admin@example.com'),
  ADMIN_PASSWORD: env.maybeText(),
  ADMIN_TOKEN: env.maybeText(),
})

export interface FirstAdmin {
  readonly options: v.InferOutput<typeof FirstAdminOptions>
  hash(text: string): Promise<string>
  /** Gets what was made up, for a person's eyes. */
  announce(line: string): void
}

/** The id that the reference gives to this policy on every installation. */
const publicPolicy = 'abf8a154-5b1c-4a46-ac9c-7300570f4f17'

async function isEmpty(db: Queryable): Promise<boolean> {
  const rows = await db.query('select from directus_users union all select from directus_roles limit 1')
  return rows.length === 0
}

/** Does nothing when there is any user or role. Safe when several processes start at once: one of them does it. */
export async function ensureFirstAdmin(db: Database, { options, hash, announce }: FirstAdmin): Promise<void> {
  if (!(await isEmpty(db))) return
  const password = options.ADMIN_PASSWORD ?? randomText(16)
  const token = options.ADMIN_TOKEN ?? randomText(32)
  const hashed = await hash(password)
  const made = await db.transaction(async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtext('plinth.first-admin'))`)
    if (!(await isEmpty(tx))) return false
    await createFirstAdmin(tx, options.ADMIN_EMAIL, hashed, token)
    return true
  })
  if (!made) return
  announce(`First administrator: ${options.ADMIN_EMAIL}`)
  if (!options.ADMIN_PASSWORD) announce(`  password (made up, shown once): ${password}`)
  if (!options.ADMIN_TOKEN) announce(`  token    (made up, shown once): ${token}`)
}

async function createFirstAdmin(db: Queryable, email: string, password: string, token: string): Promise<void> {
  const [role, policy, user] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
  await db.query(
    `insert into directus_roles (id, name, icon, description) values ($1, 'Administrator', 'verified', '$t:admin_description')`,
    [role],
  )
  await db.query(
    `insert into directus_policies (id, name, icon, description, admin_access, app_access) values
      ($1, '$t:public_label', 'public', '$t:public_description', false, false),
      ($2, 'Administrator', 'verified', '$t:admin_description', true, true)
     on conflict (id) do nothing`,
    [publicPolicy, policy],
  )
  await db.query(
    `insert into directus_access (id, role, policy, sort) values (gen_random_uuid(), null, $1::uuid, 1), (gen_random_uuid(), $2::uuid, $3::uuid, null)`,
    [publicPolicy, role, policy],
  )
  await db.query(
    `insert into directus_users (id, first_name, last_name, email, password, token, role) values ($1, 'Admin', 'User', $2, $3, $4, $5)`,
    [user, email, password, token, role],
  )
}

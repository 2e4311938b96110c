/** Roles below roles: never in a circle, and what becomes of those who had a role that goes. */
import { problems, system, type Transaction } from 'plinth'
import type { Caller, Items, Key } from 'plinth/items'

const circle = `
with recursive up (start, id) as (
  select id, parent from directus_roles where id = any ($1::uuid[])
  union
  select up.start, r.parent from directus_roles r join up on r.id = up.id
)
select from up where start = id limit 1`

/** After a change of parents, one change at a time: two halves of a circle could be made at once. @throws INVALID_PAYLOAD */
export async function refuseCircles(db: Transaction, roles: readonly Key[]): Promise<void> {
  const [, [found]] = await Promise.all([db.query(`select pg_advisory_xact_lock(hashtext('plinth.roles'))`), db.query(circle, [roles])])
  if (found) throw problems.INVALID_PAYLOAD('A role cannot stand below itself.')
}

/** Before roles go: their users lose access, the roles below them their parent. */
export async function releaseRoles(items: Items, db: Transaction, roles: readonly Key[]): Promise<void> {
  const ids = (table: string, column: string) =>
    db.query<{ id: string }>(`select id from ${table} where ${column}::text = any ($1) and not (id::text = any ($1)) for update`, [roles])
  const users = await ids('directus_users', 'role')
  const children = await ids('directus_roles', 'parent')
  const keysOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)
  const caller: Caller = { access: system, db }
  if (users.length) await items.update('directus_users', keysOf(users), { status: 'suspended', role: null }, caller)
  if (children.length) await items.update('directus_roles', keysOf(children), { parent: null }, caller)
  // Roles that go together may stand below one another.
  await db.query('update directus_roles set parent = null where id::text = any ($1) and parent is not null', [roles])
}

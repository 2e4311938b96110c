/** There is always somebody who may do everything: no change of users, roles, policies or what ties them takes the last one away. */
import { type Access, problems, system, type Transaction } from 'plinth'
import type { UpdateEvent } from 'plinth/items'
import { addressesOf } from './policies.ts'

/** By table the columns whose change may cost somebody their rights; losing a row may always. */
const bearing: Readonly<Record<string, readonly string[]>> = {
  directus_users: ['status', 'role'],
  directus_roles: ['parent'],
  directus_policies: ['admin_access', 'ip_access'],
  directus_access: ['role', 'user', 'policy'],
}

export const mayCostRights = (table: string, changes?: UpdateEvent['changes']): boolean => {
  const columns = bearing[table]
  return columns !== undefined && (!changes || changes.some(({ patch }) => columns.some((name) => name in patch)))
}

/** The addresses from which active users are administrators: of the policies that make them so, by themselves or by a role or one above it. */
const places = `
with recursive admins (role, ip) as (
  select a.role, p.ip_access from directus_access a join directus_policies p on p.id = a.policy where p.admin_access and a.role is not null
  union
  select r.id, admins.ip from directus_roles r join admins on r.parent = admins.role
)
select admins.ip from admins join directus_users u on u.role = admins.role where u.status = 'active'
union
select p.ip_access from directus_policies p join directus_access a on a.policy = p.id join directus_users u on u.id = a."user"
where p.admin_access and u.status = 'active'`

/** Who changes rights, and where. */
export interface RightsChange {
  readonly db: Transaction
  readonly access: Access
}

/**
 * For `Transaction.last`. Whoever changes rights waits here for the others, as two administrators could each rely on the other staying. What an
 * administrator changes must be theirs, or another's, to undo from where they are: else a wrong address in a policy would lock everybody out.
 * @throws UNPROCESSABLE_CONTENT
 */
export async function keepAnAdmin(changes: readonly RightsChange[]): Promise<void> {
  // Not along with COMMIT: what is found out here may forbid it.
  await undefined
  const [{ db }] = changes as [RightsChange]
  const [, left] = await Promise.all([
    db.query(`select pg_advisory_xact_lock(hashtext('plinth.last-admin'))`),
    db.query<{ ip: string | null }>(places),
  ])
  if (!left.length) throw problems.UNPROCESSABLE_CONTENT('Nobody would be left who may do everything.')
  for (const { access } of changes) {
    if (access === system || !access.admin || left.some(({ ip }) => addressesOf(ip)?.(access.ip) ?? true)) continue
    throw problems.UNPROCESSABLE_CONTENT('Nobody would be left who may do everything from the address that you ask from.')
  }
}

/** There is always somebody who may do everything: no change of users, roles, policies or what ties them takes the last one away. */
import { problems, type Transaction } from 'plinth'
import type { UpdateEvent } from 'plinth/items'

/** By table the columns whose change may cost somebody their rights; losing a row may always. */
const bearing: Readonly<Record<string, readonly string[]>> = {
  directus_users: ['status', 'role'],
  directus_roles: ['parent'],
  directus_policies: ['admin_access'],
  directus_access: ['role', 'user', 'policy'],
}

export const mayCostRights = (table: string, changes?: UpdateEvent['changes']): boolean => {
  const columns = bearing[table]
  return columns !== undefined && (!changes || changes.some(({ patch }) => columns.some((name) => name in patch)))
}

/** Of the roles with an administrator's policy and all below them. */
export const anAdmin = `
with recursive admins (role) as (
  select a.role from directus_access a join directus_policies p on p.id = a.policy where p.admin_access and a.role is not null
  union
  select r.id from directus_roles r join admins on r.parent = admins.role
)
select u.id from directus_users u
where u.status = 'active' and (u.role in (select role from admins) or exists (
  select from directus_access a join directus_policies p on p.id = a.policy where p.admin_access and a."user" = u.id
))`

/**
 * For `Transaction.last`. Whoever changes rights waits here for the others, as two administrators could each rely on the other staying.
 * @throws UNPROCESSABLE_CONTENT
 */
export async function keepAnAdmin([db]: readonly Transaction[]): Promise<void> {
  // Not along with COMMIT: what is found out here may forbid it.
  await undefined
  const [, [left]] = await Promise.all([
    db!.query(`select pg_advisory_xact_lock(hashtext('plinth.last-admin'))`),
    db!.query(`${anAdmin} limit 1`),
  ])
  if (!left) throw problems.UNPROCESSABLE_CONTENT('Nobody would be left who may do everything.')
}

/** Administrators are not made by SCIM: neither by a role, nor by becoming one who is. A setting may name roles that are given all the same. */
import { problems, type Queryable } from 'plinth'
import type { Accounts } from 'plinth/access'

export interface AdminGuard {
  /** @throws FORBIDDEN */
  checkRole(role: string, db: Queryable): Promise<void>
  /** For what lets somebody in as this user. @throws FORBIDDEN */
  checkUser(user: string, db: Queryable): Promise<void>
}

const refused = () => problems.FORBIDDEN('Administrators are not made or taken over by SCIM, unless SCIM_ADMIN_ROLES names their role.')

const ofUser = `select role, exists (
  select from directus_access a join directus_policies p on p.id = a.policy where p.admin_access and a."user" = u.id
) as direct from directus_users u where id = $1::uuid`

/** @param open Names of roles. */
export function createAdminGuard(accounts: Accounts, open: readonly string[]): AdminGuard {
  async function checkRole(role: string, db: Queryable): Promise<void> {
    if (!(await accounts.mostOfRole(role, db)).admin) return
    const [row] = await db.query<{ name: string }>('select name from directus_roles where id = $1::uuid', [role])
    if (!row || !open.includes(row.name)) throw refused()
  }
  return {
    checkRole,
    async checkUser(user, db) {
      const [row] = await db.query<{ role: string | null; direct: boolean }>(ofUser, [user])
      if (row?.direct) throw refused()
      if (row?.role) await checkRole(row.role, db)
    },
  }
}

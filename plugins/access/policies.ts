/** Policies as accounts have them: the SQL that finds them, and what is read of each. */
import { addressList } from 'plinth'

export interface Policy {
  readonly id: string
  readonly admin: boolean
  readonly app: boolean
  /** The policy counts only for these addresses; null: for all. */
  readonly allows: ((ip: string | null) => boolean) | null
}

export interface PolicyRow {
  readonly id: string
  readonly admin: boolean
  readonly app: boolean
  readonly ip: string | null
}

/** Nobody becomes administrator by a policy that is everybody's. */
export const policiesWhere = (condition: string): string => `coalesce((
    select json_agg(p order by p.id) from (
      select p.id, bool_or(p.admin_access and (a.role is not null or a."user" is not null)) as admin, p.app_access as app, p.ip_access as ip
      from directus_policies p join directus_access a on a.policy = p.id
      where ${condition}
      group by p.id
    ) p
  ), '[]'::json)`
export const everybodys = 'a.role is null and a."user" is null'

/** The role of `account`, then its ancestors. */
export const roleLine = `line (id, parent, path) as (
  select r.id, r.parent, array[r.id] from directus_roles r join account on r.id = account.role
  union all
  select r.id, r.parent, line.path || r.id from directus_roles r join line on r.id = line.parent where r.id <> all (line.path)
)`
export const rolesOf = 'array(select line.id::text from line order by cardinality(path)) as roles'

/** Whether an address is among those of `ip_access`; null: all are. */
export function addressesOf(ip: string | null): Policy['allows'] {
  const addresses = ip?.split(',').filter((entry) => entry.trim()) ?? []
  return addresses.length ? addressList(addresses) : null
}

export const toPolicy = ({ id, admin, app, ip }: PolicyRow): Policy => ({ id, admin, app, allows: addressesOf(ip) })

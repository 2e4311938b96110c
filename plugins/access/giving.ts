/**
 * Nobody gives away, or takes, what they have not. Who is no administrator may write users, roles, policies, what ties them and rules where
 * their own rules say so, and nothing that comes of it goes beyond what they have themselves.
 */
import { type Access, problems, type Rule, system, type Transaction } from 'plinth'
import type { Item } from 'plinth/items'
import { roleLine } from './policies.ts'

/** What is given: policies themselves, those of roles and what stands above them, all those of users. Null counts for none. */
export interface Given {
  readonly policies?: readonly unknown[]
  readonly roles?: readonly unknown[]
  readonly users?: readonly unknown[]
}

/** A policy for administrators is theirs to give, also where it makes none of its owner as it is everybody's. */
const more = `
with recursive account as (
  select unnest($1::uuid[]) as role union all select role from directus_users where id = any ($2::uuid[])
), ${roleLine}
select from directus_policies p
where (p.id = any ($3::uuid[]) or exists (
  select from directus_access a where a.policy = p.id and (a."user" = any ($2::uuid[]) or a.role in (select id from line))
)) and (p.admin_access or p.id <> all ($4::uuid[])) limit 1`

/** @throws FORBIDDEN when a policy is among them that the caller has not */
export async function refuseMore(db: Transaction, { policies = [], roles = [], users = [] }: Given, access: Access): Promise<void> {
  if (access === system || access.admin) return
  const lists = [roles, users, policies].map((list) => list.filter((id) => typeof id === 'string'))
  if (!lists.some((list) => list.length)) return
  const [found] = await db.query(more, [...lists, access.policies])
  if (found) throw problems.FORBIDDEN('It would bring rights that are not yours to give.')
}

/** What makes a policy count, and for more. @throws FORBIDDEN */
export function checkPolicy(row: Item, access: Access, known: boolean): void {
  if (access === system || access.admin) return
  if (row.admin_access) throw problems.FORBIDDEN('Only administrators make administrators.')
  if (row.app_access && !access.app) throw problems.FORBIDDEN('Only who has app access gives it.')
  const limit = known && ['ip_access', 'enforce_tfa'].find((name) => name in row)
  if (limit) throw problems.FORBIDDEN(`"${limit}" of a policy is changed by administrators only.`)
}

/** @param row A rule as it has been stored. @throws FORBIDDEN for one that allows more than those of the caller */
export function checkRule(row: Item, access: Access): void {
  if (access === system || access.admin || isWithin(row as unknown as Rule, access.rights.rules)) return
  throw problems.FORBIDDEN('The rule would allow what is not yours to give.')
}

/** Whether a rule says nothing that others, of the same action, do not say of the same rows and more. */
export function isWithin(rule: Rule, own: readonly Rule[]): boolean {
  const alike = own.filter(
    ({ collection, action, permissions, validation }) =>
      collection === rule.collection &&
      action === rule.action &&
      isWider(permissions, rule.permissions) &&
      isWider(validation, rule.validation),
  )
  const fields = new Set(alike.flatMap((one) => one.fields ?? []))
  const wanted = [...(rule.fields ?? []), ...Object.keys(rule.presets ?? {})]
  return alike.length > 0 && (fields.has('*') || wanted.every((name) => fields.has(name)))
}

/** Of two conditions only the same ones, or none, are known to be met by whatever meets the other. */
const isWider = (mine: object | null, theirs: object | null): boolean =>
  !mine || !Object.keys(mine).length || JSON.stringify(mine) === JSON.stringify(theirs)

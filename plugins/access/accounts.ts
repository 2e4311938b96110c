/**
 * Who may do what: a user's roles and policies, read in one statement and kept until anything that bears rights changes.
 * What depends on the request (its address) is decided at each use.
 */
import { type Accountability, type Database, type Host, isUuid, nobody, type Queryable, remember } from 'plinth'
import type { Accounts } from './api.ts'
import type { Passwords } from './password.ts'
import { everybodys, type Policy, type PolicyRow, policiesWhere, roleLine, rolesOf, toPolicy } from './policies.ts'
import type { RightsOf } from './rules.ts'

interface Account {
  readonly stamp: string
  readonly policies: readonly Policy[]
  /** Rights with every policy counted. */
  readonly full: Accountability
  /** Whether `full` holds from any address. */
  readonly anywhere: boolean
}

interface AccountRow {
  readonly id: string
  readonly role: string | null
  readonly password: string | null
  readonly roles: string[]
  readonly policies: PolicyRow[]
}

const accountWhere = (condition: string): string => `
with recursive account as (
  select id, role, password from directus_users where ${condition} and status = 'active'
), ${roleLine}
select id, role, password,
  ${rolesOf},
  ${policiesWhere(`${everybodys} or a."user" = account.id or a.role in (select line.id from line)`)} as policies
from account`

const statements = {
  byId: accountWhere('id = $1::uuid'),
  byToken: accountWhere('token = $1'),
  byRole: `with recursive account as (select $1::uuid as role), ${roleLine}
select $1::text as role, ${rolesOf}, ${policiesWhere('a.role in (select line.id from line)')} as policies`,
  anonymous: `select ${policiesWhere(everybodys)} as policies`,
}

/** Users and tokens remembered, each. */
const remembered = 5000

export function createAccounts(
  db: Database,
  versions: Host['versions'],
  passwords: Passwords,
  rights: RightsOf,
): Omit<Accounts, 'changeSecondFactor' | 'checkPassword'> {
  const load = async (statement: string, value: string): Promise<Account | undefined> => {
    const [row] = await db.query<AccountRow>(statement, [value])
    if (!row) return undefined
    const { id, role, roles } = row
    return toAccount({ ...nobody, user: id, role, roles }, row.policies, await passwords.stamp(row.password), rights)
  }
  const byId = remember(remembered, (id) => load(statements.byId, id))
  const byToken = remember(remembered, (token) => load(statements.byToken, token))
  const ofRole = async (role: string, from: Queryable): Promise<Account> => {
    const [row] = await from.query<Pick<AccountRow, 'roles' | 'policies'>>(statements.byRole, [role])
    return toAccount({ ...nobody, role, roles: row!.roles }, row!.policies, '', rights, from)
  }
  const byRole = remember(1000, (role) => ofRole(role, db))
  const anonymous = remember(1, async () => {
    const [row] = await db.query<Pick<AccountRow, 'policies'>>(statements.anonymous)
    return toAccount(nobody, row!.policies, '', rights)
  })
  versions.watch('access', () => {
    for (const memory of [byId, byToken, byRole, anonymous, rights]) memory.clear()
  })

  return {
    ...passwords,
    async byId(user, ip, stamp) {
      const account = isUuid(user) ? await byId.get(user) : undefined
      if (!account || (stamp !== undefined && stamp !== account.stamp)) return undefined
      return rightsFrom(account, ip, rights)
    },
    async byToken(token, ip) {
      // Longer than the column, or not text for PostgreSQL: nobody has it.
      if (token.length > 255 || token.includes('\0')) return undefined
      const account = await byToken.get(token)
      return account && rightsFrom(account, ip, rights)
    },
    async ofRole(role, ip) {
      return rightsFrom((await byRole.get(role))!, ip, rights)
    },
    async mostOfRole(role, from) {
      return (await ofRole(role, from)).full
    },
    async anonymous(ip) {
      return rightsFrom((await anonymous.get(''))!, ip, rights)
    },
  }
}

async function toAccount(
  base: Accountability,
  rows: readonly PolicyRow[],
  stamp: string,
  rights: RightsOf,
  from?: Queryable,
): Promise<Account> {
  const policies = rows.map(toPolicy)
  return { stamp, policies, full: await withPolicies(base, policies, rights, from), anywhere: policies.every(({ allows }) => !allows) }
}

async function withPolicies(
  base: Accountability,
  policies: readonly Policy[],
  rights: RightsOf,
  from?: Queryable,
): Promise<Accountability> {
  const ids = policies.map(({ id }) => id)
  const admin = policies.some((policy) => policy.admin)
  const app = base.user !== null && policies.some((policy) => policy.admin || policy.app)
  return { ...base, policies: ids, admin, app, rights: admin ? nobody.rights : await rights.of(ids, app, from) }
}

async function rightsFrom({ full, policies, anywhere }: Account, ip: string | null, rights: RightsOf): Promise<Accountability> {
  if (anywhere) return { ...full, ip }
  const counted = policies.filter(({ allows }) => !allows || allows(ip))
  return { ...(await withPolicies(full, counted, rights)), ip }
}

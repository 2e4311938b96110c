/**
 * Who may do what: a user's roles and policies, read in one statement and kept until anything that bears rights changes.
 * What depends on the request (its address) is decided at each use.
 */
import { LRUCache } from 'lru-cache'
import { type Accountability, addressList, type Database, type Host, nobody } from 'plinth'
import type { Accounts } from './api.ts'
import type { Passwords } from './password.ts'
import type { RightsOf } from './rules.ts'

interface Policy {
  readonly id: string
  readonly admin: boolean
  readonly app: boolean
  /** The policy counts only for these addresses; null: for all. */
  readonly allows: ((ip: string | null) => boolean) | null
}

interface Account {
  readonly stamp: string
  readonly policies: readonly Policy[]
  /** Rights with every policy counted. */
  readonly full: Accountability
  /** Whether `full` holds from any address. */
  readonly anywhere: boolean
}

interface PolicyRow {
  readonly id: string
  readonly admin: boolean
  readonly app: boolean
  readonly ip: string | null
}

interface AccountRow {
  readonly id: string
  readonly role: string | null
  readonly password: string | null
  readonly roles: string[]
  readonly policies: PolicyRow[]
}

/** Nobody becomes administrator by a policy that is everybody's. */
const policiesWhere = (condition: string): string => `coalesce((
    select json_agg(p order by p.id) from (
      select p.id, bool_or(p.admin_access and (a.role is not null or a."user" is not null)) as admin, p.app_access as app, p.ip_access as ip
      from directus_policies p join directus_access a on a.policy = p.id
      where (a.role is null and a."user" is null)${condition}
      group by p.id
    ) p
  ), '[]'::json)`

const accountWhere = (condition: string): string => `
with recursive account as (
  select id, role, password from directus_users where ${condition} and status = 'active'
), line (id, parent, path) as (
  select r.id, r.parent, array[r.id] from directus_roles r join account on r.id = account.role
  union all
  select r.id, r.parent, line.path || r.id from directus_roles r join line on r.id = line.parent where r.id <> all (line.path)
)
select id, role, password,
  array(select line.id::text from line order by cardinality(path)) as roles,
  ${policiesWhere(` or a."user" = account.id or a.role in (select line.id from line)`)} as policies
from account`

const statements = {
  byId: accountWhere('id = $1::uuid'),
  byToken: accountWhere('token = $1'),
  anonymous: `select ${policiesWhere('')} as policies`,
}

/** Users and tokens remembered, each. */
const remembered = 5000
const uuidForm = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

export function createAccounts(db: Database, versions: Host['versions'], passwords: Passwords, rights: RightsOf): Accounts {
  const load = async (statement: string, value: string): Promise<Account | undefined> => {
    const [row] = await db.query<AccountRow>(statement, [value])
    if (!row) return undefined
    const { id, role, roles } = row
    return toAccount({ ...nobody, user: id, role, roles }, row.policies, await passwords.stamp(row.password), rights)
  }
  const byId = remember((id) => load(statements.byId, id))
  const byToken = remember((token) => load(statements.byToken, token))
  const anonymous = remember(async () => {
    const [row] = await db.query<Pick<AccountRow, 'policies'>>(statements.anonymous)
    return toAccount(nobody, row!.policies, '', rights)
  })
  versions.watch('access', () => {
    for (const memory of [byId, byToken, anonymous, rights]) memory.clear()
  })

  return {
    ...passwords,
    async byId(user, ip, stamp) {
      const account = uuidForm.test(user) ? await byId.get(user) : undefined
      if (!account || (stamp !== undefined && stamp !== account.stamp)) return undefined
      return rightsFrom(account, ip, rights)
    },
    async byToken(token, ip) {
      // Longer than the column, or not text for PostgreSQL: nobody has it.
      if (token.length > 255 || token.includes('\0')) return undefined
      const account = await byToken.get(token)
      return account && rightsFrom(account, ip, rights)
    },
    async anonymous(ip) {
      return rightsFrom((await anonymous.get(''))!, ip, rights)
    },
  }
}

async function toAccount(base: Accountability, rows: readonly PolicyRow[], stamp: string, rights: RightsOf): Promise<Account> {
  const policies = rows.map(({ id, admin, app, ip }): Policy => {
    const addresses = ip?.split(',').filter((entry) => entry.trim()) ?? []
    return { id, admin, app, allows: addresses.length ? addressList(addresses) : null }
  })
  return { stamp, policies, full: await withPolicies(base, policies, rights), anywhere: policies.every(({ allows }) => !allows) }
}

async function withPolicies(base: Accountability, policies: readonly Policy[], rights: RightsOf): Promise<Accountability> {
  const ids = policies.map(({ id }) => id)
  const admin = policies.some((policy) => policy.admin)
  const app = base.user !== null && policies.some((policy) => policy.admin || policy.app)
  return { ...base, policies: ids, admin, app, rights: admin ? nobody.rights : await rights.of(ids, app) }
}

async function rightsFrom({ full, policies, anywhere }: Account, ip: string | null, rights: RightsOf): Promise<Accountability> {
  if (anywhere) return { ...full, ip }
  const counted = policies.filter(({ allows }) => !allows || allows(ip))
  return { ...(await withPolicies(full, counted, rights)), ip }
}

/** Keeps what `load` found, the most used first; concurrent calls share one load. What was not found is not kept: it would push out the rest. */
function remember<V>(load: (key: string) => Promise<V | undefined>): { get(key: string): Promise<V | undefined>; clear(): void } {
  const kept = new LRUCache<string, Promise<V | undefined>>({ max: remembered })
  return {
    get(key) {
      const known = kept.get(key)
      if (known) return known
      const loading = load(key)
      kept.set(key, loading)
      const forget = () => {
        if (kept.peek(key) === loading) kept.delete(key)
      }
      loading.then((found) => found ?? forget(), forget)
      return loading
    },
    clear: () => kept.clear(),
  }
}

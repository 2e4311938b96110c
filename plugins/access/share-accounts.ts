/** Rights of whoever comes by a share: those of its role. Read once, and kept until anything that bears rights changes. */
import { type Accountability, type Database, type Host, nobody, remember } from 'plinth'
import { uuidForm } from './api.ts'
import { type Policy, type PolicyRow, policiesWhere, roleLine, rolesOf, toPolicy } from './policies.ts'

interface ShareRow {
  readonly role: string | null
  /** Milliseconds since 1970. */
  readonly begins: number | null
  readonly ends: number | null
  readonly roles: string[]
  readonly policies: PolicyRow[]
}

interface Share extends Omit<ShareRow, 'policies'> {
  readonly policies: readonly Policy[]
}

/** The policies of the role, and no more: not even what everybody may do. */
const statement = `
with recursive account as (select * from directus_shares where id = $1::uuid), ${roleLine}
select role, (extract(epoch from date_start) * 1000)::float8 as begins, (extract(epoch from date_end) * 1000)::float8 as ends,
  ${rolesOf},
  ${policiesWhere('a.role in (select line.id from line)')} as policies
from account`

export function createShareAccounts(db: Database, versions: Host['versions']) {
  const shares = remember<Share>(1000, async (id) => {
    const [row] = await db.query<ShareRow>(statement, [id])
    return row && { ...row, policies: row.policies.map(toPolicy) }
  })
  versions.watch('access', () => shares.clear())

  return async function byShare(id: string, ip: string | null): Promise<Accountability | undefined> {
    const share = uuidForm.test(id) ? await shares.get(id) : undefined
    const now = Date.now()
    if (!share || now < (share.begins ?? 0) || now >= (share.ends ?? Number.POSITIVE_INFINITY)) return undefined
    const counted = share.policies.filter(({ allows }) => !allows || allows(ip))
    // No rules yet: those of the role say nothing of the one item that is shared.
    return { ...nobody, share: id, role: share.role, roles: share.roles, policies: counted.map((policy) => policy.id), ip }
  }
}

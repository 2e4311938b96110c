/** What whoever comes by a share may do. Read once, and kept until anything that bears rights, or the schema, changes. */
import { type Accountability, type Host, isUuid, nobody, type Rights, type Rule, remember, type Snapshot } from 'plinth'
import type { Accounts } from 'plinth/access'
import type { SharedEvent } from 'plinth/auth'
import { everyRule, type SharedItem, sharedRules } from './scope.ts'

interface ShareRow extends SharedItem {
  readonly role: string | null
  readonly password: string | null
  /** Milliseconds since 1970. */
  readonly begins: number | null
  readonly ends: number | null
}

interface Share extends ShareRow {
  readonly stamp: string
  /** What it came to at last. */
  narrowed: { readonly id: string; readonly snapshot: Snapshot; readonly rights: Rights } | undefined
}

const statement = `
select collection, item, role, password, (extract(epoch from date_start) * 1000)::float8 as begins, (extract(epoch from date_end) * 1000)::float8 as ends
from directus_shares where id = $1::uuid`

/** How the model and its words are written down: no secret, and what was shared cannot be shown without. */
const model: readonly Rule[] = ['collections', 'fields', 'relations', 'translations'].map((name) => ({
  policy: null,
  collection: `directus_${name}`,
  action: 'read',
  permissions: {},
  validation: null,
  presets: null,
  fields: ['*'],
}))

export function createShareRights({ db, registry, versions }: Host, accounts: Accounts): (event: SharedEvent) => Promise<void> {
  const shares = remember<Share>(1000, async (id) => {
    const [row] = await db.query<ShareRow>(statement, [id])
    return row && { ...row, stamp: await accounts.stamp(row.password), narrowed: undefined }
  })
  versions.watch('access', () => shares.clear())

  function narrow(share: Share, { admin, rights, policies }: Accountability): Rights {
    const { snapshot } = registry
    const id = JSON.stringify(['share', admin ? 'admin' : rights.fingerprint, share.collection, share.item])
    if (share.narrowed?.id !== id || share.narrowed.snapshot !== snapshot) {
      const rules = admin ? everyRule(snapshot, policies[0]!) : rights.rules
      const narrowed = { fingerprint: id, rules: Object.freeze([...sharedRules(snapshot, rules, share), ...model]) }
      share.narrowed = { id, snapshot, rights: Object.freeze(narrowed) }
    }
    return share.narrowed.rights
  }

  return async function readShare(event) {
    const { share: id, ip, stamp } = event
    const share = isUuid(id) ? await shares.get(id.toLowerCase()) : undefined
    const now = Date.now()
    if (!share || now < (share.begins ?? 0) || now >= (share.ends ?? Number.POSITIVE_INFINITY)) return
    if (stamp !== undefined && stamp !== share.stamp) return
    // Without a role it shows no more than anybody sees.
    const whose = await (share.role === null ? accounts.anonymous(ip) : accounts.ofRole(share.role, ip))
    const { role, roles, policies } = whose
    event.rights = { ...nobody, share: id, role, roles, policies, rights: narrow(share, whose), ip }
  }
}

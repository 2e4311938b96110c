/** What happens around writes of users, roles, policies and what ties them. */
import { type Host, isAddressEntry, problems, system, type Transaction } from 'plinth'
import { type Change, type CreateEvent, type Item, type Items, itemsCreate, itemsDelete, itemsUpdate, type Key } from 'plinth/items'
import type { ProjectSettings } from 'plinth/settings'
import { checkEmail, sealSecrets } from './guard.ts'
import { keepAnAdmin, mayCostRights } from './last-admin.ts'
import { refuseCircles, releaseRoles } from './role-tree.ts'
import { checkEmailsFree, checkPassword, checkPoliciesGiven, checkRolesGiven, keepServersOwn } from './user-guard.ts'

export interface HookParts {
  readonly items: Items
  readonly settings: ProjectSettings | undefined
  readonly hash: (text: string) => Promise<string>
  /** Transactions that may change a second factor, as they come from where it is proved. */
  readonly factors: WeakSet<Transaction>
}

type Event = Pick<CreateEvent, 'table' | 'db' | 'access' | 'wanted'>

/** By table the column that says which rights a row gives. */
const giving: Readonly<Record<string, string>> = { directus_users: 'role', directus_roles: 'parent', directus_access: 'policy' }

export function guardWrites(host: Host, { items, settings, hash, factors }: HookParts): void {
  /** On the way in: `rows` as they are written, `keys` of those that are there. */
  async function enter({ table, db, access, wanted }: Event, rows: readonly Item[], keys: readonly Key[]): Promise<void> {
    for (const row of rows) {
      checkEmail(table, row)
      if (table.name === 'directus_policies') checkAddresses(row)
      if (table.name === 'directus_policies' && row.admin_access && access !== system && !access.admin) {
        throw problems.FORBIDDEN('Only administrators make administrators.')
      }
      if (table.name !== 'directus_users') continue
      keepServersOwn(row, access, factors.has(db))
      await checkPassword(items, settings, row, db)
    }
    if (table.name === 'directus_users') await checkEmailsFree(db, rows, keys)
    for (const row of rows) await sealSecrets(table, row, hash)
    const column = giving[table.name]
    if (column && rows.some((row) => column in row)) wanted.add(column)
  }

  /** On the way out: what the rows have become, nested writes included. */
  async function leave({ table, db, access }: Event, changes: readonly Pick<Change, 'keys' | 'patch' | 'stored'>[]): Promise<void> {
    const column = giving[table.name]
    const given = column ? changes.filter(({ patch }) => column in patch) : []
    if (!column || !given.length) return
    const values = given.flatMap(({ stored = [] }) => stored.map((row) => row[column]))
    if (table.name === 'directus_access') checkPoliciesGiven(values, access)
    else await checkRolesGiven(db, values, access)
    if (table.name === 'directus_roles')
      await refuseCircles(
        db,
        given.flatMap(({ keys }) => keys),
      )
  }

  host.hook(itemsCreate, async function guardCreated(event, next) {
    await enter(event, event.rows, [])
    await next()
    await leave(
      event,
      event.rows.map((patch, i) => ({ patch, keys: [event.keys[i]!], stored: event.stored && [event.stored[i]!] })),
    )
  })

  host.hook(itemsUpdate, async function guardUpdated(event, next) {
    const { table, changes, db } = event
    await enter(
      event,
      changes.map(({ patch }) => patch),
      changes.flatMap(({ keys }) => keys),
    )
    if (mayCostRights(table.name, changes)) db.last(keepAnAdmin, db)
    await next()
    await leave(event, changes)
  })

  host.hook(itemsDelete, async function guardDeleted({ table, db, keys }, next) {
    if (mayCostRights(table.name)) db.last(keepAnAdmin, db)
    if (table.name === 'directus_roles') await releaseRoles(items, db, keys)
    await next()
  })
}

/** @throws INVALID_PAYLOAD for an entry of `ip_access` that no address could be in. */
function checkAddresses({ ip_access: list }: Item): void {
  const entries = typeof list === 'string' ? list.split(',') : Array.isArray(list) ? list : []
  const wrong = entries.find((entry) => typeof entry !== 'string' || (entry.trim() !== '' && !isAddressEntry(entry)))
  if (wrong !== undefined)
    throw problems.INVALID_PAYLOAD('"ip_access" takes addresses, ranges (10.0.0.1-10.0.0.9) and networks (10.0.0.0/8).')
}

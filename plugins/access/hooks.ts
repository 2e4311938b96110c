/** What happens around writes of users, roles, policies and what ties them. */
import { type Host, isAddressEntry, problems, system, type Transaction } from 'plinth'
import { type Change, type CreateEvent, type Item, type Items, itemsCreate, itemsDelete, itemsUpdate, type Key } from 'plinth/items'
import type { ProjectSettings } from 'plinth/settings'
import { checkPolicy, checkRule, type Given, refuseMore } from './giving.ts'
import { checkEmail, sealSecrets } from './guard.ts'
import { keepAnAdmin, mayCostRights } from './last-admin.ts'
import { letGo } from './let-go.ts'
import { refuseCircles, releaseRoles } from './role-tree.ts'
import { checkEmailsFree, checkPassword, keepServersOwn } from './user-guard.ts'

export interface HookParts {
  readonly items: Items
  readonly settings: ProjectSettings | undefined
  readonly hash: (text: string) => Promise<string>
  /** Transactions that may change a second factor, as they come from where it is proved. */
  readonly factors: WeakSet<Transaction>
}

type Event = Pick<CreateEvent, 'table' | 'db' | 'access' | 'wanted'>

/** By table: columns whose change gives somebody rights, the columns that must be looked at then, and what their values are. */
const giving: Readonly<Record<string, { on: readonly string[]; told: readonly string[]; as?: keyof Given }>> = {
  directus_users: { on: ['role'], told: ['role'], as: 'roles' },
  directus_roles: { on: ['parent'], told: ['parent'], as: 'roles' },
  directus_settings: { on: ['public_registration_role'], told: ['public_registration_role'], as: 'roles' },
  directus_access: { on: ['policy', 'user', 'role'], told: ['policy'], as: 'policies' },
  directus_permissions: ruled(['collection', 'action', 'permissions', 'validation', 'presets', 'fields']),
}

function ruled(columns: readonly string[]) {
  return { on: [...columns, 'policy'], told: columns }
}

/** Whoever sets them of somebody else can be that one. */
const entrances = ['email', 'password', 'token']

export function guardWrites(host: Host, { items, settings, hash, factors }: HookParts): void {
  /** On the way in: `rows` as they are written, `keys` of those that are there. */
  async function enter({ table, db, access, wanted }: Event, rows: readonly Item[], keys: readonly Key[]): Promise<void> {
    for (const row of rows) {
      checkEmail(table, row)
      if (table.name === 'directus_policies') {
        checkAddresses(row)
        checkPolicy(row, access, keys.length > 0)
      }
      if (table.name !== 'directus_users') continue
      keepServersOwn(row, access, factors.has(db))
      await checkPassword(items, settings, row, db)
    }
    if (table.name === 'directus_users') await checkEmailsFree(db, rows, keys)
    for (const row of rows) await sealSecrets(table, row, hash)
    const given = giving[table.name]
    if (given && rows.some((row) => given.on.some((column) => column in row))) for (const column of given.told) wanted.add(column)
  }

  /** On the way out: what the rows have become, nested writes included. */
  async function leave({ table, db, access }: Event, changes: readonly Pick<Change, 'keys' | 'patch' | 'stored'>[]): Promise<void> {
    const { on = [], told: [column] = [], as } = giving[table.name] ?? {}
    const given = changes.filter(({ patch }) => on.some((name) => name in patch))
    const rows = given.flatMap(({ stored = [] }) => stored)
    if (as) await refuseMore(db, { [as]: rows.map((row) => row[column!]) }, access)
    else for (const row of rows) checkRule(row, access)
    if (table.name === 'directus_roles' && given.length) await refuseCircles(db, keysOf(given))
    if (table.name === 'directus_users') {
      const opened = keysOf(changes.filter(({ patch }) => entrances.some((name) => name in patch)))
      await refuseMore(db, { users: opened.filter((key) => access === system || key !== access.user) }, access)
    }
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
    const { table, changes, db, access } = event
    await enter(
      event,
      changes.map(({ patch }) => patch),
      changes.flatMap(({ keys }) => keys),
    )
    if (mayCostRights(table.name, changes)) db.last(keepAnAdmin, { db, access })
    await next()
    await leave(event, changes)
  })

  host.hook(itemsDelete, async function guardDeleted({ table, db, access, keys }, next) {
    if (mayCostRights(table.name)) db.last(keepAnAdmin, { db, access })
    if (table.name === 'directus_roles') await releaseRoles(items, db, keys)
    if (table.name === 'directus_users') await letGo(db, host.registry.snapshot, keys)
    await next()
  })
}

const keysOf = (changes: readonly Pick<Change, 'keys'>[]): Key[] => changes.flatMap(({ keys }) => keys)

/** @throws INVALID_PAYLOAD for an entry of `ip_access` that no address could be in. */
function checkAddresses({ ip_access: list }: Item): void {
  const entries = typeof list === 'string' ? list.split(',') : Array.isArray(list) ? list : []
  const wrong = entries.find((entry) => typeof entry !== 'string' || (entry.trim() !== '' && !isAddressEntry(entry)))
  if (wrong !== undefined)
    throw problems.INVALID_PAYLOAD('"ip_access" takes addresses, ranges (10.0.0.1-10.0.0.9) and networks (10.0.0.0/8).')
}

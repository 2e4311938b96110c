/** Who may share what: an item that one may share, with a role that reads no more than oneself. */
import { type Accountability, type Host, problems, system, type Transaction } from 'plinth'
import { type Accounts, isWithin } from 'plinth/access'
import { type CreateEvent, type Item, type Items, itemsCreate, itemsUpdate } from 'plinth/items'
import { type SharedItem, sharedRules } from './scope.ts'

interface StoredShare extends SharedItem {
  readonly role: string | null
}

/** What of a share says who reads what. */
const bearing = ['collection', 'item', 'role'] as const

/** Written by the server alone. */
const kept = ['times_used', 'date_created']

const refused = () => problems.FORBIDDEN('There is no such item, or it is not yours to share.')

export function guardShares(host: Host, items: Items, accounts: Accounts): void {
  /** Of others the table of shares cannot tell. */
  const isKnown = (collection: unknown) => typeof collection === 'string' && !!host.registry.snapshot.tables.get(collection)?.meta

  /** On the way in: rows as they were sent, and what of them must be looked at when they are stored. */
  function enter({ access, wanted }: Pick<CreateEvent, 'access' | 'wanted'>, row: Item): void {
    if (access === system) return
    for (const name of kept) delete row[name]
    if ('collection' in row && !isKnown(row.collection)) throw refused()
    if (!access.admin && bearing.some((name) => name in row)) for (const name of bearing) wanted.add(name)
  }

  /** On the way out, for whoever is no administrator: what they have become. @throws FORBIDDEN */
  async function leave({ access, db }: Pick<CreateEvent, 'access' | 'db'>, stored: readonly Item[]): Promise<void> {
    if (access === system || access.admin) return
    for (const share of stored as unknown as StoredShare[]) {
      const told = await items.rules.touches(access, share.collection, share.item, db)
      if (!told.share.access) throw refused()
      await checkRole(db, access, share)
    }
  }

  /** @throws FORBIDDEN when the role reads anything of what is shared that the sharer does not. */
  async function checkRole(db: Transaction, { rights }: Accountability, share: StoredShare): Promise<void> {
    if (share.role === null) return
    const { admin, rights: most } = await accounts.mostOfRole(share.role, db)
    const reached = new Set(sharedRules(host.registry.snapshot, most.rules, share).map(({ collection }) => collection))
    const given = most.rules.filter(({ action, collection }) => action === 'read' && reached.has(collection))
    if (admin || !given.every((rule) => isWithin(rule, rights.rules)))
      throw problems.FORBIDDEN('The role would let others read what is not yours to read.')
  }

  host.hook(itemsCreate, async function guardCreatedShares(event, next) {
    const { table, access, rows } = event
    if (table.name !== 'directus_shares') return next()
    for (const row of rows) {
      if (access !== system && (!isKnown(row.collection) || (!access.admin && (row.item ?? null) === null))) throw refused()
      enter(event, row)
    }
    await next()
    await leave(event, event.stored ?? [])
  })

  host.hook(itemsUpdate, async function guardChangedShares(event, next) {
    if (event.table.name !== 'directus_shares') return next()
    for (const { patch } of event.changes) {
      enter(event, patch)
      if (event.access !== system && 'user_created' in patch) throw problems.INVALID_PAYLOAD('"user_created" stays who it was.')
    }
    await next()
    for (const { patch, stored } of event.changes) if (bearing.some((name) => name in patch)) await leave(event, stored ?? [])
  })
}

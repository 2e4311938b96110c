/** Notes what is written as it happens, and sends it along with COMMIT: one statement a transaction, for however many rows of however many tables. */
import { type Access, type Accountability, type Host, system, type Table, type Transaction } from 'plinth'
import { signedIn } from 'plinth/auth'
import { type Item, type Items, itemsCreate, itemsDelete, itemsUpdate, type Key } from 'plinth/items'
import { changedData, changedDelta, createdData, ownLists } from './revision.ts'
import { type Deed, toStatement } from './tell.ts'

/** Adds to what a transaction has done. */
export type Record = (db: Transaction, deed: Deed) => void

/** What is kept of a table's changes, and by whom they are made; undefined: nothing. The program's own are no deeds. */
export function keptOf({ meta }: Table, access: Access): { readonly revisions: boolean; readonly access: Accountability } | undefined {
  if (access === system) return undefined
  const { accountability } = meta ?? { accountability: 'all' }
  return accountability === 'all' || accountability === 'activity' ? { revisions: accountability === 'all', access } : undefined
}

export function recordWrites(host: Host, engine: Items): Record {
  const send = (noted: readonly { readonly db: Transaction; readonly deed: Deed }[]): Promise<unknown> => {
    const { text, parameters } = toStatement(
      host.registry.snapshot,
      noted.map(({ deed }) => deed),
    )
    return noted[0]!.db.query(text, parameters)
  }
  const record: Record = (db, deed) => {
    if (deed.rows.length) db.last(send, { db, deed })
  }

  /** What lists of items of the same collection hold, by the key of the item that has them. */
  async function listsOf(table: Table, keys: readonly Key[], db: Transaction): Promise<ReadonlyMap<Key, Item>> {
    const names = ownLists(table)
    const [key, ...others] = table.primaryKey
    if (!names.length || key === undefined || others.length) return new Map()
    const query = { fields: [key, ...names], limit: -1 }
    const { data }: { data: Item[] } = JSON.parse(await engine.listText(table.name, query, { access: system, db }, keys))
    return new Map(data.map(({ [key]: id, ...lists }) => [id as Key, lists]))
  }

  host.hook(itemsCreate, async function recordCreated(event, next) {
    const { table, db, wanted } = event
    const kept = keptOf(table, event.access)
    if (kept?.revisions) for (const row of event.rows) for (const name of Object.keys(row)) if (table.columns.has(name)) wanted.add(name)
    await next()
    if (!kept) return
    const { rows, keys, stored, parents } = event
    record(db, {
      access: kept.access,
      action: 'create',
      collection: table.name,
      rows: keys.map((item, i) => ({
        item,
        source: rows[i]!,
        parent: parents?.[i],
        revision: kept.revisions ? { data: createdData(host.registry.snapshot, table, rows[i]!, stored![i]!) } : null,
      })),
    })
  })

  host.hook(itemsUpdate, async function recordUpdated(event, next) {
    const { table, db, wanted } = event
    const kept = keptOf(table, event.access)
    if (kept?.revisions) for (const name of table.columns.keys()) wanted.add(name)
    await next()
    if (!kept) return
    const keys = event.changes.flatMap((change) => change.keys)
    const lists = kept.revisions && keys.length ? await listsOf(table, keys, db) : new Map<Key, Item>()
    record(db, {
      access: kept.access,
      action: 'update',
      collection: table.name,
      rows: event.changes.flatMap(({ keys, patch, stored }, i) =>
        keys.map((item, j) => {
          const delta = kept.revisions ? changedDelta(table, patch, stored![j]!) : null
          const revision = delta && { data: changedData(table, stored![j]!, lists.get(item)), delta }
          return { item, source: patch, parent: event.parents?.[i], revision }
        }),
      ),
    })
  })

  host.hook(itemsDelete, async function recordDeleted(event, next) {
    await next()
    const { table, db, keys } = event
    const kept = keptOf(table, event.access)
    if (kept) record(db, { access: kept.access, action: 'delete', collection: table.name, rows: keys.map((item) => ({ item })) })
  })

  host.hook(signedIn, async function recordLogin({ user, context }, next) {
    await next()
    const access = { user, ip: context.ip, userAgent: context.header('user-agent'), origin: context.header('origin') }
    const deed = { access, action: 'login', collection: 'directus_users', rows: [{ item: user }] }
    const { text, parameters } = toStatement(host.registry.snapshot, [deed])
    await host.db.query(text, parameters)
  })

  return record
}

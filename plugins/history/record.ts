/** Notes what is written as it happens, and sends it along with COMMIT: one statement a transaction, for however many rows of however many tables. */
import { type Access, type Accountability, type Host, type Snapshot, system, type Table, type Transaction } from 'plinth'
import { type Item, itemsCreate, itemsDelete, itemsUpdate, type Key } from 'plinth/items'
import { pathOf } from './place.ts'
import { changedData, changedDelta, createdData } from './revision.ts'

/** What is told of one row. */
interface Told {
  readonly item: Key
  /** Null or left out: no revision. */
  readonly revision?: {
    readonly data: Item | null
    /** Left out: the same as `data`. */
    readonly delta?: Item | null
    /** The version that was saved. */
    readonly version?: string
  } | null
  /** The payload that the row was written with, by which rows nested in it find it. */
  readonly source?: Item
  readonly parent?: Item
}

/** Rows to which one thing was done at once. */
export interface Deed {
  readonly db: Transaction
  readonly access: Accountability
  readonly action: string
  readonly collection: string
  readonly rows: readonly Told[]
}

/** Adds a deed to what its transaction has done. */
export type Record = (deed: Deed) => void

/** What is kept of a table's changes by whom; null: nothing. The program's own are no deeds. */
function keptOf({ meta }: Table, access: Access): 'all' | 'activity' | null {
  if (access === system) return null
  const { accountability } = meta ?? { accountability: 'all' }
  return accountability === 'all' || accountability === 'activity' ? accountability : null
}

export function recordWrites(host: Host): Record {
  const write = async (deeds: readonly Deed[]): Promise<unknown> => {
    const [first] = deeds
    return first!.db.query(writeText(host.registry.snapshot), [JSON.stringify(toBatches(deeds))])
  }
  const record: Record = (deed) => {
    if (deed.rows.length) deed.db.last(write, deed)
  }

  host.hook(itemsCreate, async function recordCreated(event, next) {
    const { table, access, db, wanted } = event
    const kept = keptOf(table, access)
    if (kept === 'all') for (const row of event.rows) for (const name of Object.keys(row)) if (table.columns.has(name)) wanted.add(name)
    await next()
    if (!kept) return
    const { rows, keys, stored, parents } = event
    record({
      db,
      access: access as Accountability,
      action: 'create',
      collection: table.name,
      rows: keys.map((item, i) => ({
        item,
        source: rows[i],
        parent: parents?.[i],
        ...(kept === 'all' && { revision: { data: createdData(table, rows[i]!, stored![i]!) } }),
      })),
    })
  })

  host.hook(itemsUpdate, async function recordUpdated(event, next) {
    const { table, access, db, wanted } = event
    const kept = keptOf(table, access)
    if (kept === 'all') for (const name of table.columns.keys()) wanted.add(name)
    await next()
    if (!kept) return
    record({
      db,
      access: access as Accountability,
      action: 'update',
      collection: table.name,
      rows: event.changes.flatMap(({ keys, patch, stored }, i) =>
        keys.map((item, j) => {
          const delta = kept === 'all' ? changedDelta(table, patch, stored![j]!) : null
          return {
            item,
            source: patch,
            parent: event.parents?.[i],
            revision: delta && { data: changedData(table, stored![j]!), delta },
          }
        }),
      ),
    })
  })

  host.hook(itemsDelete, async function recordDeleted(event, next) {
    await next()
    const { table, access, db, keys } = event
    if (!keptOf(table, access)) return
    record({ db, access: access as Accountability, action: 'delete', collection: table.name, rows: keys.map((item) => ({ item })) })
  })

  return record
}

/** As `writeText` reads them. Rows are numbered through, so that nested ones can name the row that they were nested in. */
function toBatches(deeds: readonly Deed[]): object[] {
  const rows = deeds.flatMap((deed) => deed.rows)
  const places = new Map(rows.flatMap(({ source }, n) => (source ? [[source, n] as const] : [])))
  let n = 0
  return deeds.map(({ access: { user, ip, userAgent, origin }, action, collection, rows }) => ({
    ...{ action, user, ip, user_agent: userAgent, origin, collection },
    rows: rows.map(({ item, revision, parent }) => ({
      n: n++,
      item: String(item),
      revised: Boolean(revision),
      ...revision,
      parent: parent && places.get(parent),
    })),
  }))
}

/** The expression for the next key of one of our tables. */
const nextId = (snapshot: Snapshot, name: string): string =>
  snapshot.tables.get(name)!.columns.get('id')!.default ?? `nextval(pg_get_serial_sequence('${pathOf(snapshot, name)}', 'id'))`

/** Keys are drawn first, so that a revision can name its activity and its parent. */
function writeText(snapshot: Snapshot): string {
  return `with told as materialized (
  select d.action, d."user", d.ip, d.user_agent, d.origin, d.collection, r.*, ${nextId(snapshot, 'directus_activity')} as activity, case when r.revised then ${nextId(snapshot, 'directus_revisions')} end as revision
  from json_to_recordset($1::json) d(action text, "user" uuid, ip text, user_agent text, origin text, collection text, rows json),
    json_to_recordset(d.rows) r(n integer, item text, revised boolean, data json, delta json, version uuid, parent integer)
), done as (
  insert into ${pathOf(snapshot, 'directus_activity')} (id, action, "user", ip, user_agent, origin, collection, item)
  select activity, action, "user", left(ip, 50), user_agent, left(origin, 255), collection, left(item, 255) from told
)
insert into ${pathOf(snapshot, 'directus_revisions')} (id, activity, collection, item, data, delta, parent, version)
select t.revision, t.activity, t.collection, left(t.item, 255), t.data, coalesce(t.delta, t.data), p.revision, t.version
from told t left join told p on p.n = t.parent where t.revised`
}

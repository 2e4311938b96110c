/** Deeds → the one statement that writes them down: activity of all, revisions of those that have one. Pure. */
import type { Accountability, Parameter, Snapshot } from 'plinth'
import type { Item, Key } from 'plinth/items'
import { pathOf } from './place.ts'

/** What became of a row. */
export interface Revision {
  readonly data: Item | null
  /** Left out: the same as `data`. */
  readonly delta?: Item | null
  /** The version that was saved. */
  readonly version?: string
}

/** What is told of one row. */
export interface Told {
  readonly item: Key
  readonly revision?: Revision | null
  /** The payload that the row was written with, by which rows nested in it find it. */
  readonly source?: Item
  readonly parent?: Item
}

/** Rows to which one thing was done at once. */
export interface Deed {
  readonly access: Pick<Accountability, 'user' | 'ip' | 'userAgent' | 'origin'>
  readonly action: string
  readonly collection: string
  readonly rows: readonly Told[]
}

export interface Statement {
  readonly text: string
  readonly parameters: readonly Parameter[]
}

export function toStatement(snapshot: Snapshot, deeds: readonly Deed[]): Statement {
  const [only, ...others] = deeds.flatMap(({ rows }) => rows)
  return others.length ? manyRows(snapshot, deeds) : oneRow(snapshot, deeds[0]!, only!)
}

/** Most writes are of one row: half the work of the other form. */
function oneRow(snapshot: Snapshot, { access, action, collection }: Deed, { item, revision }: Told): Statement {
  const { user, ip, userAgent, origin } = access
  const { done, revised } = textsOf(snapshot)
  const parameters = [action, user, ip, userAgent, origin, collection, String(item)]
  if (!revision) return { text: done, parameters }
  const { data, delta = null, version = null } = revision
  return { text: revised, parameters: [...parameters, toJson(data), toJson(delta), version] }
}

interface Texts {
  readonly done: string
  readonly revised: string
}
const texts = new WeakMap<Snapshot, Texts>()

function textsOf(snapshot: Snapshot): Texts {
  const made = texts.get(snapshot) ?? oneRowTexts(snapshot)
  texts.set(snapshot, made)
  return made
}

function oneRowTexts(snapshot: Snapshot): Texts {
  const done = `insert into ${pathOf(snapshot, 'directus_activity')} (action, "user", ip, user_agent, origin, collection, item)
values ($1, $2, left($3, 50), $4, left($5, 255), $6, left($7, 255))`
  const revised = `with done as (${done} returning id, collection, item)
insert into ${pathOf(snapshot, 'directus_revisions')} (activity, collection, item, data, delta, version)
select id, collection, item, $8::json, coalesce($9::json, $8::json), $10::uuid from done`
  return { done, revised }
}

const toJson = (value: Item | null): string | null => value && JSON.stringify(value)

/** Keys are drawn first, so that a revision can name its activity and its parent. */
function manyRows(snapshot: Snapshot, deeds: readonly Deed[]): Statement {
  const [activity, revisions] = [pathOf(snapshot, 'directus_activity'), pathOf(snapshot, 'directus_revisions')]
  const text = `with told as materialized (
  select d.action, d."user", d.ip, d.user_agent, d.origin, d.collection, r.*,
    ${nextId(snapshot, 'directus_activity')} as activity, case when r.revised then ${nextId(snapshot, 'directus_revisions')} end as revision
  from json_to_recordset($1::json) d(action text, "user" uuid, ip text, user_agent text, origin text, collection text, rows json),
    json_to_recordset(d.rows) r(n integer, item text, revised boolean, data json, delta json, version uuid, parent integer)
), done as (
  insert into ${activity} (id, action, "user", ip, user_agent, origin, collection, item)
  select activity, action, "user", left(ip, 50), user_agent, left(origin, 255), collection, left(item, 255) from told
)
insert into ${revisions} (id, activity, collection, item, data, delta, parent, version)
select t.revision, t.activity, t.collection, left(t.item, 255), t.data, coalesce(t.delta, t.data), p.revision, t.version
from told t left join told p on p.n = t.parent where t.revised`
  return { text, parameters: [JSON.stringify(toBatches(deeds))] }
}

/** The expression for the next key of one of our tables. */
const nextId = (snapshot: Snapshot, name: string): string =>
  snapshot.tables.get(name)!.columns.get('id')!.default ?? `nextval(pg_get_serial_sequence('${pathOf(snapshot, name)}', 'id'))`

/** Rows are numbered through, so that nested ones can name the row that they were nested in. */
function toBatches(deeds: readonly Deed[]): object[] {
  const sources = deeds.flatMap(({ rows }) => rows.map(({ source }) => source))
  const places = new Map(sources.map((source, n) => [source, n]))
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

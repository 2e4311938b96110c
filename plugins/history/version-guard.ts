/** What a version may be: checked wherever one is made or changed. */
import { type Host, problems, type Snapshot, system, type Table, type Transaction } from 'plinth'
import { type Caller, type Item, type Items, itemsCreate, itemsUpdate, type Key } from 'plinth/items'
import * as v from 'valibot'
import { changesIn, linksIn } from './delta.ts'
import { objectHash } from './object-hash.ts'
import { pathOf } from './place.ts'

const reserved = ['main', 'published']
const filled = (name: string) => v.pipe(v.string(`"${name}" must be a text.`), v.minLength(1, `"${name}" is empty.`))
const common = { item: v.nullish(filled('item')), name: v.nullish(v.string('"name" must be a text.')) }
const missing = (issue: v.StrictObjectIssue) => `"${issue.path?.[0]?.key}" is ${issue.expected === 'never' ? 'not allowed' : 'required'}.`

const NewVersion = v.strictObject({ key: filled('key'), collection: filled('collection'), ...common }, missing)
const VersionPatch = v.strictObject({ id: v.optional(v.unknown()), key: v.optional(filled('key')), ...common }, missing)

function parse<S extends typeof NewVersion | typeof VersionPatch>(schema: S, input: unknown): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, input)
  if (!success) throw problems.INVALID_PAYLOAD(issues[0].message)
  if (output.key !== undefined && reserved.includes(output.key)) throw problems.INVALID_PAYLOAD(`"${output.key}" is a reserved key.`)
  return output
}

interface Place {
  readonly id?: Key
  readonly collection: string
  readonly item: string | null
  readonly key: string
}

/** Transactions in which we change versions ourselves. */
export type Trusted = WeakSet<Transaction>

export function guardVersions(host: Host, engine: Items): Trusted {
  const trusted: Trusted = new WeakSet()

  /** Nobody makes another one of the same key meanwhile. @throws UNPROCESSABLE_CONTENT when a key is taken. */
  async function claim(db: Transaction, places: readonly Place[]): Promise<void> {
    const owned = places.filter(({ item }) => item !== null)
    const names = owned.map(({ collection, item, key }) => JSON.stringify([collection, item, key]))
    if (!names.length) return
    const taken = (key: string) => problems.UNPROCESSABLE_CONTENT(`A version "${key}" of the item is there already.`)
    const twice = owned.find((_, i) => names.indexOf(names[i]!) !== i)
    if (twice) throw taken(twice.key)
    await db.query('select pg_advisory_xact_lock(hashtextextended(n, 0)) from unnest($1::text[]) n order by n', [names])
    const [other] = await db.query<{ key: string }>(
      `select v.key from ${pathOf(host.registry.snapshot, 'directus_versions')} v
       join unnest($1::text[], $2::text[], $3::text[]) p(collection, item, key) on (v.collection, v.item, v.key) = (p.collection, p.item, p.key)
       where v.id <> all ($4::uuid[]) limit 1`,
      [
        owned.map(({ collection }) => collection),
        owned.map(({ item }) => item),
        owned.map(({ key }) => key),
        owned.flatMap(({ id }) => id ?? []),
      ],
    )
    if (other) throw taken(other.key)
  }

  /** @throws FORBIDDEN, INVALID_PAYLOAD, UNPROCESSABLE_CONTENT */
  async function check(row: Item, caller: Caller): Promise<Place & { readonly hash: string | null }> {
    const { key, collection, item = null } = parse(NewVersion, row)
    checkDraft(key, item)
    const table = host.registry.snapshot.tables.get(collection)
    if (!table) throw problems.FORBIDDEN(`There is no collection "${collection}", or it is not yours to see.`)
    if (!table.meta?.versioning) throw problems.UNPROCESSABLE_CONTENT(`Versions are not turned on for "${collection}".`)
    const main = item === null ? null : await engine.one(collection, item, {}, caller)
    return { collection, item, key, hash: main && (await objectHash(main)) }
  }

  host.hook(itemsCreate, async function guardNewVersions({ table, rows, access, db }, next) {
    if (table.name === 'directus_versions' && access !== system) {
      const places: Place[] = []
      for (const row of rows) {
        const { hash, ...place } = await check(row, { access, db })
        row.hash = hash
        places.push(place)
      }
      await claim(db, places)
    }
    await next()
  })

  host.hook(itemsUpdate, async function guardVersionChanges({ table, changes, access, db }, next) {
    if (table.name === 'directus_versions' && access !== system && !trusted.has(db)) {
      const places: Place[] = []
      for (const { keys, patch } of changes) {
        const { key, item } = parse(VersionPatch, patch)
        for (const id of keys) {
          const fields = ['id', 'collection', 'item', 'key', 'delta']
          const { delta, ...old } = await engine.one<Place & { delta?: Item | null }>('directus_versions', id, { fields }, { access, db })
          if (key === undefined && item === undefined) continue
          const place = { ...old, key: key ?? old.key, item: item === undefined ? old.item : item }
          const { snapshot } = host.registry
          const table = snapshot.tables.get(place.collection)
          if (table && delta && place.item !== old.item)
            await checkLinks(snapshot, engine, table, changesIn(snapshot, table, delta), { access, db })
          checkDraft(place.key, place.item)
          places.push(place)
        }
      }
      await claim(db, places)
    }
    await next()
  })

  return trusted
}

/**
 * Nobody brings rows into a version that they do not see: what it does to its item is read as if it were done.
 * @throws FORBIDDEN
 */
export async function checkLinks(snapshot: Snapshot, engine: Items, table: Table, payload: Item, caller: Caller): Promise<void> {
  if (caller.access === system || caller.access.admin) return
  for (const [collection, keys] of linksIn(snapshot, table, payload))
    for (const key of keys) await engine.one(collection, key as Key, {}, caller)
}

function checkDraft(key: string, item: string | null): void {
  if (item === null && key !== 'draft') throw problems.INVALID_PAYLOAD('A version without an item must have the key "draft".')
}

/** Versions: an item as it may become. Saved in steps, compared with what the item is, and promoted to be it. */
import type { Hono } from 'hono'
import { type Accountability, type Env, type Host, isObject, problems, readJson, system, type Table, type Transaction } from 'plinth'
import type { Item, Items, Key } from 'plinth/items'
import { changesIn, marked, shownDelta, withoutSecrets } from './delta.ts'
import { objectHash } from './object-hash.ts'
import { pathOf } from './place.ts'
import { problems as ours } from './problems.ts'
import { keptOf, type Record } from './record.ts'
import { checkLinks, type Trusted } from './version-guard.ts'

interface Version {
  readonly id: string
  readonly collection: string
  readonly item: string | null
  readonly hash: string | null
  readonly delta: Item | null
}

interface Parts {
  readonly engine: Items
  readonly record: Record
  readonly trusted: Trusted
}

export function versionRoutes(host: Host, routes: Hono<Env>, { engine, record, trusted }: Parts): void {
  const tableOf = ({ collection }: Version): Table => {
    const table = host.registry.snapshot.tables.get(collection)
    if (!table) throw problems.FORBIDDEN(`There is no collection "${collection}" any more.`)
    return table
  }

  /** @throws FORBIDDEN when there is none, or it is not the caller's to see. */
  const find = (id: Key, access: Accountability, db?: Transaction) => engine.one<Version>('directus_versions', id, {}, { access, db })

  /** The item as it is. @throws FORBIDDEN */
  const mainOf = ({ collection, item }: Version, access: Accountability, db?: Transaction): Promise<Item> => {
    if (item === null) throw problems.FORBIDDEN('The version is not of an item that there is.')
    return engine.one(collection, item, {}, { access, db })
  }

  /** Changes a version in a way that requests may not. */
  async function change(id: string, patch: Item, access: Accountability, db: Transaction): Promise<void> {
    trusted.add(db)
    await engine.update('directus_versions', [id], patch, { access, db })
    trusted.delete(db)
  }

  /** All of it, also what the caller may change and not see. Waits for whoever is changing it. */
  const locked = async (id: Key, access: Accountability, db: Transaction): Promise<Version> => {
    const { id: key } = await find(id, access, db)
    await db.query(`select from ${pathOf(host.registry.snapshot, 'directus_versions')} where id = $1::uuid for update`, [key])
    return engine.one('directus_versions', key, {}, { access: system, db })
  }

  /** Answers the item with all that was saved, as far as the caller may see that. */
  const save = (id: Key, payload: Item, access: Accountability) =>
    host.db.transaction(async (db) => {
      const version = await locked(id, access, db)
      const table = tableOf(version)
      const main = version.item === null ? {} : await mainOf(version, access, db)
      const { snapshot } = host.registry
      const data = withoutSecrets(snapshot, table, payload)
      await checkLinks(snapshot, engine, table, data, { access, db })
      const isEmpty = !Object.keys(data).length
      const mark = { _user: access.user, _date: new Date().toISOString() }
      const saved = isEmpty ? {} : marked(snapshot, table, data, mark)
      const kept = keptOf(table, access)
      if (kept && version.item !== null) {
        const revision = kept.revisions ? { data: isEmpty ? null : data, version: version.id } : null
        record(db, { access, action: 'version_save', collection: table.name, rows: [{ item: version.item, revision }] })
      }
      await change(version.id, { delta: { ...version.delta, ...saved } }, access, db)
      const { delta } = await find(id, access, db)
      return { ...main, ...delta, ...saved }
    })

  async function compare(id: Key, access: Accountability): Promise<object> {
    const version = await find(id, access)
    const main = await mainOf(version, access)
    const mainHash = await objectHash(main)
    const current = shownDelta(host.registry.snapshot, tableOf(version), version.item, version.delta)
    return { outdated: version.hash !== mainHash, mainHash, current, main }
  }

  /** Answers the key of the item. */
  const promote = (id: Key, mainHash: unknown, fields: readonly string[] | undefined, access: Accountability) =>
    host.db.transaction(async (db): Promise<Key> => {
      const version = await locked(id, access, db)
      const { collection, item, delta } = version
      if (item !== null && !mainHash) throw problems.INVALID_PAYLOAD('"mainHash" is required: it is told by a comparison.')
      if (!delta) throw problems.UNPROCESSABLE_CONTENT('Nothing was saved that could be promoted.')
      const all = changesIn(host.registry.snapshot, tableOf(version), delta)
      const data = fields ? Object.fromEntries(Object.entries(all).filter(([name]) => fields.includes(name))) : all
      const caller = { access, db }
      if (item === null) {
        const [key] = await engine.create(collection, [data], caller)
        await change(version.id, { item: String(key) }, access, db)
        return key!
      }
      // Of two versions promoted at once the second one is compared with what the first one made of the item.
      await db.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [JSON.stringify([collection, item])])
      const now = await objectHash(await mainOf(version, access, db))
      if (mainHash !== now) throw ours.VERSION_HASH_MISMATCH(undefined, { mainHash: now })
      await engine.update(collection, [item], data, caller)
      return item
    })

  // One version, read or changed, tells what it makes of its item; lists tell what is kept.
  routes.use('/:key', async function showDelta(c, next) {
    await next()
    if (c.res.status !== 200 || !c.res.headers.get('content-type')?.startsWith('application/json')) return
    const answer: { data: Partial<Version> } = await c.res.clone().json()
    const { data } = answer
    if (!isObject(data?.delta)) return
    const version = await find(c.req.param('key'), c.env.accountability)
    const shown = { ...answer, data: { ...data, delta: shownDelta(host.registry.snapshot, tableOf(version), version.item, data.delta) } }
    c.res = new Response(JSON.stringify(shown), c.res)
  })

  routes.get('/:key/compare', async (c) => c.json({ data: await compare(c.req.param('key'), c.env.accountability) }))

  routes.post('/:key/save', async (c) => {
    const body = (await readJson(c)) ?? {}
    if (!isObject(body)) throw problems.INVALID_PAYLOAD('What is saved must be an object.')
    return c.json({ data: await save(c.req.param('key'), body, c.env.accountability) })
  })

  routes.post('/:key/promote', async (c) => {
    const body = (await readJson(c)) ?? {}
    const { mainHash, fields } = isObject(body) ? body : {}
    if (fields !== undefined && fields !== null && !(Array.isArray(fields) && fields.every((name) => typeof name === 'string')))
      throw problems.INVALID_PAYLOAD('"fields" must be a list of names.')
    return c.json({ data: await promote(c.req.param('key'), mainHash, (fields as string[] | null) ?? undefined, c.env.accountability) })
  })
}

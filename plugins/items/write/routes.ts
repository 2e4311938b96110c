/** The routes that write: POST, PATCH and DELETE of one item and of many. */
import type { Context, Hono } from 'hono'
import { type Env, Problem, problems, readJson, system } from 'plinth'
import type { Caller, CrudAction, Item, Key, QueryInput } from '../api.ts'
import { changesOf, itemOf, keysOf } from '../bodies.ts'
import type { Action } from '../permit.ts'
import type { Reader } from '../read.ts'
import { toVersions } from '../versions.ts'
import type { Writer } from '../write.ts'
import { claim, keepAnswer, type Repeatable, toRepeatable } from './idempotency.ts'

type C = Context<Env>

/** What all routes of a collection share. */
export interface Shared {
  readonly reader: Reader
  readonly writer: Writer
  /** How long a request may be repeated, ms. */
  readonly answerLifetime: number
  /** POST takes no list. */
  readonly single: boolean
  /** The collection that a request is about. @throws FORBIDDEN where the caller may not do this. */
  enter(c: C, action: Action, query?: QueryInput): string
  /** The key in the path. */
  keyIn(c: C, collection: string): string
  queryOf(c: C): string
  callerOf(c: C): Caller
  answer(c: C, text: string, version?: string | null): Response
  nothing(c: C): Response
}

export function writeRoutes(routes: Hono<Env>, path: string, on: (action: CrudAction) => boolean, shared: Shared): void {
  const { reader, writer, answerLifetime, single, enter, keyIn, queryOf, callerOf, answer, nothing } = shared
  const root = path || '/'
  const byKey = `${path}/:key`
  const singleton = (collection: string) => reader.snapshot.tables.get(collection)?.singleton === true

  /** `work` answers how what it wrote is read; that travels along with COMMIT, unless it is to be kept or handlers may still refuse it. */
  const written = async (c: C, work: (inside: Caller) => Promise<() => Promise<Shown>>, repeatable?: Repeatable): Promise<Response> => {
    let text: string | null = null
    let version: string | null = null
    await writer.within(callerOf(c), async (db) => {
      const earlier = repeatable && (await claim(db, repeatable, answerLifetime))
      if (earlier) {
        text = earlier.body
        return
      }
      const read = await work({ ...callerOf(c), db })
      const show = async () => {
        const found = await shown(read)
        if (typeof found === 'object' && found) ({ text, version } = found)
        else text = found
      }
      if (!repeatable && !reader.handled) return db.last(show, null)
      await show()
      if (repeatable) db.last(() => keepAnswer(db, repeatable, text), null)
    })
    return text === null ? nothing(c) : answer(c, text, version)
  }

  if (on('create')) {
    routes.post(root, async (c) => {
      const body = await readJson(c)
      const collection = enter(c, 'create')
      if (singleton(collection)) throw routeNotFound(c)
      reader.check(queryOf(c))
      if (single && Array.isArray(body)) throw problems.INVALID_PAYLOAD('The body must be an object: these are made one by one.')
      const items = (Array.isArray(body) ? body : [body ?? {}]).map(itemOf)
      const repeatable = await toRepeatable(c.env.header('idempotency-key'), c.env.accountability, [c.req.path, queryOf(c), body ?? null])
      const make = async (inside: Caller) => {
        const keys = await writer.create(collection, items, inside)
        return () =>
          Array.isArray(body)
            ? reader.list(collection, queryOf(c), inside, keys)
            : reader.versioned(collection, keys[0], queryOf(c), inside)
      }
      return written(c, make, repeatable)
    })
  }
  if (on('update')) {
    routes.patch(root, async (c) => {
      const body = await readJson(c)
      const collection = enter(c, 'update')
      refuseVersions(c)
      reader.check(queryOf(c))
      return written(c, async (inside) => {
        if (singleton(collection)) {
          await saveSingleton(reader, writer, collection, itemOf(body ?? {}), inside)
          return () => reader.list(collection, queryOf(c), inside)
        }
        const changes = await changesOf(reader, collection, body, inside)
        const [only] = changes
        const keys = Array.isArray(body)
          ? await writer.updateEach(collection, changes, inside)
          : await writer.update(collection, only!.keys, only!.patch, inside)
        return () => reader.list(collection, queryOf(c), inside, keys)
      })
    })
    routes.patch(byKey, async (c) => {
      const patch = itemOf((await readJson(c)) ?? {})
      const collection = enter(c, 'update')
      if (singleton(collection)) throw routeNotFound(c)
      const key = keyIn(c, collection)
      const versions = toVersions(c.env.header('if-match'))
      reader.check(queryOf(c))
      return written(c, async (inside) => {
        await writer.update(collection, [key], patch, inside, versions)
        return () => reader.versioned(collection, key, queryOf(c), inside)
      })
    })
  }
  if (on('delete')) {
    routes.delete(root, async (c) => {
      const body = await readJson(c)
      const collection = enter(c, 'delete', '')
      refuseVersions(c)
      await writer.within(callerOf(c), async (db) => {
        const inside = { ...callerOf(c), db }
        await writer.delete(collection, await keysOf(reader, collection, body, inside), inside)
      })
      return nothing(c)
    })
    routes.delete(byKey, async (c) => {
      const collection = enter(c, 'delete', '')
      await writer.delete(collection, [keyIn(c, collection)], callerOf(c), toVersions(c.env.header('if-match')))
      return nothing(c)
    })
  }
}

const routeNotFound = (c: C) => problems.ROUTE_NOT_FOUND(undefined, { path: c.req.path })

/** @throws INVALID_PAYLOAD for a condition that says nothing of many items: ignored, it would let overwrite what it should keep. */
function refuseVersions(c: C): void {
  if (c.env.header('if-match') !== null) throw problems.INVALID_PAYLOAD('"If-Match" goes with one item, by its key.')
}

/** An answer, and with one item its version. */
type Shown = string | { readonly text: string; readonly version: string | null }

/** A write stands although its answer may not be seen, or is too large: null then. */
async function shown(read: () => Promise<Shown>): Promise<Shown | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Problem && (error.code === 'FORBIDDEN' || 'limit' in error.details)) return null
    throw error
  }
}

/** A singleton's row is changed, or made when there is none yet. */
export async function saveSingleton(reader: Reader, writer: Writer, collection: string, patch: Item, caller: Caller): Promise<void> {
  const [key = ''] = reader.snapshot.tables.get(collection)?.primaryKey ?? []
  // Whether there is a row does not depend on who sees it.
  const find = async (inside: Caller): Promise<Key | null> =>
    JSON.parse(await reader.list(collection, { fields: [key] }, { ...inside, access: system })).data[key] ?? null
  const save = (found: Key | null, inside: Caller) =>
    found === null ? writer.create(collection, [patch], inside) : writer.update(collection, [found], patch, inside)
  const found = await find(caller)
  if (found !== null) return void (await save(found, caller))
  await writer.within(caller, async (db) => {
    // Of several who find none one makes it, and the others change that one.
    await db.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`plinth.singleton ${collection}`])
    const inside = { ...caller, db }
    await save(await find(inside), inside)
  })
}

/** The routes of a collection: lists, keys, SEARCH and writes. /items has them for every collection, other prefixes for their own one. */
import type { Context, Hono } from 'hono'
import { type Env, type Log, Problem, problems, readJson } from 'plinth'
import type { Caller, Change, CrudAction, Item, Key, QueryInput } from './api.ts'
import { isHeld } from './conditional.ts'
import type { ExportFile } from './export.ts'
import type { Action } from './permit.ts'
import type { Reader } from './read.ts'
import type { Writer } from './write.ts'

type C = Context<Env>

export interface Engine {
  readonly reader: Reader
  readonly writer: Writer
  readonly log: Log
  /** The entity tag of an answer. */
  readonly tag: (text: string) => string
}

/** Which collection a request is about; throws FORBIDDEN where the prefix does not serve it, or the caller may not do this. */
export type Subject = (c: C, action: Action) => string

/** Answers depend on who asks, so nobody in between may keep them. */
const fresh = { 'cache-control': 'no-cache', vary: 'Origin, Cache-Control' }
const jsonHeaders = { 'content-type': 'application/json; charset=utf-8', ...fresh }

const file = ({ body, headers }: ExportFile): Response => new Response(body, { headers: { ...headers, ...fresh } })
const nothing = (c: C): Response => c.body(null, 204, fresh)

/** The raw query string, as it was sent. */
function queryOf(c: C): string {
  const { url } = c.req
  const mark = url.indexOf('?')
  if (mark < 0) return ''
  const hash = url.indexOf('#', mark)
  return url.slice(mark + 1, hash < 0 ? undefined : hash)
}

/** The last segment of the path, its percent-encoding still there where it separates the parts of a composite key. */
function keyIn(c: C, reader: Reader, collection: string): string {
  const composite = (reader.snapshot.tables.get(collection)?.primaryKey.length ?? 1) > 1
  return composite ? c.req.path.slice(c.req.path.lastIndexOf('/') + 1) : c.req.param('key')!
}

const callerOf = (c: C): Caller => ({ access: c.env.accountability, gone: c.env.gone })

export function crudRoutes(
  routes: Hono<Env>,
  path: string,
  subject: Subject,
  { reader, writer, log, tag }: Engine,
  only?: readonly CrudAction[],
): void {
  const on = (action: CrudAction) => !only || only.includes(action)
  const root = path || '/'
  const byKey = `${path}/:key`
  const singleton = (collection: string) => reader.snapshot.tables.get(collection)?.singleton === true
  /** Before anything else that depends on the collection. What is wrong with the query itself is told first: it says nothing of what there is. */
  const enter = (c: C, action: Action, query: QueryInput = queryOf(c)): string => {
    try {
      return subject(c, action)
    } catch (refusal) {
      reader.check(query)
      throw refusal
    }
  }

  /** Not `c.body`, which copies the headers into a Headers object each time. */
  const answer = (c: C, text: string): Response => {
    const etag = tag(text)
    const { method } = c.req
    if ((method === 'GET' || method === 'HEAD') && isHeld(etag, (name) => c.env.header(name)))
      return new Response(null, { status: 304, headers: { ...fresh, etag } })
    return new Response(text, { headers: { ...jsonHeaders, etag } })
  }

  const written = async (c: C, work: (caller: Caller) => Promise<string | null>): Promise<Response> => {
    const text = await work(callerOf(c))
    return text === null ? nothing(c) : answer(c, text)
  }

  const rows = async (c: C, collection: string, query: QueryInput, keys?: readonly unknown[]): Promise<Response> => {
    const format = reader.exportOf(query)
    if (!format) return answer(c, await reader.list(collection, query, callerOf(c), keys))
    const { exportRows } = await import('./export.ts')
    return file(await exportRows(reader, log, format, collection, query, callerOf(c), keys))
  }

  if (on('list')) {
    routes.get(root, async (c) => rows(c, enter(c, 'read'), queryOf(c)))
    routes.on('SEARCH', root, async (c) => {
      const { query, keys } = searchOf(await readJson(c))
      reader.check(queryOf(c))
      const collection = enter(c, 'read', query)
      return rows(c, collection, query ?? queryOf(c), keys)
    })
  }
  if (on('read')) {
    routes.get(byKey, async (c) => {
      const collection = enter(c, 'read')
      const text = await reader.one(collection, keyIn(c, reader, collection), queryOf(c), callerOf(c))
      const format = reader.exportOf(queryOf(c))
      if (!format) return answer(c, text)
      const { exportItem } = await import('./export.ts')
      return file(await exportItem(format, collection, JSON.parse(text).data))
    })
  }
  if (on('create')) {
    routes.post(root, async (c) => {
      const body = await readJson(c)
      const collection = enter(c, 'create')
      if (singleton(collection)) throw routeNotFound(c)
      reader.check(queryOf(c))
      const items = (Array.isArray(body) ? body : [body ?? {}]).map(itemOf)
      return written(c, (caller) =>
        writer.within(caller, async (db) => {
          const keys = await writer.create(collection, items, { ...caller, db })
          return shown(() =>
            Array.isArray(body)
              ? reader.list(collection, queryOf(c), { ...caller, db }, keys)
              : reader.one(collection, keys[0]!, queryOf(c), { ...caller, db }),
          )
        }),
      )
    })
  }
  if (on('update')) {
    routes.patch(root, async (c) => {
      const body = await readJson(c)
      const collection = enter(c, 'update')
      reader.check(queryOf(c))
      return written(c, (caller) =>
        writer.within(caller, async (db) => {
          const inside = { ...caller, db }
          if (singleton(collection)) {
            await saveSingleton(reader, writer, collection, itemOf(body ?? {}), inside)
            return shown(() => reader.list(collection, queryOf(c), inside))
          }
          const changes = await changesOf(reader, collection, body, inside)
          const [only] = changes
          const keys = Array.isArray(body)
            ? await writer.updateEach(collection, changes, inside)
            : await writer.update(collection, only!.keys, only!.patch, inside)
          return shown(() => reader.list(collection, queryOf(c), inside, keys))
        }),
      )
    })
    routes.patch(byKey, async (c) => {
      const patch = itemOf((await readJson(c)) ?? {})
      const collection = enter(c, 'update')
      if (singleton(collection)) throw routeNotFound(c)
      const key = keyIn(c, reader, collection)
      reader.check(queryOf(c))
      return written(c, (caller) =>
        writer.within(caller, async (db) => {
          await writer.update(collection, [key], patch, { ...caller, db })
          return shown(() => reader.one(collection, key, queryOf(c), { ...caller, db }))
        }),
      )
    })
  }
  if (on('delete')) {
    routes.delete(root, async (c) => {
      const body = await readJson(c)
      const collection = enter(c, 'delete', '')
      await writer.within(callerOf(c), async (db) => {
        const inside = { ...callerOf(c), db }
        await writer.delete(collection, await keysOf(reader, collection, body, inside), inside)
      })
      return nothing(c)
    })
    routes.delete(byKey, async (c) => {
      const collection = enter(c, 'delete', '')
      await writer.delete(collection, [keyIn(c, reader, collection)], callerOf(c))
      return nothing(c)
    })
  }
}

const routeNotFound = (c: C) => problems.ROUTE_NOT_FOUND(undefined, { path: c.req.path })

/** A write stands although its answer may not be seen: null then. */
async function shown(read: () => Promise<string>): Promise<string | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Problem && error.code === 'FORBIDDEN') return null
    throw error
  }
}

/** Anything but an object has no fields. */
function itemOf(value: unknown): Item {
  if (value === null) throw problems.INVALID_PAYLOAD('An item must be an object.')
  return typeof value === 'object' && !Array.isArray(value) ? (value as Item) : {}
}

const isObject = (value: unknown): value is Item => typeof value === 'object' && value !== null && !Array.isArray(value)

/** @throws INVALID_PAYLOAD unless `body` is an object with members of `names` alone. */
function membersOf(body: unknown, names: readonly string[]): Item {
  if (!isObject(body)) throw problems.INVALID_PAYLOAD(`The body must be an object with ${names.join(', ')}.`)
  const other = Object.keys(body).find((name) => !names.includes(name))
  if (other !== undefined) throw problems.INVALID_PAYLOAD(`"${other}" is not a member of this body; there are ${names.join(', ')}.`)
  return body
}

function searchOf(body: unknown): { query: QueryInput | undefined; keys: readonly unknown[] | undefined } {
  const { query, keys } = membersOf(body ?? {}, ['query', 'keys'])
  if (keys !== undefined && !Array.isArray(keys)) throw problems.INVALID_PAYLOAD('"keys" must be a list.')
  if (query === null) throw problems.INVALID_PAYLOAD('"query" must be an object.')
  if (query !== undefined && !isObject(query)) throw problems.INVALID_QUERY('"query" must be an object.')
  return { query, keys }
}

/** The three forms of PATCH: a list of items with their keys, `{keys, data}`, `{query, data}`. */
async function changesOf(reader: Reader, collection: string, body: unknown, caller: Caller): Promise<Change[]> {
  if (Array.isArray(body)) {
    const names = reader.snapshot.tables.get(collection)?.primaryKey ?? []
    return body.map((item) => {
      if (!isObject(item) || !names.length || names.some((name) => item[name] === undefined)) {
        throw problems.INVALID_PAYLOAD('Each item of the list must be an object that holds its key.')
      }
      return { keys: [(names.length === 1 ? item[names[0]!] : item) as Key], patch: item }
    })
  }
  const { data, ...which } = membersOf(body, ['keys', 'query', 'data'])
  if (!isObject(data)) throw problems.INVALID_PAYLOAD('"data" must be an object.')
  return [{ keys: (await keysOf(reader, collection, which, caller)) as Key[], patch: data }]
}

/** A list of keys, `{keys}`, or `{query}`: the rows that a list with this query shows, so no more than its limit or the default one. */
async function keysOf(reader: Reader, collection: string, body: unknown, caller: Caller): Promise<readonly unknown[]> {
  if (Array.isArray(body)) return body
  const { keys, query } = membersOf(body, ['keys', 'query'])
  if (Array.isArray(keys) && query === undefined) return keys
  if (!isObject(query) || keys !== undefined)
    throw problems.INVALID_PAYLOAD('Say which items: either "keys", a list, or "query", an object.')
  const names = reader.snapshot.tables.get(collection)?.primaryKey ?? []
  const text = await reader.list(collection, { ...query, fields: [...names], meta: undefined }, caller)
  const rows: Item[] = JSON.parse(text).data
  return rows.map((row) => (names.length === 1 ? row[names[0]!] : row))
}

/** A singleton's row is changed, or made when there is none yet. */
async function saveSingleton(reader: Reader, writer: Writer, collection: string, patch: Item, caller: Caller): Promise<void> {
  const [key = ''] = reader.snapshot.tables.get(collection)?.primaryKey ?? []
  const row: Item = JSON.parse(await reader.list(collection, { fields: [key] }, caller)).data
  if (row[key] === null || row[key] === undefined) await writer.create(collection, [patch], caller)
  else await writer.update(collection, [row[key]], patch, caller)
}

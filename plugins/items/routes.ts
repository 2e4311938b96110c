/** The routes of a collection: lists, keys, SEARCH and writes. /items has them for every collection, other prefixes for their own one. */
import type { Context, Hono } from 'hono'
import { type Env, type Log, problems, readJson } from 'plinth'
import type { Caller, CrudAction, CrudOptions, QueryInput } from './api.ts'
import { unlimited, withBesides } from './besides.ts'
import { searchOf } from './bodies.ts'
import { isHeld } from './conditional.ts'
import type { ExportFile } from './export.ts'
import type { Action } from './permit.ts'
import type { Reader } from './read.ts'
import { versionHeader } from './versions.ts'
import { writeRoutes } from './write/routes.ts'
import type { Writer } from './write.ts'

type C = Context<Env>

export interface Engine {
  readonly reader: Reader
  readonly writer: Writer
  readonly log: Log
  /** The entity tag of an answer. */
  readonly tag: (text: string) => string
  /** How long a request may be repeated, ms. */
  readonly answerLifetime: number
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
  { reader, writer, log, tag, answerLifetime }: Engine,
  { only, single = false, besides }: CrudOptions = {},
): void {
  const on = (action: CrudAction) => !only || only.includes(action)
  const root = path || '/'
  const byKey = `${path}/:key`
  /** Before anything else that depends on the collection. What is wrong with the query itself is told first: it says nothing of what there is. */
  const enter = (c: C, action: Action, query: QueryInput = queryOf(c)): string => {
    try {
      const collection = subject(c, action)
      // Whoever asks for an explanation expects that nothing happens.
      if (action !== 'read' && reader.wishOf(queryOf(c))?.explain) throw problems.INVALID_QUERY('"explain" is for reads.')
      return collection
    } catch (refusal) {
      reader.check(query)
      throw refusal
    }
  }

  /** Not `c.body`, which copies the headers into a Headers object each time. */
  const answer = (c: C, text: string, version: string | null = null): Response => {
    const etag = tag(text)
    const own: Record<string, string> = version === null ? {} : { 'x-item-version': versionHeader(version) }
    const { method } = c.req
    if ((method === 'GET' || method === 'HEAD') && isHeld(etag, (name) => c.env.header(name)))
      return new Response(null, { status: 304, headers: { ...fresh, ...own, etag } })
    return new Response(text, { headers: { ...jsonHeaders, ...own, etag } })
  }

  const rows = async (c: C, collection: string, query: QueryInput, keys?: readonly unknown[]): Promise<Response> => {
    const wish = reader.wishOf(query)
    if (!wish) {
      if (!besides || keys) return answer(c, await reader.list(collection, query, callerOf(c), keys))
      const text = await reader.list(collection, unlimited(query, reader.mostRows), callerOf(c))
      return answer(c, await withBesides(text, query, besides(c.env.accountability)))
    }
    if (wish.explain) return answer(c, await reader.explain(collection, query, callerOf(c), { keys }))
    const { exportRows } = await import('./export.ts')
    return file(await exportRows(reader, log, wish.export!, collection, query, callerOf(c), keys))
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
      const key = keyIn(c, reader, collection)
      const wish = reader.wishOf(queryOf(c))
      if (wish?.explain) return answer(c, await reader.explain(collection, queryOf(c), callerOf(c), { key }))
      const { text, version } = await reader.versioned(collection, key, queryOf(c), callerOf(c))
      if (!wish) return answer(c, text, version)
      const { exportItem } = await import('./export.ts')
      return file(await exportItem(wish.export!, collection, JSON.parse(text).data))
    })
  }
  writeRoutes(routes, path, on, {
    reader,
    writer,
    answerLifetime,
    single,
    enter,
    keyIn: (c, collection) => keyIn(c, reader, collection),
    queryOf,
    callerOf,
    answer,
    nothing,
  })
}

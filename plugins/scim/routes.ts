/** /scim/v2: the paths of RFC 7644 §3.2. */
import type { Context, Hono } from 'hono'
import { type Env, isObject, type Log, parseJson, problems, problemsOf, readText } from 'plinth'
import type { Scope } from './api.ts'
import { bulkRequest, type Performed } from './bulk.ts'
import { type Limits, tellConfig, tellSchemas, tellTypes } from './discovery.ts'
import { type Selection, select, shows, toSelection, versionOf, withoutMembers } from './present.ts'
import { mediaType, scimProblems } from './problems.ts'
import { toAsked, toCursor, toWanted } from './query.ts'
import { groupShape } from './schemas.ts'
import type { Resource } from './source.ts'
import type { Asker, Kind, Matches, Store } from './store.ts'

export interface RouteParts {
  readonly store: Store
  readonly users: Kind
  readonly groups: Kind
  readonly limits: Limits
  readonly log: Log
  /** @throws INVALID_CREDENTIALS, FORBIDDEN */
  readonly askerOf: (c: Context<Env>, scope: Scope | null) => Asker
  readonly baseOf: (c: Context<Env>) => string
}

const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

export function scimRoutes(routes: Hono<Env>, parts: RouteParts): void {
  discoveryRoutes(routes, parts)
  for (const kind of [parts.users, parts.groups]) resourceRoutes(routes, kind, parts)
  listRoutes(routes, '/', [parts.users, parts.groups], parts)
  refuseOthers(routes, '/', ['GET'])
  meRoutes(routes, parts)
  routes.post('/Bulk', async (c) => {
    const asker = (scope: Scope) => parts.askerOf(c, scope)
    parts.askerOf(c, null)
    const body = await bodyOf(c, parts.limits)
    const problemOf = (thrown: unknown) => problemsOf(thrown, c.env, parts.log)[0]!
    const perform = (operation: Performed) => performOne(operation, asker, parts)
    return answer(200, await bulkRequest(body, { perform, problemOf, most: parts.limits.bulkMax, base: parts.baseOf(c) }))
  })
  refuseOthers(routes, '/Bulk', ['POST'])
}

const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': mediaType, ...headers } })

function refuseOthers(routes: Hono<Env>, path: string, allowed: readonly string[]): void {
  routes.all(path, () => {
    throw problems.METHOD_NOT_ALLOWED(undefined, { allowed })
  })
}

/** @throws INVALID_PAYLOAD, CONTENT_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE */
async function bodyOf(c: Context<Env>, { payloadMax }: Limits): Promise<Resource> {
  const type = c.env.header('content-type') ?? ''
  if (!/^application\/(scim\+)?json\s*(;|$)/i.test(type)) throw problems.UNSUPPORTED_MEDIA_TYPE('Send application/scim+json.')
  const body = parseJson(await readText(c, payloadMax, 'SCIM_PAYLOAD_MAX', problems.CONTENT_TOO_LARGE))
  if (!isObject(body)) throw problems.INVALID_PAYLOAD('The body must be a JSON object.')
  return body
}

function discoveryRoutes(routes: Hono<Env>, { limits, askerOf, baseOf }: RouteParts): void {
  const checked = (c: Context<Env>): string => {
    askerOf(c, null)
    if (c.req.query('filter') !== undefined) throw problems.FORBIDDEN('What tells of SCIM itself is not filtered.')
    return baseOf(c)
  }
  routes.get('/ServiceProviderConfig', (c) => answer(200, tellConfig(limits, checked(c))))
  for (const [path, tell] of [
    ['/Schemas', tellSchemas],
    ['/ResourceTypes', tellTypes],
  ] as const) {
    routes.get(path, (c) => {
      const all = tell(checked(c))
      return answer(200, { schemas: [listSchema], totalResults: all.length, startIndex: 1, itemsPerPage: all.length, Resources: all })
    })
    routes.get(`${path}/:id`, (c) => {
      const found = tell(checked(c)).find(({ id }) => String(id).toLowerCase() === c.req.param('id').toLowerCase())
      if (!found) throw scimProblems.SCIM_NOT_FOUND()
      return answer(200, found)
    })
    refuseOthers(routes, path, ['GET'])
    refuseOthers(routes, `${path}/:id`, ['GET'])
  }
  refuseOthers(routes, '/ServiceProviderConfig', ['GET'])
}

const wideFor = ({ source: { shape } }: Kind, selection: Selection): boolean => shape !== groupShape || shows(shape, selection, 'members')

const selectionOf = (c: Context<Env>): Selection => toSelection(c.req.query('attributes'), c.req.query('excludedAttributes'))

/** What If-Match and If-None-Match say of the version that a resource may have (RFC 9110 §13.1); undefined: nothing, of one that is there. */
function matchesOf(ifMatch: string | null, ifNoneMatch: string | null = null): Matches | undefined {
  const wanted = ifMatch?.trim() === '*' ? null : ifMatch
  if (wanted === null && ifNoneMatch === null) return undefined
  return (version) =>
    (wanted === null || names(wanted, version) || names(wanted, withoutMembers(version))) &&
    (ifNoneMatch === null || !names(ifNoneMatch, version))
}
const conditionsOf = (c: Context<Env>): Matches | undefined => matchesOf(c.env.header('if-match'), c.env.header('if-none-match'))

const bare = (tag: string): string => tag.trim().replace(/^W\//i, '')
const names = (header: string, version: string): boolean => header.trim() === '*' || header.split(',').map(bare).includes(bare(version))

function shown(kind: Kind, resource: Resource, selection: Selection, status = 200): Response {
  const { location, version } = resource.meta as Record<string, string>
  return answer(status, select(kind.source.shape, resource, selection), {
    etag: version!,
    ...(status === 201 ? { location: location! } : { 'content-location': location! }),
  })
}

const scopeOf = ({ source: { shape } }: Kind, action: 'read' | 'write'): Scope => `${shape === groupShape ? 'groups' : 'users'}:${action}`

function resourceRoutes(routes: Hono<Env>, kind: Kind, parts: RouteParts): void {
  const { store, limits, askerOf } = parts
  const { endpoint } = kind.source.shape
  const [read, write] = [scopeOf(kind, 'read'), scopeOf(kind, 'write')]

  listRoutes(routes, endpoint, [kind], parts)
  routes.post(endpoint, async (c) => {
    const asker = askerOf(c, write)
    const selection = selectionOf(c)
    return shown(kind, await store.create(kind, await bodyOf(c, limits), asker, wideFor(kind, selection)), selection, 201)
  })
  oneRoutes(routes, `${endpoint}/:id`, kind, parts, (c) => ({
    id: c.req.param('id')!,
    read: () => askerOf(c, read),
    write: () => askerOf(c, write),
  }))
  refuseOthers(routes, endpoint, ['GET', 'POST'])
}

interface Subject {
  readonly id: string
  readonly read: () => Asker
  readonly write: () => Asker
}

/** GET, PUT, PATCH and DELETE of one resource. */
function oneRoutes(
  routes: Hono<Env>,
  path: string,
  kind: Kind,
  { store, limits }: RouteParts,
  subjectOf: (c: Context<Env>) => Subject,
): void {
  routes.get(path, async (c) => {
    const { id, read } = subjectOf(c)
    const selection = selectionOf(c)
    const resource = await store.get(kind, id, read(), wideFor(kind, selection))
    const [matches, known] = [matchesOf(c.env.header('if-match')), c.env.header('if-none-match')]
    if (matches && !matches(versionOf(resource))) throw scimProblems.SCIM_VERSION()
    if (known !== null && names(known, versionOf(resource)))
      return new Response(null, { status: 304, headers: { etag: versionOf(resource) } })
    return shown(kind, resource, selection)
  })
  routes.put(path, async (c) => {
    const { id, write } = subjectOf(c)
    const [asker, selection] = [write(), selectionOf(c)]
    const matches = conditionsOf(c)
    const body = await bodyOf(c, limits)
    return shown(kind, await store.replace(kind, id, body, asker, wideFor(kind, selection), matches), selection)
  })
  routes.patch(path, async (c) => {
    const { id, write } = subjectOf(c)
    const [asker, selection] = [write(), selectionOf(c)]
    const matches = conditionsOf(c)
    // A group is told only when somebody asks what it looks like: it may have many members.
    const silent = kind.source.shape === groupShape && selection.attributes === null && !selection.excluded.length
    const resource = await store.patch(kind, id, await bodyOf(c, limits), asker, !silent && wideFor(kind, selection), matches)
    return silent ? new Response(null, { status: 204, headers: { etag: versionOf(resource) } }) : shown(kind, resource, selection)
  })
  routes.delete(path, async (c) => {
    const { id, write } = subjectOf(c)
    await store.remove(kind, id, write(), conditionsOf(c))
    return new Response(null, { status: 204 })
  })
  refuseOthers(routes, path, ['GET', 'PUT', 'PATCH', 'DELETE'])
}

/** /Me is whoever signed in; a token of SCIM is nobody's (RFC 7644 §3.11). */
function meRoutes(routes: Hono<Env>, parts: RouteParts): void {
  oneRoutes(routes, '/Me', parts.users, parts, (c) => {
    const { user } = parts.askerOf(c, null).access
    if (user === null) throw scimProblems.SCIM_NOT_IMPLEMENTED('A token of SCIM stands for no user.')
    return { id: user, read: () => parts.askerOf(c, 'users:read'), write: () => parts.askerOf(c, 'users:write') }
  })
}

/** A list of resources, of several types one after the other: by GET, and by POST to `.search`. */
function listRoutes(routes: Hono<Env>, path: string, kinds: readonly Kind[], { store, limits, askerOf }: RouteParts): void {
  async function list(c: Context<Env>, sent: Resource): Promise<Response> {
    const askers = kinds.map((kind) => askerOf(c, scopeOf(kind, 'read')))
    const asked = toAsked(sent, limits)
    const { after, count, selection } = asked
    const first = after ? kinds.findIndex(({ source }) => source.shape.name === after.type) : 0
    if (first < 0) throw scimProblems.SCIM_INVALID_CURSOR()
    // One more shows whether anything follows.
    const most = after === undefined || count === 0 ? count : count + 1
    let total = 0
    const found: { kind: Kind; resource: Resource }[] = []
    for (const [i, kind] of kinds.entries()) {
      const wanted = toWanted(kind.source.shape, asked, wideFor(kind, selection), kinds.length > 1)
      const offset = after === undefined ? Math.max(0, asked.startIndex - 1 - total) : 0
      const page = await store.list(kind, { ...wanted, offset, limit: i < first ? 0 : most - found.length }, askers[i]!)
      total += page.total
      found.push(...page.resources.map((resource) => ({ kind, resource })))
    }
    const shown = found.slice(0, count)
    const last = found.length > count ? shown.at(-1) : undefined
    return answer(200, {
      schemas: [listSchema],
      totalResults: total,
      itemsPerPage: shown.length,
      ...(after === undefined ? { startIndex: asked.startIndex } : {}),
      ...(last ? { nextCursor: toCursor({ type: last.kind.source.shape.name, key: String(last.resource.id) }) } : {}),
      Resources: shown.map(({ kind, resource }) => select(kind.source.shape, resource, selection)),
    })
  }
  const search = path === '/' ? '/.search' : `${path}/.search`
  routes.get(path, (c) => list(c, c.req.query()))
  routes.post(search, async (c) => list(c, await bodyOf(c, limits)))
  refuseOthers(routes, search, ['POST'])
}

/** One operation of a bulk request. */
async function performOne(
  { method, path, data, version }: Performed,
  askerFor: (scope: Scope) => Asker,
  { store, users, groups }: RouteParts,
): Promise<{ status: number; location?: string; id?: string; version?: string }> {
  const [, endpoint, id] = /^\/(Users|Groups)(?:\/([^/?#]+))?$/.exec(path) ?? []
  if (!endpoint) throw scimProblems.SCIM_INVALID_PATH(`"${path.slice(0, 100)}" is no path for an operation.`)
  const kind = endpoint === 'Users' ? users : groups
  const asker = askerFor(scopeOf(kind, 'write'))
  const matches = matchesOf(version)
  if (method === 'POST' && id === undefined) return toldOf(201, await store.create(kind, data, asker, false))
  if (method === 'PUT' && id) return toldOf(200, await store.replace(kind, id, data, asker, false, matches))
  if (method === 'PATCH' && id) return toldOf(200, await store.patch(kind, id, data, asker, false, matches))
  if (method !== 'DELETE' || !id) throw problems.METHOD_NOT_ALLOWED()
  await store.remove(kind, id, asker, matches)
  return { status: 204, location: `${asker.base}/${endpoint}/${id}` }
}

function toldOf(status: number, { id, meta }: Resource) {
  const { location, version } = meta as Record<string, string>
  return { status, location, version, id: String(id) }
}

/** The way of a request: handlers of the `request` point around one router, and the one place where errors become answers. */
import { Hono } from 'hono'
import { getPath } from 'hono/utils/url'
import { readJson } from './body.ts'
import { runChain } from './chain.ts'
import { StartError } from './config.ts'
import { type Accountability, type Env, nobody, type Peer, type RequestContext } from './context.ts'
import { DatabaseError } from './database/database.ts'
import { type Log, redact } from './log.ts'
import type { Handler, RouteOptions } from './plugin.ts'
import { type Problem, problems, problemsIn } from './problem.ts'

/** What one plugin serves below one prefix. */
export interface Mount extends RouteOptions {
  readonly plugin: string
  readonly prefix: string
  readonly router: Hono<Env>
}

export interface PipelineOptions {
  readonly mounts: readonly Mount[]
  readonly handlers: readonly Handler<RequestContext>[]
  readonly log: Log
  readonly maxPayload: number
  /** Undefined while caches are current; else resolves when they are. */
  readonly current: () => Promise<void> | undefined
}

const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' }
const alone: Peer = { ip: null, gone: () => false }
let requests = 0
const process = Math.random().toString(36).slice(2, 8)

/** What all requests share. */
interface Server {
  readonly maxPayload: number
  readonly livePaths: ReadonlySet<string>
  route(event: RequestContext): Promise<Response>
}

/** Headers that speak of one body, or of one answer. */
const ofTheBody = /^(content-|accept|if-|idempotency-|transfer-)/

/** Fields that few requests ask for are made when asked. */
class RequestEvent implements RequestContext {
  readonly request: Request
  readonly gone: () => boolean
  readonly maxPayload: number
  ip: string | null
  accountability: Accountability = nobody
  response: Response | undefined
  readonly #peer: Peer
  readonly #server: Server
  #id: string | undefined
  #path: string | undefined
  #borne: Record<string, string> | undefined

  constructor(request: Request, peer: Peer, server: Server) {
    this.request = request
    this.gone = () => peer.gone()
    this.maxPayload = server.maxPayload
    this.ip = peer.ip?.replace(/^::ffff:(?=\d+\.)/, '') ?? null // an IPv4 address as dual-stack sockets say it
    this.#peer = peer
    this.#server = server
  }

  get id(): string {
    this.#id ??= `${process}-${(++requests).toString(36)}`
    return this.#id
  }

  get live(): boolean {
    this.#path ??= plainPath(this.request)
    return this.#server.livePaths.has(this.#path)
  }

  ask(request: Request, gone = this.gone): Promise<Response> {
    const { ip } = this
    const header = (name: string) => request.headers.get(name) ?? (ofTheBody.test(name) ? null : this.header(name))
    const inner = new AskedEvent(request, { ip, gone, header }, this.#server)
    inner.ip = ip
    inner.accountability = this.accountability
    return this.#server.route(inner)
  }

  header(name: string): string | null {
    return this.#peer.header ? this.#peer.header(name) : this.request.headers.get(name)
  }

  bear(name: string, value: string): void {
    if (this.#peer.bear) this.#peer.bear(name, value)
    else this.#borne = { ...this.#borne, [name]: value }
  }

  /** The answer with what it is to bear and nobody else puts on it. */
  laden(response: Response): Response {
    for (const [name, value] of Object.entries(this.#borne ?? {})) if (!response.headers.has(name)) response.headers.set(name, value)
    return response
  }
}

/** A route asked from within: whoever asks hears of errors as they are. */
class AskedEvent extends RequestEvent {}

/** @throws StartError naming every route that two plugins claim. */
export function createPipeline(options: PipelineOptions): (request: Request, peer?: Peer) => Promise<Response> {
  const { mounts, log } = options
  checkClashes(mounts)
  const respond = createResponder(mounts, log)
  const livePaths = new Set(mounts.filter(({ live }) => live).map(({ prefix }) => prefix))
  const root = new Hono<Env>({ getPath: pathReader(mounts) })
  for (const { prefix, router } of mounts) root.route(prefix, router)
  root.onError((error, c) => {
    if (c.env instanceof AskedEvent) throw error
    return respond(error, c.env)
  })
  root.notFound(async (c) => {
    if (c.req.method === 'OPTIONS') return c.body(null, 200)
    await readJson(c)
    throw problems.ROUTE_NOT_FOUND(undefined, { path: rawPath(c.req.url) })
  })

  const server: Server = {
    maxPayload: options.maxPayload,
    livePaths,
    route: async (event) => root.fetch(event.request, event),
  }
  const route = async (event: RequestContext): Promise<void> => {
    event.response = await server.route(event)
  }
  // An error stops where it is thrown, so that handlers further out (CORS, logs) see an answer and not an exception.
  const handlers = options.handlers.map((handler): Handler<RequestContext> => {
    const guarded = async (event: RequestContext, next: () => Promise<void>) => {
      try {
        await handler(event, next)
      } catch (error) {
        event.response = respond(error, event)
      }
    }
    return Object.defineProperty(guarded, 'name', { value: handler.name })
  })

  return async function handle(request, peer = alone) {
    const event = new RequestEvent(request, peer, server)
    try {
      let answer = route
      // Handlers run all the same: a page of another site may read why there is no answer.
      const current = options.current()?.catch((error) => {
        answer = async () => {
          event.response = respond(error, event)
        }
      })
      if (current && !event.live) await current
      await runChain(handlers, event, answer)
    } catch (error) {
      event.response = respond(error, event)
    }
    const response = event.response ?? respond(new Error('A handler of the request point neither called next() nor set a response'), event)
    return event.laden(response)
  }
}

/** Problems and everything else that was thrown → the API's error form, or that of the prefix. */
function createResponder(mounts: readonly Mount[], log: Log): (thrown: unknown, event: RequestContext) => Response {
  const renderers = mounts.filter((m) => m.render).sort((a, b) => b.prefix.length - a.prefix.length)
  return (thrown, event) => {
    const found = problemsOf(thrown, event, log)
    const path = plainPath(event.request)
    const render = renderers.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))?.render
    const response = render
      ? render(found, event.request)
      : new Response(JSON.stringify({ errors: found }), { status: found[0]!.status, headers: jsonHeaders })
    const seconds = retryAfter(found[0]!)
    if (seconds !== undefined) response.headers.set('retry-after', seconds)
    return response
  }
}

/** What an answer says of whatever was thrown. What nobody expected is logged. */
export function problemsOf(thrown: unknown, event: RequestContext, log: Log): readonly Problem[] {
  const found = problemsIn(thrown)
  return found.length ? found : [unexpected(thrown, event, log)]
}

/** RFC 9110 §10.2.3, for whoever is told when to come again. */
function retryAfter({ status, details: { reset } }: Problem): string | undefined {
  if (status !== 429 || typeof reset !== 'string') return undefined
  return String(Math.max(1, Math.ceil((Date.parse(reset) - Date.now()) / 1000)))
}

function unexpected(thrown: unknown, event: RequestContext, log: Log): Problem {
  const problem = fromDatabase(thrown)
  if (problem && problem.status < 500) return problem
  const { method, url } = event.request
  // Whoever has gone away ends statements on the way: that is no fault of ours.
  const level = event.gone() ? 'debug' : 'error'
  log[level](thrown instanceof Error ? thrown.message : String(thrown), { request: event.id, method, url: redact(url), error: thrown })
  return problem ?? problems.INTERNAL_SERVER_ERROR(undefined, { request: event.id }, thrown)
}

/** What any statement may meet, whoever sent it. Writers translate constraint violations themselves: they know the field. */
function fromDatabase(thrown: unknown): Problem | undefined {
  if (!(thrown instanceof DatabaseError)) return undefined
  if (thrown.unavailable) return problems.SERVICE_UNAVAILABLE('The database cannot be reached; try again.', { service: 'database' }, thrown)
  if (thrown.state === '57014')
    return problems.SERVICE_UNAVAILABLE('The statement took too long and was stopped.', { service: 'database' }, thrown)
  if (thrown.state === '40001' || thrown.state === '40P01') {
    return problems.SERVICE_UNAVAILABLE('Too many writes at once; try again.', { service: 'database' }, thrown)
  }
  return thrown.state.startsWith('22') ? problems.INVALID_QUERY('A value does not fit its type.', {}, thrown) : undefined
}

function checkClashes(mounts: readonly Mount[]): void {
  const owners = new Map<string, string>()
  const faults: string[] = []
  for (const { plugin, prefix, router } of mounts) {
    const own = router.routes
      .filter(({ method, path }) => method !== 'ALL' || !path.endsWith('*'))
      .map(({ method, path }) => `${method} ${join(prefix, path)}`)
    // A route's own middleware stands in its router under the same name: that is no clash.
    for (const route of new Set(own)) {
      const pattern = route.replace(/:[^/{]+(\{[^}]*\})?/g, ':')
      const other = owners.get(pattern)
      if (other) faults.push(`Route "${route}" is registered twice, by "${other}" and by "${plugin}": leave out one.`)
      owners.set(pattern, plugin)
    }
  }
  if (faults.length) throw new StartError(faults.join('\n'))
}

export const join = (prefix: string, path: string): string => `${prefix}${path === '/' ? '' : path}`.replace(/\/{2,}/g, '/') || '/'

/** Paths as routes spell them: single slashes inside, none at the end, and route words in lower case. Names of collections, keys… stay as they are. */
function pathReader(mounts: readonly Mount[]): (request: Request) => string {
  const patterns = mounts.flatMap(({ prefix, router }) => router.routes.map(({ path }) => join(prefix, path).split('/')))
  return (request) => {
    const path = getPath(request)
    if (path.includes('%')) checkEncoding(path)
    if (!/[A-Z]|\/\/|.\/$/.test(path)) return path
    let candidates = patterns
    return singleSlashes(path)
      .split('/')
      .map((segment, i) => {
        const word = segment.toLowerCase()
        const literal = candidates.filter((pattern) => pattern[i] === word)
        candidates = literal.length ? literal : candidates.filter((pattern) => pattern[i]?.startsWith(':'))
        return literal.length ? word : segment
      })
      .join('/')
  }
}

/** Leading and several trailing slashes stay: such a path is not found. */
const singleSlashes = (path: string): string =>
  path.includes('//') || path.endsWith('/') ? path.replace(/([^/])\/{2,}(?=[^/])/g, '$1/').replace(/([^/])\/$/, '$1') : path

/** For comparing it with a prefix. */
const plainPath = (request: Request): string => singleSlashes(getPath(request)).toLowerCase()

/** As it was sent. */
const rawPath = (url: string): string => url.replace(/^[a-z]+:\/\/[^/?#]*|[?#].*$/gi, '')

function checkEncoding(path: string): void {
  try {
    decodeURIComponent(path)
  } catch (cause) {
    throw problems.INVALID_QUERY('The path holds a broken percent-encoding.', {}, cause)
  }
}

/** The way of a request: handlers of the `request` point around one router, and the one place where errors become answers. */
import { Hono } from 'hono'
import { getPath } from 'hono/utils/url'
import { readJson } from './body.ts'
import { done, runChain } from './chain.ts'
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
  route(event: RequestContext): Response | Promise<Response>
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

  async ask(request: Request, gone = this.gone): Promise<Response> {
    const { ip } = this
    const header = (name: string) => request.headers.get(name) ?? (ofTheBody.test(name) ? null : this.header(name))
    const inner = new AskedEvent(request, { ip, gone, header }, this.#server)
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

/**
 * What nobody has to wait for is answered at once: promises would cost such a request more than all its handlers do.
 * @throws StartError naming every route that two plugins claim.
 */
export function createPipeline(options: PipelineOptions): (request: Request, peer?: Peer) => Response | Promise<Response> {
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

  const server: Server = { maxPayload: options.maxPayload, livePaths, route: (event) => root.fetch(event.request, event) }
  const put = (event: RequestContext) => (response: Response) => {
    event.response = response
  }
  const fail = (event: RequestContext) => (error: unknown) => put(event)(respond(error, event))
  const route = (event: RequestContext): void | Promise<void> => {
    const found = server.route(event)
    return found instanceof Promise ? found.then(put(event)) : put(event)(found)
  }
  // An error stops where it is thrown, so that handlers further out (CORS, logs) see an answer and not an exception.
  const handlers = options.handlers.map((handler): Handler<RequestContext> => {
    const guarded: typeof handler = (event, next) => {
      try {
        const under = handler(event, next)
        return under instanceof Promise && under !== done ? under.catch(fail(event)) : under
      } catch (error) {
        fail(event)(error)
      }
    }
    return Object.defineProperty(guarded, 'name', { value: handler.name })
  })

  return function handle(request, peer = alone) {
    const event = new RequestEvent(request, peer, server)
    const run = (answer = route) => runChain(handlers, event, answer)
    // Handlers run all the same: a page of another site may read why there is no answer.
    const unserved = (error: unknown) => run(() => fail(event)(error))
    const current = event.live ? undefined : options.current()
    const under = current ? current.then(() => run(), unserved) : run()
    const end = () => event.laden(event.response ?? respond(new Error('A handler neither called next() nor set a response'), event))
    return under === done ? end() : under.catch(fail(event)).then(end)
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

const crowded = 'Too many writes at once; try again.'
const busy: Readonly<Record<string, string>> = { 40001: crowded, '40P01': crowded, 57014: 'The statement took too long and was stopped.' }

/** What any statement may meet, whoever sent it. Writers translate constraint violations themselves: they know the field. */
function fromDatabase(thrown: unknown): Problem | undefined {
  if (!(thrown instanceof DatabaseError)) return undefined
  const reason = thrown.unavailable ? 'The database cannot be reached; try again.' : busy[thrown.state]
  if (reason) return problems.SERVICE_UNAVAILABLE(reason, { service: 'database' }, thrown)
  if (thrown.state === '42501') return problems.FORBIDDEN('The database does not allow it.', {}, thrown)
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

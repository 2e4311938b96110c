/**
 * Conformance: scenarios of real HTTP calls, recorded once from a reference server (record.ts) and asked of our kernel in every test run
 * (conformance.test.ts). A scenario makes its own tables over the API; a call is a point: request, status, body, with all that changes from
 * run to run (identifiers, fresh times, tokens, addresses) replaced by names.
 */
import { readdir, readFile } from 'node:fs/promises'
import { type FormPart, formBytes, formType } from '../form.ts'

/** What a server answers has no type until it is looked at. */
export type Json = any

export interface NewUser {
  readonly email: string
  readonly password?: string
  readonly token?: string
  readonly status?: string
  readonly tfa_secret?: string
}

/** A server that scenarios can be played to. */
export interface Target {
  readonly base: string
  /** What the server signs access tokens with. */
  readonly secret: string
  readonly admin: { readonly token: string; readonly email: string; readonly password: string }
  fetch(request: Request): Promise<Response>
  /** Makes a user without role or policies; answers its key. */
  addUser(user: NewUser): Promise<string>
  /** Runs SQL past the API. */
  execute(sql: string): Promise<void>
}

export interface Point {
  /** Unique in its scenario. */
  readonly label: string
  /** What of the contract it proves: coverage.test.ts. */
  readonly contract: string
  readonly request: string
  readonly status: number
  readonly body: unknown
  readonly headers?: Record<string, string | null>
}

/** A point where we answer something else on purpose. */
export interface Difference {
  readonly label: string
  readonly ours: Pick<Point, 'status' | 'body' | 'headers'>
  readonly why: string
}

export interface CallOptions {
  /** The default is method and path. */
  readonly label?: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is. */
  readonly text?: string
  /** Sent as a form with files. */
  readonly form?: readonly FormPart[]
  /** The default is the administrator's; null is the public. */
  readonly token?: string | null
  readonly headers?: Record<string, string>
  /** Paths in the answer, such as `data.*.meta.id`, of which only the presence counts. */
  readonly mask?: readonly string[]
  /** Compared in place of the body. */
  readonly keep?: (body: Json) => unknown
  /** The same of an answer that is no error, by its bytes. */
  readonly see?: (bytes: Buffer) => Promise<unknown>
  /** Response headers that are compared; of cookies all but their time of expiry, which follows from Max-Age. */
  readonly headersKept?: readonly string[]
  /** Not a point; an answer of 400 and above ends the scenario. */
  readonly setup?: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Json
  readonly data: Json
}

export interface Api {
  readonly target: Target
  readonly points: readonly Point[]
  /** Names what the following calls prove, as `area: bullet` (coverage.test.ts). */
  proves(...bullets: string[]): void
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  get(path: string, options?: CallOptions): Promise<Answer>
  post(path: string, body: unknown, options?: CallOptions): Promise<Answer>
  patch(path: string, body: unknown, options?: CallOptions): Promise<Answer>
  delete(path: string, options?: CallOptions): Promise<Answer>
  search(path: string, body: unknown, options?: CallOptions): Promise<Answer>
  /** Sends a form with POST, or with PATCH. */
  upload(path: string, form: readonly FormPart[], options?: CallOptions & { readonly method?: 'POST' | 'PATCH' }): Promise<Answer>
  /** Makes a user without role or policies; answers its key, which is shown as `user:EMAIL`. */
  user(user: NewUser): Promise<string>
  /** Does to the database what the API cannot, and has the server look at it anew. */
  sql(text: string): Promise<void>
  /** Makes a collection that `cleanUp` removes. */
  table(collection: string, fields: readonly object[], meta?: object): Promise<void>
  /** Makes a many-to-one relation; `meta` names what leads back. Without a related collection it is a many-to-any one. */
  relate(collection: string, field: string, related: string | null, meta?: object): Promise<void>
  seed(collection: string, rows: readonly object[]): Promise<void>
  /** Has `cleanUp` remove a collection that the scenario made by itself. */
  owns(collection: string): void
  /** Relations first: a table that another one refers to stays. */
  cleanUp(): Promise<void>
}

export type Scenario = (api: Api) => Promise<void>

/** Between the bullets that one point proves. */
export const SEPARATOR = ' + '

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/gi
const ISO = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?/g
const FILE_TIME = /\b\d{8}-\d{3,6}\b/g
const JWT = /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g
const REFRESH_TOKEN = /^[\w-]{64}$/
const TWO_DAYS = 2 * 86_400_000

/** Names what differs from run to run. Identifiers without a name are numbered in order of first sight; those that a scenario chose begin with `aaaaaaaa`. */
function makeNormaliser(base: string, seen: Map<string, string>): (value: unknown) => unknown {
  let unnamed = 0
  const nameOf = (uuid: string) => {
    const key = uuid.toLowerCase()
    if (key.startsWith('aaaaaaaa')) return uuid
    if (!seen.has(key)) seen.set(key, `uuid#${++unnamed}`)
    return seen.get(key)!
  }
  const timeOf = (time: string) => (Math.abs(Date.now() - Date.parse(time)) < TWO_DAYS ? '<now>' : time)
  const text = (value: string) =>
    value.replaceAll(base, '<base>').replace(REFRESH_TOKEN, '<token>').replace(JWT, '<jwt>').replace(UUID, nameOf).replace(ISO, timeOf)
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map(walk)
    if (value === null || typeof value !== 'object') return value
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(entries.map(([key, inner]) => [text(key), walk(inner)]))
  }
  return walk
}

const MASKED = '<masked>'

function mask(value: Json, [head, ...rest]: readonly string[]): void {
  if (value === null || typeof value !== 'object' || head === undefined) return
  const keys = head === '*' ? Object.keys(value) : head in value ? [head] : []
  for (const key of keys) {
    if (rest.length > 0) mask(value[key], rest)
    else value[key] = MASKED
  }
}

/** What the contract fixes of an error: its codes and what they carry, not their wording. */
function errorShape(body: Json): unknown {
  if (!Array.isArray(body?.errors) || 'data' in body) return body
  return {
    errors: body.errors.map((error: Json) => {
      const { reason: _reason, hint: _hint, ...kept } = error?.extensions ?? {}
      return kept
    }),
  }
}

/** `name=<jwt>; HttpOnly; …`, attributes in alphabetical order. */
function cookiesOf(headers: Headers): string | null {
  const shown = headers.getSetCookie().map((cookie) => {
    const [pair = '', ...attributes] = cookie.split(/;\s*/)
    const [name, value = ''] = pair.split('=')
    return [
      `${name}=${value.replace(JWT, '<jwt>').replace(REFRESH_TOKEN, '<token>')}`,
      ...attributes.filter((one) => !/^expires=/i.test(one)).sort(),
    ].join('; ')
  })
  return shown.sort().join(' && ') || null
}

function parseBody(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function readable(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function toRequest(target: Target, method: string, path: string, options: CallOptions): Request {
  const token = options.token === undefined ? target.admin.token : options.token
  const headers = new Headers(options.headers)
  if (token !== null && !headers.has('authorization')) headers.set('authorization', `Bearer ${token}`)
  const isJson = options.body !== undefined
  if (isJson && !headers.has('content-type')) headers.set('content-type', 'application/json')
  if (options.form) headers.set('content-type', formType)
  const body = isJson ? JSON.stringify(options.body) : options.form ? formBytes(options.form) : options.text
  return new Request(target.base + path, { method, headers, body, redirect: 'manual', signal: AbortSignal.timeout(20_000) })
}

export function makeApi(target: Target): Api {
  const points: Point[] = []
  const tables: string[] = []
  const relations: string[] = []
  const names = new Map<string, string>()
  const normal = makeNormaliser(target.base, names)
  let contract = ''

  async function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const response = await target.fetch(toRequest(target, method, path, options))
    const bytes = Buffer.from(await response.arrayBuffer())
    const body: Json = parseBody(new TextDecoder().decode(bytes))
    const answer = { status: response.status, headers: response.headers, body, data: body?.data }
    if (options.setup) {
      if (response.status >= 400) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(body)}`)
      return answer
    }
    const seen = options.see && response.ok ? options.see(bytes) : options.keep ? options.keep(body) : errorShape(body)
    const shown = structuredClone((await seen) ?? null)
    for (const masked of options.mask ?? []) mask(shown, masked.split('.'))
    const request = (normal(`${method} ${readable(path)}`) as string).slice(0, 400)
    const label = options.label ?? request
    if (points.some((point) => point.label === label)) throw new Error(`Two points are called "${label}"`)
    const header = (name: string) =>
      name === 'set-cookie' ? cookiesOf(response.headers) : (response.headers.get(name)?.replace(FILE_TIME, '<now>') ?? null)
    const headers = Object.fromEntries((options.headersKept ?? []).map((name) => [name, header(name)]))
    points.push({ label, contract, request, status: response.status, body: normal(shown), ...(options.headersKept && { headers }) })
    return answer
  }

  const send = (method: string) => (path: string, body: unknown, options?: CallOptions) => call(method, path, { ...options, body })
  const owns = (collection: string) => void tables.push(collection)

  return {
    target,
    points,
    call,
    owns,
    proves(...bullets) {
      contract = bullets.join(SEPARATOR)
    },
    get: (path, options) => call('GET', path, options),
    delete: (path, options) => call('DELETE', path, options),
    post: send('POST'),
    patch: send('PATCH'),
    search: send('SEARCH'),
    upload: (path, form, { method = 'POST', ...options } = {}) => call(method, path, { ...options, form }),
    async user(user) {
      const id = await target.addUser(user)
      names.set(id, `user:${user.email}`)
      return id
    },
    async sql(text) {
      await target.execute(text)
      await call('POST', '/utils/cache/clear?system', { setup: true })
    },
    async table(collection, fields, meta = {}) {
      owns(collection)
      await call('POST', '/collections', { setup: true, body: { collection, schema: {}, meta, fields } })
    },
    async relate(collection, field, related, meta) {
      relations.push(`${collection}/${field}`)
      await call('POST', '/relations', { setup: true, body: { collection, field, related_collection: related, ...(meta && { meta }) } })
    },
    async seed(collection, rows) {
      await call('POST', `/items/${collection}`, { setup: true, body: rows })
    },
    async cleanUp() {
      const paths = [...relations.splice(0).map((name) => `/relations/${name}`), ...tables.splice(0).map((name) => `/collections/${name}`)]
      for (const path of paths) await target.fetch(toRequest(target, 'DELETE', path, {})).then((response) => response.text())
    },
  }
}

/** How two values differ, as `path: want … got …`, six at most; nothing when they are equal. */
export function differences(want: Json, got: Json, path = '', found: string[] = []): string[] {
  if (found.length >= 6 || want === MASKED || got === MASKED) return found
  const short = (value: unknown) => String(JSON.stringify(value)).slice(0, 160)
  const nested = [want, got].every((value) => value !== null && typeof value === 'object') && Array.isArray(want) === Array.isArray(got)
  if (!nested) {
    if (want !== got) found.push(`${path || 'all'}: want ${short(want)} got ${short(got)}`)
    return found
  }
  for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
    if (!(key in got)) found.push(`${path}.${key}: missing, want ${short(want[key])}`)
    else if (!(key in want)) found.push(`${path}.${key}: extra, got ${short(got[key])}`)
    else differences(want[key], got[key], `${path}.${key}`, found)
  }
  return found
}

/** Plays a scenario to its end, or to where it breaks: what was answered until then is kept. */
export async function play(name: string, target: Target): Promise<{ points: readonly Point[]; crash: unknown }> {
  const { default: run } = (await import(new URL(`scenarios/${name}.ts`, import.meta.url).href)) as { default: Scenario }
  const api = makeApi(target)
  let crash: unknown
  try {
    await run(api)
  } catch (error) {
    crash = error
  } finally {
    await api.cleanUp()
  }
  return { points: api.points, crash }
}

/** Recorded, and left out of the test run until the engine can answer them. */
export const pending: readonly string[] = []

export async function scenarioNames(): Promise<string[]> {
  const files = await readdir(new URL('scenarios/', import.meta.url))
  return files.map((file) => file.replace(/\.ts$/, '')).sort()
}

/** One point a line, so that a change is a line in a diff. */
export const printPoints = (points: readonly Point[]): string => `[\n${points.map((point) => JSON.stringify(point)).join(',\n')}\n]\n`

export const goldenFile = (name: string): URL => new URL(`golden/${name}.json`, import.meta.url)

/** A recording, or nothing when there is none. */
export async function readList<T>(file: URL): Promise<T[]> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export const readGolden = (name: string): Promise<Point[]> => readList(goldenFile(name))
export const readDifferences = (name: string): Promise<Difference[]> => readList(new URL(`differences/${name}.json`, import.meta.url))

/** One line for each point of the recording, of the answers and of the listed differences: its label and what is wrong with it. */
export function compare(
  golden: readonly Point[],
  played: readonly Point[],
  listed: readonly Difference[],
): { label: string; wrong: string[] }[] {
  const answers = new Map(played.map((point) => [point.label, point]))
  const ours = new Map(listed.map((difference) => [difference.label, difference.ours]))
  const known = new Set(golden.map((point) => point.label))
  const shape = ({ status, headers = {}, body }: Pick<Point, 'status' | 'headers' | 'body'>) => ({ status, headers, body })
  const judge = (recorded: Point) => {
    const answer = answers.get(recorded.label)
    if (!answer) return ['not reached']
    const wanted = ours.get(recorded.label)
    const wrong = differences(shape({ ...recorded, ...wanted }), shape(answer))
    if (recorded.contract !== answer.contract) wrong.push('has another label: node test/conformance/record.ts --labels')
    if (wanted && differences(shape(recorded), shape(answer)).length === 0) wrong.push('listed as a difference, but equal to the reference')
    return wrong
  }
  return [
    ...golden.map((point) => ({ label: point.label, wrong: judge(point) })),
    ...played.filter((point) => !known.has(point.label)).map((point) => ({ label: point.label, wrong: ['was never recorded'] })),
    ...listed.filter((difference) => !known.has(difference.label)).map(({ label }) => ({ label, wrong: ['a difference without a point'] })),
  ]
}

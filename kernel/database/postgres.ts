/** PostgreSQL over the network, by postgres.js: one of its clients for each connection, never used for a second one. */
import net from 'node:net'
import { LRUCache } from 'lru-cache'
import postgres from 'postgres'
import type { Log } from '../log.ts'
import { type Database, DatabaseError, type Parameter, type QueryOptions, quoteName } from './database.ts'
import { keepListening, type OpenListening } from './listening.ts'
import { createPool, type Session, watch } from './pool.ts'
import { createUserTypes, parsers, toText } from './values.ts'

export interface PostgresOptions {
  readonly url: string
  /** For LISTEN, where `url` leads to a pooler. */
  readonly directUrl?: string | null
  /** Where names without a schema are looked for, if not where the server would. Not behind a pooler, which has a say in it. */
  readonly schemas?: readonly string[]
  readonly poolSize?: number
  /** ms */
  readonly statementTimeout?: number
  /** Most statements that are kept prepared on one connection; 0: none. */
  readonly preparedStatements?: number
  /** Behind PgBouncer in transaction mode: no named statements, no startup parameters that it refuses; timeouts are kept by cancelling. */
  readonly pooler?: boolean
  /** How often the connection that listens is checked, ms. */
  readonly heartbeat?: number
  /** How long a connection may keep silent where a word is due (an answer to connecting, a timeout that is over, an echo) before it counts as broken, ms. */
  readonly silence?: number
  readonly log?: Log
}

/** postgres.js's pending query, with the internal parts that we use; drivers.test.ts would notice a change. */
type Statement = postgres.PendingQuery<postgres.Row[]> & {
  /** Set in advance, all sent as text: spares the round trip that asks for their types. */
  parameters: (string | null)[]
  readonly active: boolean
  canceller(statement: Statement): Promise<void>
}

type Result = postgres.RowList<Record<string, unknown>[]>

const defaults = {
  directUrl: null,
  poolSize: 10,
  statementTimeout: 30_000,
  preparedStatements: 500,
  pooler: false,
  heartbeat: 15_000,
  silence: 5000,
}

type Settings = Required<Omit<PostgresOptions, 'log' | 'schemas'>> & Pick<PostgresOptions, 'log' | 'schemas'>

/** What all sessions of one database share. */
interface Shared {
  /** Texts that were used lately: at the second time they are worth preparing. */
  readonly seen: LRUCache<string, true>
  /** A session that was opened at another age has statements to forget. */
  schemaAge: number
  readonly parseUserTypes: ReturnType<typeof createUserTypes>
}

/** Youngest age at which a connection full of prepared statements is replaced, ms. */
const wearTime = 60_000

const asIs = (value: unknown) => value
/** Ours for every known type: postgres.js would turn dates into Date, and text parameters of JSON columns into JSON strings. */
const types = Object.fromEntries(
  Object.entries(parsers).map(([oid, parse]) => [`oid${oid}`, { to: Number(oid), from: [Number(oid)], serialize: asIs, parse }]),
)

/** Does not connect yet. */
export function openPostgres(options: PostgresOptions): Database {
  const settings: Settings = { ...defaults, ...options }
  const { directUrl, poolSize, statementTimeout, preparedStatements, heartbeat, silence, log } = settings
  const shared: Shared = { seen: new LRUCache({ max: 2 * preparedStatements || 1 }), schemaAge: 0, parseUserTypes: createUserTypes() }
  const direct = directUrl ? { ...settings, url: directUrl, pooler: false } : settings
  const stops = new Set<() => Promise<void>>()
  const database: Database = createPool({
    capabilities: { driver: 'postgres', cancel: true, shared: true },
    size: poolSize,
    patience: statementTimeout,
    open: () => openSession(settings, shared),
    async listen(channel, listener) {
      const open: OpenListening = (onnotify, onclose) => openSession(direct, shared, onnotify, onclose)
      const stop = await keepListening(channel, listener, { open, notify: database.notify, heartbeat, silence, log })
      stops.add(stop)
      return () => {
        stops.delete(stop)
        return stop()
      }
    },
    forgetStatements() {
      shared.schemaAge++
    },
    async closed() {
      await Promise.all([...stops].map((stop) => stop()))
    },
  })
  return database
}

function openSession(settings: Settings, shared: Shared, onnotify?: Parameters<OpenListening>[0], onclosed?: () => void): Session {
  const { statementTimeout, silence, pooler, preparedStatements, log } = settings
  const opened = performance.now()
  const age = shared.schemaAge
  const prepared = new Set<string>()
  let full = false
  let alive = true
  let connected = false
  let socket: net.Socket | undefined
  let cancelling = false

  const host = decodeURIComponent(new URL(settings.url).hostname)
  const sql = postgres(settings.url, {
    max: 1,
    ...(host.startsWith('/') && { host }), // the folder of a Unix socket, %2F… in a URL
    connect_timeout: silence / 1000,
    max_lifetime: null,
    fetch_types: false,
    types: types as never,
    connection: sessionParameters(settings),
    onnotice: ({ message }) => log?.debug('Notice from the database', { notice: message }),
    onnotify,
    onclose: () => {
      alive = false
      onclosed?.()
    },
    /** A second socket would be a new connection that knows nothing of the transaction on the first; only a cancel request may have one. */
    socket: (target: { host: string[]; port: number[]; path?: string }) => {
      if (cancelling) return connect(target)
      if (socket) throw new Error('The server closed the connection')
      socket = connect(target)
      return socket
    },
  } as postgres.Options<Record<string, never>>)

  function shouldPrepare(text: string): boolean {
    if (prepared.has(text)) return true
    if (pooler || preparedStatements === 0) return false
    if (!shared.seen.has(text)) {
      shared.seen.set(text, true)
      return false
    }
    full = prepared.size >= preparedStatements
    if (!full) prepared.add(text)
    return !full
  }

  async function cancel(statement: Statement): Promise<void> {
    try {
      cancelling = true
      const sent = statement.canceller(statement) // opens its socket before it returns
      cancelling = false
      await sent
    } catch (error) {
      log?.debug('A cancel request failed', { error })
    }
  }

  /**
   * Runs a statement and keeps an eye on it. It settles after its cancel request has, which could hit the connection's next statement otherwise.
   * @param limit ms; what takes much longer has lost its connection.
   */
  async function run<Rows>(statement: Statement, options?: QueryOptions, limit = statementTimeout): Promise<Rows> {
    let request: Promise<void> | undefined
    let waited = 0
    const forget = watch((age) => {
      if (!statement.active)
        waited = age // behind another one
      else if (age - waited > limit + silence) void end()
      else if (!request && (options?.gone?.() || (pooler && age - waited > limit))) {
        request = cancel(statement).then(() => {
          request = undefined
        })
      }
    })
    try {
      const result = (await statement) as Rows
      connected = true
      return result
    } catch (error) {
      throw failed(error)
    } finally {
      forget()
      if (request) await request
    }
  }

  function failed(error: unknown): unknown {
    if (!(error instanceof postgres.PostgresError) || error.severity === 'FATAL') alive = false
    return toDatabaseError(error)
  }

  function prepare(text: string, parameters: readonly Parameter[], options?: QueryOptions): Statement {
    const values = parameters.map(toText)
    const statement = send(text, { prepare: !options?.replan && shouldPrepare(text), simple: false })
    statement.parameters = values
    return statement
  }

  function send(text: string, how: { prepare?: boolean; simple: boolean }): Statement {
    if (!alive) throw new DatabaseError('The connection to the database was lost', '08006')
    return sql.unsafe(text, [], how as never) as unknown as Statement // it is sent when it is awaited
  }

  async function end(): Promise<void> {
    alive = false
    await sql.end({ timeout: 1 })
    socket?.destroy()
  }

  return {
    get alive() {
      return alive
    },
    get worn() {
      return shared.schemaAge !== age || (full && performance.now() - opened > wearTime)
    },
    get pipelines() {
      return connected
    },
    async query<Row>(text: string, parameters: readonly Parameter[] = [], options?: QueryOptions) {
      const result = await run<Result>(prepare(text, parameters, options), options)
      await shared.parseUserTypes(result, result.columns, (ask, values) => run(prepare(ask, values)))
      return Array.from(result) as Row[]
    },
    async text(text, parameters = [], options) {
      const statement = prepare(text, parameters, options)
      statement.raw()
      const [row] = await run<(Buffer | null)[][]>(statement, options)
      const value = row?.[0]
      return value ? value.toString() : (value as null | undefined)
    },
    execute: async (script) => run(send(script, { simple: true }), {}, Number.POSITIVE_INFINITY),
    control: async (statement) => run(send(statement, { simple: true })),
    end,
  }
}

/** So that the text of every value is the same whatever the server, the database or the role are set to. */
const sessionParameters = ({ pooler, statementTimeout, schemas = ['public'] }: Settings) => ({
  application_name: 'plinth',
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  // Statements of many conditions look dear to the planner: it would compile them for seconds to run them for a millisecond.
  ...(!pooler && {
    IntervalStyle: 'postgres',
    bytea_output: 'hex',
    extra_float_digits: 1,
    jit: 'off',
    statement_timeout: statementTimeout,
    // A server whose own path leads to public may lead to extensions too.
    ...(schemas[0] !== 'public' && { search_path: schemas.map(quoteName).join(', ') }),
  }),
})

function connect({ host, port, path }: { host: string[]; port: number[]; path?: string }): net.Socket {
  const socket = path ? net.connect(path) : net.connect(port[0] ?? 5432, host[0])
  socket.setNoDelay(true)
  return Object.assign(socket, { host: host[0] }) // the name that TLS checks
}

function toDatabaseError(error: unknown): unknown {
  if (error instanceof postgres.PostgresError) {
    const { schema_name: schema, table_name: table, column_name: column, constraint_name: constraint, detail } = error
    const fatal = error.severity === 'FATAL'
    return new DatabaseError(error.message, error.code, { schema, table, column, constraint, detail, fatal }, error)
  }
  if (!(error instanceof Error)) return error
  const { code } = error as { code?: string }
  return new DatabaseError(`The database cannot be reached: ${error.message || code}`, '08006', {}, error)
}

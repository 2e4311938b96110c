/** Typed configuration: from environment variables and the config file to parsed options, once, at boot. */
import * as v from 'valibot'
import { levels } from './log.ts'
import type { OptionsSchema, Plugin } from './plugin.ts'

/** The start cannot go on. The message says in one line a fault what to do about it; no stack is shown. */
export class StartError extends Error {
  override name = 'StartError'
}

/** What `plinth.config.ts` may hold. Environment variables win over it. */
export interface ConfigFile {
  /** Added to the default list. */
  readonly plugins?: readonly Plugin[]
  /** Names to leave out of the default list. */
  readonly without?: readonly string[]
  /** Options by plugin name; the kernel's own under their names in capitals. */
  readonly options?: Readonly<Record<string, unknown>>
}

/** Checks the types of a config file where it stands. */
export const defineConfig = (file: ConfigFile): ConfigFile => file

type Setting<T> = v.GenericSchema<unknown, T>

/** A setting that `read` understands, or undefined for what it cannot be. `expects` completes "it may hold …". */
function setting<T>(expects: string, read: (raw: string) => T | undefined): Setting<T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const raw = dataset.value
      const value = read(Array.isArray(raw) ? raw.join(',') : String(raw))
      if (value !== undefined) return value
      addIssue({ message: expects })
      return NEVER
    }),
  )
}

/** `unit` of a number such as `15m` or `1mb`, in table order. */
const measured = (units: Readonly<Record<string, number>>) => {
  const form = new RegExp(`^(\\d+(?:\\.\\d+)?)\\s*(${Object.keys(units).join('|')})?$`, 'i')
  return (raw: string): number | undefined => {
    const found = form.exec(raw.trim())
    return found ? Math.round(Number(found[1]) * (units[(found[2] ?? '').toLowerCase()] ?? 1)) : undefined
  }
}

const milliseconds = measured({ ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 })
const bytes = measured({ b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 })

/** The same, with a default. */
const withDefault = <T>(fallback: T, expects: string, read: (raw: string) => T | undefined): v.OptionalSchema<Setting<T>, T> =>
  v.optional(setting(expects, read), fallback as never)

const isTrue = (raw: string) => (/^(true|1)$/i.test(raw) ? true : /^(false|0)$/i.test(raw) ? false : undefined)

/** Schemas for settings: from the text of an environment variable, or from the same value typed in a config file. */
export const env = {
  text: (fallback: string) => withDefault(fallback, 'text', (raw) => raw),
  maybeText: () => v.optional(setting('text', (raw) => raw)),
  integer: (fallback: number, min = 0, max = Number.MAX_SAFE_INTEGER) =>
    withDefault(fallback, `a whole number from ${min} to ${max}`, (raw) =>
      /^-?\d+$/.test(raw) && Number(raw) >= min && Number(raw) <= max ? Number(raw) : undefined,
    ),
  boolean: (fallback: boolean) => withDefault(fallback, 'true or false', isTrue),
  /** Milliseconds, from `900`, `15m`, `7d`. */
  duration: (fallback: string) => withDefault(milliseconds(fallback)!, 'a duration such as 500ms, 30s, 15m or 7d', milliseconds),
  /** The same, or null where it is `false`: for ever. */
  durationOrFalse: (fallback: string) =>
    withDefault<number | null>(milliseconds(fallback)!, 'a duration such as 30s, 15m or 90d, or false', (raw) =>
      raw === 'false' ? null : milliseconds(raw),
    ),
  /** Bytes, from `1024`, `1mb`. */
  size: (fallback: string) => withDefault(bytes(fallback)!, 'a size such as 512kb or 1mb', bytes),
  /** Words between commas. */
  list: (fallback: readonly string[] = []) => withDefault(fallback, 'words separated by commas', words),
  oneOf: <const T extends string>(choices: readonly T[], fallback: T) =>
    withDefault<T>(fallback, `one of ${choices.join(', ')}`, (raw) => choices.find((choice) => choice === raw)),
  /** Any text that `form` matches. */
  matching: (form: RegExp, expects: string, fallback: string) =>
    withDefault(fallback, expects, (raw) => (form.test(raw) ? raw : undefined)),
  /** For an entry such as `STORAGE_*`: every variable that begins so, by its whole name. */
  group: () => v.optional(v.record(v.string(), v.string()), {}),
}

export const words = (raw: string): string[] =>
  raw
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)

const isAddress = (raw: string) => /^postgres(ql)?:\/\/\/?[^/]/.test(raw) && URL.canParse(raw)
const address = 'an address such as postgres://user:password@host:5432/database'
const databaseAddress = v.optional(setting(address, (raw) => (isAddress(raw) ? raw : undefined)))

const KernelOptions = v.object({
  HOST: env.text('127.0.0.1'),
  PORT: env.integer(8055, 0, 65535),
  PUBLIC_URL: env.matching(/^(https?:\/\/[^\s/?#]+)?(\/[^\s?#]*)?$/, 'an address such as https://example.com, or a path', '/'),
  SECRET: env.maybeText(),
  DATABASE_URL: databaseAddress,
  DATABASE_DIRECT_URL: databaseAddress,
  DATABASE_POOLER: env.boolean(false),
  DATABASE_TIMEOUT: env.duration('30s'),
  DATABASE_STATEMENTS: env.integer(500, 0, 100_000),
  DB_CLIENT: env.oneOf(['pg', 'postgres', 'postgresql'], 'pg'),
  DB_CONNECTION_STRING: databaseAddress,
  DB_HOST: env.matching(/^[\w.-]*$|^[\da-f:.]+$|^\//i, 'a name, an address or the folder of a socket', ''),
  DB_PORT: env.integer(5432, 1, 65535),
  DB_DATABASE: env.maybeText(),
  DB_USER: env.maybeText(),
  DB_PASSWORD: env.maybeText(),
  DB_SSL: env.boolean(false),
  DB_SEARCH_PATH: env.matching(/[^\s,]/, 'names of schemas, separated by commas', 'public'),
  DB_POOL__MAX: env.integer(10, 1, 1000),
  DATA_DIR: env.text('./data'),
  LOG_LEVEL: env.oneOf(levels, 'info'),
  MAX_PAYLOAD_SIZE: env.size('1mb'),
  SHUTDOWN_TIMEOUT: env.duration('10s'),
})

export type KernelConfig = Readonly<ReturnType<typeof toConfig>>

export type Environment = Readonly<Record<string, string | undefined>>

const secretName = /SECRET|PASSWORD|TOKEN|KEY|URL|CONNECTION/

function shown(name: string, value: unknown): string {
  return secretName.test(name) ? 'a value it may not hold' : JSON.stringify(value)
}

/** All variables whose names begin with `prefix`, beside what the file gives by the same whole names. */
function groupOf(prefix: string, environment: Environment, file: unknown): Readonly<Record<string, unknown>> {
  const given = Object.entries(environment).filter(([name, value]) => name.startsWith(prefix) && value)
  return { ...(isObject(file) ? file : {}), ...Object.fromEntries(given) }
}

/** Reads `entries` from the environment (an empty variable counts as unset), else from the config file. Collects faults instead of throwing. */
function parseEntries<O extends OptionsSchema>(
  schema: O,
  variable: (entry: string) => string,
  environment: Environment,
  file: Readonly<Record<string, unknown>>,
  faults: string[],
): v.InferOutput<O> {
  const input: Record<string, unknown> = {}
  for (const entry of Object.keys(schema.entries)) {
    const value = entry.endsWith('*')
      ? groupOf(variable(entry).slice(0, -1), environment, file[entry])
      : environment[variable(entry)] || file[entry]
    if (value !== undefined) input[entry] = value
  }
  const result = v.safeParse(schema, input)
  for (const issue of result.issues ?? []) {
    const entry = String(issue.path?.[0]?.key)
    const name = variable(entry)
    faults.push(
      input[entry] === undefined
        ? `${name} is not set; it needs a value.`
        : `${name} is ${shown(name, input[entry])}; it may hold ${issue.message}.`,
    )
  }
  return result.output as v.InferOutput<O>
}

/** Neither null nor a list. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @throws StartError that names every wrong value. */
export function parseKernelConfig(environment: Environment, file: ConfigFile = {}): KernelConfig {
  const faults: string[] = []
  const o = parseEntries(KernelOptions, (entry) => entry, environment, file.options ?? {}, faults)
  if (faults.length) throw new StartError(faults.join('\n'))
  return toConfig(o, o.DATABASE_URL ?? o.DB_CONNECTION_STRING ?? (o.DB_HOST || o.DB_DATABASE ? urlOf(o) : null))
}

function toConfig(o: v.InferOutput<typeof KernelOptions>, databaseUrl: string | null) {
  return {
    host: o.HOST,
    port: o.PORT,
    /** Without a trailing slash; empty when it was not set. */
    publicUrl: o.PUBLIC_URL.replace(/\/+$/, ''),
    /** Signs tokens. Made up at each start when SECRET is not set. */
    secret: o.SECRET ?? crypto.randomUUID() + crypto.randomUUID(),
    secretGiven: o.SECRET !== undefined,
    /** Null: the embedded database in `dataDir`. */
    databaseUrl,
    /** Where the data is, for people: without credentials. */
    data: databaseUrl ? describeDatabase(new URL(databaseUrl)) : `embedded PostgreSQL in ${o.DATA_DIR}`,
    /** For LISTEN, which does not pass a transaction-mode pooler. */
    directUrl: o.DATABASE_DIRECT_URL ?? null,
    /** Behind PgBouncer in transaction mode. */
    pooler: o.DATABASE_POOLER,
    poolSize: o.DB_POOL__MAX,
    /** Milliseconds a statement may take. */
    statementTimeout: o.DATABASE_TIMEOUT,
    preparedStatements: o.DATABASE_STATEMENTS,
    /** PostgreSQL schemas served, the first one gets new tables. */
    schemas: words(o.DB_SEARCH_PATH),
    dataDir: o.DATA_DIR,
    logLevel: o.LOG_LEVEL,
    /** Bytes. */
    maxPayload: o.MAX_PAYLOAD_SIZE,
    /** Milliseconds that requests under way get when the program is told to stop. */
    shutdownTimeout: o.SHUTDOWN_TIMEOUT,
  }
}

function urlOf(o: v.InferOutput<typeof KernelOptions>): string {
  const account = o.DB_USER ? encodeURIComponent(o.DB_USER) + (o.DB_PASSWORD ? `:${encodeURIComponent(o.DB_PASSWORD)}` : '') + '@' : ''
  const host = o.DB_HOST.includes(':') ? `[${o.DB_HOST}]` : encodeURIComponent(o.DB_HOST || 'localhost')
  return `postgres://${account}${host}:${o.DB_PORT}/${encodeURIComponent(o.DB_DATABASE ?? 'postgres')}${o.DB_SSL ? '?sslmode=require' : ''}`
}

const describeDatabase = ({ host, pathname }: URL) =>
  `PostgreSQL database "${decodeURIComponent(pathname.slice(1))}" on ${decodeURIComponent(host)}`

/** Options of all plugins by name. @throws StartError that names every wrong value of every plugin. */
export function parsePluginOptions(
  plugins: readonly Plugin[],
  environment: Environment,
  file: ConfigFile = {},
): ReadonlyMap<string, unknown> {
  const faults: string[] = []
  const parsed = new Map<string, unknown>()
  for (const plugin of plugins) {
    const prefix = plugin.name.toUpperCase().replaceAll('-', '_')
    const variable = (entry: string) => (/^[A-Z]/.test(entry) ? entry : `${prefix}_${entry.replace(/[A-Z]/g, '_$&').toUpperCase()}`)
    const own = file.options?.[plugin.name]
    parsed.set(plugin.name, plugin.options ? parseEntries(plugin.options, variable, environment, isObject(own) ? own : {}, faults) : {})
  }
  if (faults.length) throw new StartError(faults.join('\n'))
  return parsed
}

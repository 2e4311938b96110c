/** The plugin contract: everything that Plinth serves is a plugin, ours and strangers' alike. Types and the one function that infers them. */
import type { Hono } from 'hono'
import type * as v from 'valibot'
import type { KernelConfig } from './config.ts'
import type { Env } from './context.ts'
import type { Database } from './database/database.ts'
import type { Kernel } from './kernel.ts'
import type { Log } from './log.ts'
import type { Problem, ProblemFactory } from './problem.ts'
import type { Registry } from './schema/registry.ts'
import type { Modeller } from './schema/snapshot.ts'
import type { TableMaker, TableSpec } from './schema/tables.ts'
import type { Versions } from './schema/versions.ts'

/** A typed name for something that others may hook into. Its owner exports it; importing it brings the event's type. */
export interface HookPoint<E> {
  readonly id: string
  readonly event?: E
}

/** A typed name for what one plugin offers to others. */
export interface Service<T> {
  readonly id: string
  readonly value?: T
}

export const hookPoint = <E>(id: string): HookPoint<E> => ({ id })
export const service = <T>(id: string): Service<T> => ({ id })

/** Before `next()` is the way in, after it the way out; not calling it stops the rest; calling it twice throws. */
export type Handler<E> = (event: E, next: () => Promise<void>) => void | Promise<void>

/** A subcommand of `plinth`. */
export interface CommandSpec {
  readonly summary: string
  /** Shown by --help after the command's name, such as `<email> <password>`. */
  readonly usage?: string
  /** Shown by --help below the summary. */
  readonly details?: string
  /** Answers the exit code; nothing means 0. A kernel that it boots is closed afterwards. */
  run(args: readonly string[], program: Program): Promise<number | void>
}

/** What a subcommand works with. */
export interface Program {
  readonly version: string
  readonly runtime: { readonly name: 'node' | 'deno' | 'bun'; readonly version: string }
  /** @throws StartError that names every wrong setting of the kernel. */
  configure(): Promise<KernelConfig>
  /** A database that answers, and nothing else. @throws StartError */
  open(): Promise<Database>
  /**
   * Everything up to, but not including, the socket. Logs go line by line to `print`, and announcements are the caller's to print;
   * without it logs go to standard error, announcements to standard output.
   */
  boot(print?: (line: string) => void): Promise<Kernel>
  /** @throws StartError when the address cannot be listened on. */
  serve(answers: Pick<Kernel, 'fetch'>, listen: Pick<KernelConfig, 'host' | 'port'>): Promise<Served>
}

export interface Served {
  /** Where it answers, such as `http://localhost:8055`. */
  readonly address: string
  /** No new connections; requests under way get `grace` milliseconds, idle connections none. */
  stop(grace: number): Promise<void>
}

export type OptionsSchema = v.ObjectSchema<v.ObjectEntries, undefined>

export interface Plugin<O extends OptionsSchema = any, N extends Service<any> = any, T = any> {
  /** Unique; label of its logs, timings and hooks. */
  readonly name: string
  /** Services it cannot work without: boot stops and lists every gap and cycle at once. */
  readonly needs?: readonly N[]
  /** The service whose value `setup` returns. */
  readonly gives?: Service<T>
  /** Names of plugins that start earlier when they are installed. */
  readonly after?: readonly string[]
  /**
   * A valibot object, parsed once at boot. An entry in capitals (`CORS_ENABLED`) is the environment variable of that name, any other
   * one (`from` of plugin `slug`) is `SLUG_FROM`; the config file's `options.slug` gives either. `STORAGE_*` takes all that begin so.
   */
  readonly options?: O
  /** Tables it owns, or which they are with these options; the plugin with the `maker` makes what is missing. */
  readonly tables?: readonly TableSpec[] | ((options: v.InferOutput<O>) => readonly TableSpec[])
  /** At most one plugin has one. */
  readonly modeller?: Modeller
  /** At most one plugin has one. */
  readonly maker?: TableMaker
  /** At most one plugin has one: opens the database of an installation that names none. */
  readonly embedded?: (options: { readonly dataDir: string; readonly log: Log }) => Promise<Database>
  /** By name. They are known before anything boots, and boot what they need. */
  readonly commands?: Readonly<Record<string, CommandSpec>>
  /** Its own error codes, from `defineProblems`. */
  readonly problems?: Readonly<Record<string, ProblemFactory>>
  setup(host: Host<N>, options: v.InferOutput<O>): T | Promise<T>
}

export type Renderer = (problem: readonly Problem[], request: Request) => Response

export interface RouteOptions {
  /** Gives errors below the prefix a form of their own. */
  readonly render?: Renderer
  /** The prefix is one path, which answers also while the database is away: it needs neither caches nor rights. */
  readonly live?: boolean
}

/** Something that a plugin wants done at certain times. */
export interface Job {
  readonly plugin: string
  readonly cron: string
  job(): Promise<void>
}

/** All a plugin can touch. Sealed when boot ends. */
export interface Host<N extends Service<any> = any> {
  readonly db: Database
  readonly registry: Registry
  /** For caches that must be current on every process. */
  readonly versions: Versions
  readonly log: Log
  /** The kernel's own configuration (PUBLIC_URL, SECRET, DATA_DIR…). */
  readonly config: KernelConfig
  /** A router below `prefix`. Several plugins may share one. */
  routes(prefix: string, options?: RouteOptions): Hono<Env>
  /** Runs in boot order; inert when the point's owner is off. */
  hook<E>(point: HookPoint<E>, handler: Handler<E>): void
  /** The handlers of a point, to be called by its owner once boot has ended. */
  run<E>(point: HookPoint<E>, event: E, action?: (event: E) => void | Promise<void>): Promise<void>
  /** Whether any handler hangs on a point: an owner may skip making the event. Known from the end of boot. */
  hooked(point: HookPoint<any>): boolean
  use<T>(token: Service<T> & N): T
  maybe<T>(token: Service<T>): T | undefined
  /** A line for the person who starts the program, printed once and never logged: an address, a password made up. */
  announce(line: string): void
  /** For whoever runs jobs once across processes: the handlers of `start` get them. `cron` in UTC, with seconds if it has six parts. */
  schedule(cron: string, job: Job['job']): void
  onClose(fn: () => void | Promise<void>): void
}

/** Checks the types of a plugin where it stands. */
export function definePlugin<
  const O extends OptionsSchema = v.ObjectSchema<Record<never, never>, undefined>,
  const N extends Service<any> = never,
  T = void,
>(plugin: Plugin<O, N, T>): Plugin<O, N, T> {
  return plugin
}

/** The plugin contract: everything that Plinth serves is a plugin, ours and strangers' alike. Types and the one function that infers them. */
import type { Hono } from 'hono'
import type * as v from 'valibot'
import type { Env } from './context.ts'
import type { Database } from './database/database.ts'
import type { Log } from './log.ts'
import type { Problem, ProblemFactory } from './problem.ts'
import type { Registry } from './schema/registry.ts'
import type { TableSpec } from './schema/tables.ts'
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
  /** Answers the exit code; nothing means 0. */
  run(args: readonly string[]): Promise<number | void>
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
   * one (`from` of plugin `slug`) is `SLUG_FROM`; the config file's `options.slug` gives either.
   */
  readonly options?: O
  /** Tables it owns; created when they are missing. */
  readonly tables?: readonly TableSpec[]
  /** Its own error codes, from `defineProblems`. */
  readonly problems?: Readonly<Record<string, ProblemFactory>>
  setup(host: Host<N>, options: v.InferOutput<O>): T | Promise<T>
}

export type Renderer = (problem: readonly Problem[], request: Request) => Response

/** All a plugin can touch. Sealed when boot ends. */
export interface Host<N extends Service<any> = any> {
  readonly db: Database
  readonly registry: Registry
  /** For caches that must be current on every process. */
  readonly versions: Versions
  readonly log: Log
  /** The kernel's own configuration (PUBLIC_URL, SECRET, DATA_DIR…). */
  readonly config: import('./config.ts').KernelConfig
  /** A router below `prefix`. Several plugins may share one. `render` gives its errors a form of their own. */
  routes(prefix: string, render?: Renderer): Hono<Env>
  /** Runs in boot order; inert when the point's owner is off. */
  hook<E>(point: HookPoint<E>, handler: Handler<E>): void
  /** The handlers of a point, to be called by its owner once boot has ended. */
  run<E>(point: HookPoint<E>, event: E, action?: (event: E) => void | Promise<void>): Promise<void>
  /** Whether any handler hangs on a point: an owner may skip making the event. Known from the end of boot. */
  hooked(point: HookPoint<any>): boolean
  use<T>(token: Service<T> & N): T
  maybe<T>(token: Service<T>): T | undefined
  command(name: string, spec: CommandSpec): void
  /** A line for the person who starts the program, printed once and never logged: an address, a password made up. */
  announce(line: string): void
  /** Runs once across processes, by cron expression. */
  schedule(cron: string, job: () => Promise<void>): void
  onClose(fn: () => void | Promise<void>): void
}

/** Checks the types of a plugin where it stands. */
export function definePlugin<const O extends OptionsSchema = v.ObjectSchema<{}, undefined>, const N extends Service<any> = never, T = void>(
  plugin: Plugin<O, N, T>,
): Plugin<O, N, T> {
  return plugin
}

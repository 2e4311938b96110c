/** Boots plugins into a running whole: configuration, database, registry, setup in order, then one `fetch`. */
import { Hono } from 'hono'
import { clientAddress } from './address.ts'
import { runChain } from './chain.ts'
import { type ConfigFile, type Environment, type KernelConfig, parseKernelConfig, parsePluginOptions, StartError } from './config.ts'
import type { Env, Peer, RequestContext } from './context.ts'
import { type Database, DatabaseError } from './database/database.ts'
import { openDatabase } from './database/open.ts'
import { traced } from './database/trace.ts'
import { createLog, type Log } from './log.ts'
import { orderPlugins } from './order.ts'
import { createPipeline, join, type Mount } from './pipeline.ts'
import { type CommandSpec, type Handler, type HookPoint, type Host, hookPoint, type Plugin } from './plugin.ts'
import { createScheduler, scheduleTable } from './schedule.ts'
import { createRegistry, type Registry } from './schema/registry.ts'
import type { Snapshot } from './schema/snapshot.ts'
import { createVersions } from './schema/versions.ts'

/** The kernel's own hook points. */
export const points = {
  /** Wraps every request: authentication, CORS, rate limits. */
  request: hookPoint<RequestContext>('request'),
  /** The schema was read anew. */
  schema: hookPoint<{ readonly snapshot: Snapshot }>('schema'),
  /** Once, when all plugins are set up and before the first request. */
  start: hookPoint<Record<never, never>>('start'),
  /** Once, before the database closes. */
  stop: hookPoint<Record<never, never>>('stop'),
}

export interface KernelOptions {
  readonly plugins: readonly Plugin[]
  readonly environment?: Environment
  readonly configFile?: ConfigFile
  /** Instead of the one that the configuration names; closed with the kernel all the same. */
  readonly database?: Database
  readonly log?: Log
}

/** What a plugin brought along, for the boot report. */
export interface PluginReport {
  readonly name: string
  readonly routes: readonly string[]
  readonly hooks: readonly string[]
  readonly tables: readonly string[]
  readonly commands: readonly string[]
}

export interface Kernel {
  fetch(request: Request, peer?: Peer): Promise<Response>
  readonly config: KernelConfig
  readonly log: Log
  readonly db: Database
  readonly registry: Registry
  readonly plugins: readonly PluginReport[]
  readonly commands: ReadonlyMap<string, CommandSpec>
  /** What plugins want the person who started the program to read. */
  readonly announcements: readonly string[]
  /** Runs the `stop` handlers and what plugins left to close, last plugin first, then closes the database. */
  close(): Promise<void>
}

/** @throws StartError when a plugin, a setting or the database is not as it must be; nothing is left open then. */
export async function createKernel(options: KernelOptions): Promise<Kernel> {
  const environment = options.environment ?? {}
  const config = parseKernelConfig(environment, options.configFile)
  const log = options.log ?? createLog(config.logLevel, console.log)
  const plugins = orderPlugins(options.plugins)
  const settings = parsePluginOptions(plugins, environment, options.configFile)

  const db = options.database ?? (await open(config, log))
  const closers: (() => void | Promise<void>)[] = [() => db.close()]
  const closeAll = async () => {
    for (const close of closers.toReversed()) {
      await Promise.resolve()
        .then(close)
        .catch((error) => log.error('a plugin failed to close', { error }))
    }
  }
  try {
    return await boot({ config, log, plugins, settings, db, closers, closeAll })
  } catch (error) {
    await closeAll()
    if (error instanceof DatabaseError) throw new StartError(`The database refused to work: ${error.message}`, { cause: error })
    throw error
  }
}

/** A database that answers. @throws StartError */
export async function open(config: KernelConfig, log: Log): Promise<Database> {
  const db = await openDatabase({
    url: config.databaseUrl,
    directUrl: config.databaseDirectUrl,
    pooler: config.databasePooler,
    poolSize: config.poolSize,
    statementTimeout: config.statementTimeout,
    preparedStatements: config.preparedStatements,
    dataDir: config.dataDir,
    log: log.child({ part: 'database' }),
  }).catch((cause: Error) => {
    throw new StartError(`The database cannot be opened: ${cause.message}`, { cause })
  })
  try {
    await db.text('select 1')
    return db
  } catch (error) {
    await db.close()
    const where = config.databaseUrl ? new URL(config.databaseUrl).host : config.dataDir
    throw new StartError(`The database at ${where} cannot be reached (${(error as Error).message}): start it, or correct DATABASE_URL.`, {
      cause: error,
    })
  }
}

interface BootParts {
  readonly config: KernelConfig
  readonly log: Log
  readonly plugins: readonly Plugin[]
  readonly settings: ReadonlyMap<string, unknown>
  readonly db: Database
  readonly closers: (() => void | Promise<void>)[]
  readonly closeAll: () => Promise<void>
}

async function boot({ config, log, plugins, settings, db, closers, closeAll }: BootParts): Promise<Kernel> {
  const hooks = new Map<string, { plugin: string; handler: Handler<any> }[]>()
  const handlersOf = (point: HookPoint<any>) => (hooks.get(point.id) ?? []).map(({ handler }) => handler)
  const runPoint = <E>(point: HookPoint<E>, event: E, action: (event: E) => void | Promise<void> = () => {}) =>
    runChain(handlersOf(point), event, action)

  const versions = createVersions(db, log)
  const registry = createRegistry({
    db,
    schemas: config.schemas,
    specs: [scheduleTable, ...plugins.flatMap((plugin) => plugin.tables ?? [])],
    versions,
    log,
    async onSnapshot(snapshot) {
      db.forgetStatements()
      await runPoint(points.schema, { snapshot })
    },
  })
  closers.push(() => versions.stop())
  await versions.start()
  await registry.start()
  const scheduler = createScheduler(db, log)
  closers.push(() => scheduler.stop())

  const services = new Map<string, unknown>()
  const mounts: Mount[] = []
  const commands = new Map<string, CommandSpec>()
  const announcements: string[] = []
  const reports: PluginReport[] = []
  let sealed = false

  for (const plugin of plugins) {
    const report = {
      name: plugin.name,
      routes: [],
      hooks: [] as string[],
      tables: (plugin.tables ?? []).map(({ name }) => name),
      commands: [] as string[],
    }
    reports.push(report)
    const wiring = (what: string) => {
      if (sealed) throw new Error(`Plugin "${plugin.name}" called ${what} after boot: do it in setup`)
    }
    const host: Host<any> = {
      db: config.debug.has('sql') ? traced(db, plugin.name, (line) => log.info(line)) : db,
      registry,
      versions,
      config,
      log: log.child({ plugin: plugin.name }),
      routes(prefix, render) {
        wiring('routes')
        const router = new Hono<Env>()
        mounts.push({ plugin: plugin.name, prefix, router, render })
        return router
      },
      hook(point, handler) {
        wiring('hook')
        report.hooks.push(point.id)
        const list = hooks.get(point.id) ?? []
        hooks.set(point.id, [...list, { plugin: plugin.name, handler }])
      },
      run: runPoint,
      hooked: (point) => hooks.has(point.id),
      use(token) {
        if (!plugin.needs?.some((need) => need.id === token.id)) {
          throw new StartError(`Plugin "${plugin.name}" uses the service "${token.id}" without naming it in "needs".`)
        }
        return services.get(token.id) as never
      },
      maybe: (token) => services.get(token.id) as never,
      command(name, spec) {
        wiring('command')
        if (commands.has(name)) throw new StartError(`Plugin "${plugin.name}" registers the command "${name}", which another one has.`)
        report.commands.push(name)
        commands.set(name, spec)
      },
      announce: (line) => announcements.push(line),
      schedule(cron, job) {
        wiring('schedule')
        scheduler.add(plugin.name, cron, job)
      },
      onClose: (fn) => closers.push(fn),
    }
    try {
      const value = await plugin.setup(host, settings.get(plugin.name) as never)
      if (plugin.gives) services.set(plugin.gives.id, value)
    } catch (error) {
      if (error instanceof StartError || error instanceof DatabaseError) throw error
      throw new StartError(`Plugin "${plugin.name}" failed to start: ${(error as Error)?.message ?? error}`, { cause: error })
    }
  }
  sealed = true
  const fetch = createPipeline({
    mounts,
    handlers: handlersOf(points.request),
    log,
    maxPayload: config.maxPayload,
    clientAddress: clientAddress(config.trustProxy),
    current: () => versions.current(),
  })
  await runPoint(points.start, {})
  scheduler.start()

  let closing: Promise<void> | undefined
  return {
    fetch,
    config,
    log,
    db,
    registry,
    plugins: reports.map((report) => ({ ...report, routes: routesOf(report.name, mounts) })),
    commands,
    announcements,
    close() {
      closing ??= runPoint(points.stop, {})
        .catch((error) => log.error('a stop handler failed', { error }))
        .then(closeAll)
      return closing
    },
  }
}

const routesOf = (plugin: string, mounts: readonly Mount[]): string[] => [
  ...new Set(
    mounts
      .filter((m) => m.plugin === plugin)
      .flatMap(({ prefix, router }) => router.routes.map((r) => `${r.method} ${join(prefix, r.path)}`)),
  ),
]

/** Boots plugins into a running whole: configuration, database, registry, setup in order, then one `fetch`. */
import { Hono } from 'hono'
import { runChain } from './chain.ts'
import { type ConfigFile, type Environment, type KernelConfig, parseKernelConfig, parsePluginOptions, StartError } from './config.ts'
import type { Env, Peer, RequestContext } from './context.ts'
import { type Database, DatabaseError } from './database/database.ts'
import { openDatabase } from './database/open.ts'
import { createLog, type Log } from './log.ts'
import { orderPlugins } from './order.ts'
import { createPipeline, join, type Mount } from './pipeline.ts'
import { type Handler, type Host, hookPoint, type Job, type Plugin, type Service } from './plugin.ts'
import { type Registry, startRegistry } from './schema/registry.ts'
import type { Snapshot } from './schema/snapshot.ts'
import { createVersions } from './schema/versions.ts'

/** The kernel's own hook points. */
export const points = {
  /** Wraps every request: authentication, CORS, rate limits. */
  request: hookPoint<RequestContext>('request'),
  /** A plugin is about to get its database: handlers may put something around it. Reaches the plugins that start after the handler's. */
  database: hookPoint<{ readonly plugin: string; db: Database }>('database'),
  /** The schema was read anew. */
  schema: hookPoint<{ readonly snapshot: Snapshot }>('schema'),
  /** Once, when all plugins are set up and before the first request. */
  start: hookPoint<{ readonly jobs: readonly Job[]; readonly plugins: readonly PluginReport[] }>('start'),
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
  fetch(request: Request, peer?: Peer): Response | Promise<Response>
  readonly config: KernelConfig
  readonly log: Log
  readonly db: Database
  readonly registry: Registry
  readonly plugins: readonly PluginReport[]
  /** What a plugin gives. @throws Error when none gives it. */
  use<T>(token: Service<T>): T
  /** What plugins want the person who started the program to read. */
  readonly announcements: readonly string[]
  /** Runs the `stop` handlers and what plugins left to close, last plugin first, then closes the database. */
  close(): Promise<void>
}

/** @throws StartError when a plugin, a setting or the database is not as it must be; nothing is left open then. */
export async function createKernel({ environment = {}, configFile, database, ...given }: KernelOptions): Promise<Kernel> {
  const config = parseKernelConfig(environment, configFile)
  const log = given.log ?? createLog(config.logLevel, console.log)
  const plugins = orderPlugins(given.plugins)
  const settings = parsePluginOptions(plugins, environment, configFile)
  const db = database ?? (await openDatabase(config, plugins, log))
  const closers: Closer[] = [() => db.close()]
  const closeAll = async () => {
    for (const close of closers.toReversed()) {
      await Promise.resolve()
        .then(close)
        .catch((error) => log.error('what was to be closed at the end failed', { error }))
    }
  }
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= closeAll()
    return closing
  }
  try {
    return { ...(await boot(plugins, { config, log, settings, db, closers })), close }
  } catch (error) {
    await close()
    if (error instanceof DatabaseError) throw new StartError(`The database refused to work: ${error.message}`, { cause: error })
    throw error
  }
}

type Closer = () => void | Promise<void>

interface Parts extends Pick<Kernel, 'config' | 'log' | 'db'> {
  readonly settings: ReadonlyMap<string, unknown>
  /** Called in reverse order. */
  readonly closers: Closer[]
}

async function boot(plugins: readonly Plugin[], { config, log, settings, db, closers }: Parts) {
  const hooks = new Map<string, Handler<any>[]>()
  const run: Host['run'] = (point, event, action = () => {}) => runChain(hooks.get(point.id) ?? [], event, action)

  const tablesOf = ({ name, tables = [] }: Plugin) => (typeof tables === 'function' ? tables(settings.get(name)) : tables)

  const versions = createVersions(db, log)
  closers.push(() => versions.stop())
  await versions.start()
  const registry = await startRegistry({
    db,
    schemas: config.schemas,
    specs: plugins.flatMap(tablesOf),
    modeller: plugins.find((plugin) => plugin.modeller)?.modeller,
    maker: plugins.find((plugin) => plugin.maker)?.maker,
    versions,
    log,
    async onSnapshot(snapshot) {
      db.forgetStatements()
      await run(points.schema, { snapshot })
    },
  })

  const services = new Map<string, unknown>()
  const mounts: Mount[] = []
  const jobs: Job[] = []
  const announcements: string[] = []
  const reports: PluginReport[] = []
  let sealed = false

  async function setUp(plugin: Plugin): Promise<void> {
    const { name, needs = [], commands = {} } = plugin
    const wiring = (what: string) => {
      if (sealed) throw new Error(`Plugin "${name}" called ${what} after boot: do it in setup`)
    }
    const hooked: string[] = []
    const own = { plugin: name, db }
    await run(points.database, own)
    const host: Host<any> = {
      db: own.db,
      registry,
      versions,
      config,
      log: log.child({ plugin: name }),
      routes(prefix, options) {
        wiring('routes')
        const router = new Hono<Env>()
        mounts.push({ ...options, plugin: name, prefix, router })
        return router
      },
      hook(point, handler) {
        wiring('hook')
        hooked.push(point.id)
        hooks.set(point.id, [...(hooks.get(point.id) ?? []), handler])
      },
      run,
      hooked: (point) => hooks.has(point.id),
      use(token) {
        if (needs.some((need) => need.id === token.id)) return services.get(token.id) as never
        throw new StartError(`Plugin "${name}" uses the service "${token.id}" without naming it in "needs".`)
      },
      maybe: (token) => services.get(token.id) as never,
      announce: (line) => announcements.push(line),
      schedule(cron, job) {
        wiring('schedule')
        jobs.push({ plugin: name, cron, job })
      },
      onClose: (fn) => closers.push(fn),
    }
    const value = await plugin.setup(host, settings.get(name) as never)
    if (plugin.gives) services.set(plugin.gives.id, value)
    const routes = mounts.filter((mount) => mount.plugin === name).flatMap(routesOf)
    reports.push({
      name,
      routes: [...new Set(routes)],
      hooks: hooked,
      tables: tablesOf(plugin).map((table) => table.name),
      commands: Object.keys(commands),
    })
  }

  for (const plugin of plugins) {
    await setUp(plugin).catch((cause: unknown) => {
      if (cause instanceof StartError || cause instanceof DatabaseError) throw cause
      throw new StartError(`Plugin "${plugin.name}" failed to start: ${(cause as Error)?.message ?? cause}`, { cause })
    })
  }
  sealed = true
  const fetch = createPipeline({
    mounts,
    handlers: hooks.get(points.request.id) ?? [],
    log,
    maxPayload: config.maxPayload,
    current: () => versions.current(),
  })
  await run(points.start, { jobs, plugins: reports })
  closers.push(() => run(points.stop, {}))

  function use<T>(token: Service<T>): T {
    if (!services.has(token.id)) throw new Error(`No plugin gives the service "${token.id}"`)
    return services.get(token.id) as T
  }
  return { fetch, config, log, db, registry, plugins: reports, use, announcements }
}

const routesOf = ({ prefix, router }: Mount): string[] => router.routes.map(({ method, path }) => `${method} ${join(prefix, path)}`)

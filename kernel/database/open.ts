/** Opens the database that the configuration names, or the embedded one, loading only the driver that it needs. */
import { type KernelConfig, StartError } from '../config.ts'
import type { Log } from '../log.ts'
import type { Plugin } from '../plugin.ts'
import type { Database } from './database.ts'

/** A database that answers. @throws StartError */
export async function openDatabase(config: KernelConfig, plugins: readonly Plugin[], log: Log): Promise<Database> {
  const db = await load(config, plugins, log.child({ part: 'database' })).catch((cause: Error) => {
    throw new StartError(`The database cannot be opened: ${cause.message}`, { cause })
  })
  try {
    await db.text('select 1')
    return db
  } catch (cause) {
    await db.close()
    const where = config.databaseUrl ? new URL(config.databaseUrl).host : config.dataDir
    const line = `The database at ${where} cannot be reached (${(cause as Error).message}): start it, or correct DATABASE_URL.`
    throw new StartError(line, { cause })
  }
}

async function load(config: KernelConfig, plugins: readonly Plugin[], log: Log): Promise<Database> {
  if (config.databaseUrl !== null) return (await import('./postgres.ts')).openPostgres({ ...config, url: config.databaseUrl, log })
  const embedded = plugins.find((plugin) => plugin.embedded)?.embedded
  if (!embedded) throw new Error('DATABASE_URL is not set, and no plugin has an embedded database. Set it, or add such a plugin.')
  return embedded({ dataDir: config.dataDir, log })
}

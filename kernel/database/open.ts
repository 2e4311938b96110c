/** Opens the database that the configuration names, loading only the driver that it needs. */
import type { Log } from '../log.ts'
import type { Database } from './database.ts'

export interface DatabaseConfig {
  /** null: the embedded database in `dataDir`. */
  readonly url: string | null
  readonly directUrl: string | null
  /** null: in memory. */
  readonly dataDir: string | null
  readonly poolSize: number
  /** ms */
  readonly statementTimeout: number
  readonly preparedStatements: number
  readonly pooler: boolean
  readonly log?: Log
}

/** PostgreSQL is not contacted before the first statement. @throws Error when the data folder is in use. */
export async function openDatabase({ url, dataDir, ...config }: DatabaseConfig): Promise<Database> {
  if (url === null) return (await import('./pglite.ts')).openPGlite({ dataDir, log: config.log })
  return (await import('./postgres.ts')).openPostgres({ url, ...config })
}

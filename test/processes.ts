/** Two processes on one database, as far as a test can tell: two kernels, each with connections of its own. */
import { openPostgres } from '../kernel/database/postgres.ts'
import { freshDatabase, type TestDatabase } from './database.ts'
import { startKernel, type TestHost } from './host.ts'
import { startProxy } from './kernel/database/proxy.ts'

export interface TwoProcesses {
  readonly here: TestHost
  /** Hears of changes over a connection that can be cut. */
  readonly there: TestHost
  /** Neither's own, as psql is. */
  readonly psql: TestDatabase['db']
  /** Cuts that connection for good; from then on each request looks for itself. */
  cut(): Promise<void>
  /** Resolves once `there` has heard of every change made so far, if it still hears. */
  heard(): Promise<void>
  close(): Promise<void>
}

/** @param sql Runs before they start. */
export async function startTwoProcesses(sql: string): Promise<TwoProcesses> {
  const shared = await freshDatabase('postgres')
  await shared.db.execute(sql)
  const url = shared.url!
  const proxy = await startProxy(url)
  const start = (directUrl?: string) =>
    startKernel({ env: { LOGIN_STALL_TIME: '1ms' }, database: { ...shared, db: openPostgres({ url, ...(directUrl && { directUrl }) }) } })
  const here = await start()
  const there = await start(proxy.url)
  let listening = true
  return {
    here,
    there,
    psql: shared.db,
    async cut() {
      listening = false
      await proxy.become('refuse')
      // Time for the loss to be noticed.
      await new Promise((resolve) => setTimeout(resolve, 300))
    },
    heard: async () => (listening ? there.settled() : undefined),
    async close() {
      await Promise.all([here.close(), there.close()])
      await proxy.close()
      await shared.drop()
    },
  }
}

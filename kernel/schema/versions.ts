/**
 * Version rows: what processes cache hangs on them. `plinth.versions` holds a number a name; triggers on the tables that matter raise it
 * and notify, so a change by any process (or by psql) empties every process's caches. While LISTEN is down the rows are read instead.
 */
import type { Queryable } from '../database/database.ts'

export interface Versions {
  /** Calls `changed` when the version rose, or may have risen unseen. What it returns is awaited before requests go on. */
  watch(name: string, changed: () => void | Promise<void>): void
  /** Undefined while caches are known to be current; otherwise resolves once they are. Asked at the start of each request. */
  current(): Promise<void> | undefined
  /** Raises a version within a transaction; every process hears of it at commit. */
  raise(db: Queryable, name: string): Promise<void>
}

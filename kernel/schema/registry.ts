/** The schema registry: holds the current Snapshot and keeps it current, whoever changed the schema. */
import type { Queryable } from '../database/database.ts'
import type { Snapshot } from './snapshot.ts'

export interface Registry {
  /** The newest state known. Take it once at the start of a request. */
  readonly snapshot: Snapshot
  /** Reads the database anew; concurrent calls share one reading. */
  reload(): Promise<Snapshot>
  /** Says within a transaction that the schema changes with it: every process reads it anew at commit. */
  changed(db: Queryable): Promise<void>
}

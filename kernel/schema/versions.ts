/**
 * Version rows: what processes cache hangs on them. `plinth.versions` holds a number a name; triggers on the tables that matter raise it
 * and notify, so a change by any process (or by psql) empties every process's caches. While LISTEN is down the rows are read instead.
 */
import type { Database, Queryable } from '../database/database.ts'
import type { Log } from '../log.ts'
import { coalesced } from './coalesced.ts'
import type { TableSpec } from './tables.ts'

export interface Versions {
  /** Calls `changed` when the version rose, or may have risen unseen. What it returns is awaited before requests go on. */
  watch(name: string, changed: () => void | Promise<void>): void
  /** Undefined while caches are known to be current; otherwise resolves once they are. Asked at the start of each request. */
  current(): Promise<void> | undefined
  /** Raises a version within a transaction; every process hears of it at commit. */
  raise(db: Queryable, name: string): Promise<void>
  /**
   * Calls the watchers of a version at once. For a change that this process itself has committed: its next request should not depend
   * on how soon the notice comes back.
   */
  touch(name: string): void
}

export interface RunningVersions extends Versions {
  /** Whether notices arrive, so that nothing need be read. */
  readonly isHealthy: boolean
  /** Begins to listen. Before anything is cached: what changed earlier is not told. */
  start(): Promise<void>
  stop(): Promise<void>
}

export const versionsTable: TableSpec = {
  name: 'versions',
  schema: 'plinth',
  columns: { name: 'text', version: 'bigint not null' },
  primaryKey: 'name',
}

const channel = 'plinth'

interface Watcher {
  readonly name: string
  readonly run: () => Promise<void>
}

export function createVersions(db: Database, log: Log): RunningVersions {
  const watchers: Watcher[] = []
  /** Watchers whose caches may be old, with the newest run under way; undefined after one that failed. */
  const unsettled = new Map<Watcher, Promise<void> | undefined>()
  /** What the version rows held when they were last read; empty when that says nothing. */
  let known: ReadonlyMap<string, string> | undefined
  let isHealthy = false
  let unlisten: (() => Promise<void>) | undefined

  function wake(watcher: Watcher): Promise<void> {
    const due = watcher.run()
    unsettled.set(watcher, due)
    const isNewest = () => unsettled.get(watcher) === due
    due.then(
      () => isNewest() && unsettled.delete(watcher),
      (error) => {
        log.error('a cache could not be brought up to date', { version: watcher.name, error })
        if (isNewest()) unsettled.set(watcher, undefined)
      },
    )
    return due
  }

  const wakeWhere = (concerned: (name: string) => boolean) => {
    for (const watcher of watchers) if (concerned(watcher.name)) wake(watcher)
  }

  const compareRows = coalesced(async () => {
    const rows = await db.query<{ name: string; version: string }>('select name, version from plinth.versions')
    const before = known
    const now = new Map(rows.map(({ name, version }) => [name, version]))
    if (isHealthy) return
    known = now
    wakeWhere((name) => !before || before.get(name) !== now.get(name))
  })

  async function settled(): Promise<void> {
    if (!isHealthy) await compareRows()
    await Promise.all([...unsettled].map(([watcher, due]) => due ?? wake(watcher)))
  }

  const turn = (healthy: boolean) => {
    isHealthy = healthy
    known = undefined
    wakeWhere(() => true)
  }
  const touch = (name: string) => wakeWhere((watched) => watched === name)
  const listener = { message: touch, lost: () => turn(false), ready: () => void (isHealthy || turn(true)) }

  return {
    get isHealthy() {
      return isHealthy
    },
    watch(name, changed) {
      watchers.push({ name, run: coalesced(async () => changed()) })
    },
    current: () => (isHealthy && unsettled.size === 0 ? undefined : settled()),
    async raise(queryable, name) {
      await queryable.text(
        `with raised as (
          insert into plinth.versions as v (name, version) values ($1, 1) on conflict (name) do update set version = v.version + 1 returning name
        ) select pg_notify('${channel}', name) from raised`,
        [name],
      )
    },
    touch,
    async start() {
      try {
        unlisten = await db.listen(channel, listener)
      } catch (error) {
        log.warn('notices of changes do not arrive: versions are read with every request instead', { error })
      }
    },
    async stop() {
      isHealthy = false
      await unlisten?.()
      unlisten = undefined
    },
  }
}

/** The schema registry: holds the current Snapshot and keeps it current, whoever changed the schema. */
import type { Database, Queryable } from '../database/database.ts'
import type { Log } from '../log.ts'
import { coalesced } from './coalesced.ts'
import { parseCatalogue, readCatalogue } from './introspect.ts'
import { parseMeta, readMeta } from './meta.ts'
import { buildSnapshot, type Snapshot } from './snapshot.ts'
import { createMissingTables, type TableSpec } from './tables.ts'
import { type Versions, versionsTable } from './versions.ts'

export interface Registry {
  /** The newest state known. Take it once at the start of a request. */
  readonly snapshot: Snapshot
  /** Reads the database anew; concurrent calls share one reading. */
  reload(): Promise<Snapshot>
  /** Says within a transaction that the schema changes with it: every process reads it anew at commit. */
  changed(db: Queryable): Promise<void>
}

export interface RegistryOptions {
  readonly db: Database
  /** PostgreSQL schemas served; the first one is where tables are made. */
  readonly schemas: readonly string[]
  /** Tables of all plugins that are on. */
  readonly specs: readonly TableSpec[]
  readonly versions: Versions
  readonly log: Log
  /** Called with each new snapshot but the first; awaited before the reload counts as done. */
  onSnapshot?(snapshot: Snapshot): void | Promise<void>
}

export interface StartedRegistry extends Registry {
  /** Makes missing tables and reads the first snapshot. */
  start(): Promise<void>
}

export function createRegistry({ db, schemas, specs, versions, log, onSnapshot }: RegistryOptions): StartedRegistry {
  const allSpecs = [versionsTable, ...specs]
  let current: { readonly source: string; readonly snapshot: Snapshot } | undefined
  let count = 0

  /** Equal texts give the same snapshot: what was planned on it stays good. */
  async function read(text: string): Promise<Snapshot> {
    const catalogue = parseCatalogue(text)
    const meta = await readMeta(db, catalogue)
    const source = text + meta
    if (current?.source !== source) {
      current = { source, snapshot: buildSnapshot(catalogue, parseMeta(meta), specs, String(++count)) }
    }
    return current.snapshot
  }

  const reload = coalesced(async () => {
    const before = current?.snapshot
    const snapshot = await read(await readCatalogue(db, schemas))
    if (snapshot !== before) await onSnapshot?.(snapshot)
    return snapshot
  })

  versions.watch('schema', async () => {
    if (current) await reload()
  })

  return {
    get snapshot() {
      if (!current) throw new Error('The registry has not been started')
      return current.snapshot
    },
    reload,
    changed: (queryable) => versions.raise(queryable, 'schema'),
    async start() {
      const text = await readCatalogue(db, schemas)
      const made = await createMissingTables(db, parseCatalogue(text), allSpecs, schemas, log)
      await read(made ? await readCatalogue(db, schemas) : text)
    },
  }
}

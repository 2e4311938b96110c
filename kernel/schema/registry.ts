/** The schema registry: holds the current Snapshot and keeps it current, whoever changed the schema. */
import { type Database, DatabaseError, type Queryable } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Plugin } from '../plugin.ts'
import { coalesced } from './coalesced.ts'
import type { Modeller, Reading, Snapshot } from './snapshot.ts'
import type { TableSpec } from './tables.ts'
import { type Versions, versionsTable } from './versions.ts'

export interface Registry {
  /** The newest state known. Take it once at the start of a request. */
  readonly snapshot: Snapshot
  /** Reads the database anew; concurrent calls share one reading. */
  reload(): Promise<Snapshot>
  /** Says within a transaction that the schema changes with it: every process reads it anew at commit. */
  changed(db: Queryable): Promise<void>
  /** Whether the schema was changed through Plinth, or a meta table by anybody, after it was last read. Asked within a transaction that wants to change it. */
  isOutdated(db: Queryable): Promise<boolean>
}

export interface RegistryOptions extends Pick<Plugin, 'modeller' | 'maker'> {
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

/** It serves nothing. */
const noModeller: Modeller<Reading> = {
  read: async (_db, _schemas, before) => before ?? { catalogue: { schemas: [], tables: [], functions: [] } },
  build: () => ({ tables: new Map(), folders: new Map(), relations: [], warnings: [] }),
}

/** Makes missing tables and reads the first snapshot. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const { db, schemas, specs, modeller = noModeller, versions, log } = options
  let current: { readonly reading: Reading; readonly snapshot: Snapshot } | undefined
  /** What the version row held before the last reading. */
  let version: string | null = null
  let count = 0

  const readVersion = async (queryable: Queryable) =>
    (await queryable.text("select version::text from plinth.versions where name = 'schema'")) ?? null

  /** The same reading gives the same snapshot: what was planned on it stays good. */
  function take(reading: Reading): Snapshot {
    if (reading !== current?.reading) {
      current = { reading, snapshot: Object.freeze({ ...modeller.build(reading, specs), version: String(++count) }) }
    }
    return current.snapshot
  }

  async function readAnew(): Promise<Snapshot> {
    const before = current?.snapshot
    const readAs = await readVersion(db)
    const snapshot = take(await modeller.read(db, schemas, current?.reading))
    version = readAs
    if (before && snapshot !== before) await options.onSnapshot?.(snapshot)
    return snapshot
  }

  let reading: Promise<unknown> | undefined
  const readOnce = coalesced(readAnew)
  const reload = () => {
    const run = readOnce()
    reading = run
    return run
  }

  const isOutdated = async (queryable: Queryable) => (await readVersion(queryable)) !== version

  versions.watch('schema', async () => {
    // The notice of a change of our own finds it being read, or read.
    await reading?.catch(() => {})
    if (current && (await isOutdated(db))) await reload()
  })

  version = await readVersion(db).catch(noneYet)
  const first = await modeller.read(db, schemas)
  const introspect = async (queryable: Queryable) => (await modeller.read(queryable, schemas)).catalogue
  const parts = { db, catalogue: first.catalogue, introspect, specs: [versionsTable, ...specs], schemas, log }
  const made = options.modeller && (await options.maker?.(parts))
  if (made) await readAnew()
  else take(first)
  return {
    get snapshot() {
      return current!.snapshot
    },
    reload,
    changed: (queryable) => versions.raise(queryable, 'schema'),
    isOutdated,
  }
}

/** On a database where nothing has been made so far. */
function noneYet(thrown: unknown): null {
  if (thrown instanceof DatabaseError && thrown.state === '42P01') return null
  throw thrown
}

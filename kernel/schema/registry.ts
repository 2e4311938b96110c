/** The schema registry: holds the current Snapshot and keeps it current, whoever changed the schema. */
import { type Database, DatabaseError, type Queryable } from '../database/database.ts'
import type { Log } from '../log.ts'
import { coalesced } from './coalesced.ts'
import { type Catalogue, ownSchema, parseCatalogue, readCatalogue } from './introspect.ts'
import type { Modeller, Snapshot } from './snapshot.ts'
import { createMissingTables, type TableSpec } from './tables.ts'
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

export interface RegistryOptions {
  readonly db: Database
  /** PostgreSQL schemas served; the first one is where tables are made. */
  readonly schemas: readonly string[]
  /** Tables of all plugins that are on. */
  readonly specs: readonly TableSpec[]
  readonly modeller?: Modeller
  readonly versions: Versions
  readonly log: Log
  /** Called with each new snapshot but the first; awaited before the reload counts as done. */
  onSnapshot?(snapshot: Snapshot): void | Promise<void>
}

export interface StartedRegistry extends Registry {
  /** Makes missing tables and reads the first snapshot. */
  start(): Promise<void>
}

/** It serves nothing. */
const noModeller: Modeller = {
  read: async () => '',
  build: () => ({ tables: new Map(), folders: new Map(), relations: [], warnings: [] }),
}

export function createRegistry({ db, schemas, specs, modeller = noModeller, versions, log, onSnapshot }: RegistryOptions): StartedRegistry {
  const allSpecs = [versionsTable, ...specs]
  let current: { readonly text: string; readonly more: string; readonly catalogue: Catalogue; readonly snapshot: Snapshot } | undefined
  /** What the version row held before the last reading. */
  let version: string | null = null
  let count = 0

  const readVersion = async (queryable: Queryable) =>
    (await queryable.text("select version::text from plinth.versions where name = 'schema'")) ?? null

  /** Equal texts give the same snapshot: what was planned on it stays good. */
  async function read(text: string): Promise<Snapshot> {
    const catalogue = current?.text === text ? current.catalogue : withoutOwn(parseCatalogue(text))
    const more = await modeller.read(db, catalogue)
    if (current?.text !== text || current.more !== more) {
      const snapshot = Object.freeze({ ...modeller.build(catalogue, more, specs), version: String(++count) })
      current = { text, more, catalogue, snapshot }
    }
    return current.snapshot
  }

  async function readAnew(): Promise<Snapshot> {
    const before = current?.snapshot
    const readAs = await readVersion(db)
    const snapshot = await read(await readCatalogue(db, schemas))
    version = readAs
    if (snapshot !== before) await onSnapshot?.(snapshot)
    return snapshot
  }

  let reading: Promise<unknown> | undefined
  const reload = coalesced(() => {
    const run = readAnew()
    reading = run
    return run
  })

  const isOutdated = async (queryable: Queryable) => (await readVersion(queryable)) !== version

  versions.watch('schema', async () => {
    // The notice of a change of our own finds it being read, or read.
    await reading?.catch(() => {})
    if (current && (await isOutdated(db))) await reload()
  })

  return {
    get snapshot() {
      if (!current) throw new Error('The registry has not been started')
      return current.snapshot
    },
    reload,
    changed: (queryable) => versions.raise(queryable, 'schema'),
    isOutdated,
    async start() {
      version = await readVersion(db).catch(noneYet)
      const text = await readCatalogue(db, schemas)
      const made = await createMissingTables(db, parseCatalogue(text), allSpecs, schemas, log)
      if (made) version = await readVersion(db)
      await read(made ? await readCatalogue(db, schemas) : text)
    },
  }
}

const withoutOwn = ({ tables, ...rest }: Catalogue): Catalogue => ({ ...rest, tables: tables.filter(({ schema }) => schema !== ownSchema) })

/** On a database where nothing has been made so far. */
function noneYet(thrown: unknown): null {
  if (thrown instanceof DatabaseError && thrown.state === '42P01') return null
  throw thrown
}

/** PostgreSQL in WebAssembly, in this process: one connection, so everything takes its turn, and a running statement cannot be stopped. */
import { AsyncResource } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { existsSync, statfsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { PGlite, type Results } from '@electric-sql/pglite'
import { type Database, DatabaseError, type Listener, type Log, type Parameter, quoteName } from 'plinth'
import { createPool, createUserTypes, parsers, type Session, toText } from 'plinth/driver'
import { lockFolder } from './lock.node.ts'
import { unpackTar } from './tar.node.ts'

export interface PGliteOptions {
  /** The data is in its subfolder `pglite`, the lock beside that. null: in memory. */
  readonly dataDir: string | null
  readonly log?: Log
  /** Bytes that the disk has left. */
  readonly room?: () => number
}

/** As postgres.ts sets them when it connects; and fewer pages of its own than the usual 128 MB, which would all be touched at each start. */
const settings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: 1,
  shared_buffers: '16MB',
}
const startParams = [...PGlite.defaultStartParams, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
const asIs = (value: string) => value
/** For results that stay text. */
const textParsers = Object.fromEntries(Object.keys(parsers).map((oid) => [oid, asIs]))
/** Requests wait this long for their turn, ms. */
const patience = 30_000

/** What must be left: the log grows by files of 16 MB, and where there is no room for one PGlite spins for ever, deaf to everything. */
const leastRoom = 32 * 1024 ** 2

/** @throws Error when another process has the folder open, or it is not one to write in. */
export async function openPGlite({ dataDir, log, room = roomIn(dataDir) }: PGliteOptions): Promise<Database> {
  const lock = dataDir === null ? undefined : await lockFolder(resolve(dataDir)).catch(notWritable)
  try {
    checkRoom(room)
    return databaseOf(await start(dataDir).catch(notWritable), log, room, () => lock?.release())
  } catch (error) {
    await lock?.release()
    throw error
  }
}

function roomIn(dataDir: string | null): () => number {
  if (dataDir === null) return () => Number.POSITIVE_INFINITY
  return () => {
    const { bavail, bsize } = statfsSync(dataDir)
    return bavail * bsize
  }
}

/** @throws DatabaseError of the state that PostgreSQL has for a full disk. */
function checkRoom(room: () => number): void {
  if (room() >= leastRoom) return
  throw new DatabaseError(`The disk of DATA_DIR is full: make ${leastRoom / 1024 ** 2} MB of room`, '53100')
}

/** What the system says of a folder, with what to do about it. */
function notWritable(error: Error & { code?: string }): never {
  if (!/^E[A-Z]+$/.test(error.code ?? '')) throw error
  throw new Error(`${error.message}. Set DATA_DIR to a folder that can be written to`, { cause: error })
}

async function start(dataDir: string | null): Promise<PGlite> {
  const pglite = await (dataDir === null ? PGlite.create({ loadDataDir: await emptyCluster(), startParams }) : openFolder(resolve(dataDir)))
  // All values arrive as text already. Without these PGlite would refuse some, and turn others into its own types.
  pglite.serializers = {}
  pglite.parsers = { ...parsers }
  for (const oid of [16, 17]) pglite.serializers[oid] = asIs
  return pglite
}

/** A fresh cluster is made beside the place where it belongs: a process killed meanwhile leaves no half-made one there. */
async function openFolder(dataDir: string): Promise<PGlite> {
  const folder = join(dataDir, 'pglite')
  if (!existsSync(folder)) {
    for (const name of await readdir(dataDir)) if (name.startsWith('pglite.new-')) await rm(join(dataDir, name), { recursive: true })
    const fresh = join(dataDir, `pglite.new-${randomUUID()}`)
    await mkdir(fresh)
    await unpackTar(gunzipSync(await (await emptyCluster()).arrayBuffer()), fresh)
    await rename(fresh, folder)
  }
  return PGlite.create({ dataDir: folder, startParams })
}

/** A ready-made cluster as .tar.gz: 1 s, against 2.6 s for initdb. */
const emptyCluster = async () => (await import('@electric-sql/pglite-prepopulatedfs')).dataDir()

function databaseOf(pglite: PGlite, log: Log | undefined, room: () => number, unlock: () => Promise<void> | undefined): Database {
  const listeners = new Map<string, Set<Listener>>()
  const session = sessionOf(pglite, log, room)
  // Bound to where we are now: it is called while the sending transaction commits, and receivers are no part of that one.
  const deliver = AsyncResource.bind((channel: string, payload: string) => {
    for (const listener of listeners.get(channel) ?? []) listener.message(payload)
  })
  pglite.onNotification(deliver)

  async function listen(channel: string, listener: Listener): Promise<() => Promise<void>> {
    const own = listeners.get(channel) ?? new Set()
    listeners.set(channel, own.add(listener))
    await database.execute(`listen ${quoteName(channel)}`)
    listener.ready()
    return async () => {
      own.delete(listener)
      if (own.size === 0) await database.execute(`unlisten ${quoteName(channel)}`)
    }
  }

  const database: Database = createPool({
    capabilities: { driver: 'pglite', cancel: false, shared: false },
    size: 1,
    patience,
    open: () => session,
    listen,
    forgetStatements() {}, // none is prepared
    closed: async () => {
      if (!pglite.closed) await pglite.close()
      await unlock()
    },
  })
  return database
}

function sessionOf(pglite: PGlite, log: Log | undefined, room: () => number): Session {
  const onNotice = ({ message }: { message: string | undefined }) => log?.debug('Notice from the database', { notice: message })

  const parseUserTypes = createUserTypes()

  async function run<Row>(text: string, parameters: readonly Parameter[], options: object): Promise<Results<Row>> {
    checkRoom(room)
    return pglite.query<Row>(text, parameters.map(toText), { ...options, onNotice }).catch(fail)
  }

  async function execute(script: string): Promise<void> {
    if (!/^rollback/.test(script)) checkRoom(room)
    await pglite.exec(script, { onNotice }).catch(fail)
  }

  return {
    alive: true,
    worn: false,
    pipelines: false,
    async query<Row>(text: string, parameters: readonly Parameter[] = []) {
      const { rows, fields } = await run<Record<string, unknown>>(text, parameters, {})
      await parseUserTypes(
        rows,
        fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
        async (ask, values) => (await run<{ oid: string; element: string }>(ask, values, {})).rows,
      )
      return rows as Row[]
    },
    async text(text, parameters = []) {
      const { rows } = await run<(string | null)[]>(text, parameters, { rowMode: 'array', parsers: textParsers })
      return rows[0]?.[0]
    },
    execute,
    control: execute,
    end: async () => {},
  }
}

/** What is not PostgreSQL's own refusal is the end of the WebAssembly instance: a system error, from which only a restart helps. */
function fail(error: unknown): never {
  const { code, schema, table, column, constraint, detail, message } = error as Error & Partial<DatabaseError> & { code?: string }
  if (code && /^[0-9A-Z]{5}$/.test(code)) throw new DatabaseError(message, code, { schema, table, column, constraint, detail }, error)
  throw new DatabaseError(`The embedded database failed: ${message ?? error}`, '58000', {}, error)
}

/** A fresh, empty database for a test file, on the drivers that are there: PostgreSQL with TEST_DATABASE_URL, PGlite always. TEST_DRIVER picks one. */
import { randomUUID } from 'node:crypto'
import { cpSync, existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Database } from '../kernel/database/database.ts'
import { quoteName } from '../kernel/database/database.ts'
import { openPostgres } from '../kernel/database/postgres.ts'
import { openPGlite } from '../plugins/embedded/pglite.node.ts'

export type Driver = 'postgres' | 'pglite'

export interface TestDatabase {
  readonly db: Database
  readonly driver: Driver
  /** PostgreSQL's. */
  readonly url: string | null
  /** PGlite's. */
  readonly dataDir: string | null
  /** Closes and removes it. */
  drop(): Promise<void>
}

export const serverUrl = process.env.TEST_DATABASE_URL || null
const wanted = process.env.TEST_DRIVER

if (wanted && wanted !== 'postgres' && wanted !== 'pglite') throw new Error(`TEST_DRIVER is "${wanted}": it may be postgres or pglite`)
if (wanted === 'postgres' && !serverUrl)
  throw new Error('TEST_DRIVER=postgres needs TEST_DATABASE_URL, a server on which databases may be created')

/** The first one is the default of `freshDatabase`. */
export const testDrivers: readonly Driver[] = [
  ...(serverUrl && wanted !== 'pglite' ? (['postgres'] as const) : []),
  ...(wanted !== 'postgres' ? (['pglite'] as const) : []),
]

export const freshDatabase = (driver: Driver = testDrivers[0]!): Promise<TestDatabase> =>
  driver === 'postgres' ? freshPostgres() : freshPGlite()

async function freshPostgres(): Promise<TestDatabase> {
  if (!serverUrl) throw new Error('TEST_DATABASE_URL is not set')
  const name = `plinth_test_${randomUUID().replaceAll('-', '')}`
  await onServer(`create database ${quoteName(name)} template template0`)
  // Nothing of it has to outlive the server.
  await onServer(`alter database ${quoteName(name)} set synchronous_commit = off`)
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href
  const db = openPostgres({ url })
  return {
    db,
    driver: 'postgres',
    url,
    dataDir: null,
    async drop() {
      await db.close()
      await onServer(`drop database ${quoteName(name)} with (force)`)
    },
  }
}

async function onServer(statement: string): Promise<void> {
  const server = openPostgres({ url: serverUrl!, poolSize: 1 })
  try {
    await server.execute(statement)
  } finally {
    await server.close()
  }
}

async function freshPGlite(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'plinth-test-'))
  // Four times as quick as its asynchronous twin, for a thousand small files.
  cpSync(join(await emptyFolder(), 'pglite'), join(dataDir, 'pglite'), { recursive: true })
  const db = await openPGlite({ dataDir })
  return {
    db,
    driver: 'pglite',
    url: null,
    dataDir,
    async drop() {
      await db.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A data folder to copy, made once for each version of PGlite: quicker than a first boot. Of several processes that make it at once one wins. */
async function emptyFolder(): Promise<string> {
  const { version } = createRequire(import.meta.url)(
    join(dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite')), '../package.json'),
  )
  const folder = join(tmpdir(), `plinth-pglite-${version}-${process.getuid?.() ?? 'user'}`)
  if (existsSync(folder)) return folder
  const fresh = `${folder}.${randomUUID()}`
  await mkdir(fresh)
  const db = await openPGlite({ dataDir: fresh })
  await db.close()
  try {
    await rename(fresh, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
    await rm(fresh, { recursive: true })
  }
  return folder
}

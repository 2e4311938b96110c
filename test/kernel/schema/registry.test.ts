/** The registry: one current snapshot, whoever changes the schema. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import type { Database } from '../../../kernel/database/database.ts'
import { openPostgres } from '../../../kernel/database/postgres.ts'
import { createLog } from '../../../kernel/log.ts'
import { startRegistry } from '../../../kernel/schema/registry.ts'
import type { Snapshot } from '../../../kernel/schema/snapshot.ts'
import { createVersions } from '../../../kernel/schema/versions.ts'
import { modeller } from '../../../plugins/model/modeller.ts'
import { createMissingTables } from '../../../plugins/tables/make.ts'
import { freshDatabase, testDrivers } from '../../database.ts'
import { metaTables } from './meta-tables.ts'

const log = createLog('silent', () => {})

async function watched(db: Database, onSnapshot?: (snapshot: Snapshot) => void) {
  const versions = createVersions(db, log)
  await versions.start()
  const registry = await startRegistry({
    db,
    schemas: ['public'],
    specs: metaTables,
    modeller,
    maker: createMissingTables,
    versions,
    log,
    onSnapshot,
  })
  return { registry, versions, stop: () => versions.stop() }
}

for (const driver of testDrivers) {
  describe(`the registry on ${driver}`, () => {
    test('gives a new snapshot for a new state, the same one for the same', async () => {
      const { db, drop } = await freshDatabase(driver)
      try {
        const seen: string[] = []
        const { registry, stop } = await watched(db, ({ version }) => void seen.push(version))
        const first = registry.snapshot
        assert.equal(await registry.reload(), first)
        assert.deepEqual(seen, [])
        await db.execute('create table added (id integer primary key)')
        const second = await registry.reload()
        assert.notEqual(second.version, first.version)
        assert.ok(second.tables.has('added') && !first.tables.has('added'))
        assert.equal(registry.snapshot, second)
        assert.deepEqual(seen, [second.version])
        await db.execute('drop table added')
        const third = await registry.reload()
        assert.equal(new Set([first.version, second.version, third.version]).size, 3)
        await stop()
      } finally {
        await drop()
      }
    })

    test('hears of changes to the meta tables and of changed()', async () => {
      const { db, drop } = await freshDatabase(driver)
      try {
        let news = Promise.withResolvers<Snapshot>()
        const { registry, stop } = await watched(db, (snapshot) => news.resolve(snapshot))
        await db.execute("insert into directus_collections (collection) values ('shelf')")
        assert.ok((await news.promise).folders.has('shelf'))
        news = Promise.withResolvers()
        await db.transaction(async (transaction) => {
          await transaction.execute('create table later (id integer primary key)')
          await registry.changed(transaction)
        })
        assert.ok((await news.promise).tables.has('later'))
        await stop()
      } finally {
        await drop()
      }
    })

    test('serves Chinook', async () => {
      const { db, drop } = await freshDatabase(driver)
      try {
        await db.execute(await readFile(new URL('../../fixtures/chinook.sql', import.meta.url), 'utf8'))
        const { registry, stop } = await watched(db)
        const { tables, warnings } = registry.snapshot
        const own = [...tables.values()].filter(({ system }) => !system)
        assert.deepEqual(warnings, [])
        assert.equal(own.length, 11)
        assert.deepEqual(tables.get('playlist_track')!.primaryKey, ['playlist_id', 'track_id'])
        const link = tables.get('album')!.links.get('artist_id')!
        assert.deepEqual([link.kind, link.kind === 'm2o' && link.target], ['m2o', 'artist'])
        await stop()
      } finally {
        await drop()
      }
    })
  })
}

test('a change by one process reaches another, also while six start at once', { skip: !testDrivers.includes('postgres') }, async () => {
  const { url, drop } = await freshDatabase('postgres')
  const databases = Array.from({ length: 6 }, () => openPostgres({ url: url!, poolSize: 2 }))
  try {
    const heard = databases.map(() => Promise.withResolvers<Snapshot>())
    const processes = await Promise.all(databases.map((db, i) => watched(db, (s) => s.tables.has('added') && heard[i]!.resolve(s))))
    for (const { registry } of processes)
      for (const { name, schema } of metaTables) assert.ok(schema || registry.snapshot.tables.has(name), name)
    await databases[0]!.transaction(async (transaction) => {
      await transaction.execute('create table added (id integer primary key)')
      await processes[0]!.registry.changed(transaction)
    })
    await Promise.all(heard.map(({ promise }) => promise))
    await Promise.all(processes.map(({ stop }) => stop()))
  } finally {
    await Promise.all(databases.map((db) => db.close()))
    await drop()
  }
})

test('without a modeller nothing is served', async () => {
  const { db, drop } = await freshDatabase()
  await db.execute('create table there (id integer primary key)')
  const registry = await startRegistry({ db, schemas: ['public'], specs: [], versions: createVersions(db, log), log })
  assert.equal(registry.snapshot.tables.size, 0)
  await drop()
})

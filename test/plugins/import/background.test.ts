/** Imports and exports in the background: so many at once, so many in a row, and an end that is told. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freshDatabase } from '../../database.ts'
import { admin, startKernel } from '../../host.ts'

/** A server whose imports take their time, on a database that is there after its end. Files of imports wait in a folder of their own. */
async function slowly(env: Readonly<Record<string, string>>) {
  const before = process.env.TMPDIR
  const folder = await mkdtemp(join(tmpdir(), 'plinth-background-'))
  process.env.TMPDIR = folder
  const database = await freshDatabase()
  const host = await startKernel({
    database,
    wrap: (db) => ({ ...db, close: async () => {} }),
    env,
    sql: `create table book (id serial primary key, title text);
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.15); return null; end $$;
    create trigger slow after insert on book for each statement execute function slow();`,
  })
  return {
    ...host,
    async send(rows: number) {
      const form = new FormData()
      form.append('file', new Blob([`title\n${'x\n'.repeat(rows)}`], { type: 'text/csv' }), 'file')
      const sent = new Response(form)
      const headers = { 'content-type': sent.headers.get('content-type')!, authorization: `Bearer ${admin.token}` }
      const request = { method: 'POST', body: await sent.arrayBuffer(), headers }
      const response = await host.kernel.fetch(new Request('http://localhost/utils/import/book?background', request))
      const text = await response.text()
      return [response.status, text && JSON.parse(text).errors[0].extensions.code]
    },
    told: () => database.db.query<{ subject: string; message: string }>('select subject, message from directus_notifications order by id'),
    count: async () => (await database.db.query<{ n: number }>('select count(*)::integer n from book'))[0]!.n,
    waiting: async () => (await readdir(folder)).filter((name) => name.startsWith('plinth-import-')),
    async end() {
      await host.close()
      await database.drop()
      if (before === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = before
      await rm(folder, { recursive: true, force: true })
    },
  }
}

test('more than may run and wait is refused, before its file is read, until one of them is done', async () => {
  const { api, send, told, count, waiting, end } = await slowly({ BACKGROUND_MAX_CONCURRENT: '1', BACKGROUND_MAX_WAITING: '1' })
  try {
    assert.deepEqual(await send(1), [200, ''])
    assert.deepEqual(await send(1), [200, ''])
    assert.deepEqual(await send(1), [503, 'SERVICE_UNAVAILABLE'])
    const body = { format: 'csv', query: {} }
    assert.equal((await api('POST', '/utils/export/book', { body })).code, 'SERVICE_UNAVAILABLE')
    assert.equal((await waiting()).length, 2)
    for (let round = 0; (await told()).length < 2 && round < 100; round++) await sleep(20)
    assert.deepEqual(
      (await told()).map(({ subject }) => subject),
      ['The import into "book" is done', 'The import into "book" is done'],
    )
    assert.equal(await count(), 2)
    // What is refused for another reason takes nobody's place.
    for (let i = 0; i < 3; i++) assert.equal((await api('POST', '/utils/import/book?background', { text: 'x' })).status, 415)
    for (let i = 0; i < 3; i++) assert.equal((await api('POST', '/utils/export/nope', { body })).status, 403)
    assert.deepEqual(await send(1), [200, ''])
  } finally {
    await end()
  }
})

test('at the end of the server what runs may finish in its time', async () => {
  const { kernel, send, told, count, end } = await slowly({})
  try {
    assert.deepEqual(await send(600), [200, ''])
    await kernel.close()
    assert.deepEqual(
      (await told()).map(({ subject }) => subject),
      ['The import into "book" is done'],
    )
    assert.equal(await count(), 600)
  } finally {
    await end()
  }
})

test('at the end of the server what is not done is undone, logged, and told to whoever asked', async () => {
  const { kernel, logs, send, told, count, waiting, end } = await slowly({ BACKGROUND_MAX_CONCURRENT: '1', SHUTDOWN_TIMEOUT: '1ms' })
  try {
    // At once: an embedded database has one connection, which the first import keeps.
    assert.deepEqual(await Promise.all([send(2000), send(2000)]), [
      [200, ''],
      [200, ''],
    ])
    await kernel.close()
    for (const { subject, message } of await told()) {
      assert.equal(subject, 'The import into "book" has failed')
      assert.match(message, /The server was stopped/)
    }
    assert.equal((await told()).length, 2)
    assert.equal(await count(), 0)
    assert.deepEqual(await waiting(), [])
    const lines = logs.map(({ message, msg }) => String(message ?? msg))
    assert.equal(lines.filter((line) => line === 'The import into "book" has failed: the server stops').length, 2)
    assert.ok(lines.includes('imports and exports are under way'))
  } finally {
    await end()
  }
})

/** Two processes that change the schema of one PostgreSQL, and one that others stand in the way of. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openPostgres } from '../../../kernel/database/postgres.ts'
import { freshDatabase, serverUrl, type TestDatabase, testDrivers } from '../../database.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'

const isPossible = serverUrl !== null && testDrivers.includes('postgres')

describe('two processes', { skip: !isPossible }, () => {
  let database: TestDatabase
  let hosts: readonly TestHost[]
  let one: TestHost
  let two: TestHost
  const recorder = createRecorder()
  const other = createRecorder()

  before(async () => {
    database = await freshDatabase('postgres')
    const env = { SCHEMA_LOCK_TIMEOUT: '200ms', SECRET: 'the-same-secret-for-both-0123456789' }
    one = await startKernel({ database, env, wrap: recorder.wrap })
    two = await startKernel({ database: { ...database, db: openPostgres({ url: database.url! }) }, env, wrap: other.wrap })
    hosts = [one, two]
  })
  after(async () => {
    for (const host of hosts) await host.close()
    await database.drop()
  })

  const make = (host: TestHost, collection: string) => host.api('POST', '/collections', { body: { collection, schema: {}, meta: {} } })

  test('what one has made the other serves at once', async () => {
    for (let round = 0; round < 5; round++) {
      const [writer, reader] = round % 2 ? [two, one] : [one, two]
      assert.equal((await make(writer, `shared${round}`)).status, 200)
      const deadline = Date.now() + 5000
      let status = 0
      // The notice is under way; nothing need be asked for it to arrive.
      while (status !== 200 && Date.now() < deadline) {
        status = (await reader.api('GET', `/items/shared${round}`)).status
        if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 5))
      }
      assert.equal(status, 200)
      assert.equal((await reader.api('POST', `/fields/shared${round}`, { body: { field: 'a', type: 'string', meta: {} } })).status, 200)
    }
  })

  test('many changes at once on both: all happen, none twice, none gets lost', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `many${i}`)
    const answers = await Promise.all(names.map((name, i) => make(hosts[i % 2]!, name)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      names.map(() => 200),
    )
    const fields = await Promise.all(
      names.map((name, i) => hosts[i % 2]!.api('POST', '/fields/many0', { body: { field: name, type: 'string', meta: {} } })),
    )
    assert.deepEqual(
      fields.map(({ status }) => status),
      names.map(() => 200),
    )
    const rows = await database.db.query<{ field: string; sort: number }>(
      "select field, sort from directus_fields where collection = 'many0' order by sort",
    )
    assert.deepEqual(
      rows.map(({ sort }) => sort),
      rows.map((_, i) => i + 1),
    )
    assert.deepEqual(new Set(rows.map(({ field }) => field)), new Set(['id', ...names]))
  })

  test('a change takes the same statements with many tables as with few, and other processes read the schema once', async () => {
    await make(one, 'counted')
    const sent: string[][] = []
    for (const [field, more] of [
      ['few', ''],
      ['much', Array.from({ length: 200 }, (_, n) => `create table many_more_${n} (id serial primary key, name text)`).join(';')],
    ] as const) {
      await database.db.execute(more)
      await Promise.all(hosts.map(({ kernel }) => kernel.registry.reload()))
      recorder.take()
      other.take()
      assert.equal((await one.api('POST', '/fields/counted', { body: { field, type: 'string', meta: {} } })).status, 200)
      while ((await two.api('GET', `/fields/counted/${field}`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 5))
      const texts = recorder.take().map(({ text }) => text)
      // Its own notice makes a process look at the version once more, now or later; if it comes before the process has begun to read, it reads twice. It may begin before it has heard of its own COMMIT.
      sent.push([...new Set(texts.filter((text) => !text.startsWith('select version')))].sort())
      const readings = [texts, other.take().map(({ text }) => text)].map(
        (all) => all.filter((text) => text.includes('pg_attribute')).length,
      )
      assert.ok(readings[0]! >= 1 && readings[0]! <= 2 && readings[1] === 1, String(readings))
    }
    const anyName = (texts: string[] | undefined) => texts?.map((text) => text.replaceAll(/few|much/g, 'name'))
    assert.deepEqual(anyName(sent[1]), anyName(sent[0]))
  })

  const race: [why: string, method: string, path: string, body: unknown, statuses: number[]][] = [
    ['a collection is made once', 'POST', '/collections', { collection: 'once', schema: {}, meta: {} }, [200, 400]],
    ['a field is made once', 'POST', '/fields/once', { field: 'f', type: 'string', meta: {} }, [200, 400]],
    ['an alias is made once', 'POST', '/fields/once', { field: 'g', type: 'alias', meta: { special: ['alias', 'no-data'] } }, [200, 400]],
    ['a field is removed once, and there is nothing to do for the other', 'DELETE', '/fields/once/f', undefined, [204, 204]],
    ['a collection is removed once', 'DELETE', '/collections/once', undefined, [204, 403]],
  ]
  for (const [why, method, path, body, statuses] of race) {
    test(`the same change on both: ${why}`, async () => {
      const answers = await Promise.all(hosts.map((host) => host.api(method, path, { body })))
      assert.deepEqual(answers.map(({ status }) => status).sort(), statuses)
    })
  }

  test('a table in use: the change gives up, says so, and holds nobody back', async () => {
    await make(one, 'busy')
    const other = openPostgres({ url: database.url!, poolSize: 1 })
    try {
      await other.transaction(async (transaction) => {
        await transaction.query('select * from busy')
        const started = performance.now()
        const answer = await one.api('POST', '/fields/busy', { body: { field: 'late', type: 'string', meta: {} } })
        assert.equal(answer.status, 503)
        assert.equal(answer.code, 'SERVICE_UNAVAILABLE')
        assert.match(answer.body.errors[0].message, /"busy" is in use/)
        assert.ok(performance.now() - started < 5000)
        assert.equal((await two.api('GET', '/items/busy')).status, 200)
      })
    } finally {
      await other.close()
    }
    assert.equal((await one.api('GET', '/fields/busy/late')).status, 403)
    assert.equal((await one.api('POST', '/fields/busy', { body: { field: 'late', type: 'string', meta: {} } })).status, 200)
  })

  test('a statement that takes too long is given up too', async () => {
    const host = await startKernel({
      database: { ...database, db: openPostgres({ url: database.url!, statementTimeout: 300 }) },
      env: { SCHEMA_LOCK_TIMEOUT: '10s' },
    })
    const other = openPostgres({ url: database.url!, poolSize: 1 })
    try {
      await other.transaction(async (transaction) => {
        await transaction.query('select * from busy')
        const answer = await host.api('DELETE', '/fields/busy/late')
        assert.equal(answer.status, 503)
        assert.match(answer.body.errors[0].message, /DATABASE_TIMEOUT/)
      })
    } finally {
      await other.close()
      await host.close()
    }
    assert.equal((await one.api('GET', '/fields/busy/late')).status, 200)
  })
})

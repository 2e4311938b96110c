/** A database that the reference server made (test/fixtures/adopted.sql) is served as it is: same answers, same passwords, same tables afterwards. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { freshDatabase } from '../database.ts'
import { admin, startKernel } from '../host.ts'
import { readData, SECRET } from './adoption/data.ts'
import { compare, makeApi, type Point, readList } from './runner.ts'

/** What must not change: every column of every table, the list of migrations, who may sign in and how. */
const facts = [
  `select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
     where table_schema = 'public' order by table_name, column_name`,
  'select * from directus_migrations order by version',
  'select id, email, password, token, status, role from directus_users order by id',
  'select * from directus_access order by id',
  'select * from directus_policies order by id',
  'select * from directus_fields order by collection, field',
  'select * from directus_relations order by many_collection, many_field',
]

test('an adopted database', async (t) => {
  const sql = await readFile(new URL('../fixtures/adopted.sql', import.meta.url), 'utf8')
  const host = await startKernel({ sql, env: { SECRET, ADMIN_EMAIL: 'somebody-else@example.com', ADMIN_TOKEN: 'another-token' } })
  const before = await freshDatabase(host.driver)
  try {
    await before.db.execute(sql)

    const api = makeApi({
      base: 'http://plinth.test',
      secret: SECRET,
      admin,
      fetch: async (request) => host.kernel.fetch(request),
      addUser: () => Promise.reject(new Error('The users are in the fixture.')),
      execute: () => Promise.reject(new Error('The tables are in the fixture.')),
    })
    await readData(api)
    const golden = await readList<Point>(new URL('adoption/golden.json', import.meta.url))
    for (const { label, wrong } of compare(golden, api.points, [])) await t.test(label, () => assert.deepEqual(wrong, []))

    for (const fact of facts) {
      await t.test(`unchanged: ${fact.slice(0, 60)}`, async () =>
        assert.deepEqual(await host.kernel.db.query(fact), await before.db.query(fact)),
      )
    }
  } finally {
    await host.close()
    await before.drop()
  }
})

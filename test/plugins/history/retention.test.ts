/** What is older than it has to be kept is forgotten. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import * as v from 'valibot'
import { forget, RetentionOptions } from '../../../plugins/history/retention.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'

describe('retention', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startKernel({ wrap: recorder.wrap })
  })
  after(() => host.close())

  /** Five deeds, 10 to 50 days old; of each a revision. Those of 40 and 10 days are children of that of 30. */
  beforeEach(async () => {
    await host.kernel.db.execute(`
      truncate directus_activity, directus_revisions;
      insert into directus_activity (id, action, collection, item, timestamp)
        select n, 'update', 'book', n, now() - n * interval '10 days' from generate_series(1, 5) n;
      insert into directus_revisions (id, activity, collection, item) select n, n, 'book', n from generate_series(1, 5) n;
      update directus_revisions set parent = 3 where id in (1, 4)`)
  })
  const left = (table: string, columns = 'id') =>
    host.kernel.db.text(`select string_agg(${columns}::text, ',' order by id) from directus_${table}`)
  const sweep = (settings: Record<string, string>) =>
    forget(host.kernel.db, host.kernel.registry.snapshot, v.parse(RetentionOptions, settings))

  const cases: [why: string, settings: Record<string, string>, activity: string | null, revisions: string | null][] = [
    ['nothing is old enough', {}, '1,2,3,4,5', '1,2,3,4,5'],
    ['activity takes its revisions along', { ACTIVITY_RETENTION: '25d' }, '1,2', '1,2'],
    ['revisions go alone', { REVISIONS_RETENTION: '35d' }, '1,2,3,4,5', '1,2,3'],
    ['revisions go first', { ACTIVITY_RETENTION: '45d', REVISIONS_RETENTION: '25d' }, '1,2,3,4', '1,2'],
    ['false is for ever', { ACTIVITY_RETENTION: 'false', REVISIONS_RETENTION: 'false' }, '1,2,3,4,5', '1,2,3,4,5'],
    ['one of both for ever', { ACTIVITY_RETENTION: 'false', REVISIONS_RETENTION: '0' }, '1,2,3,4,5', null],
    ['all of it', { ACTIVITY_RETENTION: '0' }, null, null],
  ]
  for (const [why, settings, activity, revisions] of cases) {
    test(`${why}: ${JSON.stringify(settings)}`, async () => {
      await sweep(settings)
      assert.deepEqual([await left('activity'), await left('revisions')], [activity, revisions])
    })
  }

  test('a revision that stays does without its parent', async () => {
    assert.equal(await left('revisions', 'parent'), '3,3')
    await sweep({ REVISIONS_RETENTION: '25d' })
    assert.deepEqual([await left('revisions'), await left('revisions', 'parent')], ['1,2', null])
  })

  test('works in batches', async () => {
    recorder.take()
    await sweep({ ACTIVITY_RETENTION: '15d', RETENTION_BATCH: '2' })
    assert.deepEqual([await left('activity'), await left('revisions')], ['1', '1'])
    const deletes = recorder.take().filter(({ text }) => text.includes('delete from'))
    assert.deepEqual(
      deletes.map(({ text }) => /delete from "public"."(\w+)"/.exec(text)![1]),
      [...Array(3).fill('directus_revisions'), ...Array(3).fill('directus_activity')],
    )
  })
})

/** `meta=estimated_count`: statistics where there are any, counting where there are none. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'
import { addReader } from '../../readers.ts'
import { createRecorder } from '../../recorded.ts'

const sql = `
create table measured (id serial primary key, name text not null);
insert into measured (name) select 'n' || n from generate_series(1, 5000) n;
create table "it's" (id serial primary key, name text);
insert into "it's" (name) select 'n' || n from generate_series(1, 5000) n;
create table kept_apart (id serial primary key, name text not null);
insert into kept_apart (name) select 'n' || n from generate_series(1, 5000) n;
analyze;
create table fresh (id serial primary key, name text);
insert into fresh (name) values ('a'), ('b');
create table empty (id serial primary key, name text);
create table parted (id integer, year integer, primary key (id, year)) partition by list (year);
create table parted_1 partition of parted for values in (1);
create table parted_2 partition of parted for values in (2) partition by list (year);
create table parted_2_2 partition of parted_2 for values in (2);
create table parted_3 partition of parted for values in (3);
insert into parted select n, n % 2 + 1 from generate_series(1, 4000) n;
analyze parted;
create view seen as select * from measured where id <= 7;
create materialized view kept as select * from measured where id <= 3000;
analyze kept;
`

describe('meta=estimated_count', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startKernel({ sql, wrap: recorder.wrap })
    await host.api('GET', '/items/measured')
  })
  after(() => host.close())

  /** The one statement of a read; others may be about caches. */
  const reads = () => recorder.take().filter(({ text }) => text.includes('"data"'))
  const metaOf = async (path: string) => {
    recorder.take()
    const { status, body } = await host.api('GET', `/items/${path}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body.meta
  }
  const cases: [why: string, collection: string, count: number][] = [
    ['what ANALYZE counted', 'measured', 5000],
    ['a name with a quote', "it's", 5000],
    ['never analysed: counted', 'fresh', 2],
    ['empty', 'empty', 0],
    ['all partitions, empty ones too', 'parted', 4000],
    ['a view is counted', 'seen', 7],
    ['a materialized view has statistics', 'kept', 3000],
  ]
  for (const [why, collection, count] of cases) {
    test(why, async () => assert.deepEqual(await metaOf(`${collection}?limit=0&meta=estimated_count`), { estimated_count: count }))
  }

  test('it is of the whole collection, beside exact counts', async () => {
    assert.deepEqual(await metaOf('measured?limit=1&filter[id][_lt]=10&meta=estimated_count,total_count,filter_count'), {
      total_count: 5000,
      filter_count: 9,
      estimated_count: 5000,
    })
    assert.deepEqual(await metaOf('measured?aggregate[max]=id&meta=estimated_count'), { estimated_count: 5000 })
  })

  test('the star means the counts that every client knows', async () => {
    assert.deepEqual(await metaOf('measured?limit=1&meta=*'), { total_count: 5000, filter_count: 5000 })
  })

  test('who sees some of the rows is told how many those are', async () => {
    const countFor = async (token: string) =>
      (await host.api('GET', '/items/measured?limit=1&meta=estimated_count', { token })).body.meta.estimated_count
    assert.equal(await countFor(await addReader(host, 'reader-of-few', 'measured', { id: { _lt: 100 } })), 99)
    assert.equal(await countFor(await addReader(host, 'reader-of-none', 'measured', { id: { _lt: 0 } })), 0)
    assert.equal(await countFor(await addReader(host, 'reader-of-all', 'measured')), 5000)
  })

  test('it follows the size of the table', async () => {
    await host.kernel.db.execute(`insert into kept_apart (name) select 'n' || n from generate_series(1, 5000) n`)
    const { estimated_count } = await metaOf('kept_apart?limit=1&meta=estimated_count')
    assert.ok(estimated_count > 9000 && estimated_count < 11_000, String(estimated_count))
  })

  test('it is part of the one statement, and no row is read for it', async () => {
    await metaOf('measured?limit=0&meta=estimated_count')
    const [read, ...others] = reads()
    assert.deepEqual(others, [])
    const plan = await host.kernel.db.query<Record<string, string>>(`explain (analyze, costs off, timing off) ${read!.text}`)
    const scans = plan.map((line) => Object.values(line)[0]!).filter((line) => /Scan.* on measured/.test(line))
    assert.ok(scans.length)
    for (const line of scans) assert.match(line, /never executed/)
  })
})

/** POST /utils/sort: what it costs, many at once, keys of every form. What it answers is in test/conformance. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { definePlugin } from 'plinth'
import { type ChangedEvent, itemsChanged } from 'plinth/items'
import { startKernel, type TestHost } from '../../../host.ts'
import { createRecorder } from '../../../recorded.ts'

const ROWS = 300

describe('POST /utils/sort', () => {
  let host: TestHost
  const recorder = createRecorder()
  const heard: ChangedEvent[] = []
  const listener = definePlugin({
    name: 'listener',
    after: ['items'],
    setup(host) {
      host.hook(itemsChanged, async (event, next) => {
        heard.push(event)
        await next()
      })
    },
  })
  before(async () => {
    const sql = `create table item (id serial primary key, place integer);
      create table pair (a integer, b text, place integer, primary key (a, b));
      create table slot (id integer primary key, place smallint unique);`
    host = await startKernel({ sql, wrap: recorder.wrap, plugins: [listener] })
    await host.kernel.db.execute(
      `insert into directus_collections (collection, sort_field) values ('item', 'place'), ('pair', 'place'), ('slot', 'place')`,
    )
    await host.kernel.registry.reload()
  })
  after(() => host.close())
  beforeEach(() => host.kernel.db.execute(`truncate item, pair, slot; insert into item select n, n from generate_series(1, ${ROWS}) n`))

  const sort = (collection: string, item: unknown, to: unknown) => host.api('POST', `/utils/sort/${collection}`, { body: { item, to } })
  const order = async (table: string, key: string) =>
    (await host.kernel.db.query<{ key: unknown; place: number }>(`select ${key} as key, place from ${table} order by place, ${key}`)).map(
      ({ key, place }) => [key, place],
    )

  test('takes one statement for any number of rows, after one that lets movers of the collection follow one another', async () => {
    await host.api('GET', '/items/item?limit=1')
    recorder.take()
    heard.length = 0
    assert.deepEqual(
      [(await sort('item', ROWS, 1)).status, heard.length, heard[0]?.action, heard[0]?.keys.length],
      [200, 1, 'update', ROWS],
    )
    const sent = recorder.take().map(({ text }) => text.split(/\s/)[0])
    assert.deepEqual(sent, ['begin', 'select', 'with', 'commit'])
    assert.deepEqual((await order('item', 'id')).slice(0, 2), [
      [ROWS, 1],
      [1, 2],
    ])
  })

  test('where nothing moves nobody is told', async () => {
    heard.length = 0
    assert.deepEqual([(await sort('item', 7, 7)).status, heard.length], [200, 0])
  })

  test('many at once lose no place', async () => {
    const moves = Array.from({ length: 12 }, (_, i) => sort('item', i * 7 + 1, ROWS - i * 11))
    assert.deepEqual(new Set((await Promise.all(moves)).map(({ status }) => status)), new Set([200]))
    const places = (await order('item', 'id')).map(([, place]) => place)
    assert.deepEqual(
      places,
      places.map((_, i) => i + 1),
    )
  })

  test('a composite key is written as in paths', async () => {
    await host.kernel.db.execute(`insert into pair values (1, 'x', 1), (1, 'y,z', 2), (2, 'x', null)`)
    assert.equal((await sort('pair', '2,x', '1,x')).status, 200)
    assert.deepEqual(await order('pair', `a || b`), [
      ['2x', 1],
      ['1x', 2],
      ['1y,z', 3],
    ])
    assert.equal((await sort('pair', '1,y%2Cz', '2,x')).status, 200)
    assert.equal((await order('pair', `a || b`))[0]![0], '1y,z')
    assert.deepEqual([(await sort('pair', '1', '2,x')).code, (await sort('pair', 1, '2,x')).code], ['FORBIDDEN', 'FORBIDDEN'])
  })

  test('what the column refuses leaves all as it was', async () => {
    await host.kernel.db.execute('insert into slot values (1, 32767), (2, null), (3, 1)')
    assert.equal((await sort('slot', 1, 2)).code, 'VALUE_OUT_OF_RANGE')
    assert.deepEqual(await order('slot', 'id'), [
      [3, 1],
      [1, 32767],
      [2, null],
    ])
  })
})

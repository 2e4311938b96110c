/** Paging by cursor: values of every type, what a cursor is bound to, and what is none. That pages are the list: naive.test.ts. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'
import { startLibrary } from './library.ts'

describe('cursors', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startLibrary({ wrap: recorder.wrap, env: { QUERY_LIMIT_DEFAULT: '3' } })
    const { db } = host.kernel
    await db.execute(`
      insert into author (name, mentor) values ('Ann', null), ('Ann', 1), ('Ümit', 1), ('Zoe', null);
      insert into page (lang, slug, version) select l, s, n from unnest('{de,en}'::text[]) l, unnest('{"a,b",c}'::text[]) s, generate_series(1, 2) n;
      insert into log values ('a'), ('b');
      insert into shelf (name) select 's' || n from generate_series(1, 3) n;
    `)
    // Each column in turn: a low value, high values that differ by little, the same value twice, null.
    const columns: Record<string, [string, string, string]> = {
      title: ['', 'a"\\,', 'ö😀'],
      rating: ['-1', '2147483646', '2147483647'],
      big: ['-9223372036854775808', '9007199254740992', '9007199254740993'],
      price: ['-1.00', '99999999.98', '99999999.99'],
      score: ['-Infinity', '0.1', '0.30000000000000004'],
      published: ['false', 'false', 'true'],
      day: ['0001-01-01', '2024-02-28', '2024-02-29'],
      at: ['00:00', '23:59:59.999998', '23:59:59.999999'],
      stamp: ['0001-01-01', '2024-02-29 00:00:00.000001', '2024-02-29 00:00:00.000002'],
      moment: ['0001-01-01', '2024-02-29 00:00:00.000001', '2024-02-29 00:00:00.000002'],
      ref: ['00000000-0000-0000-0000-000000000000', 'f0000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
      data: ['{"a":"x"}', '{"a":1}', '{"a":null}'],
      mood: ['happy', 'happy', 'sad'],
    }
    const names = Object.keys(columns)
    for (let i = 0; i < 3; i++)
      await db.query(
        `insert into article (${names.join(', ')}, author) values (${names.map((_, n) => `$${n + 1}`).join(', ')}, ${i + 1})`,
        names.map((name) => columns[name]![i]!),
      )
    await db.query(`insert into article (${names.join(', ')}) select ${names.join(', ')} from article where id = 2`)
    await db.execute(`insert into article (title) values (null); insert into article (score) values ('NaN')`)
  })
  after(() => host.close())

  const list = (path: string) => host.api('GET', `/items/${path}`)

  async function walk(path: string, size: number): Promise<unknown[]> {
    const rows: unknown[] = []
    let cursor: string | null = ''
    for (let page = 0; cursor !== null && page < 20; page++) {
      const { body, status }: { body: { data: unknown[]; meta: { next_cursor: string | null } }; status: number } = await list(
        `${path}&limit=${size}&cursor=${cursor}`,
      )
      assert.equal(status, 200, `${path} ${JSON.stringify(body)}`)
      assert.match(body.meta.next_cursor ?? '', /^[\w-]*$/, 'fit for an address as it is')
      rows.push(...body.data)
      cursor = body.meta.next_cursor
    }
    return rows
  }

  const sorts =
    'title rating big price score published day at stamp moment ref mood json(data,a) author.name year(day) author author.mentor.name'
  for (const sort of [
    ...sorts.split(' ').flatMap((key) => [key, `-${key}`]),
    '',
    '-published,title',
    'author.name,-rating',
    'published,-score,id',
    '-id',
  ]) {
    test(`sort=${sort}`, async () => {
      const path = `article?fields=id&sort=${sort}`
      const { data } = await list(`${path}&limit=-1`)
      assert.equal(data.length, 6)
      for (const size of [1, 2, 4]) assert.deepEqual(await walk(path, size), data)
    })
  }

  test('composite keys, keys in SEARCH, an order of a relation to many, unusual names', async () => {
    const { data } = await list('page?limit=-1&fields=lang,slug,version')
    assert.deepEqual(await walk('page?fields=lang,slug,version', 3), data)
    const authors = (await list('author?limit=-1&fields=id&sort=-articles.rating')).data
    assert.deepEqual(await walk('author?fields=id&sort=-articles.rating', 1), authors)
    const query = { cursor: '', limit: 2, fields: ['id'], sort: ['-id'] }
    const first = await host.api('SEARCH', '/items/article', { body: { keys: [1, 3, 5], query } })
    assert.deepEqual(first.data, [{ id: 5 }, { id: 3 }])
    const second = await host.api('SEARCH', '/items/article', {
      body: { keys: [1, 3, 5], query: { ...query, cursor: first.body.meta.next_cursor } },
    })
    assert.deepEqual(second.body, { data: [{ id: 1 }], meta: { next_cursor: null } })
  })

  test('rows that come and go between pages move no others', async () => {
    const path = 'shelf?fields=name&sort=name&limit=2'
    const first = await list(`${path}&cursor=`)
    await host.kernel.db.execute(`insert into shelf (name) values ('s0'); delete from shelf where name = 's2'`)
    const second = await list(`${path}&cursor=${first.body.meta.next_cursor}`)
    assert.deepEqual([first.data, second.data], [[{ name: 's1' }, { name: 's2' }], [{ name: 's3' }]])
  })

  test('asked for by meta too, beside counts and from any page; the default limit counts', async () => {
    const { body } = await list('article?fields=id&meta=filter_count,next_cursor&page=1')
    assert.deepEqual(Object.keys(body.meta), ['filter_count', 'next_cursor'])
    const next = await list(`article?fields=id&cursor=${body.meta.next_cursor}&meta=*`)
    assert.deepEqual(next.body, {
      data: [{ id: 4 }, { id: 5 }, { id: 6 }],
      meta: { total_count: 6, filter_count: 6, next_cursor: next.body.meta.next_cursor },
    })
    assert.equal((await list('article?fields=id&limit=-1&cursor=')).body.meta.next_cursor, null)
    assert.equal((await list('article?fields=id&limit=0&cursor=')).body.meta.next_cursor, null)
    assert.deepEqual(Object.keys((await list('article?fields=id&meta=*')).body.meta), ['total_count', 'filter_count'])
  })

  test('one statement a page, the same for all but the first; the keys are one comparison that an index serves', async () => {
    const path = 'article?fields=id&sort=-id&limit=2'
    const first = await list(`${path}&cursor=`)
    recorder.take()
    const second = await list(`${path}&cursor=${first.body.meta.next_cursor}`)
    await list(`${path}&cursor=${second.body.meta.next_cursor}`)
    const [one, two, ...more] = recorder.take()
    assert.deepEqual([one!.text, more], [two!.text, []])
    assert.match(one!.text, /where \(t\d+\."id"\) < \(\$\d+::integer\)/)
  })

  describe('what is no cursor of the list is refused', () => {
    const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
    const rows: [why: string, query: () => Promise<string> | string][] = [
      ['a word', () => 'cursor=word'],
      ['no base64', () => 'cursor=%25%25'],
      ['not UTF-8', () => `cursor=${Buffer.from([0xff, 0xfe]).toString('base64url')}`],
      ['not JSON', () => `cursor=${encode('{')}`],
      ['null', () => `cursor=${encode(null)}`],
      ['an object', () => `cursor=${encode({ order: 'id', last: ['1'] })}`],
      ['too short', () => `cursor=${encode(['id'])}`],
      ['too long', () => `cursor=${encode(['id', ['1'], 1])}`],
      ['too few values', () => `cursor=${encode(['id', []])}`],
      ['too many values', () => `cursor=${encode(['id', ['1', '2']])}`],
      ['a number for text', () => `cursor=${encode(['id', [1]])}`],
      ['an object for text', () => `cursor=${encode(['id', [{ a: 1 }]])}`],
      ['another type', () => `cursor=${encode(['id', ['x']])}`],
      ['SQL', () => `cursor=${encode(['id', ["1'); drop table note; --"]])}`],
      ['out of range', () => `cursor=${encode(['id', ['9'.repeat(30)]])}`],
      ['a null character', () => `cursor=${encode(['id', ['\0']])}`],
      ['another order', async () => `sort=-id&cursor=${(await list('article?sort=id&limit=1&cursor=')).body.meta.next_cursor}`],
      ['another table', async () => `sort=title&cursor=${(await list('page?sort=title&limit=1&cursor=')).body.meta.next_cursor}`],
      ['an object in the query string', () => 'cursor[a]=1'],
      ['with an offset', async () => `offset=1&cursor=${(await list('article?limit=1&cursor=')).body.meta.next_cursor}`],
      ['with a page', async () => `page=2&cursor=${(await list('article?limit=1&cursor=')).body.meta.next_cursor}`],
      ['with an export', async () => `export=csv&cursor=${(await list('article?limit=1&cursor=')).body.meta.next_cursor}`],
      ['with aggregates', () => 'cursor=&aggregate[count]=*'],
      ['with groups', () => 'meta=next_cursor&groupBy=title'],
    ]
    for (const [why, query] of rows) {
      test(why, async () => {
        const { status, code } = await list(`article?${await query()}`)
        assert.deepEqual([status, code], [400, 'INVALID_QUERY'])
      })
    }
    test('null where there is none is a place too', async () => {
      assert.deepEqual((await list(`article?fields=id&cursor=${encode(['id', [null]])}`)).data, [])
    })
    test('a table without a key has no order that is total', async () => {
      assert.equal((await list('log?cursor=')).code, 'INVALID_QUERY')
    })
    test('an item by its key has no pages', async () => {
      assert.deepEqual((await list('note?cursor=')).body, { data: [], meta: { next_cursor: null } })
      assert.equal((await list('article/1?fields=id&cursor=')).status, 200)
    })
  })
})

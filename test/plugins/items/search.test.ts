/** `search`: what it finds is what a plain evaluation says, and an index finds it where there is one. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import type { Database } from 'plinth'
import { startKernel, type TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'

describe('search finds what a plain evaluation says', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({
      sql: `create table thing (
        id integer primary key, title varchar(255), body text, small smallint, amount integer, big bigint, price numeric(12, 2), score double precision,
        ref uuid, tags text[], numbers integer[], day date
      )`,
    })
  })
  after(() => host.close())

  const texts = ['title', 'body'] as const
  const wholes = ['id', 'small', 'amount', 'big'] as const
  const fractions = ['price', 'score'] as const
  type Row = Record<string, string | number | null>

  const word = fc.oneof(
    {
      weight: 9,
      arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', 'B', '1', '2', '.', '%', '_', '\\', ' ', 'É', '-'), maxLength: 6 }),
    },
    fc.constantFrom('$NOW', '$NOW(-1 day)', '$CURRENT_USER', '$now'),
  )
  const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { freq: 5 })
  const whole = fc.oneof(fc.integer({ min: -3, max: 30 }), fc.constantFrom(32767, -32768))
  const wide = fc.oneof(whole, fc.constantFrom(2147483647, -2147483648))
  const uuids = ['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000002']
  const anyRow = fc.record({
    title: maybe(word),
    body: maybe(word),
    small: maybe(whole),
    amount: maybe(wide),
    big: maybe(fc.oneof(wide.map(String), fc.constantFrom('9223372036854775807', '-9223372036854775808'))),
    price: maybe(fc.constantFrom('1.50', '12.00', '0.00', '-2.25', '2147483648.00')),
    score: maybe(fc.constantFrom(1.5, 12, 0, -2.25, 9007199254740992)),
    ref: maybe(fc.constantFrom(...uuids)),
    tags: fc.constant('{a,1}'),
    numbers: fc.constant('{1,2}'),
  })
  const anySearch = fc.oneof(
    { weight: 3, arbitrary: word.filter((text) => text.trim() !== '') },
    { weight: 2, arbitrary: wide.map(String) },
    fc.constantFrom(
      '1.5',
      '-2.25',
      '12',
      '12.0',
      '012',
      '0',
      '-0',
      '1e1',
      '9223372036854775807',
      '9223372036854775808',
      '2147483648',
      '99999999999999999999',
    ),
    fc.constantFrom(...uuids, uuids[0]!.toUpperCase()),
  )

  const found = (row: Row, search: string): boolean => {
    const sought = search.trim()
    if (
      texts.some(
        (name) =>
          String(row[name] ?? '')
            .toLowerCase()
            .includes(sought.toLowerCase()) && row[name] !== null,
      )
    )
      return true
    if (uuids.includes(sought.toLowerCase()) && row.ref === sought.toLowerCase()) return true
    if (!/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/.test(sought)) return false
    const isWhole = !sought.includes('.')
    return (
      (isWhole && wholes.some((name) => row[name] !== null && BigInt(row[name]!) === BigInt(sought))) ||
      fractions.some((name) => row[name] !== null && Number(row[name]) === Number(sought))
    )
  }

  test('of texts, numbers of every width, and uuids', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 12 }), anySearch, async (rows, search) => {
        const all = rows.map((row, i) => ({ id: i + 1, ...row }))
        await host.kernel.db.execute(
          `truncate thing; insert into thing select * from json_populate_recordset(null::thing, '${JSON.stringify(all)}')`,
        )
        const { status, body } = await host.api('SEARCH', '/items/thing', {
          body: { query: { search, fields: ['id'], meta: ['filter_count'] } },
        })
        const expected = all.filter((row) => found(row, search)).map(({ id }) => ({ id }))
        assert.deepEqual([status, body], [200, { data: expected, meta: { filter_count: expected.length } }])
      }),
      { numRuns: 100 },
    )
  })
})

describe('search is served by trigram indexes on the columns it looks at', () => {
  let host: TestHost
  let hasTrigrams = false
  const recorder = createRecorder()
  const options: Parameters<Database['text']>[2][] = []
  before(async () => {
    host = await startKernel({
      wrap: (db) => {
        const recorded = recorder.wrap(db)
        return {
          ...recorded,
          text(text, parameters, how) {
            options.push(how)
            return recorded.text(text, parameters, how)
          },
        }
      },
      sql: `
        create table book (id serial primary key, title varchar(255), body text, pages integer, price numeric(10, 2));
        insert into book (title, body, pages, price) select 'Title ' || md5(n::text), 'Body ' || md5((n + 50000)::text), n, n from generate_series(1, 20000) n;
        create index on book (pages);
        create index on book (price);
        analyze book;`,
    })
    hasTrigrams = (await host.kernel.db.text(`select count(*) from pg_available_extensions where name = 'pg_trgm'`)) === '1'
    if (hasTrigrams) {
      await host.kernel.db.execute(`create extension pg_trgm; create index on book using gin (title gin_trgm_ops, body gin_trgm_ops);`)
    }
  })
  after(() => host.close())

  /** The lines of the plan of what a request sends. */
  const planOf = async (path: string): Promise<string[]> => {
    recorder.take()
    assert.equal((await host.api('GET', path)).status, 200)
    const { text, parameters } = recorder.take().find(({ text }) => text.includes('"data"'))!
    const lines = await host.kernel.db.query<Record<string, string>>(`explain ${text}`, parameters)
    return lines.map((line) => Object.values(line)[0]!)
  }
  const scansOf = (lines: readonly string[]) => lines.flatMap((line) => /(?:Bitmap|Index|Seq)(?: \w+)* Scan/.exec(line) ?? [])

  const cases: [search: string, scans: number][] = [
    ['c4ca4238', 2],
    ['777', 5],
    ['777.25', 3],
    ['aaaaaaaa-0000-4000-8000-000000000001', 2],
  ]
  for (const [search, scans] of cases) {
    test(search, async (t) => {
      if (!hasTrigrams) return t.skip('pg_trgm is not installed')
      const [first, ...others] = scansOf(await planOf(`/items/book?search=${search}`))
      assert.equal(first, 'Bitmap Heap Scan')
      assert.deepEqual(others, Array(scans).fill('Bitmap Index Scan'))
    })
  }

  test('also where patterns of a filter ask', async (t) => {
    if (!hasTrigrams) return t.skip('pg_trgm is not installed')
    for (const operator of ['_contains', '_icontains', '_starts_with', '_iends_with']) {
      const [first] = scansOf(await planOf(`/items/book?filter[title][${operator}]=c4ca4238`))
      assert.equal(first, 'Bitmap Heap Scan', operator)
    }
  })

  test('it is planned with the text in sight, however often it comes; other lists are prepared', async () => {
    const planned = async (path: string) => {
      options.length = 0
      await host.api('GET', path)
      return options.map((how) => how?.replan ?? false)
    }
    assert.deepEqual(await planned('/items/book?search=one'), [true])
    assert.deepEqual(await planned('/items/book?search=one'), [true])
    assert.deepEqual(await planned('/items/book?filter[title][_contains]=one'), [true])
    assert.deepEqual(await planned('/items/book?filter[title][_eq]=one&limit=1'), [false])
    assert.deepEqual(await planned('/items/book/1'), [false])
  })
})

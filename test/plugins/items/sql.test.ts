/** A plan → one statement: its text, its parameters and the rows that it finds, together. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { startKernel, type TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'
import { oddTable, startLibrary } from './library.ts'

const uuid = 'aaaaaaaa-0000-4000-8000-000000000001'
const data = `
insert into author (id, name, mentor, secret) values (1, 'Ann', null, 'shh'), (2, 'Bob', 1, null), (3, 'Cid', 2, null);
insert into article (id, title, body, rating, small, big, price, score, published, day, at, stamp, moment, ref, data, tags, mood, ip, raw, author) values
  (1, 'Alpha', '50% off_', 1, 1, 9007199254740993, 1.50, 0.5, true, '2001-02-03', '07:08:09', '2001-02-03 04:05:06', '2001-02-03 04:05:06Z',
   '${uuid}', '{"a":1}', 'red,green', 'happy', '10.0.0.1', '\\x01ff', 3),
  (2, 'beta', '', 20, 2, -5, 20.25, 'NaN', false, '2012-12-31', '23:59:59', '2012-12-31 23:59:59', '2012-12-31 23:59:59.123Z',
   null, '[1]', '', 'sad', null, null, 2),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
insert into note values ('n1', 'Once'), ('n2', null);
insert into shelf values (1, 'top'), (2, 'bottom');
insert into shelf_author values (1, 1, 3), (2, 1, 2), (3, 2, 2);
insert into shelf_part values (1, 1, 'n1', 'note', 2), (2, 1, '1', 'article', 1), (3, 1, 'n9', 'note', 3), (4, 2, 'x', 'article', 1);
select setval('article_id_seq', 100), setval('author_id_seq', 100);
`

describe('reads', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    const felt = `create domain feeling as mood; create table felt (id integer primary key, feeling feeling); insert into felt values (1, 'sad'), (2, 'happy'), (3, null)`
    host = await startLibrary({ wrap: recorder.wrap, sql: felt })
    await host.kernel.db.execute(data)
    await host.api('GET', '/items/article')
  })
  after(() => host.close())

  /** Asks, and answers what was sent for it too. */
  async function ask(path: string) {
    recorder.take()
    const answer = await host.api('GET', path)
    return { ...answer, sent: recorder.take() }
  }
  const idsOf = (rows: { id: number }[]) => rows.map(({ id }) => id)

  describe('filters', () => {
    const cases: [filter: string, where: string, parameters: unknown[], ids: number[]][] = [
      ['[title][_eq]=Alpha', '.* = \\$1', ['Alpha'], [1]],
      ['[title][_neq]=Alpha', '.* <> \\$1', ['Alpha'], [2]],
      ['[title][_in]=Alpha,beta', '.* = any\\(\\$1\\)', [['Alpha', 'beta']], [1, 2]],
      ['[title][_nin]=Alpha', '.* <> all\\(\\$1\\)', [['Alpha']], [2]],
      ['[title][_null]=true', '.* is null', [], [3]],
      ['[title][_nnull]=true', '.* is not null', [], [1, 2]],
      ['[body][_empty]=true', '.* is null or .* = .*', [], [2, 3]],
      ['[body][_nempty]=true', '.* is not null and .*', [], [1]],
      ['[title][_contains]=lph', '.* like \\$1', ['%lph%'], [1]],
      ['[title][_contains]=LPH', '.* like \\$1', ['%LPH%'], []],
      ['[title][_ncontains]=lph', '.* not like \\$1', ['%lph%'], [2]],
      ['[title][_icontains]=LPH', '.* ilike \\$1', ['%LPH%'], [1]],
      ['[title][_nicontains]=LPH', '.* not ilike \\$1', ['%LPH%'], [2]],
      ['[title][_starts_with]=Al', '.* like \\$1', ['Al%'], [1]],
      ['[title][_nstarts_with]=Al', '.* not like \\$1', ['Al%'], [2]],
      ['[title][_istarts_with]=al', '.* ilike \\$1', ['al%'], [1]],
      ['[title][_nistarts_with]=al', '.* not ilike \\$1', ['al%'], [2]],
      ['[title][_ends_with]=eta', '.* like \\$1', ['%eta'], [2]],
      ['[title][_nends_with]=eta', '.* not like \\$1', ['%eta'], [1]],
      ['[title][_iends_with]=ETA', '.* ilike \\$1', ['%ETA'], [2]],
      ['[title][_niends_with]=ETA', '.* not ilike \\$1', ['%ETA'], [1]],
      ['[body][_contains]=%25', '.* like \\$1', ['%\\%%'], [1]],
      ['[body][_contains]=_', '.* like \\$1', ['%\\_%'], [1]],
      ['[body][_contains]=\\', '.* like \\$1', ['%\\\\%'], []],
      ['[tags][_contains]=green', '.* like \\$1', ['%green%'], [1]],
      ['[rating][_lt]=20', '.* < \\$1', ['20'], [1]],
      ['[rating][_lte]=20', '.* <= \\$1', ['20'], [1, 2]],
      ['[rating][_gt]=1', '.* > \\$1', ['1'], [2]],
      ['[rating][_gte]=1', '.* >= \\$1', ['1'], [1, 2]],
      ['[rating][_between]=1,5', '.* between \\$1 and \\$2', ['1', '5'], [1]],
      ['[rating][_nbetween]=1,5', '.* not between \\$1 and \\$2', ['1', '5'], [2]],
      ['[big][_eq]=9007199254740993', '.* = \\$1', ['9007199254740993'], [1]],
      ['[price][_eq]=1.5', '.* = \\$1', ['1.5'], [1]],
      ['[score][_lt]=1', '.* < \\$1', ['1'], [1]],
      ['[published][_eq]=true', '.* = \\$1', [true], [1]],
      ['[published][_neq]=1', '.* <> \\$1', [true], [2]],
      ['[day][_eq]=2001-02-03', '.* = \\$1', ['2001-02-03'], [1]],
      ['[at][_gt]=08:00', '.* > \\$1', ['08:00'], [2]],
      ['[stamp][_lt]=2002-01-01', '.* < \\$1', ['2002-01-01'], [1]],
      ['[moment][_lt]=2002-01-01T00:00:00Z', '.* < \\$1', ['2002-01-01T00:00:00Z'], [1]],
      [`[ref][_eq]=${uuid}`, '.* = \\$1', [uuid], [1]],
      ['[mood][_in]=sad', '.* = any\\(\\$1::"public"."mood"\\[\\]\\)', [['sad']], [2]],
      ['[mood][_eq]=sad', '"mood"::"public"."mood" = \\$1::"public"."mood"', ['sad'], [2]],
      ['[mood][_neq]=sad', '"mood"::"public"."mood" <> \\$1', ['sad'], [1]],
      ['[mood][_nin]=sad,happy', '"mood"::"public"."mood" <> all\\(\\$1::"public"."mood"\\[\\]\\)', [['sad', 'happy']], []],
      ['[ip][_eq]=10.0.0.1', '"ip"::inet = \\$1', ['10.0.0.1'], [1]],
      ['[ip][_in]=10.0.0.1,::1', '"ip"::inet = any\\(\\$1::inet\\[\\]\\)', [['10.0.0.1', '::1']], [1]],
      ['[ip][_eq]=10.0.0.1/32', '.* = \\$1', ['10.0.0.1/32'], [1]],
      ['[data][_null]=true', '.* is null', [], [3]],
      ['[author][name][_eq]=Cid', 'left join "public"."author".* = \\$1', ['Cid'], [1]],
      ['[author][mentor][name][_eq]=Bob', 'left join .* left join .* = \\$1', ['Bob'], [1]],
      ['[author][name][_null]=true', 'left join .* is null', [], [3]],
    ]
    for (const [filter, where, parameters, ids] of cases) {
      test(filter, async () => {
        const { status, body, sent } = await ask(`/items/article?fields=id&filter${filter}`)
        assert.equal(status, 200, JSON.stringify(body))
        assert.deepEqual(idsOf(body.data), ids)
        assert.equal(sent.length, 1)
        assert.match(sent[0]!.text, new RegExp(where, 's'))
        assert.deepEqual(sent[0]!.parameters, parameters)
      })
    }

    for (const [filter, ids] of [
      ['[feeling][_eq]=sad', [1]],
      ['[feeling][_neq]=sad', [2]],
      ['[feeling][_in]=sad,happy', [1, 2]],
    ] as const) {
      test(`${filter} on a domain of an enum`, async () => {
        assert.deepEqual(idsOf((await ask(`/items/felt?fields=id&filter${filter}`)).data), ids)
      })
    }

    test('one value used in data and meta is one parameter', async () => {
      const { body, sent } = await ask('/items/article?fields=id&filter[rating][_gt]=1&meta=*')
      assert.deepEqual(body, { data: [{ id: 2 }], meta: { total_count: 3, filter_count: 1 } })
      assert.deepEqual(
        sent.map(({ parameters }) => parameters),
        [['1']],
      )
    })

    for (const filter of [
      '[rating][_eq]=x',
      '[rating][_eq]=1.5',
      '[rating][_eq]=99999999999',
      '[small][_eq]=40000',
      '[big][_eq]=9223372036854775808',
      '[price][_eq]=NaN',
      '[published][_eq]=maybe',
      '[day][_eq]=soon',
      '[day][_eq]=2001-02-30',
      '[moment][_eq]=$NOW(-1 bananas)',
      '[moment][_eq]=$NOW(-1 constructor)',
      '[moment][_eq]=infinite',
      '[at][_eq]=12:00:00Z',
      '[at][_eq]=infinity',
      '[mood][_eq]=angry',
      '[mood][_in]=sad,angry',
      '[ip][_eq]=10.0.0.256',
      '[ref][_eq]=x',
      '[title][_eq]=%00',
    ]) {
      test(`${filter} is a 400`, async () => {
        const { status, code, body } = await ask(`/items/article?filter${filter}`)
        assert.deepEqual([status, code], [400, 'INVALID_QUERY'])
        const [, name] = /^\[(\w+)\]/.exec(filter)!
        if (!filter.includes('$NOW')) assert.match(body.errors[0].message, new RegExp(`"${name}"`))
      })
    }
  })

  test('every type looks as the API shows it', async () => {
    const { data: rows } = await ask('/items/article')
    assert.deepEqual(rows[0], {
      id: 1,
      title: 'Alpha',
      body: '50% off_',
      rating: 1,
      small: 1,
      big: '9007199254740993',
      price: '1.50',
      score: 0.5,
      published: true,
      day: '2001-02-03',
      at: '07:08:09',
      stamp: '2001-02-03T04:05:06',
      moment: '2001-02-03T04:05:06.000Z',
      ref: uuid,
      data: { a: 1 },
      tags: ['red', 'green'],
      mood: 'happy',
      ip: '10.0.0.1',
      raw: { type: 'Buffer', data: [1, 255] },
      author: 3,
    })
    assert.deepEqual([rows[1].score, rows[1].tags, rows[1].moment], [null, [], '2012-12-31T23:59:59.123Z'])
    assert.deepEqual([...new Set(Object.values(rows[2]).slice(1))], [null])
  })

  test('relations: keys, objects, both ways, several levels', async () => {
    const { data: rows } = await ask('/items/article?fields=id,author.name,author.mentor.name,author.mentor.mentor')
    assert.deepEqual(rows, [
      { id: 1, author: { name: 'Cid', mentor: { name: 'Bob', mentor: 1 } } },
      { id: 2, author: { name: 'Bob', mentor: { name: 'Ann', mentor: null } } },
      { id: 3, author: null },
    ])
    const { data: authors } = await ask('/items/author?fields=id,articles,secret&sort=-id')
    assert.deepEqual(authors, [
      { id: 3, articles: [1], secret: null },
      { id: 2, articles: [2], secret: null },
      { id: 1, articles: [], secret: '**********' },
    ])
    const { data: opened, sent } = await ask('/items/author/3?fields=articles.title,articles.author.name')
    assert.deepEqual(opened, { articles: [{ title: 'Alpha', author: { name: 'Cid' } }] })
    assert.equal(sent.length, 1)
  })

  const orders: [sort: string, ids: number[]][] = [
    ['', [1, 2, 3]],
    ['-id', [3, 2, 1]],
    ['title', [1, 2, 3]],
    ['-title', [3, 2, 1]],
    ['-author.name', [3, 1, 2]],
    ['author.mentor.name,id', [2, 1, 3]],
  ]
  for (const [sort, ids] of orders) {
    test(`sort=${sort}`, async () => assert.deepEqual(idsOf((await ask(`/items/article?fields=id&sort=${sort}`)).data), ids))
  }

  test('pages cut after sorting; their bounds are no part of the text', async () => {
    assert.deepEqual(idsOf((await ask('/items/article?fields=id&sort=-id&limit=1&page=2')).data), [2])
    const one = await ask('/items/article?fields=id&limit=2&offset=1')
    const two = await ask('/items/article?fields=id&limit=2&offset=2')
    assert.deepEqual([idsOf(one.data), idsOf(two.data)], [[2, 3], [3]])
    assert.equal(one.sent[0]!.text, two.sent[0]!.text)
    assert.deepEqual((await ask('/items/article?limit=0')).data, [])
  })

  describe('every kind of query is one statement', () => {
    const cases: [path: string, data: unknown, text?: RegExp, parameters?: unknown[]][] = [
      ['author?fields=id&filter[articles][title]=Alpha', [{ id: 3 }], / in \(select .* left join .* = \$1\)/, ['Alpha']],
      ['author?fields=id&filter[articles][_null]=true', [{ id: 1 }], / in \(select .* is null\)/, []],
      ['author?fields=id&filter={"articles":{"title":"Alpha","rating":20}}', []],
      ['author?fields=id&filter[articles][_some][title]=Alpha', [{ id: 3 }], / exists \(select 1 .*= \$1/, ['Alpha']],
      ['author?fields=id&filter[articles][_none][title]=Alpha', [{ id: 1 }, { id: 2 }], /not exists \(select 1 .*= \$1/, ['Alpha']],
      ['author?fields=id&filter={"articles":{"_some":{}}}', [{ id: 2 }, { id: 3 }]],
      ['article?fields=id&filter={"author":{"articles":{"_none":{"rating":1}}}}', [{ id: 2 }, { id: 3 }]],
      ['author?fields=id&filter={"$FOLLOW(shelf_author,author)":{"shelf":2}}', [{ id: 2 }], / in \(select .*shelf_author/, ['2']],
      ['shelf?fields=id&filter={"authors":{"author":{"articles":{"title":"Alpha"}}}}', [{ id: 1 }]],
      ['shelf?fields=id&filter={"parts":{"item:note":{"body":"Once"}}}', [{ id: 1 }], /case when .*'note' then/, ['Once']],
      ['author?fields=id&filter={"count(articles)":{"_gt":0}}', [{ id: 2 }, { id: 3 }], /count\(\*\)/, ['0']],
      ['article?fields=id&filter={"year(day)":2001}', [{ id: 1 }], /extract\(year from .* = \$1/, ['2001']],
      ['article?fields=id&search=ALPH', [{ id: 1 }], / ilike \$1 or .* ilike \$2/, ['%ALPH%', '%ALPH%']],
      ['article?fields=id&search=20', [{ id: 2 }]],
      ['article?fields=id&search=50%25', [{ id: 1 }]],
      ['article?fields=id&search=5_%25', []],
      [
        'author?fields=id,articles.id&deep[articles][_filter][rating][_gt]=5&deep[articles][_sort]=-id&deep[articles][_limit]=1&sort=-id',
        [
          { id: 3, articles: [] },
          { id: 2, articles: [{ id: 2 }] },
          { id: 1, articles: [] },
        ],
        /limit 1/,
        ['5'],
      ],
      ['article?fields=id,writer.name&alias[writer]=author&filter[id]=1', [{ id: 1, writer: { name: 'Cid' } }]],
      ['article?fields=day_year,year(day),count(data),json(data,a)&filter[id]=1', undefined],
      ['article?fields=year(day),json(data,a)&filter[id]=1', [{ day_year: '2001', data_a_json: 1 }]],
      ['article?fields=count(data)&filter[id]=2', [{ data_count: 1 }]],
      ['author/3?fields=count(articles),articles.year(day)', { articles_count: '1', articles: [{ day_year: '2001' }] }],
      [
        'article?aggregate[count]=*&aggregate[sum]=rating&aggregate[max]=day',
        [{ count: '3', sum: { rating: '21' }, max: { day: '2012-12-31' } }],
      ],
      [
        'article?aggregate[count]=*&groupBy=author.name&sort=author.name&filter[id][_lt]=3',
        [
          { 'author.name': 'Bob', count: '1' },
          { 'author.name': 'Cid', count: '1' },
        ],
      ],
      ['author?aggregate[sum]=id&filter={"articles":{"id":{"_gt":0}}}', [{ sum: { id: '5' } }]],
      ['author?fields=id&sort=-articles.rating', [{ id: 1 }, { id: 2 }, { id: 3 }]],
      ['article?fields=id&sort=-year(day)', [{ id: 3 }, { id: 2 }, { id: 1 }]],
      ['article?fields=id&sort=-json(data,a),id', [{ id: 2 }, { id: 3 }, { id: 1 }]],
      [
        'shelf?fields=name,authors.author.name,parts.item:note.body,parts.item:article.title',
        [
          {
            name: 'top',
            authors: [{ author: { name: 'Cid' } }, { author: { name: 'Bob' } }],
            parts: [{ item: { title: 'Alpha' } }, { item: { body: 'Once' } }, { item: null }],
          },
          { name: 'bottom', authors: [{ author: { name: 'Bob' } }], parts: [{ item: null }] },
        ],
      ],
      ['shelf?fields=parts.item:article.title&filter[id]=1', [{ parts: [{ item: { title: 'Alpha' } }, { item: 'n1' }, { item: null }] }]],
      ['shelf?fields=parts.item&filter[id]=1', [{ parts: [{ item: '1' }, { item: 'n1' }, { item: 'n9' }] }]],
      ['shelf/1?fields=*', { id: 1, name: 'top', authors: [1, 2], parts: [2, 1, 3] }],
    ]
    for (const [path, data, text, parameters] of cases) {
      test(path, async () => {
        const answer = await ask(`/items/${path}`)
        if (data === undefined) return assert.deepEqual([answer.status, answer.sent.length], [403, 0])
        assert.equal(answer.status, 200, JSON.stringify(answer.body))
        assert.deepEqual(answer.data, data)
        assert.equal(answer.sent.length, 1)
        if (text) assert.match(answer.sent[0]!.text, new RegExp(text, 's'))
        if (parameters) assert.deepEqual(answer.sent[0]!.parameters, parameters)
      })
    }

    test('with totals too', async () => {
      const { body, sent } = await ask('/items/author?fields=id&filter[articles][id][_gt]=0&limit=1&meta=*&deep[articles][_limit]=1')
      assert.deepEqual(body, { data: [{ id: 2 }], meta: { total_count: 3, filter_count: 2 } })
      assert.equal(sent.length, 1)
    })
  })

  describe('keys of one relation sort by the same related row', () => {
    before(() =>
      host.kernel.db.execute(`
        insert into author (id, name) values (11, 'x'), (12, 'x');
        insert into article (id, rating, title, author) values (51, 1, 'a', 11), (52, 9, 'z', 11), (53, 1, 'b', 12)`),
    )
    after(() => host.kernel.db.execute('delete from article where id > 50; delete from author where id > 10'))
    const cases: [sort: string, ids: number[]][] = [
      // 11 is (1, a), 12 is (1, b): the z of 11 belongs to a greater rating.
      ['articles.rating,-articles.title', [12, 11]],
      ['articles.rating,articles.title', [11, 12]],
      ['-articles.rating,articles.title', [11, 12]],
      ['name,articles.rating,name,-articles.title', [12, 11]],
    ]
    for (const [sort, ids] of cases) {
      test(sort, async () => assert.deepEqual(idsOf((await ask(`/items/author?fields=id&filter[id][_gt]=10&sort=${sort}`)).data), ids))
    }
  })

  test('relations followed are bounded, at N and at N + 1', async () => {
    const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
    const relations = async (count: number) => {
      const body = {
        query: {
          alias: Object.fromEntries(upTo(40).map((i) => [`a${i}`, 'articles'])),
          fields: upTo(40).map((i) => `a${i}.author.mentor.mentor.id`),
          filter: { _and: upTo(count).map(() => ({ articles: { _some: { id: { _gt: 0 } } } })) },
        },
      }
      recorder.take()
      const { status, code } = await host.api('SEARCH', '/items/author', { body })
      return [status, code, recorder.take().length]
    }
    // Each of the forty follows four relations.
    assert.deepEqual(await relations(40), [200, undefined, 1])
    assert.deepEqual(await relations(41), [400, 'INVALID_QUERY', 0])
  })

  describe('whatever a value holds, it never reaches the text', () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        `'; drop table note; --`,
        `" or 1=1 --`,
        '$1',
        '$$',
        '\\',
        `\\'`,
        '{}',
        '{"a"}',
        'NULL',
        `'`,
        '%',
        '_',
        'null',
        '/*',
        '\u2019',
        '🌳',
      ),
      fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }).filter((text) => !text.includes('\0') && !text.startsWith('$')),
    )

    test('in filters of every kind: the text stays the same, the row that holds the value is found', { timeout: 120_000 }, async () => {
      const texts = new Map<string, string>()
      await host.api('POST', '/items/note', { body: { id: 'other', body: 'something else' } })
      await fc.assert(
        fc.asyncProperty(hostile, fc.constantFrom('_eq', '_in', '_contains', '_starts_with', '_iends_with'), async (value, operator) => {
          fc.pre(value.toLowerCase() !== 'null' || /with|contains/.test(operator)) // else the word means null
          const { status, data: made } = await host.api('POST', '/items/note', { body: { id: crypto.randomUUID(), body: value } })
          assert.equal(status, 200)
          assert.equal(made.body, value)
          const filter = encodeURIComponent(
            JSON.stringify({ body: { [operator]: operator === '_in' ? [value] : value }, id: { _eq: made.id } }),
          )
          const { data: found, sent } = await ask(`/items/note?filter=${filter}`)
          assert.deepEqual(found, [made])
          assert.equal(sent.length, 1)
          assert.equal(sent[0]!.text, texts.get(operator) ?? sent[0]!.text)
          texts.set(operator, sent[0]!.text)
        }),
        { numRuns: 60 },
      )
      assert.equal(texts.size, 5)
    })

    test('in search, deep, _some and functions', async () => {
      const forms: Readonly<Record<string, (value: string) => object>> = {
        search: (search) => ({ search }),
        deep: (value) => ({ fields: ['articles.id'], deep: { articles: { _filter: { title: { _contains: value } }, _search: value } } }),
        some: (value) => ({ filter: { articles: { _some: { title: { _eq: value }, author: { name: { _in: [value] } } } } } }),
        many: (value) => ({ filter: { articles: { title: { _neq: value } } } }),
        groups: (value) => ({ aggregate: { count: ['*'] }, groupBy: ['name'], filter: { name: { _ncontains: value } } }),
      }
      const texts = new Map<string, string>()
      await fc.assert(
        fc.asyncProperty(
          // What is only space, or a number, is searched for in other ways; the word null means null here.
          hostile.filter((text) => text.trim() !== '' && text.toLowerCase() !== 'null' && !/^[\d\s.-]+$/.test(text)),
          fc.constantFrom(...Object.keys(forms)),
          async (value, name) => {
            recorder.take()
            const { status, body } = await host.api('SEARCH', '/items/author', { body: { query: forms[name]!(value) } })
            assert.equal(status, 200, JSON.stringify(body))
            const [statement, ...more] = recorder.take()
            assert.equal(more.length, 0)
            assert.equal(statement!.text, texts.get(name) ?? statement!.text)
            texts.set(name, statement!.text)
          },
        ),
        { numRuns: 60 },
      )
    })

    test('in keys, fields and sort', async () => {
      for (const value of [`'; drop table note; --`, '"', `x" from note; --`, '1 or 1=1']) {
        const encoded = encodeURIComponent(value)
        for (const path of [
          `/items/article/${encoded}`,
          `/items/article?fields=${encoded}`,
          `/items/article?sort=${encoded}`,
          `/items/article?groupBy=${encoded}`,
          `/items/article?aggregate[count]=${encoded}`,
          `/items/article?fields=x&alias[x]=${encoded}`,
          `/items/author?fields=articles.id&deep[articles][_sort]=${encoded}`,
          `/items/author?filter=${encodeURIComponent(JSON.stringify({ [`$FOLLOW(article,${value})`]: { id: 1 } }))}`,
          `/items/shelf_part?filter=${encodeURIComponent(JSON.stringify({ [`item:${value}`]: { id: 1 } }))}`,
          `/items/${encoded}`,
        ]) {
          const { status, sent } = await ask(path)
          assert.deepEqual([path, status, sent.length], [path, 403, 0])
        }
      }
    })
  })

  describe('names that hold quotes, and names of prototypes', () => {
    const path = `/items/${encodeURIComponent(oddTable)}`
    const key = 'the "key"'
    const text = `it's; --`

    test('are written and read like any others', async () => {
      const row = { [key]: 1, [text]: `x'"`, constructor: 'c', ['__proto__']: 'p', 'tail]': 't', 'count(tail])': 'u' }
      const made = await host.api('POST', path, { text: JSON.stringify(row), headers: { 'content-type': 'application/json' } })
      assert.equal(made.status, 200, JSON.stringify(made.body))
      assert.deepEqual(made.data, row)
      assert.deepEqual((await ask(`${path}/1`)).data, row)
    })

    test('defaults fill in what is left out', async () => {
      const made = await host.api('POST', path, { body: [{ [key]: 2 }, { [key]: 3, constructor: 'c' }] })
      assert.equal(made.status, 200, JSON.stringify(made.body))
      assert.deepEqual(
        made.data.map((row: any) => [row[key], row.constructor, row[text]]),
        [
          [2, 'built', null],
          [3, 'c', null],
        ],
      )
    })

    test('sort, filter, fields, change and delete', async () => {
      const filter = encodeURIComponent(
        JSON.stringify({ [text]: { _contains: "'" }, constructor: { _eq: 'c' }, 'tail]': { _eq: 't' }, 'count(tail])': { _eq: 'u' } }),
      )
      const { data: found } = await ask(`${path}?filter=${filter}&sort=${encodeURIComponent(`-${text}`)}&fields=${encodeURIComponent(key)}`)
      assert.deepEqual(found, [{ [key]: 1 }])
      const groups = encodeURIComponent('count(tail])')
      assert.deepEqual((await ask(`${path}?groupBy=${groups}&sort=${groups}&filter[constructor][_eq]=c&aggregate[count]=*`)).data, [
        { 'count(tail])': 'u', count: '1' },
        { 'count(tail])': null, count: '1' },
      ])
      const changed = await host.api('PATCH', `${path}/1`, { body: { [text]: 'new', constructor: null } })
      assert.deepEqual([changed.data[text], changed.data.constructor], ['new', null])
      assert.equal((await host.api('DELETE', path, { body: [1, 2, 3] })).status, 204)
      assert.deepEqual((await ask(path)).data, [])
    })

    test('and nothing was dropped', async () => assert.equal((await ask('/items/note?limit=1')).status, 200))
  })
})

describe('times that four digits of a year cannot tell', () => {
  let host: TestHost
  const rows = [
    { id: 1, day: '0044-03-15 BC', stamp: '-000043-03-15T12:00:00', moment: '-000043-03-15T12:00:00.000Z', clock: '12:34:56+02' },
    { id: 2, day: '99999-12-31', stamp: '+099999-12-31T23:59:59', moment: '+099999-12-31T23:59:59.500Z', clock: '12:34:56.5-03:30' },
    { id: 3, day: 'infinity', stamp: 'infinity', moment: 'infinity', clock: null },
    { id: 4, day: '-infinity', stamp: '-infinity', moment: '-infinity', clock: null },
    { id: 5, day: '0001-01-01', stamp: '0001-01-01T00:00:00', moment: '0001-01-01T00:00:00.000Z', clock: '00:00:00+00' },
    { id: 6, day: '9999-12-31', stamp: '9999-12-31T23:59:59', moment: '9999-12-31T23:59:59.999Z', clock: '24:00:00+00' },
    { id: 7, day: '0001-12-31 BC', stamp: '+000000-12-31T23:59:59', moment: '+000000-12-31T23:59:59.999Z', clock: '00:00:01+00' },
  ]
  before(async () => {
    host = await startKernel({
      sql: `create table far (id integer primary key, day date, stamp timestamp, moment timestamptz, clock timetz);
        insert into far values
          (1, '0044-03-15 BC', '0044-03-15 12:00 BC', '0044-03-15 12:00Z BC', '12:34:56+02'),
          (2, '99999-12-31', '99999-12-31 23:59:59', '99999-12-31 23:59:59.5Z', '12:34:56.5-03:30'),
          (3, 'infinity', 'infinity', 'infinity', null), (4, '-infinity', '-infinity', '-infinity', null),
          (5, '0001-01-01', '0001-01-01', '0001-01-01Z', '00:00+00'),
          (6, '9999-12-31', '9999-12-31 23:59:59', '9999-12-31 23:59:59.999Z', '24:00+00'),
          (7, '0001-12-31 BC', '0001-12-31 23:59:59 BC', '0001-12-31 23:59:59.999Z BC', '00:00:01+00')`,
    })
  })
  after(() => host.close())

  test('are shown whole', async () => {
    assert.deepEqual((await host.api('GET', '/items/far')).data, rows)
  })

  test('are taken as they are shown', async () => {
    assert.equal((await host.api('DELETE', '/items/far', { body: rows.map(({ id }) => id) })).status, 204)
    assert.deepEqual((await host.api('POST', '/items/far', { body: rows })).data, rows)
    const { code } = await host.api('PATCH', '/items/far/1', { body: { stamp: '-000043-13-15T12:00:00' } })
    assert.equal(code, 'INVALID_PAYLOAD')
  })

  test('find their row by what is shown', async () => {
    for (const { id, ...shown } of rows) {
      for (const [name, value] of Object.entries(shown)) {
        if (value === null) continue
        const { body } = await host.api('GET', `/items/far?fields=id&filter=${encodeURIComponent(JSON.stringify({ [name]: value }))}`)
        assert.deepEqual(body, { data: [{ id }] }, `${name} ${value}`)
      }
    }
  })
})

describe('pages of groups', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({
      sql: `create table team (id integer primary key);
        create table vote (id serial primary key, team integer references team, colour integer, weight integer);
        insert into team values (1); insert into vote (team, colour, weight) select 1, (i * 37) % 101, i % 3 from generate_series(1, 101) i`,
    })
    await host.kernel.db.execute(
      `insert into directus_relations (many_collection, many_field, one_collection, one_field) values ('vote', 'team', 'team', 'votes')`,
    )
    await host.kernel.db.execute(`insert into directus_fields (collection, field, special) values ('team', 'votes', 'o2m')`)
    await host.kernel.registry.reload()
  })
  after(() => host.close())

  const colours = Array.from({ length: 101 }, (_, i) => i)
  const pages: [what: string, url: (page: number) => string, groups: (data: any) => { colour: number }[]][] = [
    ['of a list', (page) => `/items/vote?groupBy=colour&aggregate[count]=*&sort=-count&limit=7&page=${page}`, (data) => data],
    [
      'of related rows',
      (page) =>
        `/items/team/1?fields=votes&deep[votes][_aggregate][count]=*&deep[votes][_group]=colour&deep[votes][_sort]=-count&deep[votes][_limit]=7&deep[votes][_page]=${page}`,
      (data) => data.votes,
    ],
  ]
  for (const [what, url, groups] of pages) {
    test(`${what} repeat none and leave out none, however many are alike in what they are sorted by`, async () => {
      const found: number[] = []
      for (let page = 1; page <= 15; page++) found.push(...groups((await host.api('GET', url(page))).data).map(({ colour }) => colour))
      assert.deepEqual(found, colours)
    })
  }
})

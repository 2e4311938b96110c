/**
 * Whatever is asked, the answer is rows or a refusal: no 5xx, nothing of the database in it, and the server goes on. Queries that follow the
 * grammar with names right and wrong, raw query strings, and bodies of any shape; by an administrator and by somebody whose rules show a part.
 * `FUZZ_MS=600000 FUZZ_SEED=1 node --test test/plugins/items/fuzz.test.ts` searches longer, or again.
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { operators } from '../../../plugins/items/query.ts'
import type { TestHost } from '../../host.ts'
import { oddTable, startLibrary } from './library.ts'

const duration = Number(process.env.FUZZ_MS ?? 1500)
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)

const collections = ['article', 'author', 'page', 'note', 'defaults', 'shelf', 'shelf_part', 'log', 'titles', oddTable, 'nothing']
const columns =
  'id title body rating small big price score published day at stamp moment ref data tags mood ip raw author name mentor secret articles lang slug version line a item collection sort parts authors shelf constructor __proto__'
const names = fc.constantFrom(...columns.split(' '), '*', 'nope', '', 'the "key"', "it's; --", '$FOLLOW(article,author)')
const functions = fc.constantFrom('year', 'month', 'week', 'day', 'weekday', 'hour', 'minute', 'second', 'count', 'json', 'nope')
const name = fc.oneof(
  { weight: 6, arbitrary: names },
  { weight: 1, arbitrary: fc.tuple(functions, names).map(([fn, of]) => `${fn}(${of})`) },
  { weight: 1, arbitrary: fc.tuple(names, fc.constantFrom('a', 'a.b[0]', '[0]', '$', '')).map(([of, path]) => `json(${of},${path})`) },
  { weight: 1, arbitrary: fc.tuple(names, fc.constantFrom('article', 'note', 'nothing', '')).map(([of, scope]) => `${of}:${scope}`) },
)
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((steps) => steps.join('.'))
const paths = fc.array(path, { maxLength: 4 })

const values = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    -1,
    1.5,
    1e300,
    -0,
    2 ** 31,
    2 ** 53,
    true,
    false,
    null,
    '',
    'null',
    'true',
    ' ',
    '%',
    '_',
    '\\',
    "'",
    '"',
    '{}',
    '{',
    '\u0000',
    '\ud800',
    '😀',
  ),
  fc.constantFrom('1', '-1', '007', '1e5', '0x10', 'NaN', 'Infinity', '9'.repeat(40), `1e${'9'.repeat(9)}`, '1.5', '١'),
  fc.constantFrom(
    '2024-02-30',
    '2024-02-29',
    '99999-01-01',
    '-0001-01-01',
    '+012026-01-01',
    '25:00',
    '24:00:00',
    '23:59:60',
    '2024-01-01T00:00:00+99:99',
  ),
  fc.constantFrom('$NOW', '$NOW(-1 day)', '$NOW(-1 bananas)', '$NOW(999999999 years)', '$NOW(-0.5 s)'),
  fc
    .tuple(fc.constantFrom('USER', 'ROLE', 'ROLES', 'POLICIES', 'X'), fc.option(path, { nil: null }))
    .map(([of, below]) => `$CURRENT_${of}${below === null ? '' : `.${below}`}`),
  fc.constantFrom('happy', 'glad', '127.0.0.1', '::1/200', '00000000-0000-4000-8000-000000000000', 'a,b', ','),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const anyValue = fc.oneof(
  { weight: 4, arbitrary: values },
  { weight: 1, arbitrary: fc.array(values, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(names, values, { maxKeys: 2 }) },
)
const operator = fc.constantFrom(...operators, '_json', '_some', '_none', '_and', '_or', '_regex', '_nope')

const { filter } = fc.letrec<{ filter: unknown }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.tuple(name, operator, anyValue).map(([field, op, value]) => ({ [field]: { [op]: value } })),
    fc.tuple(name, anyValue).map(([field, value]) => ({ [field]: value })),
    fc.tuple(name, tie('filter')).map(([field, inner]) => ({ [field]: inner })),
    fc.tuple(name, fc.constantFrom('_some', '_none'), tie('filter')).map(([field, op, inner]) => ({ [field]: { [op]: inner } })),
    fc
      .tuple(
        name,
        fc.dictionary(fc.constantFrom('a', 'a.b[0]', '[1]', 'a b', '', '_and'), fc.dictionary(operator, anyValue, { maxKeys: 2 })),
      )
      .map(([field, _json]) => ({ [field]: { _json } })),
    fc.tuple(fc.constantFrom('_and', '_or'), fc.array(tie('filter'), { maxLength: 3 })).map(([op, inner]) => ({ [op]: inner })),
    fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => Object.assign({}, a, b)),
  ),
}))
const sort = fc.array(
  fc.tuple(fc.constantFrom('', '-', '--'), path).map(([sign, key]) => sign + key),
  { maxLength: 3 },
)
const number = fc.constantFrom<unknown>(0, 1, 3, -1, -2, 1.5, '1', '', 'x', null, 2 ** 53, '9'.repeat(20))
const aggregate = fc.dictionary(
  fc.constantFrom('count', 'countDistinct', 'countAll', 'sum', 'sumDistinct', 'avg', 'min', 'max', 'nope'),
  fc.oneof(path, paths, fc.constant('*')),
  { maxKeys: 3 },
)
const alias = fc.dictionary(fc.constantFrom('x', 'id', 'title', 'a.b', '', '$1', '"'), fc.oneof(name, path), { maxKeys: 2 })
const { deep } = fc.letrec<{ deep: unknown }>((tie) => ({
  deep: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constant({}),
    fc
      .tuple(
        name,
        fc.record(
          {
            _filter: filter,
            _sort: sort,
            _limit: number,
            _offset: number,
            _page: number,
            _search: values,
            _alias: alias,
            _aggregate: aggregate,
            _group: paths,
          },
          { requiredKeys: [] },
        ),
        tie('deep'),
      )
      .map(([field, said, below]) => ({ [field]: Object.assign({}, said, below) })),
  ),
}))
const query = fc.record(
  {
    fields: paths,
    filter,
    sort,
    search: values,
    limit: number,
    offset: number,
    page: number,
    aggregate,
    groupBy: paths,
    deep,
    alias,
    backlink: fc.constantFrom(true, false, 'false'),
    meta: fc.constantFrom('*', 'total_count', 'filter_count', 'estimated_count', 'next_cursor', 'nope'),
    cursor: fc.oneof(
      fc.constant(''),
      values,
      fc
        .tuple(fc.constantFrom('id', '-id', 'id,title'), fc.array(values, { maxLength: 2 }))
        .map((place) => Buffer.from(JSON.stringify(place)).toString('base64url')),
    ),
    version: fc.constantFrom('main', 'draft', ''),
    export: fc.constantFrom('csv', 'json', 'xml', 'yaml', 'ndjson', 'nope'),
  },
  { requiredKeys: [] },
)

/** Words that query strings are made of, put together at random. */
const scraps = fc.constantFrom(
  ...'filter fields sort deep alias aggregate groupBy search limit page offset meta cursor export version _and _or _eq _in _some _json count * id title author'.split(
    ' ',
  ),
  ...'[ ] [] [0] [1] [500] = & , . : ( ) { } " \' % %5B %00 %ff %22 + # ? ; -- $ \\ __proto__ constructor'.split(' '),
)
const rawQuery = fc.oneof(
  fc.array(scraps, { maxLength: 24 }).map((words) => words.join('')),
  fc
    .array(fc.tuple(fc.constantFrom('filter', 'deep', 'alias', 'aggregate', 'sort', 'fields'), fc.array(name, { maxLength: 4 }), values), {
      maxLength: 4,
    })
    .map((parameters) =>
      parameters.map(([root, keys, value]) => `${root}${keys.map((key) => `[${key}]`).join('')}=${String(value)}`).join('&'),
    ),
  fc.string({ maxLength: 40 }),
)
const inUrl = (text: string) => text.toWellFormed().replace(/[\u0000-\u0020#\u007f-\u{10ffff}]/gu, encodeURIComponent)

const anyBody = fc.oneof(
  fc.record({ query: fc.oneof(query, fc.jsonValue()), keys: fc.oneof(fc.array(values), fc.jsonValue()) }, { requiredKeys: [] }),
  fc.record({
    query: fc.dictionary(
      fc.constantFrom('fields', 'filter', 'sort', 'search', 'limit', 'deep', 'alias', 'aggregate', 'groupBy', 'meta', 'cursor', 'version'),
      fc.jsonValue(),
    ),
  }),
  fc.jsonValue(),
)

describe(`whatever is asked (seed ${seed})`, () => {
  let host: TestHost
  before(async () => {
    host = await startLibrary({ env: { PUBLIC_URL: 'http://localhost' } })
    const { api, kernel } = host
    const policy = crypto.randomUUID()
    await kernel.db.query(`insert into directus_policies (id, name) values ($1, 'part')`, [policy])
    const rules: [collection: string, fields: string, permissions: object | null][] = [
      ['article', 'id,title,rating,author,data', { author: { name: { _nnull: true } } }],
      ['article', '*', { rating: { _gt: 0 } }],
      ['author', '*', null],
      ['note', 'body', null],
      ['shelf', '*', { name: { _eq: '$CURRENT_USER.title' } }],
      ['shelf_part', 'item,collection,shelf', null],
      ['page', 'slug,title', { version: { _gt: 1 } }],
    ]
    for (const [collection, fields, permissions] of rules)
      await kernel.db.query(
        `insert into directus_permissions (collection, action, fields, permissions, policy) values ($1, 'read', $2, $3, $4)`,
        [collection, fields, permissions && JSON.stringify(permissions), policy],
      )
    const user = crypto.randomUUID()
    await kernel.db.query(`insert into directus_users (id, email, token, title) values ($1, 'part@example.com', 'part', 's')`, [user])
    await kernel.db.query('insert into directus_access (id, policy, "user") values (gen_random_uuid(), $1, $2)', [policy, user])
    await kernel.db.execute(`
      insert into author (name, mentor) values ('Ann', null), ('Bob', 1);
      insert into article (title, rating, price, data, tags, day, moment, mood, author, raw) values
        ('a', 1, 1.5, '{"a":{"b":[1]}}', 'x,y', '2024-02-29', now(), 'happy', 1, '\\x00ff'), (null, null, null, '[1,2]', '', null, null, null, null, null);
      insert into note values ('k', 'v'); insert into shelf (name) values ('s');
      insert into shelf_part (shelf, item, collection, sort) values (1, '1', 'article', 1), (1, 'k', 'note', 2), (1, 'x', 'nothing', 3);
      insert into page values ('en', 'a,b', 2, 't');
    `)
    assert.equal((await api('GET', '/items/note', { token: 'part' })).status, 200)
  })
  after(() => host.close())

  /** PostgreSQL's own words, and what statements and stacks are made of. Nothing that is asked has them. */
  const leaks = /syntax error|invalid input|for type|violates|relation "|operator does|row_to_json|coalesce\(|pg_catalog|SQLSTATE|\.ts:\d/i

  async function ask(method: string, path: string, options: { token: string; body?: unknown }): Promise<void> {
    const { status, body } = await host.api(method, path, options)
    assert.ok(status < 500, `${status} ${JSON.stringify(body)}`)
    if (status >= 400) assert.doesNotMatch(JSON.stringify(body), leaks)
  }

  const people = fc.constantFrom('admin-token', 'part')
  const anyCollection = fc.constantFrom(...collections).map(encodeURIComponent)
  const toUrl = (said: object) =>
    Object.entries(said)
      .map(([key, value]) => `${key}=${encodeURIComponent((typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed())}`)
      .join('&')

  const kinds: [kind: string, property: fc.IAsyncProperty<unknown[]>][] = [
    [
      'in the query string',
      fc.asyncProperty(anyCollection, people, query, (to, token, said) => ask('GET', `/items/${to}?${toUrl(said)}`, { token })),
    ],
    ['in a body', fc.asyncProperty(anyCollection, people, anyBody, (to, token, body) => ask('SEARCH', `/items/${to}`, { token, body }))],
    [
      'of one item',
      fc.asyncProperty(anyCollection, people, values, query, (to, token, key, said) =>
        ask('GET', `/items/${to}/${encodeURIComponent(String(key).toWellFormed()) || '1'}?${toUrl(said)}`, { token }),
      ),
    ],
    [
      'in a query string of scraps',
      fc.asyncProperty(anyCollection, people, rawQuery, (to, token, text) => ask('GET', `/items/${to}?${inUrl(text)}`, { token })),
    ],
  ]
  for (const [kind, property] of kinds) {
    test(kind, { timeout: duration * 2 + 60_000 }, async () => {
      await fc.assert(property as never, {
        seed,
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: duration,
        markInterruptAsFailure: false,
        endOnFailure: false,
      })
      assert.equal((await host.api('GET', '/items/note')).status, 200)
    })
  }

  test('nothing was broken for long', () => {
    assert.deepEqual(
      host.logs.filter(({ level }) => level === 'error'),
      [],
    )
  })
})

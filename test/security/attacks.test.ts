/** Attacks over HTTP, each with a twin: the nearest honest request, which has to work. No answer may be a 5xx, show SQL or a stack, or keep anything of the attempt. */
import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { testDrivers } from '../database.ts'
import { type CallOptions, startKernel, type TestHost } from '../host.ts'

/** What stands in the way of careless SQL: names that it uses itself, names that JavaScript has a meaning for, types with rules of their own. */
const tables = `
create domain filled as text not null;
create domain positive as int check (value > 0);
create type mood as enum ('sad', 'ok');
create table person (id serial primary key, name varchar(20) not null, boss int references person, mentor int references person, friend int references person);
insert into person (name, boss) values ('Ann', null), ('Bob', 1);
create table odd (id serial primary key, d int, o text, v text, t text, e text, key text, "$0" int, "a.b" int, "__proto__" text, "constructor" text, person int references person);
insert into odd (d, o, person) values (1, 'o', 1);
create table "it's; drop table person" (id serial primary key, "co""l'; --" text, "select" text, "ünï" text, "%s" text);
create table rules (id serial primary key, title text, word filled default 'x', size positive, mood mood, secret text, n int check (n > 0), long text unique,
  range int4range, exclude using gist (range with &&));
insert into rules (title) values ('one');
create table late (id serial primary key, person int references person deferrable initially deferred);
create table guarded (id serial primary key, word text);
create function refuse() returns trigger language plpgsql as $$ begin if new.word = 'bad' then raise exception 'bad words are not taken'; end if; return new; end $$;
create trigger refuse before insert on guarded for each row execute function refuse();
create table kinds (id serial primary key, j json, jb jsonb, f float8, i int8, at timestamptz, place point, x xml, b bytea, u uuid);
insert into kinds (j) values ('{}');
create table big (id int8 primary key, word text);
insert into big values (9007199254740993, 'exact');
create table short (id varchar(5) primary key, word text);
insert into short values ('abcde', 'x');
create view counted as select count(*) as people from person;
create view named as select id, name from person where name <> 'Zoe' with check option;
create materialized view kept as select id, name from person;
create table counters (id int generated always as identity primary key);
`

interface Sent extends CallOptions {
  readonly method: string
  readonly path: string
}

/** `GET /items/person`, or with a body. */
const send = (request: string, body?: unknown, more: CallOptions = {}): Sent => {
  const [method = '', path = ''] = request.split(/ (.*)/s)
  return { method, path, ...(body === undefined ? {} : { body }), ...more }
}

const json = (request: string, text: string): Sent => send(request, undefined, { text, headers: { 'content-type': 'application/json' } })
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const steps = ['boss', 'mentor', 'friend']
/** Different ways along a relation that leads back to its own table. */
const ways = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => [...Array(8).keys()].map((level) => steps[Math.floor(i / 3 ** (level % 4) + level) % 3]).join('.') + '.name',
  )

/** [why, attack, status, code, twin] */
const attacks: [string, Sent, number, string, Sent][] = [
  ['SQL in a key', send(`GET /items/person/${encodeURIComponent("1' or '1'='1")}`), 403, 'FORBIDDEN', send('GET /items/person/1')],
  [
    'SQL in a column name',
    send('SEARCH /items/person', { query: { sort: ['id" desc; drop table person; --'] } }),
    403,
    'FORBIDDEN',
    send('SEARCH /items/person', { query: { sort: ['-id'] } }),
  ],
  [
    'SQL in a limit',
    send('SEARCH /items/person', { query: { limit: '1; drop table person' } }),
    400,
    'INVALID_QUERY',
    send('SEARCH /items/person', { query: { limit: '1' } }),
  ],
  [
    'SQL in a length',
    send('POST /collections', {
      collection: 'made',
      schema: {},
      fields: [{ field: 'a', type: 'string', schema: { max_length: '9); drop table person' } }],
    }),
    400,
    'INVALID_PAYLOAD',
    send('POST /collections', {
      collection: 'made',
      schema: {},
      fields: [{ field: 'a', type: 'string', schema: { max_length: '90', default_value: "now()); drop table person; --\\'" } }],
    }),
  ],
  [
    'SQL in an action',
    send('POST /relations', {
      collection: 'odd',
      field: 'd',
      related_collection: 'person',
      schema: { on_delete: 'CASCADE; drop table person' },
    }),
    400,
    'INVALID_PAYLOAD',
    send('POST /relations', { collection: 'odd', field: 'd', related_collection: 'person', schema: { on_delete: 'CASCADE' } }),
  ],
  [
    'a table whose name is SQL',
    send(`POST /collections`, { collection: "it's; drop table person", schema: {} }),
    400,
    'INVALID_PAYLOAD',
    send(`POST /items/${encodeURIComponent("it's; drop table person")}`, { 'co"l\'; --': "'", select: '"', ünï: '$1', '%s': '\\' }),
  ],
  [
    'a name with a null character',
    send('POST /fields/person', { field: 'a\0b', type: 'string' }),
    400,
    'INVALID_PAYLOAD',
    send('POST /fields/person', { field: '💥', type: 'string' }),
  ],
  [
    'a name that is too long',
    send('POST /fields/person', { field: 'é'.repeat(32), type: 'string' }),
    400,
    'INVALID_PAYLOAD',
    send('POST /fields/person', { field: 'é'.repeat(31), type: 'string' }),
  ],
  [
    'a prototype as a filter',
    send('GET /items/person?filter[__proto__][_eq]=1'),
    403,
    'FORBIDDEN',
    send('GET /items/odd?filter[__proto__][_null]=true&filter[constructor][_null]=true&sort=person.name'),
  ],
  ['objects without a text in sort', send('GET /items/person?sort[0][a]=b'), 400, 'INVALID_QUERY', send('GET /items/person?sort[0]=name')],
  [
    'objects without a text in meta',
    send('SEARCH /items/person', { query: { meta: [{ toString: 1 }] } }),
    400,
    'INVALID_QUERY',
    send('SEARCH /items/person', { query: { meta: ['*'] } }),
  ],
  [
    'objects without a text in a special',
    send('POST /collections', {
      collection: 'special',
      schema: {},
      fields: [
        { field: 'a', type: 'csv', meta: { special: [{ toString: 1 }] }, schema: { default_value: [{ toString: 1 }], max_length: 'x' } },
      ],
    }),
    400,
    'INVALID_PAYLOAD',
    send('POST /collections', {
      collection: 'special',
      schema: {},
      fields: [
        { field: 'a', type: 'csv', schema: { default_value: ['a', { toString: 1 }] } },
        { field: 'b', type: 'json', meta: { special: [{ toString: 1 }, 'cast-json'] } },
      ],
    }),
  ],
  [
    'a deep body',
    json('POST /items/kinds', `{"j":${nested(20_000)}}`),
    400,
    'INVALID_PAYLOAD',
    json('POST /items/kinds', `{"j":${nested(400)},"jb":{"a":"\\\\\\"[[["}}`),
  ],
  ['a wildcard on a circle', send('GET /items/person?fields=*.*.*.*.*.*.*'), 400, 'INVALID_QUERY', send('GET /items/person?fields=*.*.*')],
  [
    'a sort along hundreds of ways',
    send('SEARCH /items/person', { query: { sort: ways(300) } }),
    400,
    'INVALID_QUERY',
    send('SEARCH /items/person', { query: { sort: ways(3) } }),
  ],
  [
    'fields along hundreds of ways',
    send('SEARCH /items/person', { query: { fields: ways(300) } }),
    400,
    'INVALID_QUERY',
    send('SEARCH /items/person', { query: { fields: ways(3) } }),
  ],
  ['a null character', send('POST /items/person', { name: 'a\0b' }), 400, 'INVALID_PAYLOAD', send('POST /items/person', { name: 'a\tb' })],
  [
    'half a surrogate',
    json('POST /items/person', '{"name":"\\ud800"}'),
    400,
    'INVALID_PAYLOAD',
    json('POST /items/person', '{"name":"\\ud83d\\ude00"}'),
  ],
  ['a number beyond all', json('POST /items/kinds', '{"f":1e400}'), 400, 'VALUE_OUT_OF_RANGE', json('POST /items/kinds', '{"f":1e300}')],
  ['a key beside an exact one', send('GET /items/big/9007199254740992'), 403, 'FORBIDDEN', send('GET /items/big/9007199254740993')],
  ['a key that a cast would cut', send('GET /items/short/abcdef'), 403, 'FORBIDDEN', send('GET /items/short/abcde')],
  [
    'a time before time',
    send('GET /items/kinds?filter[at][_gt]=$NOW(-999999 years)'),
    400,
    'INVALID_QUERY',
    send('GET /items/kinds?filter[at][_gt]=$NOW(-9 years)'),
  ],
  ['a sort by what has no order', send('GET /items/kinds?sort=place'), 400, 'INVALID_QUERY', send('GET /items/kinds?sort=jb,u,at')],
  ['a sort by JSON', send('GET /items/kinds?sort=j'), 400, 'INVALID_QUERY', send('GET /items/kinds?fields=j')],
  [
    'a row that a check refuses',
    send('POST /items/rules', { secret: 'hush', n: -1 }),
    400,
    'INVALID_PAYLOAD',
    send('POST /items/rules', { secret: 'hush', n: 1 }),
  ],
  [
    'null for a domain that refuses it',
    send('PATCH /items/rules/1', { word: null }),
    400,
    'FAILED_VALIDATION',
    send('PATCH /items/rules/1', { title: 'two' }),
  ],
  [
    'a value that a domain refuses',
    send('POST /items/rules', { size: -1 }),
    400,
    'INVALID_PAYLOAD',
    send('POST /items/rules', [{ size: 1 }, { title: 'no size' }]),
  ],
  [
    'a value that an enum lacks',
    send('POST /items/rules', { mood: 'furious' }),
    400,
    'INVALID_PAYLOAD',
    send('POST /items/rules', { mood: 'ok' }),
  ],
  [
    'a range that overlaps',
    send('POST /items/rules', [{ range: '[1,5)' }, { range: '[4,9)' }]),
    400,
    'RECORD_NOT_UNIQUE',
    send('POST /items/rules', [{ range: '[1,5)' }, { range: '[5,9)' }]),
  ],
  [
    'more than an index can hold',
    send('POST /items/rules', { long: Array.from({ length: 9000 }, (_, i) => (i * i * 7919) % 9973).join() }),
    400,
    'VALUE_TOO_LONG',
    send('POST /items/rules', { long: 'x'.repeat(90_000) }),
  ],
  [
    'what a trigger refuses',
    send('POST /items/guarded', { word: 'bad' }),
    400,
    'INVALID_PAYLOAD',
    send('POST /items/guarded', { word: 'good' }),
  ],
  [
    'a reference that fails at commit',
    send('POST /items/late', [{ person: 1 }, { person: 999 }]),
    400,
    'INVALID_FOREIGN_KEY',
    send('POST /items/late', [{ person: 1 }]),
  ],
  ['a row for a view that counts', send('POST /items/counted', { people: 1 }), 400, 'INVALID_PAYLOAD', send('GET /items/counted')],
  [
    'a row for a view that hides it',
    send('POST /items/named', { name: 'Zoe' }),
    400,
    'INVALID_PAYLOAD',
    send('POST /items/named', { name: 'Joe' }),
  ],
  ['a row for a materialised view', send('POST /items/kept', { name: 'Zoe' }), 400, 'INVALID_PAYLOAD', send('GET /items/kept')],
  [
    'a key for an identity that is always made',
    send('POST /items/counters', { id: 5 }),
    400,
    'INVALID_PAYLOAD',
    send('POST /items/counters', [{}, {}, {}]),
  ],
  [
    'a list that fails at its end',
    send('PATCH /items/person', [
      { id: 2, name: 'Rob' },
      { id: 1, boss: 999 },
    ]),
    400,
    'INVALID_FOREIGN_KEY',
    send('PATCH /items/person', [
      { id: 2, name: 'Rob' },
      { id: 1, boss: 2 },
    ]),
  ],
  [
    'a secret as a filter',
    send('GET /users?filter[token][_eq]=admin-token'),
    400,
    'INVALID_QUERY',
    send('GET /users?filter[email][_nnull]=true&fields=token'),
  ],
  ['a secret as an order', send('GET /users?sort=password'), 400, 'INVALID_QUERY', send('GET /users?sort=email')],
  ['a system table below /items', send('GET /items/directus_users'), 403, 'FORBIDDEN', send('GET /users')],
  ['a table of another schema', send('GET /items/plinth.versions'), 403, 'FORBIDDEN', send('GET /items/person')],
  [
    'an unsigned token',
    send('GET /users/me', undefined, { token: `${btoa('{"alg":"none"}')}.${btoa('{"iss":"directus","id":"x","role":null}')}.` }),
    403,
    'INVALID_TOKEN',
    send('GET /users/me'),
  ],
  [
    'two tokens',
    send('GET /users/me?access_token=admin-token'),
    400,
    'INVALID_PAYLOAD',
    send('GET /users/me?access_token=admin-token', undefined, { token: null }),
  ],
]

const leaks = /\b(select|insert into|update|delete from)\b.*\b(from|values|set|where)\b|node:internal|\.ts:\d|hush/is

for (const driver of testDrivers) {
  describe(`attacks on ${driver}`, () => {
    let host: TestHost
    before(async () => {
      host = await startKernel({ driver, sql: tables })
    })
    after(() => host.close())

    const ask = ({ method, path, ...options }: Sent) => host.api(method, path, options)
    const names = async () => (await host.api('GET', '/items/person?fields=id,name,boss&sort=id&limit=2')).data

    for (const [why, attack, status, code, twin] of attacks) {
      test(`${why} is refused, its twin works`, async () => {
        const untouched = await names()
        const refused = await ask(attack)
        assert.deepEqual([refused.status, refused.code], [status, code], JSON.stringify(refused.body))
        assert.doesNotMatch(JSON.stringify(refused.body), leaks)
        assert.deepEqual(await names(), untouched)
        const taken = await ask(twin)
        assert.ok(taken.status === 200 || taken.status === 204, `${taken.status} ${JSON.stringify(taken.body)}`)
      })
    }

    test('values are kept as they were sent, whatever their column is called', async () => {
      const row = { d: 2, o: "'", v: '"', t: '\\', e: '$1', key: '', constructor: 'c', person: 1 }
      const text = JSON.stringify(row).replace('}', ',"__proto__":"p"}')
      const made = await ask(json('POST /items/odd?fields=*,person.name&sort=person.name', text))
      assert.deepEqual(Object.entries(made.data).slice(1), [
        ...Object.entries({ ...row, person: { name: 'Ann' } }).slice(0, 6),
        ['__proto__', 'p'],
        ['constructor', 'c'],
        ['person', { name: 'Ann' }],
      ])
      const listed = await host.api('GET', '/items/odd?sort=-person.name,-id&fields=id,__proto__')
      assert.deepEqual(
        listed.data.map((item: object) => Object.values(item)),
        [
          [2, 'p'],
          [1, null],
        ],
      )
    })

    test('nothing tells a stranger whether a collection exists', async () => {
      await host.api('POST', '/collections', { body: { collection: 'only', schema: {}, meta: { singleton: true } } })
      const requests: Sent[] = [
        ...['', '/1', '?limit=x', '/1?limit=x', '?sort=nothing', '?fields=nothing', '?filter[id][_nope]=1'].map((end) =>
          send(`GET /items/NAME${end}`),
        ),
        ...[{}, [1], [], { query: {} }, { keys: ['x'], data: {} }, { query: {}, data: {} }, { query: { limit: 'x' } }].flatMap((body) =>
          ['POST', 'PATCH', 'DELETE', 'SEARCH'].flatMap((method) => [
            send(`${method} /items/NAME`, body),
            send(`${method} /items/NAME?limit=x`, body),
          ]),
        ),
        ...['PATCH', 'DELETE'].map((method) => send(`${method} /items/NAME/1`, {})),
        ...['collections', 'fields', 'relations'].map((what) => send(`GET /${what}/NAME`)),
      ]
      for (const request of requests) {
        const [missing, ...present] = await Promise.all(
          ['missing', 'person', 'only', 'directus_users'].map(async (name) => {
            const { status, body } = await ask({ ...request, path: request.path.replace('NAME', name), token: null })
            return { status, body: JSON.stringify(body).replaceAll(name, 'NAME') }
          }),
        )
        for (const answer of present) assert.deepEqual(answer, missing, `${request.method} ${request.path} ${JSON.stringify(request.body)}`)
        assert.ok(missing!.status === 400 || missing!.status === 403)
      }
      assert.equal((await host.api('GET', '/items/only')).status, 200)
    })

    test('a schema that changes behind our back is read anew', async () => {
      await host.kernel.db.execute('create table moving (id serial primary key, a text, b int); insert into moving (b) values (1)')
      await host.api('POST', '/utils/cache/clear')
      const read = async () => (await host.api('GET', '/items/moving?filter[b][_nnull]=true')).body
      assert.deepEqual(await read(), { data: [{ id: 1, a: null, b: 1 }] })
      await host.kernel.db.execute('alter table moving drop column a')
      assert.deepEqual(await read(), { data: [{ id: 1, b: 1 }] })
      await host.kernel.db.execute(`alter table moving alter column b type date using '2020-01-01'`)
      assert.equal((await host.api('POST', '/items/moving', { body: { b: '2021-01-01' } })).status, 200)
      await host.kernel.db.execute('drop table moving')
      assert.equal((await host.api('POST', '/items/moving', { body: {} })).status, 403)
      assert.equal((await host.api('GET', '/items/moving')).status, 403)
    })

    test('lists of the same items in any order wait for each other', async () => {
      const ids = (await host.api('POST', '/items/guarded', { body: Array.from({ length: 12 }, () => ({ word: 'a' })) })).data.map(
        (item: { id: number }) => item.id,
      )
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, i) =>
          host.api('PATCH', '/items/guarded', { body: (i % 2 ? ids : ids.toReversed()).map((id: number) => ({ id, word: `w${i}` })) }),
        ),
      )
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    })

    test('a refresh token that many use at once works once', async () => {
      const login = await host.api('POST', '/auth/login', { token: null, body: { email: 'admin@example.com', password: 'Password123!' } })
      const answers = await Promise.all(
        Array.from({ length: 8 }, () =>
          host.api('POST', '/auth/refresh', { token: null, body: { refresh_token: login.data.refresh_token } }),
        ),
      )
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(401)])
    })

    test('no attack was logged as a fault of ours', () => {
      assert.deepEqual(
        host.logs.filter(({ level }) => level === 'error' || level === 'fatal'),
        [],
      )
    })
  })
}

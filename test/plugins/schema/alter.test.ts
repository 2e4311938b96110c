/** Existing columns become what is asked for, and nothing else about them changes. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { alterColumn, type StoredField } from '../../../plugins/schema/alter.ts'
import type { ColumnDefinition } from '../../../plugins/schema/input.ts'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost

/** A table as somebody made it who never heard of the API's types. */
const tables = `
create table old (
  id bigint generated always as identity primary key,
  ratio double precision, small smallint, code char(3), wide varchar, short varchar(10) default 'x', exact numeric, sized numeric(10, 2) default 1.5,
  doc jsonb, tags text[], kind text not null default 'plain', at timestamptz default now(), pair_a integer, pair_b integer, lone integer, count integer default 4,
  flag integer default 1, expression text default lower('X'), told text
);
create index old_pair on old (pair_a, pair_b);
create index old_lone on old (lone);
create unique index old_kind on old (kind);
comment on column old.told is 'so far';
create table serial_key (id serial primary key);
create view seen as select id, wide from old;
insert into old (ratio, small, code, wide, short, exact, sized, doc, kind, count) values
  (1.5, 1, 'abc', 'abcdef', 'abcdefghij', 1.25, 2.25, '{}', 'a', 4), (2, 2, 'xyz', 'x', 'y', 3, 4, '[]', 'b', 5)`

before(async () => {
  host = await startKernel({ sql: tables })
})
after(() => host.close())

const cases: [why: string, table: string, field: string, type: string | undefined, schema: ColumnDefinition, statements: string[]][] = [
  ['nothing is said', 'old', 'short', undefined, {}, []],
  ['nothing else is said', 'old', 'short', 'string', {}, []],
  [
    'all is as it is said',
    'old',
    'short',
    'string',
    { max_length: 10, is_nullable: true, default_value: 'x', is_unique: false, is_indexed: false, comment: null },
    [],
  ],
  ['null says nothing', 'old', 'short', 'string', { max_length: null, is_nullable: null, is_unique: null, is_indexed: null }, []],
  ['a float of double precision stays one', 'old', 'ratio', 'float', {}, []],
  ['an integer of two bytes stays one', 'old', 'small', 'integer', {}, []],
  ['jsonb stays', 'old', 'doc', 'json', {}, []],
  ['text without length stays', 'old', 'wide', 'string', {}, []],
  ['a number of any size stays', 'old', 'exact', 'decimal', {}, []],
  ['a hash is no other column', 'old', 'short', 'hash', {}, []],
  [
    'longer',
    'old',
    'short',
    'string',
    { max_length: 20 },
    [
      'alter column "short" drop default',
      'alter column "short" type varchar(20) using "short"::varchar(20)',
      `alter column "short" set default 'x'`,
    ],
  ],
  [
    'a length for what had none',
    'old',
    'wide',
    undefined,
    { max_length: 20 },
    ['alter column "wide" type varchar(20) using "wide"::varchar(20)'],
  ],
  [
    'characters of fixed number stay such',
    'old',
    'code',
    'string',
    { max_length: 4 },
    ['alter column "code" type bpchar(4) using "code"::bpchar(4)'],
  ],
  [
    'digits after the point alone',
    'old',
    'sized',
    undefined,
    { numeric_scale: 3 },
    [
      'alter column "sized" drop default',
      'alter column "sized" type numeric(10, 3) using "sized"::numeric(10, 3)',
      `alter column "sized" set default '1.5'`,
    ],
  ],
  ['another type', 'old', 'small', 'bigInteger', {}, ['alter column "small" type bigint using "small"::bigint']],
  [
    'a default goes along',
    'old',
    'count',
    'string',
    {},
    [
      'alter column "count" drop default',
      'alter column "count" type varchar(255) using "count"::varchar(255)',
      `alter column "count" set default '4'`,
    ],
  ],
  [
    'a number becomes a flag, its default too',
    'old',
    'flag',
    'boolean',
    {},
    [
      'alter column "flag" drop default',
      'alter column "flag" type boolean using "flag"::boolean',
      `alter column "flag" set default 'true'`,
    ],
  ],
  [
    'a function stays the default',
    'old',
    'at',
    'dateTime',
    {},
    ['alter column "at" drop default', 'alter column "at" type timestamp using "at"::timestamp', 'alter column "at" set default now()'],
  ],
  [
    'another type without the default',
    'old',
    'count',
    'text',
    { default_value: null },
    ['alter column "count" drop default', 'alter column "count" type text using "count"::text'],
  ],
  ['a default', 'old', 'wide', undefined, { default_value: "it's" }, [`alter column "wide" set default 'it''s'`]],
  ['an expression sent back is the same', 'old', 'expression', undefined, { default_value: "lower('X'::text)" }, []],
  ['no default', 'old', 'short', undefined, { default_value: null }, ['alter column "short" drop default']],
  ['no default where there is none', 'old', 'wide', undefined, { default_value: null }, []],
  ['required', 'old', 'wide', undefined, { is_nullable: false }, ['alter column "wide" set not null']],
  ['optional', 'old', 'kind', undefined, { is_nullable: true }, ['alter column "kind" drop not null']],
  ['an index', 'old', 'wide', undefined, { is_indexed: true }, ['create index "old_wide_index" on "public"."old" ("wide")']],
  [
    'no index',
    'old',
    'lone',
    undefined,
    { is_indexed: false },
    ['alter table "public"."old" drop constraint if exists "old_lone"', 'drop index if exists "public"."old_lone"'],
  ],
  ['unique', 'old', 'wide', undefined, { is_unique: true }, ['add constraint "old_wide_unique" unique ("wide")']],
  [
    'not unique',
    'old',
    'kind',
    undefined,
    { is_unique: false },
    ['alter table "public"."old" drop constraint if exists "old_kind"', 'drop index if exists "public"."old_kind"'],
  ],
  ['a comment', 'old', 'wide', undefined, { comment: "it's" }, [`comment on column "public"."old"."wide" is 'it''s'`]],
  ['an empty comment is none', 'old', 'told', undefined, { comment: '' }, ['comment on column "public"."old"."told" is null']],
  [
    'a key and its sequence',
    'serial_key',
    'id',
    'bigInteger',
    {},
    ['alter column "id" type bigint using "id"::bigint', 'alter sequence serial_key_id_seq as bigint'],
  ],
  [
    'a key sent back as it is told',
    'old',
    'id',
    'bigInteger',
    { is_primary_key: true, has_auto_increment: true, is_unique: true, is_nullable: false, default_value: null },
    [],
  ],
]

const refused: [why: string, field: string, type: string | undefined, schema: ColumnDefinition][] = [
  ['a key that may be null', 'id', undefined, { is_nullable: true }],
  ['a key that is not unique', 'id', undefined, { is_unique: false }],
  ['no key any more', 'id', undefined, { is_primary_key: false }],
  ['no counting any more', 'id', undefined, { has_auto_increment: false }],
  ['another key', 'small', undefined, { is_primary_key: true }],
  ['counting up', 'small', undefined, { has_auto_increment: true }],
  ['an index over more than the column', 'pair_a', undefined, { is_indexed: false }],
]

describe('alterColumn()', () => {
  const find = (name: string, field: string) => {
    const table = host.kernel.registry.snapshot.tables.get(name)!
    return [table, table.fields.get(field) as StoredField] as const
  }
  for (const [why, name, field, type, schema, statements] of cases) {
    test(why, async () => {
      const { statements: got } = alterColumn(...find(name, field), type, schema)
      assert.deepEqual(
        got.map((text) => text.replace(/^alter table "public"\."\w+" (?!drop)/, '')),
        statements,
      )
      // What PostgreSQL takes, not only what looks right.
      await host.kernel.db
        .transaction(async (db) => {
          if (got.length) await db.execute(`drop view seen;${got.join(';')}`)
          throw new Error('undone')
        })
        .catch((error: Error) => assert.equal(error.message, 'undone'))
    })
  }
  for (const [why, field, type, schema] of refused) {
    test(`refuses ${why}`, () => assert.throws(() => alterColumn(...find('old', field), type, schema), { code: 'INVALID_PAYLOAD' }))
  }
})

describe('PATCH /fields never loses values', () => {
  const patch = (field: string, body: unknown, query = '') => host.api('PATCH', `/fields/old/${field}${query}`, { body })
  const costs: [why: string, field: string, body: unknown, code: string][] = [
    ['a shorter text', 'short', { type: 'string', schema: { max_length: 5 } }, 'VALUE_TOO_LONG'],
    ['fewer digits after the point', 'exact', { type: 'decimal', schema: { numeric_precision: 10, numeric_scale: 1 } }, 'INVALID_PAYLOAD'],
    ['no fraction', 'ratio', { type: 'integer', schema: {} }, 'INVALID_PAYLOAD'],
    ['no time of day', 'at', { type: 'date', schema: {} }, 'INVALID_PAYLOAD'],
    ['a narrower number', 'exact', { type: 'decimal', schema: { numeric_precision: 2, numeric_scale: 2 } }, 'VALUE_OUT_OF_RANGE'],
    ['two values for many', 'count', { type: 'boolean', schema: {} }, 'INVALID_PAYLOAD'],
  ]
  for (const [why, field, body, code] of costs) {
    test(why, async () => {
      const before = await host.kernel.db.query(`select ${field} from old order by id`)
      const answer = await patch(field, body)
      assert.deepEqual([answer.status, answer.code], [400, code])
      assert.deepEqual(await host.kernel.db.query(`select ${field} from old order by id`), before)
      assert.equal((await patch(field, body, '?allow_data_loss=false')).status, 400)
    })
  }
  test('unless it is told to', async () => {
    assert.equal((await patch('short', { schema: { max_length: 5 } }, '?allow_data_loss')).status, 200)
    assert.deepEqual(await host.kernel.db.query('select short from old order by id'), [{ short: 'abcde' }, { short: 'y' }])
    assert.equal((await patch('ratio', { type: 'integer', schema: {} }, '?force=true')).status, 200)
  })
  test('and not where all values fit', async () => {
    assert.equal((await patch('code', { type: 'string', schema: { max_length: 4 } })).status, 200)
    assert.equal((await patch('sized', { type: 'text', schema: {} })).status, 200)
    assert.equal((await patch('small', { type: 'bigInteger', schema: {} })).status, 200)
  })
  test('a column that a view builds on stays', async () => {
    const answer = await patch('wide', { type: 'text', schema: {} })
    assert.deepEqual([answer.status, answer.code], [400, 'INVALID_PAYLOAD'])
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldType } from 'plinth'
import { defaultSql, toDefault } from '../../../plugins/schema/defaults.ts'

const defaults: [why: string, expression: string | null, type: FieldType, shown: unknown][] = [
  ['none', null, 'string', null],
  ['null said', 'NULL::character varying', 'string', null],
  ['text', "'it''s'::character varying", 'string', "it's"],
  ['text that looks like a cast', "'a::text'::text", 'text', 'a::text'],
  ['text over lines', "'a\nb'::text", 'text', 'a\nb'],
  ['digits in a text column', "'5'::character varying", 'string', '5'],
  ['text that is put together', "('a'::text || 'b'::text)", 'text', "('a'::text || 'b'::text)"],
  ['empty text', "''::character varying", 'string', ''],
  ['an integer', '7', 'integer', 7],
  ['a big integer', "'5'::bigint", 'bigInteger', 5],
  ['a negative one', "'-5'::integer", 'integer', -5],
  ['a decimal', '1.5', 'decimal', 1.5],
  ['true', 'true', 'boolean', true],
  ['false', 'false', 'boolean', false],
  ['json', `'{"a":1}'::json`, 'json', { a: 1 }],
  ['jsonb', `'[]'::jsonb`, 'json', []],
  ['csv', "'a,b'::text", 'csv', 'a,b'],
  ['a date', "'2020-01-01'::date", 'date', '2020-01-01'],
  ['a length in the cast', "'x'::character varying(10)", 'string', 'x'],
  ['an enum of some schema', `'sad'::"other"."mood"`, 'unknown', 'sad'],
  ['the time of writing', 'CURRENT_TIMESTAMP', 'timestamp', 'CURRENT_TIMESTAMP'],
  ['a sequence', "nextval('kinds_ser_seq'::regclass)", 'integer', "nextval('kinds_ser_seq'::regclass)"],
  ['a function', 'gen_random_uuid()', 'uuid', 'gen_random_uuid()'],
  ['json built by a function', 'json_build_object()', 'json', 'json_build_object()'],
]

test('toDefault()', async (t) => {
  for (const [why, expression, type, shown] of defaults) {
    await t.test(why, () => assert.deepEqual(toDefault(expression, { type }), shown))
  }
})

test('defaultSql() refuses what PostgreSQL would refuse only once a row takes it', async (t) => {
  const cases: [why: string, type: string, value: unknown, sqlType: string, sql: string | RegExp][] = [
    ['a text as long as the column', 'string', 'abcdé', 'varchar(5)', `'abcdé'`],
    ['one more', 'string', 'abcdef', 'varchar(5)', /does not fit into varchar\(5\)/],
    ['signs are counted, not their halves', 'string', '😀😀', 'character varying(2)', `'😀😀'`],
    ['spaces at the end are cut off', 'string', 'ab   ', 'character varying(2)', `'ab   '`],
    ['a list', 'csv', ['abc', 'def'], 'varchar(7)', `'abc,def'`],
    ['a list that is too long', 'csv', ['abc', 'def'], 'varchar(6)', /does not fit/],
    ['any length', 'text', 'abcdef', 'text', `'abcdef'`],
    ['the largest number', 'decimal', '-999.994', 'numeric(5, 2)', `'-999.994'`],
    ['one that is rounded up', 'decimal', 999.995, 'numeric(5,2)', /does not fit/],
    ['no decimals', 'decimal', 100, 'numeric(2,0)', /does not fit/],
    ['any number', 'decimal', 1e100, 'numeric', `'1e+100'`],
    ['what is left to PostgreSQL', 'decimal', 'many', 'numeric(5,2)', `'many'`],
    ['digits of a second', 'timestamp', '2020-01-02', 'timestamp(3)', `'2020-01-02'`],
    ['a function is no text', 'string', 'CURRENT_TIMESTAMP', 'varchar(3)', 'CURRENT_TIMESTAMP'],
  ]
  for (const [why, type, value, sqlType, sql] of cases)
    await t.test(why, () =>
      typeof sql === 'string'
        ? assert.equal(defaultSql(type, value, sqlType), sql)
        : assert.throws(() => defaultSql(type, value, sqlType), sql),
    )
})

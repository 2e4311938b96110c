import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldType } from 'plinth'
import { toDefault } from '../../../plugins/schema/defaults.ts'

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

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addColumn, addForeignKey, columnSql, createTable } from '../../../plugins/schema/ddl.ts'
import { type FieldDefinition, parseField } from '../../../plugins/schema/input.ts'
import { checkName, constraintName } from '../../../plugins/schema/names.ts'
import { literal } from '../../../plugins/schema/sql-types.ts'

const field = (definition: object): FieldDefinition => parseField({ field: 'a', ...definition })
const table = { schema: 'public', name: 'books' }

const columns: [why: string, definition: object, sql: string][] = [
  ['a string has 255 characters', { type: 'string' }, '"a" varchar(255)'],
  ['a string has as many characters as asked for', { type: 'string', schema: { max_length: 10 } }, '"a" varchar(10)'],
  ['a length may be digits', { type: 'string', schema: { max_length: '10' } }, '"a" varchar(10)'],
  ['text has no length', { type: 'text', schema: { max_length: 10 } }, '"a" text'],
  ['integer', { type: 'integer' }, '"a" integer'],
  ['bigInteger', { type: 'bigInteger' }, '"a" bigint'],
  ['float is single', { type: 'float', schema: { numeric_precision: 12, numeric_scale: 2 } }, '"a" real'],
  ['decimal has 10 digits, 5 of them after the point', { type: 'decimal' }, '"a" numeric(10, 5)'],
  ['decimal with its own size', { type: 'decimal', schema: { numeric_precision: 12, numeric_scale: 2 } }, '"a" numeric(12, 2)'],
  ['boolean', { type: 'boolean', schema: { default_value: false } }, `"a" boolean default 'false'`],
  ['date', { type: 'date' }, '"a" date'],
  ['time', { type: 'time' }, '"a" time'],
  ['dateTime has no zone', { type: 'dateTime' }, '"a" timestamp'],
  ['timestamp has one', { type: 'timestamp' }, '"a" timestamptz'],
  ['json', { type: 'json' }, '"a" json'],
  ['csv is text', { type: 'csv' }, '"a" text'],
  ['uuid', { type: 'uuid' }, '"a" uuid'],
  ['hash', { type: 'hash', schema: { max_length: 10 } }, '"a" varchar(255)'],
  ['binary', { type: 'binary' }, '"a" bytea'],
  ['geometry', { type: 'geometry.Point' }, '"a" geometry(Point, 4326)'],
  ['not null', { type: 'text', schema: { is_nullable: false } }, '"a" text not null'],
  ['null may be said', { type: 'text', schema: { is_nullable: true, default_value: null } }, '"a" text'],
  ['auto-increment', { type: 'integer', schema: { has_auto_increment: true, default_value: "nextval('x')" } }, '"a" serial'],
  ['auto-increment, big', { type: 'bigInteger', schema: { has_auto_increment: true } }, '"a" bigserial'],
  ['a number as default', { type: 'decimal', schema: { default_value: 1.5 } }, `"a" numeric(10, 5) default '1.5'`],
  ['the time of writing', { type: 'timestamp', schema: { default_value: 'now()' } }, '"a" timestamptz default current_timestamp'],
  [
    'the same by its other name',
    { type: 'dateTime', schema: { default_value: 'CURRENT_TIMESTAMP' } },
    '"a" timestamp default CURRENT_TIMESTAMP',
  ],
  ['a random key', { type: 'uuid', schema: { default_value: 'gen_random_uuid()' } }, '"a" uuid default gen_random_uuid()'],
  ['any other function is text', { type: 'string', schema: { default_value: 'nextval(1)' } }, `"a" varchar(255) default 'nextval(1)'`],
  ['json of an object', { type: 'json', schema: { default_value: { b: [1, "it's"] } } }, `"a" json default '{"b":[1,"it''s"]}'`],
  ['json of a list', { type: 'json', schema: { default_value: [1] } }, `"a" json default '[1]'`],
  ['csv of a list', { type: 'csv', schema: { default_value: ['x', 'y'] } }, `"a" text default 'x,y'`],
  [
    'an attack stays text',
    { type: 'string', schema: { default_value: "x'); drop table t; --" } },
    `"a" varchar(255) default 'x''); drop table t; --'`,
  ],
  [
    'an attack by backslash stays text',
    { type: 'text', schema: { default_value: "\\'; drop table t" } },
    `"a" text default E'\\\\''; drop table t'`,
  ],
]

test('columnSql()', async (t) => {
  for (const [why, definition, sql] of columns) {
    await t.test(why, () => assert.equal(columnSql(field(definition) as never), sql))
  }
})

test('literal() refuses what no text column can hold', () => {
  for (const text of ['a\0b', '\ud800']) assert.throws(() => literal(text), { code: 'INVALID_PAYLOAD' })
})

test('createTable() makes keys, unique constraints and indexes, and skips fields without a column', () => {
  const fields = [
    { field: 'id', type: 'integer', schema: { is_primary_key: true, has_auto_increment: true, is_unique: true } },
    { field: 'Some-Col', type: 'string', schema: { is_unique: true, is_indexed: true } },
    { field: 'kids', type: 'alias' },
    { field: 'later' },
  ]
  assert.deepEqual(createTable(table, fields.map(parseField)), [
    'create table "public"."books" ("id" serial, "Some-Col" varchar(255), primary key ("id"))',
    'alter table "public"."books" add constraint "books_some_col_unique" unique ("Some-Col")',
    'create index "books_some_col_index" on "public"."books" ("Some-Col")',
  ])
})

test('createTable() makes a composite key of several', () => {
  const keys = ['a', 'b'].map((name) => parseField({ field: name, type: 'integer', schema: { is_primary_key: true } }))
  assert.deepEqual(createTable(table, keys), ['create table "public"."books" ("a" integer, "b" integer, primary key ("a", "b"))'])
})

test('addColumn()', () => {
  assert.deepEqual(addColumn(table, field({ type: 'text', schema: { is_indexed: true } }) as never), [
    'alter table "public"."books" add column "a" text',
    'create index "books_a_index" on "public"."books" ("a")',
  ])
})

test('addForeignKey()', () => {
  const key = { column: 'author', target: { schema: 'public', name: 'people' }, targetColumn: 'id', onDelete: 'SET NULL' }
  assert.equal(
    addForeignKey(table, key),
    'alter table "public"."books" add constraint "books_author_foreign" foreign key ("author") references "public"."people" ("id") on delete SET NULL',
  )
})

const refused: [why: string, what: 'collection' | 'field', name: string][] = [
  ['nothing', 'field', ''],
  ['a double quote', 'field', 'a"b'],
  ['a single quote', 'field', "a'b"],
  ['a backtick', 'field', 'a`b'],
  ['a dot', 'field', 'a.b'],
  ['a line break', 'field', 'a\nb'],
  ['a null byte', 'field', 'a\0b'],
  ['half a character', 'field', 'a\ud800'],
  ['a leading dollar', 'field', '$a'],
  ['white space around', 'field', ' a'],
  ['64 bytes', 'field', 'a'.repeat(64)],
  ['32 characters of two bytes', 'field', 'ä'.repeat(32)],
  ['our prefix', 'collection', 'directus_x'],
  ['a slash, which paths could not hold', 'collection', 'a/b'],
]

test('checkName() refuses', async (t) => {
  for (const [why, what, name] of refused) {
    await t.test(why, () => assert.throws(() => checkName(what, name), { code: 'INVALID_PAYLOAD' }))
  }
})

test('checkName() takes what can be served', () => {
  for (const name of ['a', 'A b', 'größe', 'a-b', '日本', 'a'.repeat(63), 'Directus_x', 'a$']) checkName('collection', name)
  checkName('field', 'a/b')
})

test('constraintName() keeps long names within 63 bytes and apart', () => {
  const long = 'ä'.repeat(31)
  const names = ['x', 'y'].map((end) => constraintName(long, `column_${end}`, 'index'))
  assert.notEqual(names[0], names[1])
  for (const name of names) assert.ok(new TextEncoder().encode(name).length <= 63, name)
  assert.ok(names[0]!.endsWith('_index'))
})

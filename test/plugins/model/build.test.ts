/** The model: catalogue, meta tables and plugins' specs joined. The registry reads it from a real database. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLog } from '../../../kernel/log.ts'
import { startRegistry } from '../../../kernel/schema/registry.ts'
import type { Field, Snapshot } from '../../../kernel/schema/snapshot.ts'
import type { TableSpec } from '../../../kernel/schema/tables.ts'
import { createVersions } from '../../../kernel/schema/versions.ts'
import { modeller } from '../../../plugins/model/modeller.ts'
import { createMissingTables } from '../../../plugins/tables/make.ts'
import { freshDatabase, type TestDatabase, testDrivers } from '../../database.ts'
import { metaTables } from '../../kernel/schema/meta-tables.ts'

const log = createLog('silent', () => {})

const users: TableSpec = {
  name: 'directus_users',
  system: true,
  columns: {
    id: { sql: 'uuid not null', special: ['uuid'] },
    password: { sql: 'varchar(255)', special: ['hash'] },
    tags: { sql: 'json', special: ['cast-json'] },
    avatar: { sql: 'uuid', special: ['file'] },
    sessions: { alias: true, special: ['o2m'], hidden: true },
  },
  primaryKey: 'id',
  relations: [{ field: 'avatar', related: 'directus_files' }],
}
const sessions: TableSpec = {
  name: 'directus_sessions',
  system: true,
  columns: { token: 'varchar(64) not null', user: { sql: 'uuid', references: 'directus_users(id) on delete cascade' } },
  primaryKey: 'token',
  relations: [
    { field: 'user', related: 'directus_users', oneField: 'sessions' },
    { field: 'user', related: 'directus_users', oneField: 'tokens', junctionField: 'token' },
  ],
  raises: { version: 'access', on: 'any' },
}
const notes: TableSpec = {
  name: 'notes',
  columns: { id: 'serial', secret: { sql: 'text', special: ['conceal'] }, writer: 'uuid' },
  primaryKey: 'id',
  relations: [{ field: 'writer', related: 'directus_users', oneField: 'notes' }],
}
const hidden: TableSpec = { name: 'kept', schema: 'plinth', columns: { id: 'integer' }, primaryKey: 'id' }

/** [column, special, type] */
const fieldTypes: [sql: string, special: string | null, type: Field['type']][] = [
  ['smallint', null, 'integer'],
  ['integer', null, 'integer'],
  ['bigint', null, 'bigInteger'],
  ['numeric', null, 'decimal'],
  ['numeric(10,2)', null, 'decimal'],
  ['real', null, 'float'],
  ['double precision', null, 'float'],
  ['varchar(20)', null, 'string'],
  ['char(3)', null, 'string'],
  ['text', null, 'text'],
  ['boolean', null, 'boolean'],
  ['date', null, 'date'],
  ['time', null, 'time'],
  ['timetz', null, 'time'],
  ['timestamp', null, 'dateTime'],
  ['timestamptz', null, 'timestamp'],
  ['json', null, 'json'],
  ['jsonb', null, 'json'],
  ['uuid', null, 'uuid'],
  ['bytea', null, 'binary'],
  ['inet', null, 'unknown'],
  ['interval', null, 'unknown'],
  ['money', null, 'unknown'],
  ['tsvector', null, 'unknown'],
  ['int4range', null, 'unknown'],
  ['point', null, 'unknown'],
  ['integer[]', null, 'unknown'],
  ['mood', null, 'unknown'],
  ['short', null, 'string'],
  ['text', 'cast-csv', 'csv'],
  ['text', 'cast-json', 'json'],
  ['varchar(255)', 'hash', 'hash'],
  ['varchar(36)', 'uuid', 'uuid'],
  ['varchar(36)', 'hash,uuid', 'hash'],
  ['varchar(36)', 'cast-json,hash', 'json'],
  ['timestamp', 'cast-timestamp', 'timestamp'],
  ['timestamptz', 'cast-datetime', 'dateTime'],
  ['timestamp', 'date-created,cast-timestamp', 'timestamp'],
  ['boolean', 'cast-boolean', 'boolean'],
  ['integer', 'cast-csv', 'integer'],
  ['text', 'conceal', 'text'],
]

const script = `
create type mood as enum ('a');
create domain short as varchar(12);
create table types (${fieldTypes.map(([sql], i) => `c${i} ${sql}`).join(', ')});
insert into directus_fields (collection, field, special) values
  ${fieldTypes.flatMap(([, special], i) => (special ? `('types', 'c${i}', '${special}')` : [])).join(', ')};

create table authors (id serial primary key, name text);
create table posts (id serial primary key, author integer references authors, editor integer, lead integer, broken integer, loose integer references pairs);
create table tags (code text primary key);
create table posts_tags (id serial primary key, post integer references posts on delete cascade, tag text, sort integer);
create table blocks (id serial primary key, post integer references posts, item varchar(255), collection varchar(64));
insert into directus_collections (collection, singleton, note) values ('posts', false, 'all posts'), ('about', true, null), ('shelf', false, 'a folder');
create table about (id integer primary key);
insert into directus_fields (collection, field, special, sort, interface, options) values
  ('posts', 'tags', 'm2m', 2, 'list-m2m', '{"a":[1]}'), ('posts', 'blocks', 'm2a', 1, null, null), ('posts', 'look', 'alias,no-data', null, null, null),
  ('posts', 'ghost', null, 3, null, null), ('authors', 'posts', 'o2m', null, null, null), ('posts', 'author', 'm2o', 9, 'select', null),
  ('directus_users', 'nickname', null, 1, 'input', null), ('directus_users', 'password', 'nothing', 1, null, null);
insert into directus_relations (many_collection, many_field, one_collection, one_field, one_collection_field, one_allowed_collections, junction_field, sort_field) values
  ('posts', 'author', 'authors', 'posts', null, null, null, null),
  ('posts', 'editor', 'authors', null, null, null, null, null),
  ('posts', 'lead', 'authors', 'leads', null, null, null, null),
  ('posts_tags', 'post', 'posts', 'tags', null, null, 'tag', 'sort'),
  ('posts_tags', 'tag', 'tags', null, null, null, 'post', null),
  ('blocks', 'post', 'posts', 'blocks', null, null, 'item', null),
  ('blocks', 'item', null, null, 'collection', 'authors,tags, nowhere', 'post', null),
  ('posts', 'broken', 'missing', 'x', null, null, null, null),
  ('posts', 'nothing', 'authors', null, null, null, null, null),
  ('nowhere', 'x', 'authors', null, null, null, null, null);
alter table directus_users add column nickname text;
create table directus_other (id serial primary key);
create schema second;
create table second.authors (id serial primary key);
create table second.alone (id serial primary key, post integer references public.posts);
create table "a.b" (id serial primary key);
create table "$x" (id serial primary key);
create table odd ("we.ird" integer, "$y" integer, "line\nbreak" integer, "quote""d" integer, ok integer references authors, primary key (ok, "$y"));
create view view_of as select id, name from authors;
`.replace('create table authors', 'create table pairs (id serial primary key, b integer);\ncreate table authors')

for (const driver of testDrivers) {
  describe(`the snapshot on ${driver}`, () => {
    let fresh: TestDatabase
    let snapshot: Snapshot
    const table = (name: string) => snapshot.tables.get(name)!

    before(async () => {
      fresh = await freshDatabase(driver)
      const specs = [...metaTables, users, sessions, notes, hidden]
      const registry = await startRegistry({
        db: fresh.db,
        schemas: ['public', 'second'],
        specs,
        modeller,
        maker: createMissingTables,
        versions: createVersions(fresh.db, log),
        log,
      })
      await fresh.db.execute(script)
      snapshot = await registry.reload()
    })
    after(() => fresh?.drop())

    test('gives each column the type of the API', () => {
      for (const [i, [sql, special, type]] of fieldTypes.entries()) {
        assert.equal(table('types').fields.get(`c${i}`)!.type, type, `${sql} with special ${special}`)
      }
    })

    test('conceals what is written and never read back', () => {
      const concealed = [...snapshot.tables.values()].flatMap((t) =>
        [...t.fields.values()].filter((field) => field.concealed).map((field) => `${t.name}.${field.name}`),
      )
      assert.deepEqual(concealed.toSorted(), ['directus_users.password', 'notes.secret', `types.c${fieldTypes.length - 1}`])
    })

    test('lists columns in table order, then by sort the fields that have none, also those whose column is gone', () => {
      assert.deepEqual(
        [...table('posts').fields.keys()],
        ['id', 'author', 'editor', 'lead', 'broken', 'loose', 'blocks', 'tags', 'ghost', 'look'],
      )
      const tags = table('posts').fields.get('tags')!
      assert.deepEqual([tags.type, tags.column, tags.special], ['alias', null, ['m2m']])
      assert.deepEqual(
        [tags.meta!.options, tags.meta!.interface, tags.meta!.width, tags.meta!.searchable],
        [{ a: [1] }, 'list-m2m', 'full', true],
      )
    })

    test('links tables by foreign keys and by meta', () => {
      const links = (name: string) =>
        [...table(name).links.values()].map((link) =>
          link.kind === 'm2a'
            ? [link.kind, link.field, link.collectionField, ...link.targets]
            : [link.kind, link.field, link.target, link.targetField, link.relation.meta?.junction_field ?? null],
        )
      assert.deepEqual(links('posts').toSorted(), [
        ['m2o', 'author', 'authors', 'id', null],
        ['m2o', 'editor', 'authors', 'id', null],
        ['m2o', 'lead', 'authors', 'id', null],
        ['m2o', 'loose', 'pairs', 'id', null],
        ['o2m', 'blocks', 'blocks', 'post', 'item'],
        ['o2m', 'tags', 'posts_tags', 'post', 'tag'],
      ])
      assert.deepEqual(links('authors'), [['o2m', 'posts', 'posts', 'author', null]], 'no field "leads", no link')
      assert.deepEqual(links('blocks'), [
        ['m2o', 'post', 'posts', 'id', 'item'],
        ['m2a', 'item', 'collection', 'authors', 'tags'],
      ])
      assert.deepEqual(links('posts_tags').at(-1), ['m2o', 'tag', 'tags', 'code', 'post'])
      assert.deepEqual(links('alone'), [['m2o', 'post', 'posts', 'id', null]])
      assert.deepEqual(links('directus_sessions'), [['m2o', 'user', 'directus_users', 'id', null]])
      assert.deepEqual(links('directus_users').toSorted(), [
        ['o2m', 'notes', 'notes', 'writer', null],
        ['o2m', 'sessions', 'directus_sessions', 'user', null],
        ['o2m', 'tokens', 'directus_sessions', 'user', 'token'],
      ])
    })

    test('lists each relation once, with its foreign key and its meta', () => {
      const seen = snapshot.relations.map((r) => [
        `${r.collection}.${r.field}`,
        r.related,
        r.foreignKey?.constraint ?? null,
        r.meta?.system ?? r.meta?.id ?? null,
      ])
      assert.deepEqual(
        seen.filter(([name]) => !String(name).startsWith('directus_collections')),
        [
          ['directus_sessions.user', 'directus_users', 'directus_sessions_user_foreign', true],
          ['directus_sessions.user', 'directus_users', null, true],
          ['notes.writer', 'directus_users', null, null],
          ['posts.author', 'authors', 'posts_author_fkey', 1],
          ['posts.editor', 'authors', null, 2],
          ['posts.lead', 'authors', null, 3],
          ['posts_tags.post', 'posts', 'posts_tags_post_fkey', 4],
          ['posts_tags.tag', 'tags', null, 5],
          ['blocks.post', 'posts', 'blocks_post_fkey', 6],
          ['blocks.item', null, null, 7],
          ['odd.ok', 'authors', 'odd_ok_fkey', null],
          ['posts.loose', 'pairs', 'posts_loose_fkey', null],
          ['alone.post', 'posts', 'alone_post_fkey', null],
        ],
      )
    })

    test('warns of what cannot be served', () => {
      assert.deepEqual(snapshot.warnings, [
        'Table "$x" is left out: its name holds a dot, a control character or a leading $.',
        'Table "a.b" is left out: its name holds a dot, a control character or a leading $.',
        'Column "we.ird" of table "odd" is left out: its name holds a dot, a control character or a leading $.',
        'Column "$y" of table "odd" is left out: its name holds a dot, a control character or a leading $.',
        'Column "line\\nbreak" of table "odd" is left out: its name holds a dot, a control character or a leading $.',
        'Table "second"."authors" is left out: "public" has one of the same name, and comes first.',
        'Relation of "posts"."broken" is left out: there is no table "missing".',
        'Relation of "posts"."nothing" is left out: there is no such column.',
        'Relation of "nowhere"."x" is left out: there is no table "nowhere".',
      ])
      assert.deepEqual([...table('odd').fields.keys()], ['quote"d', 'ok'])
      assert.deepEqual(table('odd').primaryKey, [], 'a key with a column that is left out is none')
      assert.equal(table('authors').schema, 'public')
    })

    test('knows system tables, whoever owns them; our own schema never shows', () => {
      const system = [...snapshot.tables.values()].filter((t) => t.system).map(({ name }) => name)
      assert.deepEqual(system, [
        'directus_collections',
        'directus_fields',
        'directus_other',
        'directus_relations',
        'directus_sessions',
        'directus_users',
      ])
      assert.ok(!snapshot.tables.has('kept') && !snapshot.tables.has('versions'))
      assert.equal(table('notes').system, false)
      assert.deepEqual(
        [table('directus_sessions').raises, table('directus_collections').raises, table('posts').raises],
        ['access', 'schema', undefined],
      )
      assert.equal(table('view_of').kind, 'view')
    })

    test('says of system tables what their specs say, of fields added to them what meta says', () => {
      const { meta, fields } = table('directus_users')
      assert.deepEqual([meta?.collection, meta?.system, meta?.accountability], ['directus_users', true, 'all'])
      const { id, password, sessions, nickname } = Object.fromEntries(fields)
      assert.deepEqual([id!.meta!.special, id!.meta!.system, id!.meta!.id], [['uuid'], true, undefined])
      assert.deepEqual([password!.type, sessions!.type, sessions!.meta!.hidden], ['hash', 'alias', true])
      assert.deepEqual([nickname!.meta!.interface, nickname!.meta!.system], ['input', undefined])
      assert.deepEqual([...fields.keys()], ['id', 'password', 'tags', 'avatar', 'nickname', 'sessions', 'tokens', 'notes'])
    })

    test('keeps folders and singletons', () => {
      assert.deepEqual([...snapshot.folders.keys()], ['shelf'])
      assert.deepEqual(
        [table('about').singleton, table('posts').singleton, table('posts').meta!.note, table('tags').meta],
        [true, false, 'all posts', null],
      )
    })

    test('is frozen', () => {
      for (const value of [
        snapshot,
        table('posts'),
        table('posts').fields.get('id'),
        table('posts').links.get('author'),
        snapshot.relations[0],
      ]) {
        assert.ok(Object.isFrozen(value))
      }
    })
  })
}

/**
 * Two worlds that differ in nothing that Ann may see. Whatever she asks must be answered alike in both, after as many statements: then no answer tells
 * of what is hidden from her, whichever way it is asked for.
 */
import assert from 'node:assert/strict'
import { type Answer, type CallOptions, startKernel, type TestHost } from '../host.ts'
import { createRecorder } from '../recorded.ts'

const sql = `
create table author (id integer primary key, name text, salary integer, mentor integer references author);
create table book (id serial primary key, title text unique, secret text, price integer, code text unique, info json, at timestamp, parts text,
  owner uuid, author integer references author, weight integer default 1, unique (title, secret));
create table tag (id integer primary key, name text, rank integer);
create table book_tag (id serial primary key, book integer references book, tag integer references tag);
create table letter (id integer primary key, body text, sealed text);
create table block (id serial primary key, book integer references book, collection text, item text);
create table vault (id integer primary key, name text, book integer references book);
create table one (id integer primary key, shown text, hidden text);
create table keyless (id integer primary key, word text);
`
const meta = `
insert into directus_collections (collection, singleton, versioning) values ('one', true, false), ('book', false, true);
insert into directus_relations (many_collection, many_field, one_collection, one_field, junction_field) values
  ('book', 'author', 'author', 'books', null), ('author', 'mentor', 'author', 'pupils', null), ('book_tag', 'book', 'book', 'tags', 'tag'),
  ('book_tag', 'tag', 'tag', 'books', 'book'), ('vault', 'book', 'book', 'vaults', null), ('block', 'book', 'book', 'blocks', 'item');
insert into directus_relations (many_collection, many_field, one_collection_field, one_allowed_collections, junction_field)
  values ('block', 'item', 'collection', 'letter,vault', 'book');
insert into directus_fields (collection, field, special) values ('author', 'books', 'o2m'), ('author', 'pupils', 'o2m'), ('book', 'tags', 'm2m'),
  ('tag', 'books', 'm2m'), ('book', 'vaults', 'o2m'), ('book', 'blocks', 'm2a'), ('book', 'parts', 'cast-csv'), ('block', 'item', 'm2a');
`

/** What Ann may see. */
const seen = `
insert into author (id, name, salary, mentor) values (1, 'Ann', null, null), (2, 'Bob', null, 1), (3, 'Cid', null, 1);
insert into book (id, title, price, author, at, info) values (1, 'one', 5, 1, null, null), (2, 'two', 50, 2, null, null), (4, 'four', 1, null, null, null);
insert into tag (id, name) values (1, 'red'), (2, 'blue');
insert into book_tag (id, book, tag) values (1, 1, 1), (2, 1, 2), (3, 2, 2);
insert into letter (id, body) values (1, 'dear'), (2, 'yours');
insert into block (id, book, collection, item) values (1, 1, 'letter', '1'), (2, 1, 'letter', '2');
insert into one (id, shown) values (1, 'shown');
insert into keyless (id, word) values (1, 'a'), (2, 'b');
`

/** And what not: fields, rows, tables, histories, what others have done. */
const hidden = {
  plain: `
insert into author (id, name, salary) values (7, 'Hidden', 70);
insert into book (id, title, price, author, secret) values (3, 'three', 500, 3, 'x');
insert into tag (id, name, rank) values (9, 'hidden', 1);
insert into plinth.answers (owner, key, request, body) select id, 'others-key', 'x', '{"data":{"title":"three"}}' from directus_users where email = 'bob@example.com';
`,
  other: `
update author set salary = id * 10 + 1000;
insert into author (id, name, salary, mentor) values (8, 'Hidden', 80, 3), (9, 'Hidden', 90, 1);
update book set secret = 's' || id, code = 'c' || id, weight = id, info = '{"a":{"b":1}}', at = '2020-01-01T00:00:00', parts = 'a,b';
insert into book (id, title, price, author, secret, owner) values
  (5, 'five', 500, 1, 's5', null), (6, 'six', 600, 3, 's6', (select id from directus_users where email = 'bob@example.com'));
insert into tag (id, name, rank) values (8, 'hidden', 5);
insert into book_tag (id, book, tag) values (7, 1, 8), (8, 5, 1), (9, 6, 2);
update letter set sealed = 'sealed';
insert into letter (id, body, sealed) values (3, 'hidden', 's');
insert into block (id, book, collection, item) values (8, 5, 'letter', '1');
insert into vault (id, name, book) values (1, 'vault', 1), (2, 'vault', 5);
update one set hidden = 'h';
update keyless set id = id + 10;
insert into directus_activity (action, collection, item) values ('create', 'book', '5'), ('update', 'vault', '1');
insert into directus_revisions (activity, collection, item, data) select max(id), 'book', '1', '{"secret":"s1"}' from directus_activity;
insert into directus_comments (id, collection, item, comment) values (gen_random_uuid(), 'book', '5', 'hidden');
insert into directus_versions (id, key, collection, item, delta) values ('00000000-0000-4000-8000-000000000001', 'next', 'book', '5', '{"secret":"s5"}');
`,
} as const
export type World = keyof typeof hidden

/** Quicker than `truncate`, for so few rows. */
const emptied = `
delete from block; delete from book_tag; delete from vault; delete from book; delete from author; delete from tag; delete from letter; delete from one;
delete from keyless; delete from directus_revisions; delete from directus_activity; delete from directus_versions; delete from directus_comments;
delete from plinth.answers;
`

/** Books cost less than 100 to be seen, less than 10 to be changed, less than 2 to be deleted; of her own she sees the price. */
const rules = [
  {
    collection: 'book',
    action: 'read',
    permissions: { price: { _lt: 100 } },
    fields: ['id', 'title', 'author', 'owner', 'tags', 'blocks'],
  },
  { collection: 'book', action: 'read', permissions: { owner: { _eq: '$CURRENT_USER' } }, fields: ['id', 'title', 'price'] },
  {
    collection: 'book',
    action: 'create',
    permissions: { _or: [{ weight: { _gt: 0 } }] },
    fields: ['title', 'author', 'tags'],
    presets: { price: 5 },
  },
  { collection: 'book', action: 'update', permissions: { price: { _lt: 10 } }, fields: ['title', 'author', 'tags'] },
  { collection: 'book', action: 'delete', permissions: { price: { _lt: 2 } } },
  { collection: 'author', action: 'read', permissions: { name: { _neq: 'Hidden' } }, fields: ['id', 'name', 'books', 'pupils'] },
  { collection: 'author', action: 'update', permissions: { name: { _neq: 'Hidden' } }, fields: ['name', 'books'] },
  { collection: 'tag', action: 'read', permissions: { name: { _neq: 'hidden' } }, fields: ['id', 'name', 'books'] },
  {
    collection: 'book_tag',
    action: 'read',
    permissions: { book: { price: { _lt: 100 } }, tag: { name: { _neq: 'hidden' } } },
    fields: ['*'],
  },
  { collection: 'book_tag', action: 'create', fields: ['*'] },
  {
    collection: 'book_tag',
    action: 'update',
    permissions: { book: { price: { _lt: 10 } }, tag: { name: { _neq: 'hidden' } } },
    fields: ['*'],
  },
  { collection: 'book_tag', action: 'delete', permissions: { book: { price: { _lt: 10 } }, tag: { name: { _neq: 'hidden' } } } },
  { collection: 'letter', action: 'read', permissions: { body: { _neq: 'hidden' } }, fields: ['id', 'body'] },
  { collection: 'block', action: 'read', permissions: { book: { price: { _lt: 100 } } }, fields: ['*'] },
  { collection: 'one', action: 'read', fields: ['id', 'shown'] },
  { collection: 'one', action: 'update', fields: ['shown'] },
  { collection: 'keyless', action: 'read', fields: ['word'] },
  { collection: 'directus_activity', action: 'read', fields: ['*'] },
  { collection: 'directus_revisions', action: 'read', fields: ['*'] },
  { collection: 'directus_versions', action: 'read', fields: ['*'] },
  { collection: 'directus_comments', action: 'read', permissions: { user_created: { _eq: '$CURRENT_USER' } }, fields: ['*'] },
]

export interface Worlds {
  readonly host: TestHost
  /** Asks in both worlds, each as it was at first: what is answered, and how many statements that took. */
  inBoth(method: string, path: string, options?: CallOptions): Promise<readonly [Told, Told]>
  enter(world: World): Promise<void>
  close(): Promise<void>
}

export interface Told {
  readonly status: number
  readonly code: string | undefined
  readonly body: Answer['body']
  readonly etag: string | null
  readonly statements: number
}

export const ann = 'token-of-ann'

export async function startWorlds(): Promise<Worlds> {
  const recorder = createRecorder()
  const host = await startKernel({ sql, wrap: recorder.wrap })
  const { db } = host.kernel
  await db.execute(meta)
  await host.kernel.registry.reload()
  const make = async (path: string, body: unknown) => {
    const { status, body: answer } = await host.api('POST', path, { body })
    assert.equal(status, 200, JSON.stringify(answer))
    return answer.data
  }
  const { id: policy } = await make('/policies', { name: 'readers' })
  const user = await make('/users', { email: 'ann@example.com', token: ann })
  await make('/users', { email: 'bob@example.com', token: 'token-of-bob' })
  await make('/access', { user: user.id, policy })
  await make(
    '/permissions',
    rules.map((rule) => ({ policy, ...rule })),
  )
  await host.settled()

  async function enter(world: World): Promise<void> {
    await db.execute(`${emptied} ${seen} ${hidden[world]}
      select setval('book_id_seq', 100), setval('book_tag_id_seq', 100), setval('block_id_seq', 100);`)
  }

  async function tell(world: World, method: string, path: string, options: CallOptions): Promise<Told> {
    await enter(world)
    recorder.take()
    const { status, code, body, headers } = await host.api(method, path, { token: ann, ...options })
    // Requests that come after a change of rights look anew at them: the same for all.
    const statements = recorder.take().length
    return { status, code, body, etag: headers.get('etag'), statements }
  }

  return {
    host,
    enter,
    inBoth: async (method, path, options = {}) => {
      // Caches that other tests filled must not count.
      await tell('plain', method, path, options)
      return [await tell('plain', method, path, options), await tell('other', method, path, options)]
    },
    close: () => host.close(),
  }
}

/** Tables that the tests of items share: a column of every type, a relation of every kind, specials, composite keys, views, and names that ask for trouble. */
import { startKernel, type TestHost, type TestOptions } from '../../host.ts'

const sql = `
create type mood as enum ('happy', 'sad');
create table author (id serial primary key, name text not null, mentor integer references author, secret text);
create table article (
  id serial primary key,
  title varchar(40), body text, rating integer, small smallint, big bigint, price numeric(10,2), score double precision,
  published boolean, day date, at time, stamp timestamp, moment timestamptz, ref uuid, data json, tags text, mood mood, ip inet, raw bytea,
  author integer references author
);
create table page (lang text, slug text, version integer, title text default 'untitled', primary key (lang, slug, version));
create table note (id text primary key, body text);
create table defaults (
  id serial primary key,
  a integer default 7, b text default 'b', c text not null default 'c', d timestamptz default now(), twice integer generated always as (a * 2) stored
);
create table "odd ""table""; drop table note; --" (
  "the ""key""" integer primary key, "it's; --" text, "constructor" text default 'built', "__proto__" text, "tail]" text, "count(tail])" text
);
create table log (line text);
create table shelf (id serial primary key, name text);
create table shelf_author (id serial primary key, shelf integer references shelf, author integer references author);
create table shelf_part (id serial primary key, shelf integer references shelf, item text, collection text, sort integer);
create view titles as select id, title from article;
create materialized view lengths as select id, length(title) as length from article;
`

export const oddTable = 'odd "table"; drop table note; --'

const fields = `
insert into directus_fields (collection, field, special) values
  ('article', 'tags', 'cast-csv'), ('article', 'data', 'cast-json'), ('author', 'secret', 'conceal');
insert into directus_relations (many_collection, many_field, one_collection, one_field) values ('article', 'author', 'author', 'articles');
insert into directus_fields (collection, field, special) values
  ('author', 'articles', 'o2m'), ('shelf', 'authors', 'm2m'), ('shelf', 'parts', 'm2a');
insert into directus_relations (many_collection, many_field, one_collection, one_field, junction_field, sort_field) values
  ('shelf_author', 'shelf', 'shelf', 'authors', 'author', null), ('shelf_author', 'author', 'author', null, 'shelf', null),
  ('shelf_part', 'shelf', 'shelf', 'parts', 'item', 'sort');
insert into directus_relations (many_collection, many_field, one_collection_field, one_allowed_collections, junction_field) values
  ('shelf_part', 'item', 'collection', 'article,note', 'shelf');
`

export async function startLibrary(options: TestOptions = {}): Promise<TestHost> {
  // What others write along would be counted too.
  const host = await startKernel({ change: ['-history'], ...options, sql: sql + (options.sql ?? '') })
  await host.kernel.db.execute(fields)
  await host.kernel.registry.reload()
  return host
}

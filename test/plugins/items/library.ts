/** Tables that the tests of items share: a column of every type, links, specials, composite keys, views, and names that ask for trouble. */
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
  "the ""key""" integer primary key, "it's; --" text, "constructor" text default 'built', "__proto__" text, "tail]" text
);
create table log (line text);
create view titles as select id, title from article;
create materialized view lengths as select id, length(title) as length from article;
`

export const oddTable = 'odd "table"; drop table note; --'

const fields = `
insert into directus_fields (collection, field, special) values
  ('article', 'tags', 'cast-csv'), ('article', 'data', 'cast-json'), ('author', 'secret', 'conceal');
insert into directus_relations (many_collection, many_field, one_collection, one_field) values ('article', 'author', 'author', 'articles');
insert into directus_fields (collection, field, special) values ('author', 'articles', 'o2m');
`

export async function startLibrary(options: TestOptions = {}): Promise<TestHost> {
  const host = await startKernel({ ...options, sql: sql + (options.sql ?? '') })
  await host.kernel.db.execute(fields)
  await host.kernel.registry.reload()
  return host
}

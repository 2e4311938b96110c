/** Tables for nested writes: relations of every kind, several levels of them, and one to itself. */
import { startKernel, type TestHost, type TestOptions } from '../../../host.ts'

export const shopSql = `
create table country (code text primary key, name text);
create table person (id serial primary key, name text not null, country text references country, boss integer references person);
create table "order" (id serial primary key, title text not null, buyer integer references person, note text);
create table line (id serial primary key, "order" integer references "order", product integer, amount integer not null default 1, sort integer);
create table product (id serial primary key, name text not null, code text unique);
alter table line add foreign key (product) references product;
create table parcel (id uuid primary key default gen_random_uuid(), "order" integer not null references "order" on delete cascade, weight numeric);
create table attachment (id serial primary key, "order" integer references "order", item text, collection text, sort integer);
create table letter (id serial primary key, body text not null);
create table picture (file text primary key, width integer);
create table tag (code text unique not null, id bigserial primary key, label text);
create table tagged (id serial primary key, tag text references tag (code), words text);
`

export const shopMeta = `
insert into directus_relations (many_collection, many_field, one_collection, one_field, sort_field, one_deselect_action, junction_field) values
  ('person', 'boss', 'person', 'staff', null, 'nullify', null), ('order', 'buyer', 'person', 'orders', null, 'nullify', null),
  ('line', 'order', 'order', 'lines', 'sort', 'delete', 'product'), ('parcel', 'order', 'order', 'parcels', null, 'nullify', null),
  ('attachment', 'order', 'order', 'attachments', 'sort', 'nullify', 'item'), ('tagged', 'tag', 'tag', 'uses', null, 'nullify', null);
insert into directus_relations (many_collection, many_field, one_collection_field, one_allowed_collections, junction_field) values
  ('attachment', 'item', 'collection', 'letter,picture', 'order');
insert into directus_fields (collection, field, special) values
  ('person', 'staff', 'o2m'), ('person', 'orders', 'o2m'), ('order', 'lines', 'o2m'), ('order', 'parcels', 'o2m'), ('order', 'attachments', 'm2a'),
  ('tag', 'uses', 'o2m');
`

export const shopTables = ['country', 'person', '"order"', 'line', 'product', 'parcel', 'attachment', 'letter', 'picture', 'tag', 'tagged']

export async function startShop(options: TestOptions = {}): Promise<TestHost> {
  const host = await startKernel({ ...options, sql: shopSql + (options.sql ?? '') })
  await host.kernel.db.execute(shopMeta)
  await host.kernel.registry.reload()
  return host
}

export const emptyShop = (host: TestHost): Promise<void> =>
  host.kernel.db.execute(`truncate ${shopTables.join(', ')} restart identity cascade`)

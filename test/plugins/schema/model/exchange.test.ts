/** Models go from one database to another and back: what arrives is what left, a second time there is nothing to do, nothing gets lost unasked. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { load } from 'js-yaml'
import { testDrivers } from '../../../database.ts'
import { startKernel, type TestHost } from '../../../host.ts'

type Json = any

const alias = (field: string, special: string) => ({ field, type: 'alias', meta: { special: [special] } })
const fieldOf = (field: string, type: string, schema: object = {}, meta: object = {}) => ({ field, type, schema, meta })

/** A model with a bit of everything that /collections, /fields and /relations can make. */
const collections = [
  { collection: 'shop', schema: null, meta: { sort: 2, translations: [{ language: 'de-DE', translation: 'Laden' }] } },
  {
    collection: 'category',
    schema: {},
    meta: { group: 'shop', note: "it's", sort_field: 'position' },
    fields: [
      fieldOf(
        'name',
        'string',
        { is_nullable: false, is_unique: true, max_length: 80 },
        { interface: 'input', options: { list: [1, { a: 'b' }] } },
      ),
      fieldOf('position', 'integer', { is_indexed: true }),
      fieldOf('parent', 'integer'),
      alias('children', 'o2m'),
    ],
  },
  {
    collection: 'product',
    schema: {},
    meta: { group: 'shop', archive_field: 'status', archive_value: 'gone', versioning: true },
    fields: [
      fieldOf('sku', 'string', { is_primary_key: true, max_length: 20 }),
      fieldOf('price', 'decimal', { numeric_precision: 12, numeric_scale: 2, default_value: 1.5 }),
      fieldOf('stock', 'bigInteger', { default_value: 0, is_nullable: false }),
      fieldOf('status', 'string', { default_value: "it's a draft" }),
      fieldOf('made', 'timestamp', { default_value: 'now()' }, { special: ['date-created'] }),
      fieldOf('day', 'date'),
      fieldOf('doc', 'json', { default_value: { a: [1] } }),
      fieldOf('tags', 'csv', {}, { special: ['cast-csv'] }),
      fieldOf('secret', 'hash', {}, { special: ['hash', 'conceal'] }),
      fieldOf('ref', 'uuid', { default_value: 'gen_random_uuid()' }),
      fieldOf('category', 'integer'),
      alias('details', 'group'),
      fieldOf('weight', 'float', {}, { group: 'details', validation: { weight: { _gt: 0 } } }),
      alias('blocks', 'm2a'),
    ],
  },
  {
    collection: 'product_block',
    schema: {},
    meta: { hidden: true },
    fields: [fieldOf('product', 'string'), fieldOf('item', 'string'), fieldOf('collection', 'string')],
  },
]
const relations = [
  {
    collection: 'category',
    field: 'parent',
    related_collection: 'category',
    meta: { one_field: 'children' },
    schema: { on_delete: 'SET NULL' },
  },
  { collection: 'product', field: 'category', related_collection: 'category', schema: { on_delete: 'CASCADE', on_update: 'CASCADE' } },
  { collection: 'product_block', field: 'product', related_collection: 'product', meta: { one_field: 'blocks', junction_field: 'item' } },
  {
    collection: 'product_block',
    field: 'item',
    related_collection: null,
    meta: { one_allowed_collections: ['category', 'product'], one_collection_field: 'collection' },
  },
  { collection: 'product_block', field: 'beside', related_collection: 'product_block', meta: {} },
]

/** Nothing is said of it, and yet a relation stands on it. */
const untold = { field: 'beside', type: 'integer', schema: {} }

async function build(host: TestHost): Promise<void> {
  assert.equal((await host.api('POST', '/collections', { body: collections })).status, 200)
  assert.equal((await host.api('POST', '/fields/product_block', { body: untold })).status, 200)
  for (const body of relations) assert.equal((await host.api('POST', '/relations', { body })).status, 200)
}

const modelOf = async (host: TestHost): Promise<Json> => (await host.api('GET', '/schema/snapshot')).data
const diff = (host: TestHost, body: Json, query = '') => host.api('POST', `/schema/diff${query}`, { body })
const apply = (host: TestHost, body: Json, query = '') => host.api('POST', `/schema/apply${query}`, { body })

/** From one model to another, as a client of the API does it. */
async function move(host: TestHost, model: Json, query = '') {
  const found = await diff(host, model, query)
  if (found.status === 204) return found
  assert.equal(found.status, 200, JSON.stringify(found.body))
  return apply(host, found.data, query)
}

/** What the database itself says. */
const facts = async (host: TestHost) => [
  await host.kernel.db.query(
    `select table_name, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, is_nullable, column_default
     from information_schema.columns where table_schema = 'public' and table_name not like 'directus%' order by 1, 2`,
  ),
  await host.kernel.db.query(
    `select conrelid::regclass::text as "table", conname, pg_get_constraintdef(oid) as definition from pg_constraint
     where contype <> 'n' and connamespace = 'public'::regnamespace and conrelid::regclass::text not like 'directus%' order by 1, 2`,
  ),
  await host.kernel.db.query("select indexdef from pg_indexes where schemaname = 'public' and tablename not like 'directus%' order by 1"),
]

/** There and back; with one driver, to another database of its kind. */
const ways = testDrivers.map((from) => [from, testDrivers.find((other) => other !== from) ?? from] as const)

for (const [from, to] of ways) {
  describe(`a model from ${from} to ${to}`, () => {
    let source: TestHost
    let target: TestHost
    before(async () => {
      source = await startKernel({ driver: from })
      target = await startKernel({ driver: to })
      await build(source)
    })
    after(async () => {
      await source.close()
      await target.close()
    })

    test('arrives whole; a second time there is nothing to do', async () => {
      const model = await modelOf(source)
      assert.equal((await move(target, model)).status, 204)
      assert.deepEqual(await modelOf(target), model)
      assert.deepEqual(await facts(target), await facts(source))
      assert.equal((await diff(target, model)).status, 204)
      assert.equal((await apply(target, model)).status, 204)
    })

    test('works there', async () => {
      assert.equal((await target.api('POST', '/items/category', { body: { name: 'c', children: [{ name: 'd' }] } })).status, 200)
      const product = { sku: 'p', category: 1, blocks: [{ collection: 'category', item: '1' }], secret: 'x', tags: ['a', 'b'] }
      assert.equal((await target.api('POST', '/items/product', { body: product })).status, 200)
      const { data } = await target.api('GET', '/items/product/p?fields=*,category.children.name,blocks.item:category.name')
      assert.equal(data.category.children[0].name, 'd')
      assert.equal(data.secret, '**********')
      assert.deepEqual([data.stock, data.status, data.doc, data.tags], ['0', "it's a draft", { a: [1] }, ['a', 'b']])
    })

    test('and goes away again, but not with its rows unless that is said', async () => {
      const empty = { ...(await modelOf(target)), collections: [], fields: [], relations: [] }
      const refused = await move(target, empty)
      assert.deepEqual([refused.status, refused.code], [400, 'INVALID_PAYLOAD'])
      assert.deepEqual(refused.body.errors[0].extensions.losses, [
        'The rows of "category" would be removed.',
        'The rows of "product" would be removed.',
        'The rows of "product_block" would be removed.',
      ])
      assert.equal((await modelOf(target)).collections.length, 4)
      assert.equal((await move(target, empty, '?allow_data_loss=true')).status, 204)
      assert.deepEqual(await facts(target), [[], [], []])
      assert.deepEqual((await modelOf(target)).fields, [])
      const left = await target.kernel.db.query(
        'select 1 from directus_relations union all select 1 from directus_fields union all select 1 from directus_collections',
      )
      assert.deepEqual(left, [])
    })
  })
}

describe('changes of a model', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel()
    await build(host)
    await host.api('POST', '/items/category', { body: [{ name: 'a long name', position: 70_000 }, { name: 'b' }] })
  })
  after(() => host.close())

  const find = (list: Json[], collection: string, field?: string) =>
    list.find((one) => one.collection === collection && (!field || one.field === field))

  /** What is changed in the model, and what then holds. */
  const changes: [why: string, edit: (model: Json) => unknown, sql: string, rows: Json[]][] = [
    [
      'a column gets wider',
      (m) => Object.assign(find(m.fields, 'category', 'name').schema, { max_length: 200 }),
      "select atttypmod - 4 as length from pg_attribute where attrelid = 'category'::regclass and attname = 'name'",
      [{ length: 200 }],
    ],
    [
      'a column gets another type',
      (m) =>
        Object.assign(find(m.fields, 'category', 'position'), {
          type: 'bigInteger',
          schema: { ...find(m.fields, 'category', 'position').schema, data_type: 'bigint' },
        }),
      "select format_type(atttypid, null) as type from pg_attribute where attrelid = 'category'::regclass and attname = 'position'",
      [{ type: 'bigint' }],
    ],
    [
      'a key and what refers to it get another type together',
      (m) => {
        for (const [collection, field] of [
          ['category', 'id'],
          ['category', 'parent'],
          ['product', 'category'],
        ] as const)
          Object.assign(find(m.fields, collection, field), {
            type: 'string',
            schema: {
              ...find(m.fields, collection, field).schema,
              data_type: 'character varying',
              max_length: 40,
              default_value: null,
              has_auto_increment: find(m.fields, collection, field).schema.has_auto_increment,
            },
          })
      },
      "select count(*)::int as n from pg_constraint where contype = 'f' and conrelid in ('category'::regclass, 'product'::regclass)",
      [{ n: 2 }],
    ],
    [
      'a foreign key is renamed and acts otherwise',
      (m) => Object.assign(find(m.relations, 'category', 'parent').schema, { constraint_name: 'my "own" name', on_delete: 'CASCADE' }),
      "select conname, confdeltype from pg_constraint where conrelid = 'category'::regclass and contype = 'f'",
      [{ conname: 'my "own" name', confdeltype: 'c' }],
    ],
    [
      'a relation goes, its field stays',
      (m) => {
        m.relations = m.relations.filter((one: Json) => one.collection !== 'product')
      },
      "select count(*)::int as n from pg_constraint where conrelid = 'product'::regclass and contype = 'f'",
      [{ n: 0 }],
    ],
    [
      'a field gets a group, another a sort',
      (m) => {
        find(m.fields, 'product', 'day').meta.group = 'details'
        find(m.fields, 'product', 'tags').meta.sort = 99
      },
      'select field from directus_fields where "group" = \'details\' or sort = 99 order by 1',
      [{ field: 'day' }, { field: 'tags' }, { field: 'weight' }],
    ],
    [
      'an index, a default, nothing required',
      (m) => {
        Object.assign(find(m.fields, 'category', 'name').schema, { is_nullable: true, is_unique: false })
        Object.assign(find(m.fields, 'product', 'stock').schema, { is_indexed: true, default_value: 7 })
      },
      "select indexname from pg_indexes where tablename = 'product' and indexname like '%stock%'",
      [{ indexname: 'product_stock_index' }],
    ],
    [
      'a column becomes an alias when it is empty',
      (m) => {
        const one = find(m.fields, 'product', 'day')
        one.type = 'alias'
        delete one.schema
      },
      "select count(*)::int as n from information_schema.columns where table_name = 'product' and column_name = 'day'",
      [{ n: 0 }],
    ],
  ]
  for (const [why, edit, sql, rows] of changes) {
    test(why, async () => {
      const model = await modelOf(host)
      edit(model)
      const done = await apply(host, model)
      assert.equal(done.status, 204, JSON.stringify(done.body))
      assert.deepEqual(await host.kernel.db.query(sql), rows)
      const again = await diff(host, model)
      assert.equal(again.status, 204, JSON.stringify(again.body))
    })
  }

  const losses: [why: string, edit: (model: Json) => unknown, loss: RegExp][] = [
    ['a shorter column', (m) => Object.assign(find(m.fields, 'category', 'name').schema, { max_length: 5 }), /"name" are longer than 5/],
    [
      'a narrower number',
      (m) =>
        Object.assign(find(m.fields, 'category', 'position'), {
          type: 'boolean',
          schema: { ...find(m.fields, 'category', 'position').schema, data_type: 'smallint' },
        }),
      /position|range/,
    ],
    [
      'a column less',
      (m) => {
        m.fields = m.fields.filter((one: Json) => one.field !== 'position')
      },
      /values of "category.position" would be removed/,
    ],
    [
      'a collection less',
      (m) => {
        for (const part of ['collections', 'fields', 'relations'])
          m[part] = m[part].filter((one: Json) => one.collection !== 'category' && one.related_collection !== 'category')
      },
      /rows of "category" would be removed/,
    ],
  ]
  for (const [why, edit, loss] of losses) {
    test(`${why}: refused while it would cost something`, async () => {
      const model = await modelOf(host)
      edit(model)
      const before = await facts(host)
      const refused = await apply(host, model)
      assert.equal(refused.status, 400)
      assert.match(refused.body.errors[0].message, loss)
      assert.deepEqual(await facts(host), before)
    })
  }

  test('?dry_run shows the statements and does nothing', async () => {
    const model = await modelOf(host)
    Object.assign(find(model.fields, 'category', 'name').schema, { max_length: 300 })
    find(model.collections, 'category').meta.note = "a 'note'"
    model.collections.push({ collection: 'fresh', meta: { collection: 'fresh', hidden: true }, schema: { name: 'fresh' } })
    model.fields.push({
      collection: 'fresh',
      field: 'list',
      type: 'json',
      meta: { special: ['cast-json'], options: { a: 1 } },
      schema: { data_type: 'jsonb' },
    })
    model.fields = model.fields.filter((one: Json) => one.field !== 'position')
    const before = await facts(host)
    const { status, data } = await apply(host, model, '?dry_run')
    assert.equal(status, 200)
    assert.deepEqual(await facts(host), before)
    assert.deepEqual(data.losses, ['The values of "category.position" would be removed.'])
    const id = (await host.kernel.db.query<{ id: number }>("select id from directus_fields where field = 'position'"))[0]!.id
    assert.deepEqual(data.statements, [
      `delete from "public"."directus_fields" where "id" in (${id})`,
      `update "public"."directus_collections" set "sort_field" = null where "collection" in ('category')`,
      'alter table "public"."category" drop column "position"',
      `insert into "public"."directus_collections" ("collection", "hidden") values ('fresh', true)`,
      `update "public"."directus_collections" set "note" = 'a ''note''' where "collection" in ('category')`,
      'create table "public"."fresh" ("id" serial, "list" jsonb, primary key ("id"))',
      'alter table "public"."category" alter column "name" type character varying(300) using "name"::character varying(300)',
      `insert into "public"."directus_fields" ("special", "options", "collection", "field") values ('cast-json', '{"a":1}', 'fresh', 'list')`,
    ])
    // What it shows is what does it.
    await host.kernel.db.transaction((db) => db.execute(data.statements.join(';')))
    await host.kernel.registry.reload()
    assert.equal(
      (
        await diff(host, {
          ...model,
          collections: model.collections.map((one: Json) =>
            one.collection === 'category' ? { ...one, meta: { ...one.meta, sort_field: null } } : one,
          ),
        })
      ).status,
      204,
    )
  })
})

describe('tables that others made', () => {
  const sql = `
    create type mood as enum ('happy', 'sad');
    create domain price as numeric(10, 2);
    create table own (id bigint generated always as identity primary key, feeling mood default 'sad', cost price, tags text[], place inet, small smallint default 3,
      exact double precision, code char(3), wide varchar, doc jsonb default '{}', at timestamp(0), total integer generated always as (3) stored, told text default lower('X'));
    create table pairs (a integer, b integer, own bigint references own, primary key (a, b));
    create view seen as select 1 as one`
  let source: TestHost
  let target: TestHost
  before(async () => {
    source = await startKernel({ sql })
    target = await startKernel({ sql: `create type mood as enum ('happy', 'sad'); create domain price as numeric(10, 2)` })
    for (const field of ['id', 'feeling', 'cost', 'tags', 'place', 'small', 'exact', 'code', 'wide', 'doc'])
      await source.api('PATCH', `/fields/own/${field}`, { body: { meta: { note: 'told' } } })
    await source.api('PATCH', '/collections/own', { body: { meta: {} } })
  })
  after(async () => {
    await source.close()
    await target.close()
  })

  test('types arrive as they are', async () => {
    const model = await modelOf(source)
    assert.deepEqual(
      model.collections.map((one: Json) => one.collection),
      ['own'],
    )
    assert.equal((await move(target, model)).status, 204)
    const types = (host: TestHost) =>
      host.kernel.db.query(
        "select attname, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = 'own'::regclass and attnum > 0 and attname not in ('at', 'total', 'told') order by attname",
      )
    assert.deepEqual(await types(target), await types(source))
    assert.equal((await diff(target, model)).status, 204)
  })

  test('an unknown type, a generated column, an expression as default are refused by name', async () => {
    for (const [field, reason] of [
      ['total', /generated/],
      ['told', /expression/],
    ] as const) {
      await source.api('PATCH', `/fields/own/${field}`, { body: { meta: { note: 'told' } } })
      const refused = await apply(target, await modelOf(source))
      assert.equal(refused.status, 400)
      assert.match(refused.body.errors[0].message, reason)
      assert.match(refused.body.errors[0].message, new RegExp(`own\\.${field}`))
      await source.kernel.db.query('delete from directus_fields where field = $1', [field])
    }
    await source.kernel.registry.reload()
    const model = await modelOf(source)
    for (const data_type of ['nonsense', 'text; drop table own', 'integer)']) {
      model.fields.push({ collection: 'own', field: 'new', type: 'unknown', meta: {}, schema: { data_type } })
      const refused = await apply(target, model)
      assert.deepEqual([refused.status, refused.code], [400, 'INVALID_PAYLOAD'])
      model.fields.pop()
    }
  })

  test('a table that is there already is told of, not made again', async () => {
    const model = await modelOf(source)
    model.collections.push({ collection: 'pairs', meta: { note: 'now told' }, schema: { name: 'pairs' } })
    assert.equal((await move(source, model)).status, 204)
    assert.equal((await source.api('GET', '/collections/pairs')).data.meta.note, 'now told')
    assert.equal((await diff(source, model)).status, 204)
  })
})

describe('what is no model', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({ env: { SCHEMA_PAYLOAD_MAX: '200kb' } })
    await build(host)
  })
  after(() => host.close())

  const bad: [why: string, edit: (model: Json) => unknown][] = [
    ['a name with a quote', (m) => m.collections.push({ collection: 'a"b', meta: {}, schema: {} })],
    ['a name with a dot', (m) => m.collections.push({ collection: 'a.b', meta: {}, schema: {} })],
    [
      'a field with a quote',
      (m) =>
        m.fields.push({
          collection: 'category',
          field: 'a"; drop table category; --',
          type: 'text',
          meta: {},
          schema: { data_type: 'text' },
        }),
    ],
    ['a collection of the system', (m) => m.collections.push({ collection: 'directus_users', meta: {}, schema: {} })],
    [
      'a field of the system',
      (m) => m.fields.push({ collection: 'directus_users', field: 'password', type: 'text', meta: {}, schema: { data_type: 'text' } }),
    ],
    [
      'a field of no collection',
      (m) => m.fields.push({ collection: 'nope', field: 'a', type: 'text', meta: {}, schema: { data_type: 'text' } }),
    ],
    [
      'a relation to nowhere',
      (m) => m.relations.push({ collection: 'category', field: 'position', related_collection: 'nope', meta: {}, schema: {} }),
    ],
    [
      'a relation from nowhere',
      (m) => m.relations.push({ collection: 'nope', field: 'x', related_collection: 'category', meta: {}, schema: {} }),
    ],
    ['an action that is SQL', (m) => Object.assign(m.relations[0].schema, { on_delete: 'CASCADE; drop table category' })],
    [
      'a length that is SQL',
      (m) =>
        m.fields.push({
          collection: 'category',
          field: 'x',
          type: 'string',
          meta: {},
          schema: { max_length: '5); drop table category; --' },
        }),
    ],
    [
      'a key less',
      (m) => {
        m.fields = m.fields.filter((one: Json) => one.collection !== 'category' || one.field !== 'id')
      },
    ],
    ['a wrong value in meta', (m) => Object.assign(m.collections[0].meta, { sort: 'x' })],
    ['a group that is not there', (m) => Object.assign(m.collections[0].meta, { group: 'nope' })],
  ]
  for (const [why, edit] of bad) {
    test(`${why} is refused, and nothing is kept`, async () => {
      const before = [await facts(host), await modelOf(host)]
      const model = structuredClone(before[1]) as Json
      model.collections.push({ collection: 'along', meta: {}, schema: { name: 'along' } })
      edit(model)
      const answer = await apply(host, model)
      assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${JSON.stringify(answer.body)}`)
      assert.deepEqual([await facts(host), await modelOf(host)], before)
    })
  }

  const form = (text: string, type = 'text/yaml') =>
    host.api('POST', '/schema/diff', {
      text: `--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: ${type}\r\n\r\n${text}\r\n--b--\r\n`,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })

  test('YAML that says much with little', async () => {
    const laughs = [
      'a0: &a0 [x,x,x,x,x,x,x,x,x,x]',
      ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]`),
    ]
    assert.equal((await form(laughs.join('\n'))).code, 'INVALID_PAYLOAD')
    assert.equal((await form('[{'.repeat(20_000))).code, 'INVALID_PAYLOAD')
    assert.equal((await form('{"a":'.repeat(20_000), 'application/json')).code, 'INVALID_PAYLOAD')
    assert.equal((await form('a: !!js/function "function () {}"')).code, 'INVALID_PAYLOAD')
    assert.equal((await form('__proto__: {polluted: true}\nversion: 1')).code, 'INVALID_PAYLOAD')
    assert.equal(({} as Json).polluted, undefined)
  })

  test('SCHEMA_PAYLOAD_MAX bytes are taken, more are not', async () => {
    const model = JSON.stringify(await modelOf(host))
    assert.ok(model.length < 200 * 1024)
    const sized = (bytes: number) => model.slice(0, -1) + ' '.repeat(bytes - model.length) + '}'
    const send = (bytes: number) =>
      host.api('POST', '/schema/diff', {
        text: sized(bytes),
        headers: { 'content-type': 'application/json', 'content-length': String(bytes) },
      })
    assert.equal((await send(200 * 1024)).status, 204)
    const refused = await send(200 * 1024 + 1)
    assert.deepEqual([refused.status, refused.code], [400, 'INVALID_PAYLOAD'])
    assert.match(refused.body.errors[0].message, /SCHEMA_PAYLOAD_MAX/)
  })

  test('YAML of a model is the model', async () => {
    const { body } = await host.api('GET', '/schema/snapshot?export=yaml')
    assert.deepEqual(load(body), await modelOf(host))
    const answer = await form(body)
    assert.equal(answer.status, 204, JSON.stringify(answer.body))
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost

before(async () => {
  host = await startKernel()
})
after(() => host.close())

/** What a scenario does: `[why, method, path, body, status, data or code]`. Without the last one only the status counts. */
type Step = [why: string, method: string, path: string, body: unknown, status: number, expected?: unknown]

/** Keys of meta rows count up as they please. */
function withoutKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutKeys)
  if (typeof value !== 'object' || value === null) return value
  const isMeta = 'width' in value || 'many_field' in value
  const entries = Object.entries(value).filter(([key]) => !(isMeta && key === 'id'))
  return Object.fromEntries(entries.map(([key, part]) => [key, withoutKeys(part)]))
}

const scenario = (name: string, steps: readonly Step[]) =>
  test(name, async (t) => {
    for (const [why, method, path, body, status, expected] of steps) {
      await t.test(why, async () => {
        const answer = await host.api(method, path, { body })
        assert.equal(answer.status, status, JSON.stringify(answer.body))
        if (expected === undefined) return
        assert.deepEqual(typeof expected === 'string' ? answer.code : withoutKeys(answer.data), expected)
      })
    }
  })

const meta = (collection: string, said: object = {}) => ({
  collection,
  icon: null,
  note: null,
  display_template: null,
  hidden: false,
  singleton: false,
  translations: null,
  archive_field: null,
  archive_app_filter: true,
  archive_value: null,
  unarchive_value: null,
  sort_field: null,
  accountability: 'all',
  color: null,
  item_duplication_fields: null,
  sort: null,
  group: null,
  collapse: 'open',
  preview_url: null,
  versioning: false,
  status: 'active',
  autosave_revision_interval: null,
  ...said,
})
const table = (name: string) => ({ schema: 'public', name, comment: null })

const fieldMeta = (collection: string, field: string, said: object = {}) => ({
  collection,
  field,
  special: null,
  interface: null,
  options: null,
  display: null,
  display_options: null,
  readonly: false,
  hidden: false,
  sort: 1,
  width: 'full',
  translations: null,
  note: null,
  conditions: null,
  required: false,
  group: null,
  validation: null,
  validation_message: null,
  searchable: true,
  ...said,
})
const column = (tableName: string, name: string, data_type: string, said: object = {}) => ({
  name,
  table: tableName,
  data_type,
  default_value: null,
  generation_expression: null,
  max_length: data_type === 'character varying' ? 255 : null,
  numeric_precision: data_type === 'integer' ? 32 : null,
  numeric_scale: data_type === 'integer' ? 0 : null,
  is_generated: false,
  is_nullable: true,
  is_unique: false,
  is_indexed: false,
  is_primary_key: false,
  has_auto_increment: false,
  foreign_key_schema: null,
  foreign_key_table: null,
  foreign_key_column: null,
  comment: null,
  ...said,
})
const idField = (collection: string) => ({
  collection,
  field: 'id',
  type: 'integer',
  schema: column(collection, 'id', 'integer', {
    default_value: `nextval('${collection}_id_seq'::regclass)`,
    is_nullable: false,
    is_unique: true,
    is_primary_key: true,
    has_auto_increment: true,
  }),
  meta: fieldMeta(collection, 'id', { interface: 'numeric', readonly: true, hidden: true }),
})

describe('collections', () => {
  scenario('making one', [
    [
      'without meta its meta is null',
      'POST',
      '/collections',
      { collection: 'plain', schema: {} },
      200,
      { collection: 'plain', meta: null, schema: table('plain') },
    ],
    ['it has a key that counts up', 'GET', '/fields/plain', undefined, 200, [idField('plain')]],
    ['it takes items at once', 'POST', '/items/plain', {}, 200, { id: 1 }],
    [
      'with meta it answers all of it',
      'POST',
      '/collections',
      { collection: 'told', schema: {}, meta: { icon: 'x', hidden: true, translations: [{ language: 'de-DE', translation: 'X' }] } },
      200,
      {
        collection: 'told',
        meta: meta('told', { icon: 'x', hidden: true, translations: [{ language: 'de-DE', translation: 'X' }] }),
        schema: table('told'),
      },
    ],
    [
      'GET answers the same',
      'GET',
      '/collections/told',
      undefined,
      200,
      {
        collection: 'told',
        meta: meta('told', { icon: 'x', hidden: true, translations: [{ language: 'de-DE', translation: 'X' }] }),
        schema: table('told'),
      },
    ],
    [
      'a folder has no table',
      'POST',
      '/collections',
      { collection: 'folder', schema: null, meta: {} },
      200,
      { collection: 'folder', meta: meta('folder'), schema: null },
    ],
    ['a folder has no fields', 'GET', '/fields/folder', undefined, 403, 'FORBIDDEN'],
    ['a folder has no items', 'GET', '/items/folder', undefined, 403, 'FORBIDDEN'],
    ['with neither there is nothing to make', 'POST', '/collections', { collection: 'nothing' }, 403, 'FORBIDDEN'],
    [
      'a list makes several',
      'POST',
      '/collections',
      [
        { collection: 'l1', schema: {} },
        { collection: 'l2', schema: {}, meta: {} },
      ],
      200,
      [
        { collection: 'l2', meta: meta('l2'), schema: table('l2') },
        { collection: 'l1', meta: null, schema: table('l1') },
      ],
    ],
    ['an empty list makes none', 'POST', '/collections', [], 200, []],
    [
      'a failing batch is refused',
      'POST',
      '/collections',
      [
        { collection: 'l3', schema: {}, meta: {} },
        { collection: 'l1', schema: {} },
      ],
      400,
      'INVALID_PAYLOAD',
    ],
    ['and keeps nothing', 'GET', '/collections/l3', undefined, 403, 'FORBIDDEN'],
    ['SEARCH takes keys', 'SEARCH', '/collections', { keys: ['l1', 'nope'] }, 200, [{ collection: 'l1', meta: null, schema: table('l1') }]],
  ])

  scenario('keys', [
    [
      'text',
      'POST',
      '/collections',
      { collection: 'by_text', schema: {}, fields: [{ field: 'code', type: 'string', schema: { is_primary_key: true } }] },
      200,
    ],
    [
      'is the only field',
      'GET',
      '/fields/by_text',
      undefined,
      200,
      [
        {
          collection: 'by_text',
          field: 'code',
          type: 'string',
          schema: column('by_text', 'code', 'character varying', { is_nullable: false, is_unique: true, is_primary_key: true }),
          meta: null,
        },
      ],
    ],
    [
      'uuid',
      'POST',
      '/collections',
      {
        collection: 'by_uuid',
        schema: {},
        fields: [{ field: 'id', type: 'uuid', schema: { is_primary_key: true }, meta: { special: ['uuid'] } }],
      },
      200,
    ],
    [
      'auto-increment implies a key',
      'POST',
      '/collections',
      { collection: 'by_big', schema: {}, fields: [{ field: 'n', type: 'bigInteger', schema: { has_auto_increment: true } }] },
      200,
    ],
    [
      'of its type',
      'GET',
      '/fields/by_big',
      undefined,
      200,
      [
        {
          collection: 'by_big',
          field: 'n',
          type: 'bigInteger',
          schema: column('by_big', 'n', 'bigint', {
            default_value: "nextval('by_big_n_seq'::regclass)",
            numeric_precision: 64,
            numeric_scale: 0,
            is_nullable: false,
            is_unique: true,
            is_primary_key: true,
            has_auto_increment: true,
          }),
          meta: null,
        },
      ],
    ],
  ])

  const bad: [why: string, body: unknown][] = [
    ['no body', undefined],
    ['no name', {}],
    ['an empty name', { collection: '', schema: {} }],
    ['null as name', { collection: null, schema: {} }],
    ['a number as name', { collection: 5, schema: {} }],
    ['a taken name', { collection: 'plain', schema: {} }],
    ['our prefix', { collection: 'directus_x', schema: {} }],
    ['a quote in the name', { collection: 'a"b', schema: {} }],
    ['a name of 64 bytes', { collection: 'a'.repeat(64), schema: {} }],
    ['fields that are no list', { collection: 'bad', schema: {}, fields: { field: 'a' } }],
    ['a field that is no object', { collection: 'bad', schema: {}, fields: [5] }],
    ['a field without a name', { collection: 'bad', schema: {}, fields: [{ type: 'string' }] }],
    ['a field with a bad name', { collection: 'bad', schema: {}, fields: [{ field: 'a"; drop table l1; --', type: 'string' }] }],
    ['an unknown type', { collection: 'bad', schema: {}, fields: [{ field: 'a', type: 'bogus' }] }],
    [
      'one field twice',
      {
        collection: 'bad',
        schema: {},
        fields: [
          { field: 'a', type: 'text' },
          { field: 'a', type: 'text' },
        ],
      },
    ],
    ['a field like the key that is added', { collection: 'bad', schema: {}, fields: [{ field: 'id', type: 'text' }] }],
    [
      'a default that does not fit',
      { collection: 'bad', schema: {}, fields: [{ field: 'a', type: 'integer', schema: { default_value: 'x' } }] },
    ],
    [
      'a default that is longer than the column',
      { collection: 'bad', schema: {}, fields: [{ field: 'a', type: 'string', schema: { max_length: 3, default_value: 'long' } }] },
    ],
    ['a negative length', { collection: 'bad', schema: {}, fields: [{ field: 'a', type: 'string', schema: { max_length: -1 } }] }],
    [
      'more digits after the point than there are',
      { collection: 'bad', schema: {}, fields: [{ field: 'a', type: 'decimal', schema: { numeric_precision: 2000 } }] },
    ],
    ['meta that is no object', { collection: 'bad', schema: {}, meta: 'x' }],
    ['a wrong value in meta', { collection: 'bad', schema: {}, meta: { sort: 'x' } }],
  ]
  scenario('what is refused', [
    ...bad.map(([why, body]): Step => [why, 'POST', '/collections', body, 400, 'INVALID_PAYLOAD']),
    [
      'null in meta where there must be a value',
      'POST',
      '/collections',
      { collection: 'bad', schema: {}, meta: { collapse: null } },
      400,
      'FAILED_VALIDATION',
    ],
    ['an unknown group', 'POST', '/collections', { collection: 'bad', schema: {}, meta: { group: 'nope' } }, 400, 'INVALID_FOREIGN_KEY'],
    ['nothing of it is kept', 'GET', '/collections/bad', undefined, 403, 'FORBIDDEN'],
  ])

  scenario('removing one', [
    [
      'parts of a larger whole',
      'POST',
      '/collections',
      [
        { collection: 'parent', schema: {}, meta: {} },
        { collection: 'child', schema: {}, meta: { group: 'parent' }, fields: [{ field: 'parent', type: 'integer' }] },
        {
          collection: 'any',
          schema: {},
          fields: [
            { field: 'kind', type: 'string' },
            { field: 'item', type: 'string' },
          ],
        },
      ],
      200,
    ],
    [
      'a relation',
      'POST',
      '/relations',
      { collection: 'child', field: 'parent', related_collection: 'parent', meta: { one_field: 'children' } },
      200,
    ],
    ['its other side', 'POST', '/fields/parent', { field: 'children', type: 'alias', meta: { special: ['o2m'] } }, 200],
    [
      'a relation to any',
      'POST',
      '/relations',
      {
        collection: 'any',
        field: 'item',
        related_collection: null,
        meta: { one_collection_field: 'kind', one_allowed_collections: ['child', 'parent'] },
      },
      200,
    ],
    ['what others refer to stays', 'DELETE', '/collections/parent', undefined, 400, 'INVALID_PAYLOAD'],
    ['and is whole', 'GET', '/collections/parent', undefined, 200, { collection: 'parent', meta: meta('parent'), schema: table('parent') }],
    ['what refers to others goes', 'DELETE', '/collections/child', undefined, 204],
    ['with its fields', 'GET', '/fields/child', undefined, 403, 'FORBIDDEN'],
    ['with its other side', 'GET', '/fields/parent', undefined, 200, [idField('parent')]],
    ['with its relations', 'GET', '/relations/child', undefined, 403, 'FORBIDDEN'],
    [
      'out of lists of what is allowed',
      'GET',
      '/relations/any',
      undefined,
      200,
      [
        {
          collection: 'any',
          field: 'item',
          related_collection: null,
          schema: null,
          meta: {
            many_collection: 'any',
            many_field: 'item',
            one_collection: null,
            one_field: null,
            one_collection_field: 'kind',
            one_allowed_collections: ['parent'],
            junction_field: null,
            sort_field: null,
            one_deselect_action: 'nullify',
          },
        },
      ],
    ],
    ['its name is free', 'POST', '/collections', { collection: 'child', schema: {}, meta: { group: 'parent' } }, 200],
    ['a group lets go of its members', 'DELETE', '/collections/parent', undefined, 204],
    ['which stay', 'GET', '/collections/child', undefined, 200, { collection: 'child', meta: meta('child'), schema: table('child') }],
    ['an unknown one', 'DELETE', '/collections/nope', undefined, 403, 'FORBIDDEN'],
    ['one of ours', 'DELETE', '/collections/directus_users', undefined, 403, 'FORBIDDEN'],
  ])

  test('GET /collections tells those with meta first, then ours, then the rest', async () => {
    const { data } = await host.api<{ collection: string; meta: { system?: true } | null }[]>('GET', '/collections')
    const kinds = data.map(({ meta: said }) => (said?.system ? 'ours' : said ? 'meta' : 'none'))
    assert.deepEqual(
      kinds.filter((kind, i) => kind !== kinds[i - 1]),
      ['meta', 'ours', 'none'],
    )
    const names = data.map(({ collection }) => collection).filter((_, i) => kinds[i] === 'none')
    assert.deepEqual(names, names.toSorted())
  })
})

describe('fields', () => {
  before(async () => {
    await host.api('POST', '/collections', {
      body: { collection: 'kinds', schema: {}, fields: [{ field: 's', type: 'string', meta: {} }] },
    })
  })

  const shapes: [why: string, definition: object, type: string, schema: object, special?: string[]][] = [
    ['string', { type: 'string' }, 'string', { data_type: 'character varying', max_length: 255 }],
    ['text', { type: 'text', schema: { default_value: "it's" } }, 'text', { data_type: 'text', default_value: "it's" }],
    [
      'integer',
      { type: 'integer', schema: { default_value: 7 } },
      'integer',
      { data_type: 'integer', default_value: 7, numeric_precision: 32, numeric_scale: 0 },
    ],
    ['bigInteger', { type: 'bigInteger' }, 'bigInteger', { data_type: 'bigint', numeric_precision: 64, numeric_scale: 0 }],
    ['float', { type: 'float' }, 'float', { data_type: 'real', numeric_precision: 24 }],
    [
      'decimal',
      { type: 'decimal', schema: { default_value: 1.5 } },
      'decimal',
      { data_type: 'numeric', default_value: 1.5, numeric_precision: 10, numeric_scale: 5 },
    ],
    ['boolean', { type: 'boolean', schema: { default_value: true } }, 'boolean', { data_type: 'boolean', default_value: true }],
    ['date', { type: 'date' }, 'date', { data_type: 'date' }],
    ['time', { type: 'time' }, 'time', { data_type: 'time without time zone' }],
    ['dateTime', { type: 'dateTime' }, 'dateTime', { data_type: 'timestamp without time zone' }],
    [
      'timestamp',
      { type: 'timestamp', schema: { default_value: 'now()' } },
      'timestamp',
      { data_type: 'timestamp with time zone', default_value: 'CURRENT_TIMESTAMP' },
    ],
    ['json', { type: 'json', schema: { default_value: { a: 1 } } }, 'json', { data_type: 'json', default_value: { a: 1 } }, ['cast-json']],
    ['json keeps its other specials', { type: 'json', meta: { special: ['mine'] } }, 'json', { data_type: 'json' }, ['mine', 'cast-json']],
    ['csv is told by its special', { type: 'csv', meta: { special: ['cast-csv'] } }, 'csv', { data_type: 'text' }, ['cast-csv']],
    ['csv without it is text', { type: 'csv' }, 'text', { data_type: 'text' }],
    [
      'uuid',
      { type: 'uuid', schema: { default_value: 'gen_random_uuid()' } },
      'uuid',
      { data_type: 'uuid', default_value: 'gen_random_uuid()' },
    ],
    [
      'hash is told by its special',
      { type: 'hash', meta: { special: ['hash'] } },
      'hash',
      { data_type: 'character varying', max_length: 255 },
      ['hash'],
    ],
    ['binary', { type: 'binary' }, 'unknown', { data_type: 'bytea' }],
    ['not null', { type: 'text', schema: { is_nullable: false } }, 'text', { data_type: 'text', is_nullable: false }],
    [
      'unique',
      { type: 'string', schema: { is_unique: true, max_length: 20 } },
      'string',
      { data_type: 'character varying', max_length: 20, is_unique: true },
    ],
    ['indexed', { type: 'text', schema: { is_indexed: true } }, 'text', { data_type: 'text', is_indexed: true }],
  ]
  test('POST /fields makes a column of each type', async (t) => {
    for (const [i, [why, definition, type, schema, special]] of shapes.entries()) {
      await t.test(why, async () => {
        const { data } = await host.api('POST', '/fields/kinds', { body: { field: `f${i}`, ...definition } })
        assert.equal(data.type, type)
        assert.deepEqual(data.schema, column('kinds', `f${i}`, '', schema))
        assert.deepEqual(data.meta?.special, special)
      })
    }
  })

  const o2m = (field: string, sort: number) => ({
    collection: 'kinds',
    field,
    type: 'alias',
    schema: null,
    meta: fieldMeta('kinds', field, { special: ['o2m'], sort }),
  })
  scenario('one by one', [
    [
      'an alias has no column',
      'POST',
      '/fields/kinds',
      { field: 'many', type: 'alias', meta: { special: ['o2m'], sort: 40 } },
      200,
      o2m('many', 40),
    ],
    [
      'and is numbered after the highest',
      'POST',
      '/fields/kinds',
      { field: 'more', type: null, meta: { special: ['o2m'] } },
      200,
      o2m('more', 41),
    ],
    [
      'within its group',
      'POST',
      '/fields/kinds',
      { field: 'inner', type: 'alias', meta: { special: ['o2m'], group: 'many' } },
      200,
      { ...o2m('inner', 1), meta: fieldMeta('kinds', 'inner', { special: ['o2m'], group: 'many' }) },
    ],
    [
      'the path says which collection',
      'POST',
      '/fields/kinds',
      { field: 'own', type: 'string', collection: 'x', meta: { collection: 'x', field: 'x' } },
      200,
    ],
    [
      'GET finds it',
      'GET',
      '/fields/kinds/own',
      undefined,
      200,
      {
        collection: 'kinds',
        field: 'own',
        type: 'string',
        schema: column('kinds', 'own', 'character varying'),
        meta: fieldMeta('kinds', 'own', { sort: 42 }),
      },
    ],
    ['without type and meta nothing is made', 'POST', '/fields/kinds', { field: 'none' }, 204],
    ['so there is none', 'GET', '/fields/kinds/none', undefined, 403, 'FORBIDDEN'],
    ['a taken name', 'POST', '/fields/kinds', { field: 's', type: 'string' }, 400, 'INVALID_PAYLOAD'],
    ['a taken name on a table of ours', 'POST', '/fields/directus_users', { field: 'email', type: 'string' }, 400, 'INVALID_PAYLOAD'],
    ['an own field on a table of ours', 'POST', '/fields/directus_users', { field: 'shoe_size', type: 'integer' }, 200],
    ['goes again', 'DELETE', '/fields/directus_users/shoe_size', undefined, 204],
    ['an unknown collection', 'POST', '/fields/nope', { field: 'a', type: 'string' }, 403, 'FORBIDDEN'],
    ['an unknown type', 'POST', '/fields/kinds', { field: 'a', type: 'bogus' }, 400, 'INVALID_PAYLOAD'],
    ['an unknown member', 'POST', '/fields/kinds', { field: 'a', type: 'string', bogus: 1 }, 400, 'INVALID_PAYLOAD'],
    ['a list', 'POST', '/fields/kinds', [{ field: 'a', type: 'string' }], 400, 'INVALID_PAYLOAD'],
    ['no name', 'POST', '/fields/kinds', { type: 'string' }, 400, 'INVALID_PAYLOAD'],
    ['an empty name', 'POST', '/fields/kinds', { field: '', type: 'string' }, 400, 'INVALID_PAYLOAD'],
    ['a second key', 'POST', '/fields/kinds', { field: 'a', type: 'string', schema: { is_primary_key: true } }, 400, 'INVALID_PAYLOAD'],
    [
      'null in meta where there must be a value',
      'POST',
      '/fields/kinds',
      { field: 'a', type: 'string', meta: { hidden: null } },
      400,
      'FAILED_VALIDATION',
    ],
    ['nothing of these is kept', 'GET', '/fields/kinds/a', undefined, 403, 'FORBIDDEN'],
    ['no path without a collection', 'POST', '/fields', { field: 'a' }, 404, 'ROUTE_NOT_FOUND'],
  ])

  scenario('columns that existing rows stand against', [
    ['a table', 'POST', '/collections', { collection: 'rows', schema: {}, fields: [{ field: 'a', type: 'string' }] }, 200],
    ['two rows', 'POST', '/items/rows', [{ a: 'x' }, { a: 'y' }], 200],
    [
      'a value that must be there',
      'POST',
      '/fields/rows',
      { field: 'b', type: 'integer', schema: { is_nullable: false } },
      400,
      'CONTAINS_NULL_VALUES',
    ],
    [
      'one default for a unique column',
      'POST',
      '/fields/rows',
      { field: 'b', type: 'integer', schema: { is_unique: true, default_value: 1 } },
      400,
      'RECORD_NOT_UNIQUE',
    ],
    [
      'a default that is too long',
      'POST',
      '/fields/rows',
      { field: 'b', type: 'string', schema: { default_value: 'xyz', max_length: 2 } },
      400,
      'INVALID_PAYLOAD',
    ],
    [
      'with a default it may be required',
      'POST',
      '/fields/rows',
      { field: 'b', type: 'integer', schema: { is_nullable: false, default_value: 1 } },
      200,
    ],
    ['a relation to rows that are not there', 'POST', '/relations', { collection: 'rows', field: 'b', related_collection: 'plain' }, 200],
    ['a default for all rows', 'POST', '/fields/rows', { field: 'c', type: 'integer', schema: { default_value: 99 } }, 200],
    [
      'that leads nowhere',
      'POST',
      '/relations',
      { collection: 'rows', field: 'c', related_collection: 'plain' },
      400,
      'INVALID_FOREIGN_KEY',
    ],
  ])

  scenario('removing one', [
    [
      'a table',
      'POST',
      '/collections',
      {
        collection: 'shelf',
        schema: {},
        meta: { sort_field: 'rank', archive_field: 'rank', archive_value: 'x' },
        fields: [
          { field: 'rank', type: 'integer' },
          { field: 'box', type: 'alias', meta: { special: ['alias', 'no-data', 'group'] } },
          { field: 'inside', type: 'string', meta: { group: 'box' } },
        ],
      },
      200,
    ],
    ['a column', 'DELETE', '/fields/shelf/rank', undefined, 204],
    [
      'leaves the settings that named it',
      'GET',
      '/collections/shelf',
      undefined,
      200,
      { collection: 'shelf', meta: meta('shelf', { archive_value: 'x' }), schema: table('shelf') },
    ],
    ['a group', 'DELETE', '/fields/shelf/box', undefined, 204],
    [
      'lets go of its members',
      'GET',
      '/fields/shelf',
      undefined,
      200,
      [
        idField('shelf'),
        {
          collection: 'shelf',
          field: 'inside',
          type: 'string',
          schema: column('shelf', 'inside', 'character varying'),
          meta: fieldMeta('shelf', 'inside'),
        },
      ],
    ],
    ['an unknown one', 'DELETE', '/fields/shelf/rank', undefined, 204],
    ['of an unknown collection', 'DELETE', '/fields/nope/a', undefined, 403, 'FORBIDDEN'],
    ['a field of ours', 'DELETE', '/fields/directus_users/email', undefined, 403, 'FORBIDDEN'],
    ['the key', 'DELETE', '/fields/shelf/id', undefined, 400, 'INVALID_PAYLOAD'],
  ])

  test('a removed field leaves the rules that named it, so that they do not allow another one of its name', async () => {
    const fields = ['a', 'b', 'c'].map((field) => ({ field, type: 'string' }))
    await host.api('POST', '/collections', { body: { collection: 'ruled', schema: {}, fields } })
    const { data: policy } = await host.api('POST', '/policies', { body: { name: 'ruled' } })
    const rule = (collection: string, action: string, names: readonly string[]) => ({
      policy: policy.id,
      collection,
      action,
      fields: names,
    })
    const rules = [
      rule('ruled', 'read', ['a', 'b']),
      rule('ruled', 'update', ['b']),
      rule('ruled', 'delete', ['*']),
      rule('shelf', 'read', ['b']),
    ]
    await host.api('POST', '/permissions', { body: rules })
    assert.equal((await host.api('DELETE', '/fields/ruled/b')).status, 204)
    const { data } = await host.api('GET', `/permissions?filter[policy][_eq]=${policy.id}&sort=id`)
    assert.deepEqual(
      data.map((one: { fields: unknown }) => one.fields),
      [['a'], null, ['*'], ['b']],
    )
  })

  test('GET /fields tells columns by collection, then fields without one', async () => {
    const { data } = await host.api<{ collection: string; schema: object | null }[]>('GET', '/fields')
    const kinds = data.map(({ schema }) => (schema ? 'column' : 'alias'))
    assert.deepEqual(
      kinds.filter((kind, i) => kind !== kinds[i - 1]),
      ['column', 'alias'],
    )
    const names = data.filter(({ schema }) => schema).map(({ collection }) => collection)
    assert.deepEqual(names, names.toSorted())
  })
})

describe('relations', () => {
  const fields = ['author', 'editor', 'printer', 'item'].map((field) => ({ field, type: field === 'item' ? 'string' : 'integer' }))
  before(async () => {
    const body = [
      { collection: 'people', schema: {} },
      { collection: 'books', schema: {}, fields },
    ]
    await host.api('POST', '/collections', { body })
  })

  const relation = (field: string, schema: object = {}, said: object = {}) => ({
    collection: 'books',
    field,
    related_collection: 'people',
    schema: {
      constraint_name: `books_${field}_foreign`,
      table: 'books',
      column: field,
      foreign_key_schema: 'public',
      foreign_key_table: 'people',
      foreign_key_column: 'id',
      on_update: 'NO ACTION',
      on_delete: 'NO ACTION',
      ...schema,
    },
    meta: {
      many_collection: 'books',
      many_field: field,
      one_collection: 'people',
      one_field: null,
      one_collection_field: null,
      one_allowed_collections: null,
      junction_field: null,
      sort_field: null,
      one_deselect_action: 'nullify',
      ...said,
    },
  })
  const refused = (why: string, body: unknown): Step => [why, 'POST', '/relations', body, 400, 'INVALID_PAYLOAD']

  scenario('making one', [
    [
      'a foreign key and meta',
      'POST',
      '/relations',
      { collection: 'books', field: 'author', related_collection: 'people' },
      200,
      relation('author'),
    ],
    [
      'with actions',
      'POST',
      '/relations',
      {
        collection: 'books',
        field: 'editor',
        related_collection: 'people',
        schema: { on_delete: 'SET NULL', on_update: 'CASCADE' },
        meta: { one_field: 'edited' },
      },
      200,
      relation('editor', { on_delete: 'SET NULL', on_update: 'CASCADE' }, { one_field: 'edited' }),
    ],
    [
      'names in meta do not count',
      'POST',
      '/relations',
      {
        collection: 'books',
        field: 'printer',
        related_collection: 'people',
        meta: { many_field: 'x', one_collection: 'x', one_deselect_action: 'delete' },
      },
      200,
      relation('printer', {}, { one_deselect_action: 'delete' }),
    ],
    [
      'all of a collection',
      'GET',
      '/relations/books',
      undefined,
      200,
      [
        relation('author'),
        relation('editor', { on_delete: 'SET NULL', on_update: 'CASCADE' }, { one_field: 'edited' }),
        relation('printer', {}, { one_deselect_action: 'delete' }),
      ],
    ],
    ['one', 'GET', '/relations/books/author', undefined, 200, relation('author')],
    ['the other side has none', 'GET', '/relations/people', undefined, 200, []],
    ['no alias is made', 'GET', '/fields/people', undefined, 200, [idField('people')]],
    ['but may be', 'POST', '/fields/people', { field: 'edited', type: 'alias', meta: { special: ['o2m'] } }, 200],
    ['and goes with the field', 'DELETE', '/fields/books/editor', undefined, 204],
    ['on both sides', 'GET', '/fields/people', undefined, 200, [idField('people')]],
    [
      'the field tells where it leads',
      'GET',
      '/fields/books/author',
      undefined,
      200,
      {
        collection: 'books',
        field: 'author',
        type: 'integer',
        schema: column('books', 'author', 'integer', {
          foreign_key_schema: 'public',
          foreign_key_table: 'people',
          foreign_key_column: 'id',
        }),
        meta: null,
      },
    ],
    ['an unknown one', 'GET', '/relations/books/item', undefined, 403, 'FORBIDDEN'],
    ['of an unknown collection', 'GET', '/relations/nope', undefined, 403, 'FORBIDDEN'],
    [
      'meta that leads nowhere is told',
      'POST',
      '/relations',
      { collection: 'books', field: 'item', meta: { one_collection_field: 'x' } },
      200,
    ],
    ['by GET too', 'GET', '/relations/books/item', undefined, 200],
    ['and the field still reads', 'GET', '/items/books?fields=item', undefined, 200, []],
    ['it goes with the field', 'DELETE', '/fields/books/item', undefined, 204],
    [
      'which may come again',
      'POST',
      '/fields/books',
      { field: 'item', type: 'string', meta: { special: [] } },
      200,
      {
        collection: 'books',
        field: 'item',
        type: 'string',
        schema: column('books', 'item', 'character varying'),
        meta: fieldMeta('books', 'item', { special: [], sort: 2 }),
      },
    ],
    refused('twice', { collection: 'books', field: 'author', related_collection: 'people' }),
    refused('from an unknown collection', { collection: 'nope', field: 'author', related_collection: 'people' }),
    refused('from an unknown field', { collection: 'books', field: 'nope', related_collection: 'people' }),
    refused('to an unknown collection', { collection: 'books', field: 'item', related_collection: 'nope' }),
    refused('to a collection without a name', { collection: 'books', field: 'item', related_collection: '' }),
    refused('between types that differ', { collection: 'books', field: 'item', related_collection: 'people' }),
    refused('an unknown action', {
      collection: 'books',
      field: 'item',
      related_collection: 'people',
      schema: { on_delete: 'x; drop table books' },
    }),
    refused('an unknown member', { collection: 'books', field: 'item', related_collection: 'people', bogus: 1 }),
    refused('a list', []),
    refused('nothing', undefined),
    refused('no field', { collection: 'books' }),
  ])
})

describe('who may', () => {
  const paths: [method: string, path: string][] = [
    ['GET', '/collections'],
    ['GET', '/collections/plain'],
    ['POST', '/collections'],
    ['DELETE', '/collections/plain'],
    ['GET', '/fields'],
    ['GET', '/fields/plain'],
    ['GET', '/fields/plain/id'],
    ['POST', '/fields/plain'],
    ['DELETE', '/fields/plain/id'],
    ['GET', '/relations'],
    ['GET', '/relations/plain'],
    ['POST', '/relations'],
  ]
  test('nobody but administrators', async (t) => {
    for (const [method, path] of paths) {
      await t.test(`${method} ${path}`, async () => {
        const { status, code } = await host.api(method, path, {
          token: null,
          body: method === 'POST' ? { collection: 'x', schema: {} } : undefined,
        })
        assert.deepEqual([status, code], [403, 'FORBIDDEN'])
      })
    }
  })
})

test('reads of the schema ask the database nothing', async () => {
  const { db } = host.kernel
  const { query, text } = db
  const asked: string[] = []
  const counted =
    <A extends [string, ...unknown[]], R>(method: (...args: A) => R) =>
    (...args: A): R => {
      asked.push(args[0])
      return method.apply(db, args)
    }
  Object.assign(db, { query: counted(query as never), text: counted(text as never) })
  try {
    for (const path of ['/collections', '/fields', '/relations', '/fields/kinds']) assert.equal((await host.api('GET', path)).status, 200)
  } finally {
    Object.assign(db, { query, text })
  }
  assert.deepEqual(asked, [])
})

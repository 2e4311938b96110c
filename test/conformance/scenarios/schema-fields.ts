/** Adding fields to a collection, and relations between collections. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const mask = ['data.meta.id', 'data.*.meta.id']

const scenario: Scenario = async (api) => {
  await api.table('c_fields', [autoKey(), field('name', 'string')])
  await api.seed('c_fields', [{ name: 'one' }])
  await api.table('c_targets', [autoKey(), field('name', 'string')])
  await api.table('c_empty', [autoKey()])
  await api.seed('c_targets', [{ name: 'target' }])
  const add = (label: string, body: unknown, collection = 'c_fields') => api.post(`/fields/${collection}`, body, { label, mask })

  api.proves('writing: field-create')
  for (const type of [
    'string',
    'text',
    'integer',
    'bigInteger',
    'decimal',
    'float',
    'boolean',
    'date',
    'time',
    'dateTime',
    'timestamp',
    'uuid',
    'json',
    'csv',
    'hash',
    'binary',
  ]) {
    await add(type, { field: `a_${type}`, type, schema: {}, meta: {} })
  }
  await add('csv with special', { field: 'b_csv', type: 'csv', schema: {}, meta: { special: ['cast-csv'] } })
  await add('hash with special', { field: 'b_hash', type: 'hash', schema: {}, meta: { special: ['hash'] } })
  await add('without meta', { field: 'no_meta', type: 'string', schema: {} })
  await add('without schema', { field: 'no_schema', type: 'string', meta: {} })
  await add('an alias', { field: 'an_alias', type: 'alias', schema: null, meta: { special: ['alias', 'no-data'] } })
  await add('a default and a length', { field: 'short', type: 'string', schema: { default_value: 'abc', max_length: 5 }, meta: {} })
  await add('unique and indexed', { field: 'only', type: 'integer', schema: { is_unique: true, is_indexed: true }, meta: {} })
  await add('precision and scale', { field: 'exact', type: 'decimal', schema: { numeric_precision: 12, numeric_scale: 4 }, meta: {} })
  await add('NOT NULL with a default', { field: 'needed', type: 'integer', schema: { is_nullable: false, default_value: 3 }, meta: {} })
  await add('a name with blanks', { field: 'odd näme', type: 'string', schema: {}, meta: {} })
  await api.get('/items/c_fields', { label: 'items have the new fields' })

  api.proves('writing: field-create')
  await api.get('/fields/c_fields/a_string', { keep: (body: Json) => body.data.schema.max_length })

  api.proves('writing: field-create')
  await add('existing', { field: 'name', type: 'string', schema: {}, meta: {} })
  await add('empty name', { field: '', type: 'string', schema: {}, meta: {} })
  await add('missing name', { type: 'string', schema: {}, meta: {} })
  await add('null name', { field: null, type: 'string', schema: {}, meta: {} })
  await add('no type', { field: 'typeless', schema: {}, meta: {} })
  await add('a name alone', { field: 'alone' })
  await add('a name and a schema', { field: 'alone_too', schema: {} })
  await add('an unknown type', { field: 'nonsense', type: 'nonsense', schema: {}, meta: {} })
  await add('nothing', {})
  await add('a list', [])
  await add('an unknown collection', { field: 'x', type: 'string', schema: {}, meta: {} }, 'c_missing')
  await add('a bad default', { field: 'bad_default', type: 'integer', schema: { default_value: 'abc' }, meta: {} })

  api.proves('writing: field-nulls')
  await add('NOT NULL without default on rows', { field: 'must', type: 'integer', schema: { is_nullable: false }, meta: {} })
  await api.seed('c_fields', [{ name: 'two', only: 2 }])
  await add('unique with a default on rows', { field: 'same', type: 'integer', schema: { is_unique: true, default_value: 1 }, meta: {} })
  await add('NOT NULL without rows', { field: 'must', type: 'integer', schema: { is_nullable: false }, meta: {} }, 'c_empty')
  await api.get('/fields/c_fields', {
    label: 'the fields at the end',
    keep: (body: Json) => body.data.map((one: Json) => `${one.field} ${one.type}`),
  })

  const relate = (label: string, body: unknown) => api.post('/relations', body, { label, mask })
  await api.post('/fields/c_fields', { field: 'target', type: 'integer', schema: {}, meta: {} }, { setup: true })
  await api.post('/fields/c_fields', { field: 'plain', type: 'integer', schema: {}, meta: {} }, { setup: true })
  await api.post('/fields/c_fields', { field: 'strict', type: 'integer', schema: {}, meta: {} }, { setup: true })
  await api.post('/fields/c_fields', { field: 'wordy', type: 'string', schema: {}, meta: {} }, { setup: true })

  api.proves('writing: relations')
  await relate('many to one', {
    collection: 'c_fields',
    field: 'target',
    related_collection: 'c_targets',
    meta: { one_field: 'sources' },
    schema: { on_delete: 'SET NULL' },
  })
  await relate('a relation without meta', { collection: 'c_fields', field: 'plain', related_collection: 'c_targets' })
  await relate('CASCADE', {
    collection: 'c_fields',
    field: 'strict',
    related_collection: 'c_targets',
    schema: { on_delete: 'CASCADE' },
    meta: { one_deselect_action: 'delete' },
  })
  await relate('an existing relation', { collection: 'c_fields', field: 'target', related_collection: 'c_targets' })
  await relate('an unknown field', { collection: 'c_fields', field: 'missing', related_collection: 'c_targets' })
  await relate('a relation of an unknown collection', { collection: 'c_missing', field: 'target', related_collection: 'c_targets' })
  await relate('an unknown related collection', { collection: 'c_empty', field: 'must', related_collection: 'c_missing' })
  await relate('no collection', { field: 'target', related_collection: 'c_targets' })
  await relate('no field', { collection: 'c_fields', related_collection: 'c_targets' })
  await relate('no related collection', { collection: 'c_empty', field: 'must' })
  await relate('types that do not fit', { collection: 'c_fields', field: 'wordy', related_collection: 'c_targets' })
  await relate('an empty relation', {})
  await relate('a list of relations', [])
  await relate('an unknown action', {
    collection: 'c_empty',
    field: 'must',
    related_collection: 'c_targets',
    schema: { on_delete: 'EXPLODE' },
  })

  api.proves('writing: relations')
  await api.get('/relations/c_fields', { mask })
  await api.get('/relations/c_fields/target', { mask })
  await api.get('/relations/c_targets', { mask })
  await api.get('/relations/c_targets/sources', { mask })
  await api.get('/relations/c_missing', { mask })
  await api.get('/relations/c_fields/missing', { mask })
  await api.get('/relations', {
    keep: (body: Json) => body.data.filter((one: Json) => one.collection.startsWith('c_')).map((one: Json) => one.field),
  })
  await api.get('/fields/c_targets', { label: 'no alias on the one side', keep: (body: Json) => body.data.map((one: Json) => one.field) })
  await api.post(
    '/fields/c_targets',
    { field: 'sources', type: 'alias', meta: { special: ['o2m'], interface: 'list-o2m' } },
    { label: 'an alias for the one side', mask },
  )
  await api.post(
    '/items/c_fields',
    { name: 'related', target: 1 },
    { label: 'an item with a relation', keep: (body: Json) => body.data.target },
  )
  await api.get('/items/c_fields?filter[name]=related&fields=target.name')
  await api.patch('/items/c_fields/1', { target: 1, strict: 1 }, { setup: true })
  await api.delete('/items/c_targets/1', { label: 'on_delete acts' })
  await api.get('/items/c_fields?fields=id,name,target&sort=id')
}

export default scenario

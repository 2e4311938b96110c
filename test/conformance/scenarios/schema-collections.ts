/** Making, seeing and removing collections. */
import { autoKey, field, key } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const ids = ['data.meta.id', 'data.*.meta.id']

const scenario: Scenario = async (api) => {
  const make = (label: string, body: unknown) => api.post('/collections', body, { label })
  const fields = (collection: string, label = `fields of ${collection}`) => api.get(`/fields/${collection}`, { label, mask: ids })
  for (const name of [
    'c_plain',
    'c_bare',
    'c_no_meta',
    'c_texts',
    'c_many',
    'c_set',
    'c_folder',
    'c_inside',
    'c_first',
    'c_second',
    'c_odd',
  ])
    api.owns(name)
  api.owns(encodeURIComponent('c odd näme'))

  api.proves('writing: collection-create')
  await make('no fields', { collection: 'c_bare', schema: {}, meta: {} })
  await fields('c_bare')
  await make('fields, none primary', { collection: 'c_plain', schema: {}, meta: {}, fields: [field('name', 'string')] })
  await fields('c_plain')
  await api.post('/items/c_plain', { name: 'x' })

  api.proves('writing: meta-null')
  await make('no meta', { collection: 'c_no_meta', schema: {}, fields: [autoKey(), { field: 'name', type: 'string', schema: {} }] })
  await api.get('/collections/c_no_meta')
  await fields('c_no_meta')
  await api.get('/items/c_no_meta')

  api.proves('writing: collection-create')
  const all = [
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
  ]
  await make('every type', {
    collection: 'c_many',
    schema: {},
    meta: {},
    fields: [autoKey(), ...all.map((type) => field(`a_${type}`, type, type === 'hash' ? { meta: { special: ['hash'] } } : {}))],
  })
  await fields('c_many')
  await make('a text key', {
    collection: 'c_texts',
    schema: {},
    meta: {},
    fields: [key('code', 'string'), field('wide', 'string', { schema: { max_length: 1000 } })],
  })
  await fields('c_texts')
  await make('settings', {
    collection: 'c_set',
    schema: {},
    meta: {
      singleton: true,
      hidden: true,
      sort_field: 'position',
      archive_field: 'status',
      archive_value: 'archived',
      unarchive_value: 'draft',
      icon: 'box',
    },
    fields: [
      autoKey(),
      field('status', 'string', { schema: { default_value: 'draft', is_nullable: false }, meta: { required: true, width: 'half' } }),
      field('position', 'integer', { schema: { is_unique: true, is_indexed: true }, meta: { hidden: true, readonly: true } }),
      field('notes', 'alias', { schema: null as unknown as object, meta: { special: ['alias', 'no-data'] } }),
    ],
  })
  await api.get('/collections/c_set')
  await fields('c_set')

  api.proves('writing: collection-folder')
  await make('a folder', { collection: 'c_folder', schema: null, meta: {} })
  await make('within a folder', { collection: 'c_inside', schema: {}, meta: { group: 'c_folder' } })
  await api.get('/collections/c_folder')
  await api.get('/items/c_folder')
  await fields('c_folder')

  api.proves('writing: collection-name')
  await make('existing', { collection: 'c_plain', schema: {}, meta: {} })
  await make('empty name', { collection: '', schema: {}, meta: {} })
  await make('missing name', { schema: {}, meta: {} })
  await make('null name', { collection: null, schema: {}, meta: {} })
  await make('a number as name', { collection: 5, schema: {}, meta: {} })
  await make('directus_ name', { collection: 'directus_mine', schema: {}, meta: {} })
  await make('a system collection', { collection: 'directus_users', schema: {}, meta: {} })
  await make('nothing', {})
  await make('a name with blanks and umlauts', { collection: 'c odd näme', schema: {}, meta: {} })
  await api.get(`/items/${encodeURIComponent('c odd näme')}`)
  await make('a field twice', {
    collection: 'c_odd',
    schema: {},
    meta: {},
    fields: [autoKey(), field('a', 'string'), field('a', 'string')],
  })
  await make('an unknown type', { collection: 'c_odd', schema: {}, meta: {}, fields: [autoKey(), field('a', 'nonsense')] })
  await make('a field without name', {
    collection: 'c_odd',
    schema: {},
    meta: {},
    fields: [autoKey(), { type: 'string', schema: {}, meta: {} }],
  })
  await make('fields that are no list', { collection: 'c_odd', schema: {}, meta: {}, fields: 'x' })
  await api.get('/collections/c_odd')

  api.proves('writing: collection-create')
  await make('several', [
    { collection: 'c_first', schema: {}, meta: {} },
    { collection: 'c_second', schema: {}, meta: {} },
  ])
  await make('a failing batch', [
    { collection: 'c_third', schema: {}, meta: {} },
    { collection: 'c_plain', schema: {}, meta: {} },
  ])
  await api.get('/collections/c_third')
  await make('an empty batch', [])

  api.proves('writing: collection-change')
  await api.get('/collections/c_missing')
  await api.get('/collections/C_PLAIN')
  await api.get('/fields/c_missing')
  await api.get('/fields/c_plain/missing')
  await api.get('/fields/c_plain/name', { mask: ids })

  api.proves('writing: collection-create')
  const mine = (body: Json) =>
    body.data
      .filter((one: Json) => one.collection.startsWith('c_') || one.collection.startsWith('c '))
      .map((one: Json) => one.collection)
      .sort()
  await api.get('/collections', { keep: mine })
  await api.get('/collections', {
    label: 'system collections are listed',
    keep: (body: Json) => body.data.some((one: Json) => one.collection === 'directus_users'),
  })
  await api.get('/collections/c_plain')
  await api.get('/fields', {
    keep: (body: Json) => body.data.filter((one: Json) => one.collection === 'c_plain').map((one: Json) => one.field),
  })

  api.proves('writing: unknown-delete')
  await api.delete('/collections/c_plain')
  await api.get('/collections/c_plain', { label: 'a removed collection' })
  await api.get('/items/c_plain', { label: 'items of a removed collection' })
  await api.get('/fields/c_plain', { label: 'fields of a removed collection' })
  await api.delete('/collections/c_missing')
  await api.delete('/collections/directus_users')
  await api.delete('/collections/c_folder')
  await api.get('/collections/c_inside', { label: 'Deleting a folder clears `group` of members' })
}

export default scenario

/** Changing fields: their columns and what is said of them. */
import { autoKey, field, key } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const mask = ['data.meta.id', 'data.*.meta.id']

const scenario: Scenario = async (api) => {
  await api.table('g_fields', [
    autoKey(),
    field('name', 'string', { schema: { max_length: 10 } }),
    field('maybe', 'string'),
    field('cut', 'string', { schema: { max_length: 10 } }),
    field('twice', 'integer'),
    field('amount', 'decimal', { schema: { numeric_precision: 10, numeric_scale: 3 } }),
    field('count', 'integer', { schema: { default_value: 4 } }),
    field('must', 'integer', { schema: { is_nullable: false, default_value: 1 } }),
    field('ratio', 'float'),
    field('words', 'text'),
    field('at', 'timestamp', { schema: { default_value: 'now()' } }),
    field('bare', 'string'),
    field('notes', 'alias', { schema: null as unknown as object, meta: { special: ['alias', 'no-data'] } }),
  ])
  await api.seed('g_fields', [
    { name: 'abcdefghij', cut: 'abcdefghij', maybe: null, twice: 1, amount: '1.125', ratio: 2, words: '12' },
    { name: 'x', cut: 'x', maybe: 'y', twice: 1, amount: '2.5', ratio: 3, words: '13' },
  ])
  await api.table('g_empty', [autoKey(), field('a', 'string'), field('b', 'integer')])
  await api.table('g_texts', [key('code', 'string'), field('name', 'string')])
  const patch = (name: string, label: string, body: unknown, collection = 'g_fields') =>
    api.patch(`/fields/${collection}/${name}`, body, { label: `${name}: ${label}`, mask })

  api.proves('writing: field-change')
  await patch('name', 'longer', { type: 'string', schema: { max_length: 20 } })
  await patch('name', 'longer, without type', { schema: { max_length: 30 } })
  await patch('amount', 'more digits', { type: 'decimal', schema: { numeric_precision: 12 } })
  await patch('amount', 'more digits after the point', { type: 'decimal', schema: { numeric_scale: 5 } })
  await patch('amount', 'digits as text', { type: 'decimal', schema: { numeric_precision: '14' } })
  await patch('amount', 'no digits', { type: 'decimal', schema: { numeric_precision: 0 } })
  await patch('name', 'a negative length', { type: 'string', schema: { max_length: -5 } })

  api.proves('writing: field-shorten')
  await patch('cut', 'shorter than its values', { type: 'string', schema: { max_length: 5 } })
  await api.get('/items/g_fields?fields=cut&sort=id', { label: 'the values afterwards' })
  await patch('maybe', 'shorter, long enough', { type: 'string', schema: { max_length: 5 } })

  api.proves('writing: field-type-only')
  await patch('maybe', 'type alone', { type: 'text' })
  await patch('maybe', 'type and schema', { type: 'text', schema: {} })
  await patch('maybe', 'and back', { type: 'string', schema: {} })

  api.proves('writing: field-change')
  await patch('count', 'to string', { type: 'string', schema: {} })
  await patch('count', 'to integer', { type: 'integer', schema: {} })
  await patch('count', 'to bigInteger', { type: 'bigInteger', schema: {} })
  await patch('ratio', 'to integer', { type: 'integer', schema: {} })
  await patch('words', 'to integer', { type: 'integer', schema: {} })
  await patch('words', 'to text', { type: 'text', schema: {} })
  await patch('name', 'to integer', { type: 'integer', schema: {} })
  await patch('twice', 'to boolean', { type: 'boolean', schema: {} })
  await patch('count', 'to timestamp', { type: 'timestamp', schema: {} })
  await patch('at', 'to dateTime', { type: 'dateTime', schema: {} })
  await patch('words', 'to json', { type: 'json', schema: {} })
  await patch('bare', 'to csv', { type: 'csv', schema: {}, meta: { special: ['cast-csv'] } })
  await patch('name', 'to an unknown type', { type: 'nonsense', schema: {} })
  await patch('name', 'to an unknown type, without schema', { type: 'nonsense' })
  await patch('name', 'to alias', { type: 'alias' })
  await patch('notes', 'to string', { type: 'string' })
  await patch('notes', 'a length for what has no column', { schema: { max_length: 5 } })

  api.proves('writing: field-change')
  await patch('maybe', 'a default', { type: 'string', schema: { default_value: 'd' } })
  await patch('maybe', 'a default stays when it is not said', { type: 'string', schema: { is_indexed: false } })
  await patch('maybe', 'no default', { schema: { default_value: null } })
  await patch('count', 'a default that does not fit', { schema: { default_value: 'abc' } })

  api.proves('writing: field-nulls')
  await patch('maybe', 'required', { type: 'string', schema: { is_nullable: false } })
  await patch('name', 'required where all have a value', { type: 'string', schema: { is_nullable: false } })
  await patch('name', 'optional again', { type: 'string', schema: { is_nullable: true } })

  api.proves('writing: field-nulls', 'writing: field-change')
  await patch('twice', 'unique with duplicates', { type: 'integer', schema: { is_unique: true } })
  await patch('maybe', 'unique', { type: 'string', schema: { is_unique: true } })
  await patch('maybe', 'indexed', { type: 'string', schema: { is_indexed: true } })
  await patch('maybe', 'null says nothing', { type: 'string', schema: { is_unique: null, is_indexed: null } })
  await patch('maybe', 'neither', { type: 'string', schema: { is_unique: false, is_indexed: false } })
  await patch('maybe', 'what is no flag', { schema: { is_unique: 'perhaps' } })

  api.proves('writing: field-change')
  await patch('id', 'nullable', { type: 'integer', schema: { is_nullable: true } })
  await patch('code', 'a longer key', { type: 'string', schema: { max_length: 300, is_nullable: false } }, 'g_texts')
  await patch('id', 'a note on a key', { meta: { note: 'the key' } })
  await patch('twice', 'a second key', { type: 'integer', schema: { is_primary_key: true } })
  await patch('twice', 'counting up', { type: 'integer', schema: { has_auto_increment: true } })

  api.proves('writing: rename-ignored')
  await patch('bare', 'another name for column and table', { schema: { name: 'other', table: 'elsewhere' } })
  await patch('bare', 'unknown members', { nonsense: 1 })
  await patch('bare', 'an empty change', {})
  await patch('bare', 'a list', [])

  api.proves('writing: field-change')
  await patch('bare', 'settings', {
    meta: {
      interface: 'input',
      options: { placeholder: 'x', deep: { list: [1, 2] } },
      display: 'raw',
      display_options: { a: 1 },
      readonly: true,
      hidden: true,
      sort: 9,
      width: 'half',
      translations: [{ language: 'de-DE', translation: 'Blank' }],
      note: 'A note',
      conditions: [{ name: 'c', rule: { name: { _eq: 'x' } }, hidden: true }],
      required: true,
      group: 'notes',
      validation: { bare: { _nnull: true } },
      validation_message: 'No',
      searchable: false,
    },
  })
  await patch('bare', 'back to nothing', { meta: { options: null, special: null, validation: null, conditions: null, group: null } })
  await patch('notes', 'a note on what has no column', { type: 'alias', meta: { note: 'z' } })

  api.proves('writing: unknown-patch')
  await patch('unknown', 'becomes an alias', { meta: { note: 'k', special: ['alias', 'no-data'] } })
  await api.get('/fields/g_fields/unknown', { mask })
  await patch('unknown_too', 'nothing is said', {})
  await patch('unknown_too', 'a type alone', { type: 'string' })
  await patch('unknown_too', 'a column', { type: 'string', schema: {} })
  await patch('name', 'of an unknown collection', { meta: { note: 'x' } }, 'g_missing')

  api.proves('writing: field-change')
  const batch = (label: string, body: unknown, collection = 'g_fields') =>
    api.patch(`/fields/${collection}`, body, { label: `batch: ${label}`, mask })
  await batch('sort of two', [
    { field: 'maybe', meta: { sort: 5 } },
    { field: 'name', meta: { sort: 6, note: 'six' } },
  ])
  await batch('schema and meta', [{ field: 'name', type: 'string', schema: { max_length: 40 }, meta: { width: 'half' } }])
  await batch('none', [])
  await batch('no list', { field: 'name', meta: { sort: 1 } })
  await batch('without a name', [{ field: 'name', meta: { note: 'kept?' } }, { meta: { sort: 9 } }])
  await batch('a number', [5])
  await batch('one that cannot be', [
    { field: 'name', meta: { note: 'lost' } },
    { field: 'maybe', type: 'string', schema: { is_nullable: false } },
  ])
  await api.get('/fields/g_fields/name', { label: 'A failing batch keeps nothing', keep: (body: Json) => body.data.meta.note })
  await batch('an unknown collection', [{ field: 'name', meta: { sort: 1 } }], 'g_missing')

  api.proves('writing: system-field')
  const system = { keep: (body: Json) => body.data?.schema.is_indexed ?? body.errors?.map((e: Json) => e.extensions.code) }
  await api.patch('/fields/directus_users/title', { meta: { note: 'mine' } }, { label: 'meta of a system field' })
  await api.patch('/fields/directus_users/title', { schema: { max_length: 300 } }, { label: 'length of a system field' })
  await api.patch('/fields/directus_users/title', {}, { label: 'nothing of a system field' })
  await api.patch('/fields/directus_users/title', { schema: { is_indexed: true } }, { label: 'an index on a system field', ...system })
  await api.patch('/fields/directus_users/title', { schema: { is_indexed: false } }, { label: 'no index on a system field', ...system })
  await api.delete('/fields/directus_users/title')
  await api.post(
    '/fields/directus_users',
    { field: 'g_nick', type: 'string', schema: {}, meta: {} },
    { label: 'a field of our own in a system collection', mask },
  )
  await api.patch('/fields/directus_users/g_nick', { meta: { note: 'mine' } }, { label: 'its meta', mask })
  await api.delete('/fields/directus_users/g_nick')

  api.proves('writing: field-change')
  await api.post('/items/g_empty', { a: 'x', b: 1 }, { label: 'an item before' })
  await patch('a', 'no text any more', { type: 'text', schema: {} }, 'g_empty')
  await api.patch('/fields/g_empty/b', { type: 'string', schema: {} }, { label: 'b: to string', mask })
  await api.get('/items/g_empty', { label: 'its values are told as the new types' })
  await api.patch('/fields/g_empty/b', { meta: { note: 'x' } }, { label: 'PATCH by the public', token: null })
}

export default scenario

/** Changing and removing relations, and removing what relations depend on. */
import { autoKey, field, key } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const mask = ['data.meta.id', 'data.*.meta.id']

const scenario: Scenario = async (api) => {
  await api.table('h_ones', [
    autoKey(),
    field('name', 'string'),
    field('manys', 'alias', { schema: null as unknown as object, meta: { special: ['o2m'] } }),
  ])
  await api.table(
    'h_manys',
    [
      autoKey(),
      field('one', 'integer'),
      field('bare', 'integer'),
      field('position', 'integer'),
      field('status', 'string'),
      field('plain', 'integer'),
    ],
    {
      sort_field: 'position',
      archive_field: 'status',
      archive_value: 'gone',
    },
  )
  await api.table('h_any', [autoKey(), field('item', 'string'), field('collection', 'string')])
  await api.table('h_tree', [
    autoKey(),
    field('parent', 'integer'),
    field('children', 'alias', { schema: null as unknown as object, meta: { special: ['o2m'] } }),
  ])
  await api.table('h_texts', [key('code', 'string')])
  await api.relate('h_manys', 'one', 'h_ones', { one_field: 'manys', sort_field: 'position' })
  await api.relate('h_manys', 'bare', 'h_ones')
  await api.relate('h_any', 'item', null, { one_allowed_collections: ['h_ones', 'h_manys'], one_collection_field: 'collection' })
  const patch = (path: string, label: string, body: unknown) => api.patch(`/relations/${path}`, body, { label, mask })

  api.proves('writing: relations')
  await patch('h_manys/one', 'on_delete', { schema: { on_delete: 'SET NULL' } })
  await patch('h_manys/one', 'on_update', { schema: { on_update: 'CASCADE' } })
  await patch('h_manys/one', 'both', { schema: { on_delete: 'CASCADE', on_update: 'NO ACTION' } })
  await patch('h_manys/one', 'an unknown action', { schema: { on_delete: 'EXPLODE' } })
  await patch('h_manys/one', 'a name for the constraint', { schema: { constraint_name: 'mine' } })
  await api.seed('h_ones', [{ name: 'a' }, { name: 'b' }])
  await api.seed('h_manys', [{ one: 1 }, { one: 2 }])
  await api.delete('/items/h_ones/1', { label: 'on_delete acts' })
  await api.get('/items/h_manys?fields=one&sort=id', { label: 'what is left' })

  api.proves('writing: relations')
  await patch('h_manys/one', 'meta', { meta: { one_deselect_action: 'delete' } })
  await patch('h_manys/one', 'an empty change', {})
  await patch('h_manys/one', 'null', { meta: null, schema: null })
  await patch('h_manys/one', 'another related collection', { related_collection: 'h_any' })
  await patch('h_manys/one', 'another name', { collection: 'h_any', field: 'other' })
  await patch('h_any/item', 'allowed collections', { meta: { one_allowed_collections: ['h_ones', 'h_manys', 'h_texts'] } })
  await patch('h_any/item', 'an action where there is no constraint', { schema: { on_delete: 'CASCADE' } })

  api.proves('writing: relations')
  await patch('h_manys/plain', 'a field without relation', { meta: { sort_field: null } })
  await patch('h_manys/missing', 'an unknown field', { meta: { sort_field: null } })
  await patch('h_missing/one', 'an unknown collection', { meta: { sort_field: null } })
  await patch('h_ones/manys', 'from the one side', { meta: { sort_field: null } })
  await patch('h_manys/one', 'a list', [])
  await patch('h_manys/one', 'an unknown member', { nonsense: 1 })
  await api.delete('/relations/h_manys/plain')
  await api.delete('/relations/h_manys/missing')
  await api.delete('/relations/h_missing/one')
  await api.delete('/relations/h_ones/manys')
  await api.patch('/relations', [{ collection: 'h_manys', field: 'one', meta: {} }], { label: 'no batch' })

  api.proves('writing: relations')
  await api.delete('/relations/h_manys/bare')
  await api.get('/relations/h_manys/bare', { label: 'a removed relation' })
  await api.get('/fields/h_manys/bare', { label: 'its field stays', mask })
  await api.post(
    '/relations',
    { collection: 'h_manys', field: 'bare', related_collection: 'h_ones' },
    { label: 'it can be made anew', mask },
  )
  await api.delete('/relations/h_manys/bare', { label: 'and removed again' })
  await patch('h_manys/one', 'by the public', {})
  await api.delete('/relations/h_manys/one', { label: 'DELETE by the public', token: null })

  api.proves('writing: dependent-meta', 'writing: field-delete')
  const settings = (body: Json) => [body.data.meta.sort_field, body.data.meta.archive_field, body.data.meta.archive_value]
  await api.delete('/fields/h_manys/status')
  await api.get('/collections/h_manys', { label: 'settings without status', keep: settings })
  await api.delete('/fields/h_manys/position')
  await api.get('/collections/h_manys', { label: 'settings without position', keep: settings })
  await api.get('/relations/h_manys/one', { label: 'the relation that was sorted by it', mask })

  api.proves('writing: unknown-delete')
  await api.delete('/fields/h_manys/missing')
  api.proves('writing: unknown-delete', 'writing: field-delete')
  await api.delete('/fields/h_missing/missing')

  api.proves('writing: field-delete')
  await api.delete('/fields/h_ones/manys')
  await api.get('/relations/h_manys/one', { label: 'the relation without its alias', mask })
  await api.post('/fields/h_ones', { field: 'manys', type: 'alias', meta: { special: ['o2m'] } }, { label: 'the alias anew', mask })
  await patch('h_manys/one', 'and its relation', { meta: { one_field: 'manys' } })
  await api.delete('/fields/h_manys/one')
  await api.get('/fields/h_ones', { label: 'no alias', keep: (body: Json) => body.data.map((one: Json) => one.field) })
  await api.get('/relations/h_manys', { label: 'no relation' })

  api.proves('writing: key-field-delete')
  await api.table('h_keyless', [autoKey(), field('a', 'string')])
  await api.delete('/fields/h_keyless/id')
  await api.get('/items/h_keyless', { label: 'a collection without key' })

  api.proves('writing: collection-delete')
  await api.post('/fields/h_manys', { field: 'again', type: 'integer', schema: {}, meta: {} }, { setup: true })
  await api.relate('h_manys', 'again', 'h_ones')
  await api.delete('/collections/h_ones')
  await api.get('/collections/h_ones', { label: 'it is still there', keep: (body: Json) => body.data.collection })
  await api.delete('/collections/h_manys')
  await api.delete('/collections/h_ones', { label: 'once nothing refers to it' })

  api.proves('writing: collection-delete')
  await api.relate('h_tree', 'parent', 'h_tree', { one_field: 'children' })
  await api.seed('h_tree', [{ parent: null }, { parent: 1 }])
  await api.delete('/collections/h_tree')
  await api.get('/collections/h_tree', { label: 'the tree afterwards' })

  api.proves('writing: collection-delete', 'writing: dependent-meta')
  const policy = await api.call('POST', '/policies', { setup: true, body: { name: 'of h_texts' } })
  await api.call('POST', '/permissions', {
    setup: true,
    body: { collection: 'h_texts', action: 'read', policy: policy.data.id, fields: ['*'] },
  })
  await api.delete('/collections/h_texts')
  await api.get('/permissions?filter[collection][_eq]=h_texts', { label: 'no permission is left' })
  await api.call('DELETE', `/policies/${policy.data.id}`, { setup: true })
  await api.get('/relations/h_any/item', { label: 'no relation allows it any more', mask })
}

export default scenario

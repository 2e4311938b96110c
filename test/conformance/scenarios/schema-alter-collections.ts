/** Changing what is said of collections, one by one and several at once. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  for (const name of ['e_folder', 'e_made', 'e_batch_folder']) api.owns(name)
  await api.table('e_one', [autoKey(), field('name', 'string'), field('position', 'integer')])
  await api.table('e_two', [autoKey()])
  await api.call('POST', '/collections', { setup: true, body: { collection: 'e_bare', schema: {} } })
  api.owns('e_bare')
  const patch = (label: string, body: unknown, collection = 'e_one') => api.patch(`/collections/${collection}`, body, { label })
  const batch = (label: string, body: unknown) => api.patch('/collections', body, { label })

  api.proves('writing: collection-change')
  await patch('settings', {
    meta: {
      icon: 'box',
      note: 'A note',
      color: '#ff0000',
      hidden: true,
      singleton: false,
      display_template: '{{name}}',
      sort_field: 'position',
      archive_field: 'name',
      archive_value: 'gone',
      unarchive_value: 'there',
      archive_app_filter: false,
      accountability: 'activity',
      versioning: true,
      item_duplication_fields: ['name'],
      preview_url: 'https://example.com',
      collapse: 'closed',
      sort: 4,
    },
  })
  await patch('translations', { meta: { translations: [{ language: 'de-DE', translation: 'Eins', singular: 'Eins', plural: 'Einsen' }] } })
  await patch('back to nothing', { meta: { icon: null, translations: null, sort_field: null, accountability: null } })
  await api.get('/collections/e_one')
  await patch('an empty change', {})
  await patch('meta null', { meta: null })
  await patch('schema null', { schema: null })
  await patch('an unknown member of meta', { meta: { nonsense: 1 } })
  await patch('text as a number', { meta: { sort: 'abc' } })
  await patch('text as a flag', { meta: { hidden: 'perhaps' } })
  await patch('the first that is said of a table', { meta: { note: 'now told' } }, 'e_bare')
  await api.get('/collections/e_bare')

  api.proves('writing: rename-ignored')
  await patch('another name', { collection: 'e_renamed', meta: { note: 'same name' } })
  await patch('another name in meta', { meta: { collection: 'e_renamed', note: 'still the same' } })
  await api.get('/collections/e_renamed')

  api.proves('writing: unknown-patch')
  await patch('an unknown collection', { meta: { note: 'made by PATCH' } }, 'e_made')
  await api.get('/collections/e_made')
  await patch('an unknown collection, nothing said', {}, 'e_nothing')
  await api.get('/collections/e_nothing')

  api.proves('writing: collection-change')
  await api.post('/collections', { collection: 'e_folder', schema: null, meta: { icon: 'folder', sort: 1 } }, { label: 'a folder' })
  await patch('into a folder', { meta: { group: 'e_folder' } })
  await patch('into a folder that is not there', { meta: { group: 'e_missing' } })
  await api.get('/collections/e_one', { label: 'it is in the folder', keep: (body: Json) => body.data.meta.group })
  await patch('out of the folder', { meta: { group: null } })

  api.proves('writing: collection-change')
  const two = (body: Json) =>
    body.data?.map((one: Json) => [one.collection, one.meta.sort, one.meta.note]) ?? body.errors?.map((e: Json) => e.extensions.code)
  await api.patch(
    '/collections',
    [
      { collection: 'e_two', meta: { sort: 1, note: 'two' } },
      { collection: 'e_one', meta: { sort: 2 } },
    ],
    { label: 'two at once', keep: two },
  )
  await api.patch(
    '/collections',
    [
      { collection: 'e_two', meta: { sort: 7 } },
      { collection: 'e_two', meta: { note: 'twice' } },
    ],
    { label: 'one twice', keep: two },
  )
  await batch('an unknown one makes a folder', [{ collection: 'e_batch_folder', meta: { sort: 3 } }])
  await batch('none', [])
  await batch('no list', { collection: 'e_one', meta: { sort: 3 } })
  await batch('without a name', [{ meta: { sort: 3 } }])
  await batch('a number', [5])
  await batch('one that cannot be', [
    { collection: 'e_one', meta: { sort: 99 } },
    { collection: 'e_two', meta: { group: 'e_missing' } },
  ])
  await api.get('/collections/e_one', { label: 'A failing batch keeps nothing', keep: (body: Json) => body.data.meta.sort })

  api.proves('writing: dependent-meta')
  await patch('into the folder again', { meta: { group: 'e_folder' } }, 'e_two')
  await api.delete('/collections/e_folder')
  await api.get('/collections/e_two', { label: 'the member of a removed folder', keep: (body: Json) => body.data.meta.group })

  api.proves('writing: collection-change')
  await api.patch('/collections/e_one', { meta: { note: 'x' } }, { label: 'PATCH by the public', token: null })
  await api.patch('/collections', [{ collection: 'e_one', meta: { note: 'x' } }], { label: 'batch PATCH by the public', token: null })
}

export default scenario

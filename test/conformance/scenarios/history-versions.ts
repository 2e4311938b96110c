/** Versions: made, saved, compared, promoted, changed, deleted. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const special = (name: string, type: string, ...specials: string[]) => field(name, type, { meta: { special: specials } })
const missing = 'aaaaaaaa-0000-4000-8000-000000000001'

const scenario: Scenario = async (api) => {
  await api.table('c_ver_authors', [autoKey(), field('name', 'string')])
  await api.table(
    'c_ver',
    [
      autoKey(),
      field('title', 'string'),
      field('pages', 'integer', { schema: { default_value: 7 } }),
      field('tags', 'csv'),
      field('data', 'json'),
      field('author', 'integer'),
      special('parts', 'alias', 'o2m'),
    ],
    { versioning: true },
  )
  await api.table('c_ver_parts', [autoKey(), field('name', 'string'), field('whole', 'integer')])
  await api.table('c_ver_off', [autoKey(), field('title', 'string')])
  await api.relate('c_ver', 'author', 'c_ver_authors')
  await api.relate('c_ver_parts', 'whole', 'c_ver', { one_field: 'parts' })
  await api.seed('c_ver_authors', [{ name: 'Ann' }, { name: 'Bob' }])
  await api.seed('c_ver', [{ title: 'one', author: 1, parts: [{ name: 'p1' }] }, { title: 'two' }, { title: 'three' }])
  await api.seed('c_ver_off', [{ title: 'o' }])
  const make = (body: object) => api.post('/versions', body, { label: `make ${JSON.stringify(body)}` })
  const of = (item: string | null, key: string, more = {}) => ({ collection: 'c_ver', item, key, ...more })

  const saves =
    '/activity?filter[collection]=c_ver&filter[action]=version_save&sort=id&fields=action,item,revisions.data,revisions.delta,revisions.version.key'
  api.proves('writing: version-activity')
  await api.get(saves, { label: 'nothing is saved so far' })

  api.proves('writing: versions')
  const { id } = (await make(of('1', 'first', { name: 'First' }))).data
  await make({ collection: 'c_ver', item: '1', key: 'draft' })
  await make(of('2', 'a b/c'))
  await api.get(`/versions/${id}`, { label: 'by key' })
  await api.get('/versions?filter[collection]=c_ver&fields=key,name,item,hash,delta,user_created&sort=item,key')
  await api.search('/versions', { query: { filter: { key: 'first' }, fields: ['key'] } })
  await api.get(`/versions/${missing}`)
  await api.get('/versions/abc')

  api.proves('writing: versions')
  for (const body of [
    of('1', 'first'),
    { collection: 'c_ver_off', item: '1', key: 'x' },
    { collection: 'directus_users', item: '1', key: 'x' },
    of('1', 'main'),
    of('1', 'published'),
    of('1', 'x', { nothing: 1 }),
    of('1', 'x', { hash: 'x' }),
    of('1', 'x', { delta: {} }),
    of('1', 'x', { id: missing }),
    of('1', 'x', { name: 4 }),
    of('1', ''),
    of('', 'draft'),
    { collection: 'c_ver', item: '1' },
    { collection: 'c_ver', item: '1', key: 5 },
    { collection: 'c_ver', item: 1, key: 'x' },
    { item: '1', key: 'x' },
    {},
    { collection: 'c_nothing', item: '1', key: 'x' },
    of('999', 'x'),
    of('abc', 'x'),
    [of('2', 'l'), of('2', 'l')],
  ])
    await make(body)

  api.proves('writing: version-save')
  const path = `/versions/${id}`
  const save = (label: string, body: unknown) => api.post(`${path}/save`, body, { label })
  await api.get(`${path}/compare`, { label: 'compare before anything is saved' })
  await save('save a title', { title: 'one d' })
  await save('save more', { pages: 9, author: 2, nothing: 3, tags: ['x'], data: { a: [{ b: 1 }] } })
  await save('save nothing', {})
  await save('save a list', { parts: { create: [{ name: 'p2' }], update: [{ id: 1, name: 'p1 d' }], delete: [] } })
  await api.get(path, { label: 'after saving' })
  await api.get('/versions?filter[key]=first&fields=delta', { label: 'as it is kept' })
  await api.get('/items/c_ver/1', { label: 'the item is as it was' })
  await api.post(`/versions/${missing}/save`, { title: 'x' })
  await api.post('/versions/abc/save', { title: 'x' })

  api.proves('writing: version-activity')
  await api.get(saves)

  api.proves('writing: version-promote')
  const comparison = async (label: string) => (await api.get(`${path}/compare`, { label })).data
  await comparison('compare')
  await api.patch('/items/c_ver/1', { pages: 100 }, { setup: true })
  await comparison('compare after the item has changed')
  await api.get(`/versions/${missing}/compare`)
  await api.get('/versions/abc/compare')

  api.proves('writing: version-promote')
  const promote = (label: string, body?: unknown) => api.post(`${path}/promote`, body, { label })
  await promote('promote with nothing')
  await promote('promote without a hash', {})
  await promote('promote with a wrong hash', { mainHash: 'x' })
  const { mainHash } = (await api.get(`${path}/compare`, { setup: true })).data
  await promote('promote some fields', { mainHash, fields: ['title', 'pages'] })
  await api.get('/items/c_ver/1', { label: 'after some fields' })
  await promote('promote with an old hash', { mainHash })
  const { mainHash: second } = (await api.get(`${path}/compare`, { setup: true })).data
  await promote('promote all', { mainHash: second })
  await api.get('/items/c_ver/1?fields=*,parts.name', { label: 'after all' })
  await api.get(path, { label: 'the version stays' })
  await api.post(`/versions/${missing}/promote`, { mainHash: 'x' })

  api.proves('writing: version-draft')
  await make(of(null, 'other'))
  await make({ collection: 'c_ver', key: 'other' })
  const { id: draft } = (await make(of(null, 'draft'))).data
  await make({ collection: 'c_ver', key: 'draft' })
  await api.post(`/versions/${draft}/save`, { title: 'new', parts: [{ name: 'np' }] }, { label: 'save without an item' })
  await api.get(`/versions/${draft}`, { label: 'the draft' })
  await api.get(`/versions/${draft}/compare`, { label: 'compare without an item' })
  await api.post(`/versions/${draft}/promote`, {}, { label: 'promote without an item' })
  await api.get('/items/c_ver/4?fields=title,parts.name', { label: 'the new item' })
  await api.get(`/versions/${draft}?fields=key,item,collection`, { label: 'the draft has its item' })

  api.proves('writing: versions')
  const change = (body: object, options = {}) =>
    api.patch(path, body, {
      label: `change ${JSON.stringify(body)}`,
      keep: (answer: Json) => answer?.data ?? answer,
      ...options,
    })
  await change({ name: 'Renamed' })
  await change({ key: 'second' })
  await change({ item: '2' })
  await change({ item: '999' })
  await change({ item: '1' })
  await change({ name: null })
  for (const body of [
    { keys: [id], data: { name: 'by keys' } },
    [{ id, name: 'by list' }],
    { query: { filter: { id: { _eq: id } } }, data: { name: 'by query' } },
  ])
    await api.patch('/versions?fields=name,delta', body, { label: `change ${Object.keys(body)}` })
  await change({})
  for (const body of [
    { collection: 'c_ver_off' },
    { nothing: 1 },
    { delta: {} },
    { hash: 'x' },
    { key: 'main' },
    { key: 5 },
    { key: null },
    { key: '' },
  ])
    await api.patch(path, body, { label: `change ${JSON.stringify(body)}` })
  await api.patch(path, { item: null }, { label: 'change to no item' })
  await api.patch(path, { key: 'draft' }, { label: 'change to a taken key' })
  await api.patch(`/versions/${missing}`, { name: 'x' })

  api.proves('writing: outlive')
  const { id: third } = (await make(of('3', 'third'))).data
  await api.delete('/items/c_ver/3', { setup: true })
  await api.get(`/versions/${third}?fields=key,item`, { label: 'of an item that is gone' })
  await api.get(`/versions/${third}/compare`, { label: 'compare with an item that is gone' })
  await api.post(`/versions/${third}/save`, { title: 'x' }, { label: 'save of an item that is gone' })
  await api.post(`/versions/${third}/promote`, { mainHash: 'x' }, { label: 'promote of an item that is gone' })

  api.proves('writing: versions')
  await api.delete(`/versions/${third}`, { label: 'delete' })
  await api.delete(`/versions/${third}`, { label: 'delete twice' })
  await api.get(`/versions/${third}`, { label: 'deleted' })

  api.proves('writing: versions')
  await api.user({ email: 'versionless@example.com', token: 'version-nobody' })
  for (const token of ['version-nobody', null]) {
    await api.get('/versions', { token, label: `list as ${token}` })
    await api.post('/versions', of('1', 'mine'), { token, label: `make as ${token}` })
    await api.post(`${path}/save`, { title: 'x' }, { token, label: `save as ${token}` })
    await api.post(`${path}/promote`, { mainHash: 'x' }, { token, label: `promote as ${token}` })
    await api.get(`${path}/compare`, { token, label: `compare as ${token}` })
  }
}

export default scenario

/** `version`: items as their versions have them, of one item, of lists and of singletons, nested items in them too. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const special = (name: string, type: string, ...specials: string[]) => field(name, type, { meta: { special: specials } })

const scenario: Scenario = async (api) => {
  await api.table('c_rv_authors', [autoKey(), field('name', 'string')])
  await api.table('c_rv_tags', [autoKey(), field('name', 'string')])
  await api.table('c_rv_texts', [autoKey(), field('body', 'string')])
  await api.table(
    'c_rv',
    [
      autoKey(),
      field('title', 'string'),
      field('pages', 'integer'),
      field('price', 'decimal'),
      field('stamp', 'timestamp'),
      field('tags', 'csv'),
      field('data', 'json'),
      field('author', 'integer'),
      special('parts', 'alias', 'o2m'),
      special('labels', 'alias', 'm2m'),
      special('blocks', 'alias', 'm2a'),
    ],
    { versioning: true },
  )
  await api.table('c_rv_parts', [autoKey(), field('name', 'string'), field('book', 'integer')])
  await api.table('c_rv_labels', [autoKey(), field('book', 'integer'), field('tag', 'integer')])
  await api.table('c_rv_blocks', [autoKey(), field('book', 'integer'), field('item', 'string'), field('collection', 'string')])
  await api.table('c_rv_one', [autoKey(), field('title', 'string'), field('n', 'integer'), field('author', 'integer')], {
    versioning: true,
    singleton: true,
  })
  await api.table(
    'c_rv_kept',
    [autoKey(), field('title', 'string'), special('changed', 'timestamp', 'date-updated'), special('made', 'timestamp', 'date-created')],
    { versioning: true },
  )
  await api.relate('c_rv', 'author', 'c_rv_authors')
  await api.relate('c_rv_one', 'author', 'c_rv_authors')
  await api.relate('c_rv_parts', 'book', 'c_rv', { one_field: 'parts' })
  await api.relate('c_rv_labels', 'book', 'c_rv', { one_field: 'labels', junction_field: 'tag' })
  await api.relate('c_rv_labels', 'tag', 'c_rv_tags', { junction_field: 'book' })
  await api.relate('c_rv_blocks', 'book', 'c_rv', { one_field: 'blocks', junction_field: 'item' })
  await api.relate('c_rv_blocks', 'item', null, {
    one_collection_field: 'collection',
    one_allowed_collections: ['c_rv_texts', 'c_rv_authors'],
    junction_field: 'book',
  })
  await api.seed('c_rv_authors', [{ name: 'Ann' }, { name: 'Bob' }])
  await api.seed('c_rv_tags', [{ name: 'red' }, { name: 'blue' }])
  await api.seed('c_rv_texts', [{ body: 't1' }])
  await api.seed('c_rv', [
    {
      title: 'one',
      pages: 1,
      author: 1,
      price: '1.5',
      parts: [{ name: 'p1' }, { name: 'p2' }],
      labels: [{ tag: 1 }],
      blocks: [{ collection: 'c_rv_texts', item: '1' }],
    },
    { title: 'two', pages: 2 },
    { title: 'three', pages: 3 },
  ])
  await api.patch('/items/c_rv_one', { title: 'single', n: 1 }, { setup: true })
  await api.seed('c_rv_kept', [{ title: 'k' }])

  const make = async (collection: string, item: string | null, key: string, ...saves: object[]) => {
    const { id } = (await api.post('/versions', { collection, item, key }, { setup: true })).data
    for (const body of saves) await api.post(`/versions/${id}/save`, body, { setup: true })
  }
  await make(
    'c_rv',
    '1',
    'plain',
    { title: 'one v', pages: '11', price: '9.99', tags: ['a', 'b'], data: { a: 1 }, stamp: '2024-01-01T00:00:00Z' },
    { author: 2, nothing: 3 },
  )
  await make('c_rv', '2', 'plain', { title: 'two v' })
  await make('c_rv', '1', 'empty')
  await make('c_rv', '1', 'nested', {
    author: { id: 1, name: 'Ann v' },
    parts: { create: [{ name: 'p3' }], update: [{ id: 1, name: 'p1 v' }], delete: [2] },
    labels: { create: [{ tag: { name: 'green' } }, { tag: { id: 2 } }], update: [{ id: 1, tag: { id: 1, name: 'red v' } }], delete: [] },
    blocks: { create: [{ collection: 'c_rv_authors', item: { name: 'New' } }], update: [], delete: [] },
  })
  await make('c_rv', '1', 'made', { author: { name: 'Cid' } })
  await make('c_rv', '1', 'listed', {
    parts: [1, { name: 'p9' }],
    author: null,
    labels: [],
    blocks: [{ id: 1, collection: 'c_rv_texts', item: { id: 1, body: 't1 v' } }],
  })
  await make('c_rv', '1', 'wrong', { pages: 'abc' })
  await make('c_rv', '1', 'missing', { author: 99 })
  await make('c_rv', null, 'draft', { title: 'fresh', parts: [{ name: 'fp' }] })
  await make('c_rv_one', '1', 'plain', { title: 'single v', author: { name: 'Single A' } })
  await make('c_rv_kept', '1', 'plain', { title: 'k v' })
  await make('c_rv_kept', null, 'draft', { title: 'k d' })

  api.proves('reading: version')
  for (const key of ['plain', 'empty', 'nested', 'made', 'listed', 'wrong', 'missing', 'draft', 'none', 'PLAIN', 'main', 'published', ''])
    await api.get(`/items/c_rv/1?version=${key}&fields=*`)
  const deep = 'id,title,author.*,parts.*,labels.id,labels.tag.*,blocks.*,blocks.item:c_rv_texts.*,blocks.item:c_rv_authors.*'
  for (const key of ['plain', 'nested', 'made', 'listed']) await api.get(`/items/c_rv/1?version=${key}&fields=${deep}`)
  for (const query of [
    'version=plain&fields=title',
    'version=plain&fields=nope',
    'version=plain&filter[title][_eq]=zzz&fields=title',
    'version=plain&filter[title][_eq]=one v&fields=title',
    'version=plain&meta=*&fields=title',
    'version=plain&aggregate[count]=*',
    'version=plain&deep[parts][_limit]=1&fields=parts',
    'version=plain&export=json&fields=title',
    'version=nested&fields=parts.book.parts.name,parts.book.title',
    'version=nested&fields=count(parts)',
    'version[]=plain&fields=title',
    'version=plain&version=nested&fields=title',
  ])
    await api.get(`/items/c_rv/1?${query}`)
  for (const path of [
    'c_rv/2?version=plain',
    'c_rv/3?version=plain',
    'c_rv/99?version=plain',
    'c_rv/abc?version=plain',
    'c_rv_authors/1?version=plain',
  ])
    await api.get(`/items/${path}`)
  await api.get('/items/c_rv_kept/1?version=plain')

  // How it failed is told in words of the server's own.
  const failed = { mask: ['data.*.$meta.error', 'data.*.$meta.delta'] }
  for (const query of [
    'version=plain',
    'version=plain&fields=id,title,author.name',
    'version=plain&filter[title][_contains]= v&fields=title',
    'version=plain&filter[title][_eq]=one&fields=title',
    'version=plain&sort=-title&fields=title',
    'version=plain&limit=1&fields=title',
    'version=plain&limit=0&fields=title',
    'version=plain&offset=1&fields=title',
    'version=plain&page=2&limit=1&fields=title',
    'version=plain&meta=*&fields=title',
    'version=plain&meta=*&limit=1&fields=title&filter[pages][_gt]=5',
    'version=plain&aggregate[count]=*',
    'version=plain&groupBy=title&aggregate[count]=*',
    'version=plain&search=two&fields=title',
    'version=plain&export=csv&fields=title',
    'version=nested&fields=parts.name,count(parts)',
    'version=nested&deep[parts][_limit]=1&fields=parts.name',
    'version=nested&filter[parts][name][_eq]=p3&fields=id',
    'version=none',
    'version=none&meta=*',
    'version=draft',
    'version=draft&fields=id,parts.id,parts.book.title&meta=*',
    'version=empty&fields=title',
    'version=published&fields=id',
  ])
    await api.get(`/items/c_rv?${query}`, query.includes('csv') ? { keep: String } : {})
  await api.get('/items/c_rv?version=missing&fields=title,author', failed)
  await api.get('/items/c_rv_kept?version=draft')
  for (const body of [
    { query: { version: 'plain', fields: ['title'] } },
    { query: { version: 'plain', fields: ['title'] }, keys: [1] },
    { query: { version: 5, fields: ['title'] } },
  ])
    await api.search('/items/c_rv', body, { label: `SEARCH ${JSON.stringify(body)}` })
  await api.get('/items/c_rv_authors?version=plain')

  for (const query of ['version=plain', 'version=plain&fields=title,author.name', 'version=none', 'version=plain&meta=*&fields=title'])
    await api.get(`/items/c_rv_one?${query}`)
  await api.get('/items/c_rv_one/1?version=plain&fields=title')
  await api.search('/items/c_rv_one', { query: { version: 'plain', fields: ['title'] } })

  for (const query of [
    'version=plain&versionRaw=true',
    'version=plain&versionRaw',
    'version=plain&versionRaw=true&fields=id,pages',
    'version=plain&versionRaw=false&fields=title',
    'version=plain&versionRaw=1&fields=title',
    'version=nested&versionRaw=true',
    'version=empty&versionRaw=true',
    'version=wrong&versionRaw=true&fields=pages',
    'version=none&versionRaw=true&fields=title',
    'version=plain&versionRaw=true&fields=nope',
    'versionRaw=true&fields=title',
  ])
    await api.get(`/items/c_rv/1?${query}`)
  await api.get('/items/c_rv?version=plain&versionRaw=true&fields=title')
  await api.get('/items/c_rv_one?version=plain&versionRaw=true')

  const after = (body: Json) => body.data.length
  await api.get('/items/c_rv_authors', { label: 'nothing was kept', keep: after })
  await api.get('/items/c_rv_parts?fields=name,book')

  // A name of its own, and words of its own, are all that the reference tells beside.
  const told = (body: Json) => {
    for (const { $meta } of body.data) for (const name of ['name', 'message']) delete $meta.error?.[name]
    return body
  }
  await make('c_rv', '1', 'unsaved', {})
  await make('c_rv', '1', 'unknown', { nothing: 1 })
  for (const key of ['missing', 'plain', 'unsaved', 'unknown'])
    await api.get(`/items/c_rv?version=${key}&fields=id,title,author`, { label: `what is told of ${key}`, keep: told })
}

export default scenario

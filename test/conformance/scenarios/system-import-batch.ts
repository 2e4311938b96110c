/** One file with items of several collections, whose keys lead to each other. */
import { textFile } from '../../form.ts'
import { autoKey, field, key } from '../fields.ts'
import { as, person } from '../people.ts'
import type { CallOptions, Scenario } from '../runner.ts'

const ids = { one: 'aaaaaaaa-0000-4000-8000-0000000000a1', two: 'aaaaaaaa-0000-4000-8000-0000000000a2' }

const scenario: Scenario = async (api) => {
  await api.table('c_people', [
    autoKey(),
    field('name', 'string', { schema: { is_nullable: false } }),
    field('boss', 'integer'),
    { field: 'papers', type: 'alias', meta: { special: ['o2m'] } },
  ])
  await api.table('c_papers', [key('id', 'uuid'), field('title', 'string'), field('by', 'integer')])
  await api.table('c_labels', [key('name', 'string'), field('paper', 'uuid'), field('rank', 'integer')])
  await api.relate('c_people', 'boss', 'c_people')
  await api.relate('c_papers', 'by', 'c_people', { one_field: 'papers' })
  await api.relate('c_labels', 'paper', 'c_papers')
  await api.table('c_any', [autoKey(), field('item', 'string'), field('kind', 'string')])
  await api.relate('c_any', 'item', null, { one_allowed_collections: ['c_people', 'c_labels'], one_collection_field: 'kind' })
  const nobody = as(api, 'nobody', null)
  const reader = await person(api, 'reader', [{ collection: 'c_people' }])

  const send = (
    label: string,
    query: string,
    parts: unknown,
    { who = api, type = 'application/json' }: { who?: { call: typeof api.call }; type?: string } = {},
  ) =>
    who.call('POST', `/utils/import${query}`, {
      label,
      form: [['file', textFile(typeof parts === 'string' ? parts : JSON.stringify(parts), 'parts.json', type)]],
    })
  const of = (collection: string, ...items: unknown[]) => ({ collection, items })
  const items = (label: string, collection: string, options: CallOptions = {}) =>
    api.get(`/items/${collection}?sort=${collection === 'c_labels' ? 'name' : 'id'}&fields=*`, { label, ...options })

  api.proves('system: import-batch')
  await send('keys that lead to each other', '', [
    of('c_labels', { name: 'red', paper: ids.one, rank: 1 }),
    of('c_papers', { id: ids.one, title: 'One', by: 100 }),
    of('c_people', { id: 100, name: 'Ann', boss: 101 }, { id: 101, name: 'Bob', boss: 100 }, { name: 'Cid' }),
  ])
  await items('people', 'c_people')
  await items('papers', 'c_papers')
  await items('labels', 'c_labels')
  await send('a key that is taken is made anew', '', [of('c_papers', { id: ids.one, title: 'One again' })])
  await send('a key of text that is taken', '', [of('c_labels', { name: 'red' })])
  await send('a key that counts up and is taken', '', [of('c_people', { id: 1, name: 'Ann too' })])
  await send('an item that is there', '', [of('c_papers', { id: ids.two, by: 1, title: 'Two' })])
  await send('any of several collections', '', [
    of('c_any', { item: '70', kind: 'c_people' }, { item: 'red', kind: 'c_labels' }),
    of('c_people', { id: 70, name: 'Eve' }),
  ])
  await items('what any leads to', 'c_any')
  await send('dry', '?dryRun=true', [of('c_people', { id: 1, name: 'Dry' })])
  await send('dry, by the name alone', '?dryRun', [of('c_people', { name: 'Dry' })])
  await send('merge', '?mode=merge', [
    of('c_people', { id: 1, name: 'Anne' }),
    of('c_labels', { name: 'red', rank: 2 }, { name: 'blue', paper: ids.two }),
  ])
  await send('merge, dry', '?mode=merge&dryRun=true', [of('c_labels', { name: 'red' }, { name: 'green' })])
  await send('merge, with deletion, dry', '?mode=merge&dryRun=true&dangerouslyAllowDelete=true', [of('c_labels', { name: 'red' })])
  await items('labels before deletion', 'c_labels')
  await send('merge, with deletion', '?mode=merge&dangerouslyAllowDelete=true', [of('c_labels', { name: 'red', rank: 3 })])
  await items('labels after it', 'c_labels')
  await items('people after all', 'c_people')
  await send('no items', '', [of('c_people')])
  await send('unknown fields', '', [of('c_people', { name: 'Fay', nothing: 1 })])
  await send('a key of null', '', [of('c_people', { id: null, name: 'Gil' })])

  await send('a required value that is not there', '', [of('c_people', { boss: 1 })])
  await send('no key of text', '', [of('c_labels', { rank: 1 })])
  await send('a key that nothing has', '', [of('c_people', { name: 'Hal', boss: 9999 })])
  await send('nothing of the file is kept', '', [of('c_labels', { name: 'kept' }), of('c_people', { name: 'Ida', boss: 9999 })])
  await items('labels are as they were', 'c_labels')
  await send('items in items', '', [of('c_papers', { title: 'x', by: { name: 'Jon' } })])
  await send('lists of items in items', '', [of('c_people', { name: 'x', papers: [{ title: 'y' }] })])
  await send('a collection twice', '', [of('c_people'), of('c_people')])
  await send('a collection that is not there', '', [of('c_nowhere', {})])
  await send('collections themselves', '', [of('directus_collections', { collection: 'x' })])
  await send('items that are none', '', [of('c_people', 1)])
  await send('no items named', '', [{ collection: 'c_people' }])
  await send('no collection named', '', [{ items: [] }])
  await send('a collection that is no name', '', [{ collection: 1, items: [] }])
  await send('null', '', [null])
  await send('an empty list', '', [])
  await send('an object', '', {})
  await send('broken JSON', '', '[')
  await send('an unknown mode', '?mode=other', [of('c_people')])
  await send('deletion without merge', '?dangerouslyAllowDelete=true', [of('c_people')])
  await send('CSV', '', 'a\n1\n', { type: 'text/csv' })
  await api.post('/utils/import', [of('c_people')], { label: 'a JSON body' })
  await api.upload('/utils/import', [['a', 'b']], { label: 'a form without a file' })
  await api.get('/utils/import')
  await send('made by nobody', '', [of('c_people', { name: 'x' })], { who: nobody })
  await send('made by a reader', '', [of('c_people', { name: 'x' })], { who: reader })
  await send('nothing by nobody', '', [], { who: nobody })

  await api.table('c_hens', [autoKey(), field('egg', 'integer', { schema: { is_nullable: false } })])
  await api.table('c_eggs', [autoKey(), field('hen', 'integer', { schema: { is_nullable: false } })])
  await api.relate('c_hens', 'egg', 'c_eggs')
  await api.relate('c_eggs', 'hen', 'c_hens')
  await send('a circle that cannot be begun', '', [of('c_hens', { id: 1, egg: 1 }), of('c_eggs', { id: 1, hen: 1 })])
}

export default scenario

/** Custom rules: writes of items that hold other items, and of keys that point at them. */
import { autoKey, field } from '../fields.ts'
import { library } from '../library.ts'
import { type Person, person, type Rule } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  const books = '/items/q_books'
  const reads: Rule[] = ['q_books', 'q_authors', 'q_comments', 'q_genres', 'q_books_genres', 'q_books_blocks', 'q_texts', 'q_images'].map(
    (collection) => ({ collection }),
  )
  const may = (action: Rule['action'], collection: string, more: Partial<Rule> = {}): Rule => ({ action, collection, ...more })
  const state = (label: string, collection = 'q_comments', fields = 'id,book,text,score') =>
    api.get(`/items/${collection}?fields=${fields}&sort=${fields.split(',')[0]}&limit=-1`, { label })
  let calls = 0
  const named = (who: Person, label: string) => ({
    post: (body: unknown, path = books) => who.post(path, body, { label: `${label} POST ${JSON.stringify(body)}`, mask: ['data.id'] }),
    patch: (body: unknown, path = `${books}/1`) => who.patch(path, body, { label: `${label} ${++calls} PATCH ${JSON.stringify(body)}` }),
  })

  api.proves('permissions: nested-writes')
  const writer = await person(api, 'writer', reads, [
    may('create', 'q_books'),
    may('update', 'q_books'),
    may('create', 'q_comments', {
      fields: ['text', 'book', 'score'],
      presets: { score: 9, position: 7 },
      validation: { text: { _neq: 'spam' } },
    }),
    may('update', 'q_comments', { fields: ['text', 'book'], permissions: { score: { _gt: 0 } } }),
    may('create', 'q_authors', { fields: ['name'], presets: { country: 'SE' }, validation: { name: { _nnull: true } } }),
    may('update', 'q_authors', { fields: ['name'], permissions: { name: { _neq: 'Sigrid' } } }),
  ])
  const w = named(writer, '')
  await w.post({ title: 'n1', comments: [{ text: 'a' }] })
  await w.post({ title: 'n2', comments: [{ text: 'a', score: 3 }] })
  await w.post({ title: 'n3', comments: [{ text: 'a', position: 3 }] })
  await w.post({ title: 'n4', comments: [{ text: 'spam' }] })
  await w.post({ title: 'n5', comments: [{ id: 50, text: 'a' }] })
  await w.post({ title: 'n6', author: { name: 'New' } })
  await w.post({ title: 'n7', author: { name: 'New', country: 'NO' } })
  await w.post({ title: 'n8', author: { name: null } })
  await w.post({ title: 'n9', author: { id: 2, name: 'Halldor L' } })
  await w.post({ title: 'n10', author: { id: 1, name: 'Sigrid U' } })
  await w.post({ title: 'n11', author: { id: 1 } })
  await w.post({ title: 'n12', author: 1 })
  await w.post({ title: 'n13', author: { id: 1, name: 'Sigrid', books: [{ title: 'deep' }] } })
  await w.patch({ comments: { create: [{ text: 'b' }], update: [], delete: [] } })
  await w.patch({ comments: { create: [], update: [{ id: 1, text: 'c' }], delete: [] } })
  await w.patch({ comments: { create: [], update: [{ id: 1, score: 4 }], delete: [] } })
  await w.patch({ comments: { create: [], update: [{ id: 99, text: 'c' }], delete: [] } })
  await w.patch({ genres: [{ genre: 1 }] })
  await state('after nested writes')
  await state('authors after nested writes', 'q_authors', 'id,name,country')
  await state('books after nested writes', 'q_books', 'id,title,author')

  api.proves('permissions: take-over')
  const noFk = await person(api, 'without key', reads, [
    may('update', 'q_books'),
    may('create', 'q_comments', { fields: ['text'] }),
    may('update', 'q_comments', { fields: ['text'] }),
  ])
  const withFk = await person(api, 'with key', reads, [
    may('update', 'q_books'),
    may('update', 'q_comments', { fields: ['book'], permissions: { text: { _neq: 'fine' } } }),
  ])
  for (const [who, label] of [
    [noFk, 'no key'],
    [withFk, 'key'],
  ] as const) {
    const t = named(who, label)
    await t.patch({ comments: [5] }, `${books}/3`)
    await t.patch({ comments: [4] }, `${books}/2`)
    await t.patch({ comments: [4, 5] }, `${books}/2`)
    await t.patch({ comments: [4] }, `${books}/2`)
    await t.patch({ comments: { create: [], update: [{ id: 5 }], delete: [] } }, `${books}/3`)
    await t.patch({ comments: { create: [], update: [{ id: 5, book: 3 }], delete: [] } }, `${books}/2`)
    await t.patch({ comments: { create: [], update: [], delete: [4] } }, `${books}/2`)
    await t.patch({ comments: [] }, `${books}/2`)
    await t.patch({ comments: null }, `${books}/2`)
    await t.patch({ comments: { create: [{ text: 'made' }], update: [], delete: [] } }, `${books}/2`)
    await t.patch({ comments: [6] }, `${books}/3`)
    await t.patch({ comments: [] }, `${books}/4`)
    await state(`comments after ${label}`)
  }
  await api.table('p_orders', [autoKey(), field('name', 'string'), field('lines', 'alias', { meta: { special: ['o2m'] } })])
  await api.table('p_lines', [autoKey(), field('order', 'integer'), field('text', 'string')])
  await api.relate('p_lines', 'order', 'p_orders', { one_field: 'lines', one_deselect_action: 'delete' })
  await api.seed('p_orders', [{ name: 'one' }, { name: 'two' }])
  await api.seed('p_lines', [
    { order: 1, text: 'a' },
    { order: 1, text: 'b' },
    { order: 1, text: 'c' },
    { order: 2, text: 'd' },
  ])
  const orders: Rule[] = [{ collection: 'p_orders' }, { collection: 'p_lines' }, may('update', 'p_orders')]
  const keeper = await person(api, 'keeper', orders, [may('update', 'p_lines')])
  const eraser = await person(api, 'eraser', orders, [may('delete', 'p_lines', { permissions: { text: { _neq: 'c' } } })])
  for (const [who, label] of [
    [keeper, 'keeper'],
    [eraser, 'eraser'],
  ] as const) {
    const t = named(who, label)
    await t.patch({ lines: [] }, '/items/p_orders/1')
    await t.patch({ lines: [1, 2] }, '/items/p_orders/1')
    await t.patch({ lines: [1, 3] }, '/items/p_orders/1')
    await t.patch({ lines: { create: [], update: [], delete: [3] } }, '/items/p_orders/1')
    await t.patch({ lines: { create: [], update: [], delete: [1] } }, '/items/p_orders/1')
    await t.patch({ lines: { create: [], update: [], delete: [4] } }, '/items/p_orders/1')
    await state(`lines after ${label}`, 'p_lines', 'id,order,text')
  }

  api.proves('permissions: foreign-row', 'permissions: m2a-write')
  await named(withFk, 'others').patch({ comments: { create: [], update: [], delete: [6] } }, `${books}/5`)
  await named(noFk, 'others').patch({ comments: { create: [], update: [], delete: [6] } }, `${books}/5`)
  const blocks = await person(api, 'blocks', reads, [
    may('create', 'q_books'),
    may('update', 'q_books'),
    may('create', 'q_books_blocks'),
    may('create', 'q_texts'),
  ])
  const m = named(blocks, '')
  await m.post({ title: 'm1', blocks: [{ collection: 'q_texts', item: { body: 'made' } }] })
  await m.post({ title: 'm2', blocks: [{ collection: 'q_images', item: { file: 'made', body: 'x' } }] })
  await m.post({ title: 'm3', blocks: [{ collection: 'q_images', item: 'cover' }] })
  await m.post({ title: 'm4', blocks: [{ collection: 'q_images', item: { file: 'cover' } }] })
  await m.post({ title: 'm5', blocks: [{ collection: 'q_images', item: { file: 'cover', body: 'changed' } }] })
  await m.post({ title: 'm6', genres: [{ genre: { name: 'made' } }] })
  await state('images', 'q_images', 'file,body')
  await state('blocks', 'q_books_blocks', 'id,item,collection')

  api.proves('permissions: link-invisible')
  const narrow = await person(api, 'narrow', [
    { collection: 'q_books' },
    { collection: 'q_authors', permissions: { name: { _eq: 'Nobody' } } },
    may('create', 'q_books'),
    may('update', 'q_books'),
  ])
  const l = named(narrow, '')
  await l.post({ title: 'l1', author: 1 })
  await l.post({ title: 'l2', author: 3 })
  await l.post({ title: 'l3', author: 99 })
  await l.post({ title: 'l4', author: { id: 1 } })
  await l.post({ title: 'l5', author: null })
  await l.patch({ author: 4 }, `${books}/5`)
  await l.patch({ author: 3 }, `${books}/5`)
  await l.patch({ title: 'same author', author: 2 }, `${books}/2`)
  await state('books after linking', 'q_books', 'title,author')
}

export default scenario

/** Tables with a relation of each kind, a tree included, and a short way to ask for them. */
import { autoKey, field, key } from './fields.ts'
import type { Answer, Api, CallOptions } from './runner.ts'

const listOf = (name: string, special: 'o2m' | 'm2m' | 'm2a' = 'o2m') => field(name, 'alias', { meta: { special: [special] } })

export const asText = (value: unknown): string => {
  if (typeof value === 'string') return value
  return Array.isArray(value) ? value.join(',') : JSON.stringify(value)
}

/** Query parameters as text: lists with commas, objects as JSON. */
export const toQuery = (query: Readonly<Record<string, unknown>>): string =>
  Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(asText(value))}`)
    .join('&')

/** Asks one collection. */
export const asker =
  (api: Api, collection: string) =>
  (query: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<Answer> =>
    api.get(`/items/${collection}?${toQuery(query)}`, options)

/** The keys that a filter leaves. */
export const filterer = (api: Api, collection: string) => {
  const ask = asker(api, collection)
  return (filter: unknown, options?: CallOptions) => ask({ fields: 'id', sort: 'id', filter }, options)
}

/**
 * Books with an author (m2o), comments (o2m, in an order of their own), genres (m2m) and blocks that are texts or images (m2a).
 * Authors have mentors and pupils, genres parents and children. Each relation is empty somewhere.
 */
export async function library(api: Api): Promise<void> {
  await api.table('q_countries', [key('code', 'string'), field('name', 'string'), field('info', 'json')])
  await api.table('q_authors', [
    autoKey(),
    field('name', 'string'),
    field('country', 'string'),
    field('mentor', 'integer'),
    listOf('pupils'),
    listOf('books'),
  ])
  await api.table('q_books', [
    autoKey(),
    field('title', 'string'),
    field('author', 'integer'),
    field('pages', 'integer'),
    field('price', 'decimal', { schema: { numeric_precision: 10, numeric_scale: 2 } }),
    field('published', 'date'),
    field('sold', 'timestamp'),
    field('data', 'json'),
    field('tags', 'csv'),
    listOf('comments'),
    listOf('genres', 'm2m'),
    listOf('blocks', 'm2a'),
  ])
  await api.table('q_comments', [
    autoKey(),
    field('book', 'integer'),
    field('text', 'string'),
    field('score', 'integer'),
    field('position', 'integer'),
  ])
  await api.table('q_genres', [autoKey(), field('name', 'string'), field('parent', 'integer'), listOf('children'), listOf('books', 'm2m')])
  await api.table('q_books_genres', [autoKey(), field('book', 'integer'), field('genre', 'integer'), field('sort', 'integer')])
  await api.table('q_texts', [autoKey(), field('body', 'string')])
  await api.table('q_images', [key('file', 'string'), field('width', 'integer'), field('body', 'string'), field('artist', 'integer')])
  await api.table('q_books_blocks', [
    autoKey(),
    field('book', 'integer'),
    field('item', 'string'),
    field('collection', 'string'),
    field('sort', 'integer'),
  ])

  await api.relate('q_authors', 'country', 'q_countries')
  await api.relate('q_authors', 'mentor', 'q_authors', { one_field: 'pupils' })
  await api.relate('q_books', 'author', 'q_authors', { one_field: 'books' })
  await api.relate('q_comments', 'book', 'q_books', { one_field: 'comments', sort_field: 'position' })
  await api.relate('q_genres', 'parent', 'q_genres', { one_field: 'children' })
  await api.relate('q_books_genres', 'book', 'q_books', { one_field: 'genres', junction_field: 'genre', sort_field: 'sort' })
  await api.relate('q_books_genres', 'genre', 'q_genres', { one_field: 'books', junction_field: 'book' })
  await api.relate('q_images', 'artist', 'q_authors')
  await api.relate('q_books_blocks', 'book', 'q_books', { one_field: 'blocks', junction_field: 'item', sort_field: 'sort' })
  await api.relate('q_books_blocks', 'item', null, {
    one_collection_field: 'collection',
    one_allowed_collections: ['q_texts', 'q_images'],
    junction_field: 'book',
  })

  await api.seed('q_countries', [
    { code: 'NO', name: 'Norway', info: { capital: 'Oslo', size: { km: 385 } } },
    { code: 'IS', name: 'Iceland', info: null },
    { code: 'SE', name: 'Sweden', info: [1, 2] },
  ])
  await api.seed('q_authors', [
    { name: 'Sigrid', country: 'NO' },
    { name: 'Halldor', country: 'IS', mentor: 1 },
    { name: 'Nobody', mentor: 2 },
    { name: 'Ada', country: 'NO', mentor: 1 },
  ])
  await api.seed('q_books', [
    {
      title: 'Kristin',
      author: 1,
      pages: 900,
      price: '12.50',
      published: '1920-05-01',
      sold: '2001-02-03T04:05:06Z',
      data: { kind: 'novel', size: { w: 12, h: 20 }, parts: ['a', 'b', 'c'] },
      tags: ['red', 'green'],
    },
    {
      title: 'Atom Station',
      author: 2,
      pages: 200,
      price: '8.00',
      published: '1948-12-31',
      sold: '2012-12-31T23:59:59Z',
      data: ['x', 'y'],
      tags: ['blue'],
    },
    { title: 'Sagas' },
    { title: 'Letters', author: 3, pages: 200, price: '8.00', published: '1948-01-15', data: { kind: 'letters', parts: [] } },
    { title: 'Olav', author: 1, pages: 500, price: '9.99', published: '1925-05-30', sold: '2001-07-08T00:00:00Z' },
  ])
  await api.seed('q_comments', [
    { book: 1, text: 'good', score: 5, position: 3 },
    { book: 1, text: 'bad', score: 1, position: 1 },
    { book: 1, text: null, score: 3, position: 2 },
    { book: 2, text: 'good', score: 1, position: 1 },
    { book: null, text: 'stray', score: 2, position: null },
    { book: 4, text: 'fine', score: null, position: null },
  ])
  await api.seed('q_genres', [
    { name: 'fiction' },
    { name: 'novel', parent: 1 },
    { name: 'history' },
    { name: 'saga', parent: 2 },
    { name: 'empty', parent: 1 },
  ])
  await api.seed('q_books_genres', [
    { book: 1, genre: 2, sort: 2 },
    { book: 1, genre: 3, sort: 1 },
    { book: 2, genre: 2, sort: 1 },
    { book: 3, genre: 4, sort: 1 },
    { book: 5, genre: 2, sort: 1 },
    { book: 4, genre: null, sort: 1 },
  ])
  await api.seed('q_texts', [{ body: 'Once' }, { body: 'Then' }])
  await api.seed('q_images', [
    { file: 'cover', width: 100, body: 'Front', artist: 4 },
    { file: 'back', width: 50, body: null, artist: null },
  ])
  await api.seed('q_books_blocks', [
    { book: 1, item: '1', collection: 'q_texts', sort: 2 },
    { book: 1, item: 'cover', collection: 'q_images', sort: 1 },
    { book: 2, item: '2', collection: 'q_texts', sort: 1 },
    { book: 3, item: 'back', collection: 'q_images', sort: 1 },
    { book: 5, item: '99', collection: 'q_texts', sort: 1 },
  ])
}

/** Tables to write nested items into: a relation of each kind, of which some columns refuse null or a second row of one value. */
import { autoKey, field, key } from './fields.ts'
import type { Api } from './runner.ts'

const listOf = (name: string, special: 'o2m' | 'm2m' | 'm2a' = 'o2m') => field(name, 'alias', { meta: { special: [special] } })
const given = { schema: { is_nullable: false } }

export interface NestedTables {
  readonly authors: string
  readonly books: string
  readonly comments: string
  readonly genres: string
  readonly bookGenres: string
  readonly blocks: string
  readonly texts: string
  readonly images: string
}

/**
 * Books with an author (m2o), comments (o2m, in an order, deleted when let go), chapters (o2m, cannot be let go), genres (m2m), and blocks that are
 * texts or images (m2a). Authors have a country, mentors and pupils.
 */
export async function nestedTables(api: Api, prefix: string): Promise<NestedTables> {
  const name = (table: string) => `${prefix}_${table}`
  await api.table(name('countries'), [key('code', 'string'), field('name', 'string'), field('continent', 'string')])
  await api.table(name('authors'), [
    autoKey(),
    field('name', 'string', given),
    field('country', 'string'),
    field('mentor', 'integer'),
    listOf('pupils'),
    listOf('books'),
  ])
  await api.table(name('books'), [
    autoKey(),
    field('title', 'string', { schema: { max_length: 20 } }),
    field('author', 'integer'),
    field('code', 'string', { schema: { is_unique: true } }),
    listOf('comments'),
    listOf('chapters'),
    listOf('genres', 'm2m'),
    listOf('blocks', 'm2a'),
  ])
  await api.table(name('comments'), [autoKey(), field('book', 'integer'), field('text', 'string', given), field('position', 'integer')])
  await api.table(name('chapters'), [autoKey(), field('book', 'integer', given), field('name', 'string')])
  await api.table(name('genres'), [key('code', 'string'), field('name', 'string', given)])
  await api.table(name('books_genres'), [autoKey(), field('book', 'integer'), field('genre', 'string'), field('sort', 'integer')])
  await api.table(name('texts'), [autoKey(), field('body', 'string', given)])
  await api.table(name('images'), [key('file', 'string'), field('width', 'integer')])
  await api.table(name('blocks'), [
    autoKey(),
    field('book', 'integer'),
    field('item', 'string'),
    field('collection', 'string'),
    field('sort', 'integer'),
  ])

  await api.relate(name('authors'), 'country', name('countries'))
  await api.relate(name('authors'), 'mentor', name('authors'), { one_field: 'pupils' })
  await api.relate(name('books'), 'author', name('authors'), { one_field: 'books' })
  await api.relate(name('comments'), 'book', name('books'), {
    one_field: 'comments',
    sort_field: 'position',
    one_deselect_action: 'delete',
  })
  await api.relate(name('chapters'), 'book', name('books'), { one_field: 'chapters' })
  await api.relate(name('books_genres'), 'book', name('books'), { one_field: 'genres', junction_field: 'genre', sort_field: 'sort' })
  await api.relate(name('books_genres'), 'genre', name('genres'), { junction_field: 'book' })
  await api.relate(name('blocks'), 'book', name('books'), { one_field: 'blocks', junction_field: 'item', sort_field: 'sort' })
  await api.relate(name('blocks'), 'item', null, {
    one_collection_field: 'collection',
    one_allowed_collections: [name('texts'), name('images')],
    junction_field: 'book',
  })
  return {
    authors: name('authors'),
    books: name('books'),
    comments: name('comments'),
    genres: name('genres'),
    bookGenres: name('books_genres'),
    blocks: name('blocks'),
    texts: name('texts'),
    images: name('images'),
  }
}

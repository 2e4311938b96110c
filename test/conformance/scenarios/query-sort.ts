/** `sort` through relations, by functions, and where nulls stand. */
import { asker, library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  const books = asker(api, 'q_books')
  const sorted = (sort: string, more: object = {}) => books({ fields: 'id', sort, ...more })

  api.proves('reading: sort-nulls')
  for (const sort of ['pages,id', '-pages,id', 'author.name,id', '-author.name,id', 'price,-id', '-published', 'sold,-id', 'title'])
    await sorted(sort)

  api.proves('reading: sort-m2o')
  for (const sort of [
    'author.country.name,id',
    '-author.country.name,id',
    'author.mentor.name,id',
    '-author.mentor.country.name,-id',
    'author,id',
    'author.id,-id',
  ])
    await sorted(sort)
  await sorted('author.name,-pages', { limit: 2, offset: 1 })
  await sorted('author.name,-pages', { limit: 2, page: 2, meta: '*' })
  await sorted('author.name,id', { filter: { author: { country: 'NO' } } })
  await api.get('/items/q_books?fields=id&sort[]=author.name&sort[]=-id')

  api.proves('reading: sort-many')
  for (const sort of [
    'comments.score,id',
    '-comments.score,id',
    'comments.text,id',
    'comments.position,id',
    '-comments.text,id',
    '-comments.id',
    'comments.score,comments.text,id',
    'comments.score,-comments.text,id',
  ])
    await sorted(sort)
  await sorted('comments.score,id', { limit: 3, meta: '*' })
  await sorted('comments.score,id', { filter: { comments: { score: { _gt: 1 } } } })
  await api.get('/items/q_authors?fields=id&sort=books.title')
  await api.get('/items/q_authors?fields=id&sort=-books.pages,id')
  await api.get('/items/q_authors?fields=id&sort=books.comments.score,id')
  await api.get('/items/q_authors?fields=id&sort=pupils.name,id')
  for (const sort of ['books.count(comments),id', '-books.count(comments),id', 'pupils.count(books),id'])
    await api.get(`/items/q_authors?fields=id&sort=${sort}`)

  api.proves('reading: sort-many')
  for (const sort of ['genres.genre.name,id', '-genres.genre.name,id', 'genres.sort,id', 'genres.genre.parent.name,id']) await sorted(sort)
  for (const sort of [
    'blocks.item:q_texts.body,id',
    '-blocks.item:q_images.width,id',
    'blocks.item:q_images.artist.name,id',
    'blocks.collection,id',
  ])
    await sorted(sort)
  await api.get('/items/q_books_blocks?fields=id&sort=item:q_texts.body,id')
  await api.get('/items/q_books_blocks?fields=id&sort=-item:q_images.width,id')

  api.proves('reading: sort-functions')
  for (const sort of [
    'month(published),id',
    'count(comments),id',
    '-count(genres),id',
    '-author.count(books),id',
    'comments.book.year(published),id',
  ])
    await sorted(sort)

  api.proves('reading: sort-many')
  for (const sort of ['parent.name,id', '-parent.parent.name,id', 'children.name,id'])
    await api.get(`/items/q_genres?fields=id&sort=${sort}`)

  api.proves('reading: sort-fields')
  for (const sort of [
    'author.missing',
    'missing.name',
    'comments',
    'genres',
    'title.name',
    'author.*',
    'author.',
    'blocks.item',
    'blocks.item.body',
    'blocks.item:q_missing.body',
    'blocks.item:q_authors.name,id',
    'comments.missing',
    'data',
    'tags,id',
    'bogus(title)',
    'count(title)',
    'json(data)',
  ])
    await sorted(sort)
}

export default scenario

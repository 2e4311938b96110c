/** `fields` through relations of each kind: keys, objects, wildcards, scopes, the order of lists. */
import { asker, library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  const books = asker(api, 'q_books')
  const authors = asker(api, 'q_authors')
  const genres = asker(api, 'q_genres')

  api.proves('reading: fields-default')
  await books({ sort: 'id' })
  await books({ sort: 'id', fields: 'id,comments,genres,blocks' })
  await authors({ sort: 'id' })
  await genres({ sort: 'id' })
  await api.get('/items/q_books/3?fields=comments,genres')
  await api.get('/items/q_books_blocks?sort=id')

  api.proves('reading: nested-o2m')
  for (const fields of [
    'comments.*',
    'comments.text',
    'comments.id,comments.score',
    'comments,comments.text',
    'comments.text,comments',
    '*,comments.*',
    'comments.book',
    'comments.book.title',
    'comments.book.author.name',
    'comments.book.comments.id',
    'comments.id,comments.book.comments.book.comments.text',
  ])
    await books({ sort: 'id', limit: 2, fields })

  api.proves('reading: nested-m2m')
  for (const fields of [
    'genres.*',
    'genres.genre',
    'genres.genre.name',
    'genres.genre.*',
    'genres.sort,genres.genre.parent.name',
    'genres.*.*',
    'genres.genre.books.book.title',
    'genres.genre.children.children.name',
  ])
    await books({ sort: 'id', fields })
  await genres({ sort: 'id', fields: 'name,books.book.title' })

  api.proves('reading: nested-tree')
  for (const fields of ['name,children.name', 'name,children.children.name', '*,children.*,children.children.*', 'parent.parent.name'])
    await genres({ sort: 'id', fields })
  await authors({ sort: 'id', fields: 'name,mentor.name,pupils.name,pupils.pupils.mentor.name' })

  api.proves('reading: m2a-fields')
  for (const fields of [
    'blocks.item',
    'blocks.*',
    'blocks.item.*',
    'blocks.*.*',
    'blocks.item:q_texts.body',
    'blocks.item:q_texts.*,blocks.item:q_images.width',
    'blocks.collection,blocks.item:q_images.artist.name',
    'blocks.item,blocks.item:q_images.file',
    'blocks.item.body',
    'blocks.item:q_texts',
    'blocks.item:q_images.artist.books.title',
  ])
    await books({ sort: 'id', fields })
  await api.get('/items/q_books_blocks?sort=id&fields=item:q_texts.body,book.title')

  api.proves('reading: m2a-fields')
  for (const fields of ['blocks.item:q_missing.body', 'blocks.item:q_authors.name', 'blocks.item:q_texts.missing', 'blocks.item.missing'])
    await books({ sort: 'id', fields })
  await books({ sort: 'id', fields: 'author:q_authors.name' })
  await books({ sort: 'id', fields: 'comments:q_comments.text' })

  api.proves('reading: wildcards')
  await books({ sort: 'id', limit: 2, fields: '*.*' })
  await books({ filter: { id: 1 }, fields: '*.*.*' })
  await authors({ filter: { id: 1 }, fields: '*.id' })
  await authors({ filter: { id: 1 }, fields: '*.name' })

  api.proves('reading: backlink')
  await books({ filter: { id: 1 }, fields: '*.*', backlink: 'false' })
  await books({ filter: { id: 1 }, fields: '*.*.*', backlink: 'false' })
  await books({ filter: { id: 1 }, fields: 'author.*,comments.*.*', backlink: 'false' })
  await authors({ filter: { id: 1 }, fields: '*.*.*', backlink: 'false' })
  await authors({ filter: { id: 1 }, fields: 'books.author.name', backlink: 'false' })
  await authors({ filter: { id: 1 }, fields: '*.*', backlink: 'maybe' })
  await authors({ filter: { id: 1 }, fields: '*.*', backlink: '' })
  await authors({ filter: { id: 1 }, fields: '*.*', backlink: '1' })

  api.proves('reading: fields-unknown')
  for (const fields of [
    'comments.missing',
    'id,missing.text',
    'genres.genre.missing',
    'genres.missing.name',
    'comments.text.more',
    'comments.',
    'id,$FOLLOW(q_comments,book)',
  ])
    await books({ filter: { id: 1 }, fields })
}

export default scenario

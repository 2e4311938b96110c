/** Custom rules: what is seen of related rows. */
import { library, toQuery } from '../library.ts'
import { type Person, person } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  const ask = (who: Person, collection: string) => (query: Readonly<Record<string, unknown>>) =>
    who.get(`/items/${collection}?${toQuery({ sort: 'id', ...query })}`)

  const junctions = [{ collection: 'q_books_genres' }, { collection: 'q_books_blocks' }]
  const some = await person(api, 'some', [
    { collection: 'q_books' },
    { collection: 'q_authors', permissions: { name: { _eq: 'Sigrid' } } },
    { collection: 'q_comments', permissions: { score: { _gte: 3 } } },
    { collection: 'q_genres', permissions: { name: { _neq: 'novel' } } },
    { collection: 'q_texts', permissions: { id: { _gt: 1 } } },
    { collection: 'q_images' },
    ...junctions,
  ])
  api.proves('permissions: hidden-related')
  const books = ask(some, 'q_books')
  await books({ fields: 'id,author' })
  await books({ fields: 'id,author.id,author.name' })
  await books({ fields: 'id,comments' })
  await books({ fields: 'id,comments.text,count(comments)' })
  await books({ fields: 'id,genres,genres.genre' })
  await books({ fields: 'id,genres.genre.name' })
  await books({ fields: 'id,blocks.item' })
  await books({ fields: 'id,blocks.collection,blocks.item:q_texts.body,blocks.item:q_images.body' })
  await some.get('/items/q_books/2?fields=author.name,comments.text')

  api.proves('permissions: related-invisible', 'access: related-scope')
  await books({ fields: 'id', filter: { author: { name: { _eq: 'Halldor' } } } })
  await books({ fields: 'id', filter: { author: { name: { _eq: 'Sigrid' } } } })
  await books({ fields: 'id', filter: { author: { name: { _null: true } } } })
  await books({ fields: 'id', filter: { author: { _eq: 2 } } })
  await books({ fields: 'id', filter: { comments: { text: { _eq: 'good' } } } })
  await books({ fields: 'id', filter: { comments: { _some: { score: { _lt: 3 } } } } })
  await books({ fields: 'id', filter: { comments: { _none: { text: { _eq: 'bad' } } } } })
  await books({ fields: 'id', filter: { comments: { _null: true } } })
  await books({ fields: 'id', filter: { 'count(comments)': { _eq: 2 } } })
  await books({ fields: 'id', filter: { genres: { genre: { name: { _eq: 'novel' } } } } })
  await books({ fields: 'id', sort: 'author.name,id' })
  await books({ fields: 'id', sort: 'comments.score,id' })
  await books({ fields: 'id', sort: '-count(comments),id' })
  await books({ fields: 'id,comments.id', deep: { comments: { _filter: { score: { _lte: 3 } } } } })
  await books({ groupBy: 'author.name', aggregate: { count: '*' }, sort: 'author.name' })

  const bare = await person(api, 'bare', [{ collection: 'q_books' }])
  api.proves('access: unreadable-relation')
  const plain = ask(bare, 'q_books')
  await plain({ limit: 2 })
  await plain({ fields: '*.*', limit: 2 })
  await plain({ fields: 'id,author.name', limit: 2 })
  await plain({ fields: 'id,author', limit: 2 })
  await plain({ fields: 'id,author.*', limit: 2 })
  await plain({ fields: 'id,comments', limit: 2 })
  await plain({ fields: 'id,comments.text', limit: 2 })
  await plain({ fields: 'id,count(comments)', limit: 2 })
  await plain({ fields: 'id,genres.genre.name', limit: 2 })
  await plain({ fields: 'id,blocks.item:q_texts.body', limit: 2 })
  await plain({ fields: 'id,who.name', alias: { who: 'author' }, limit: 2 })
  await plain({ filter: { author: { name: { _eq: 'Sigrid' } } } })
  await plain({ filter: { author: { id: { _eq: 1 } } } })
  await plain({ fields: 'id', filter: { author: { _eq: 1 } } })
  await plain({ filter: { comments: { _eq: 1 } } })
  await plain({ filter: { comments: { _some: { id: { _eq: 1 } } } } })
  await plain({ sort: 'author.name' })
  await plain({ fields: 'id', sort: 'author,id' })
  await plain({ sort: 'comments.score' })
  await plain({ fields: 'id,author.id', deep: { author: { _filter: { name: { _eq: 'x' } } } } })
  await plain({ fields: 'id,comments.id', deep: { comments: { _filter: { text: { _eq: 'x' } } } } })

  const noKey = await person(api, 'no key', [{ collection: 'q_books', fields: ['id', 'title'] }])
  const withAuthors = await person(api, 'with authors', [
    { collection: 'q_books', fields: ['id', 'title'] },
    { collection: 'q_authors', fields: ['id', 'name', 'books'] },
  ])
  api.proves('permissions: hidden-foreign-key')
  for (const who of [noKey, withAuthors]) {
    const list = ask(who, 'q_books')
    await list({ fields: 'id,author.name', limit: 2 })
    await list({ fields: 'id,author', limit: 2 })
    await list({ fields: 'id,author.country', limit: 2 })
    await list({ fields: 'id', filter: { author: { name: { _eq: 'Sigrid' } } } })
    await list({ fields: 'id', filter: { author: { _eq: 1 } } })
    await list({ fields: 'id', sort: 'author.name' })
  }
  await withAuthors.get('/items/q_authors?fields=id,books&sort=id')
  await withAuthors.get('/items/q_authors?fields=id,books.title&sort=id')
  await withAuthors.get('/items/q_authors?fields=id,count(books)&sort=id')
  await withAuthors.get(`/items/q_authors?fields=id&sort=id&${toQuery({ filter: { books: { title: { _eq: 'Olav' } } } })}`)

  const noChildKey = await person(api, 'no child key', [
    { collection: 'q_books', fields: ['id', 'comments', 'genres', 'blocks'] },
    { collection: 'q_comments', fields: ['text', 'book'] },
    { collection: 'q_books_genres', fields: ['book', 'genre'] },
    { collection: 'q_genres', fields: ['name'] },
    { collection: 'q_books_blocks', fields: ['book', 'item', 'collection'] },
    { collection: 'q_texts', fields: ['body'] },
  ])
  api.proves('permissions: hidden-key')
  const list = ask(noChildKey, 'q_books')
  await list({ fields: 'id,comments' })
  await list({ fields: 'id,comments.text' })
  await list({ fields: 'id,comments.*', limit: 1 })
  await list({ fields: 'id,count(comments)' })
  await list({ fields: 'id', filter: { comments: { _null: true } } })
  await list({ fields: 'id', filter: { comments: { _eq: 1 } } })
  await list({ fields: 'id,genres.genre.name', limit: 1 })
  await list({ fields: 'id,blocks.item' })
  await list({ fields: 'id,blocks.item:q_texts.body,blocks.item:q_images.body' })
  await list({ fields: '*.*.*', limit: 1 })

  const perRow = await person(
    api,
    'per row',
    [{ collection: 'q_books', permissions: { pages: { _gt: 300 } }, fields: ['id', 'author'] }, { collection: 'q_authors' }],
    [{ collection: 'q_books', permissions: {}, fields: ['id', 'title'] }],
  )
  api.proves('permissions: hidden-m2o', 'permissions: hidden-values')
  const partly = ask(perRow, 'q_books')
  await partly({ fields: 'id,author' })
  await partly({ fields: 'id,author.name' })
  await partly({ fields: 'id', filter: { author: { name: { _eq: 'Halldor' } } } })
  await partly({ fields: 'id', filter: { author: { _eq: 2 } } })
  await partly({ fields: 'id', filter: { author: { _null: true } } })
  await partly({ fields: 'id', sort: 'author,id' })
  await partly({ groupBy: 'author', aggregate: { count: '*' }, sort: 'author' })
  await partly({ aggregate: { count: 'author', max: 'author' } })
  await perRow.get('/items/q_authors?sort=id&fields=id,books')
  await perRow.get('/items/q_authors?sort=id&fields=id,books.id,count(books)')
}

export default scenario

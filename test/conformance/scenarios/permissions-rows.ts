/** Custom rules: which rows are seen, and which of their fields in which rows. */
import { library, toQuery } from '../library.ts'
import { person } from '../people.ts'
import type { Scenario } from '../runner.ts'

const books = (query: Readonly<Record<string, unknown>> = {}) => `/items/q_books?${toQuery(query)}`

const scenario: Scenario = async (api) => {
  await library(api)
  const all = await person(api, 'all', [{ collection: 'q_books', fields: ['id', 'title', 'pages'] }])
  const long = await person(api, 'long', [
    { collection: 'q_books', permissions: { pages: { _gt: 300 } }, fields: ['id', 'title', 'pages'] },
  ])
  const mixed = await person(
    api,
    'mixed',
    [{ collection: 'q_books', permissions: { pages: { _gt: 300 } }, fields: ['id', 'title', 'price', 'comments'] }],
    [{ collection: 'q_books', permissions: { author: { _eq: 2 } }, fields: ['id', 'pages'] }, { collection: 'q_comments' }],
    [{ collection: 'q_books', permissions: { title: { _eq: 'Sagas' } }, fields: ['id', 'pages', 'author'] }],
  )
  const keyless = await person(api, 'keyless', [{ collection: 'q_books', fields: ['title'] }])
  const none = await person(api, 'none')

  api.proves('permissions: union')
  await all.get(books({ sort: 'id' }))
  await long.get(books({ sort: 'id' }))
  await mixed.get(books({ sort: 'id' }))
  await mixed.get(books({ sort: 'id', fields: 'id,title' }))
  await mixed.get(books({ sort: 'id', fields: 'id,author' }))
  await none.get(books())

  api.proves('permissions: hidden-lists')
  await mixed.get(books({ sort: 'id', fields: 'id,comments' }))
  await mixed.get(books({ sort: 'id', fields: 'id,comments.text' }))
  await mixed.get(books({ sort: 'id', fields: 'id,count(comments)' }))

  api.proves('permissions: hidden-nested')
  await mixed.get('/items/q_books/1')
  await mixed.get('/items/q_books/2')
  await mixed.get('/items/q_books/3')
  await mixed.get(books({ sort: 'id', fields: 'id,a,b', alias: { a: 'title', b: 'pages' } }))
  await mixed.get('/items/q_comments?sort=id&fields=id,book.id,book.title,book.pages')

  api.proves('permissions: counts')
  await long.get(books({ meta: '*', limit: 1, fields: 'id' }))
  await long.get(books({ meta: '*', limit: 1, fields: 'id', filter: { pages: { _lt: 600 } } }))
  await mixed.get(books({ meta: '*', limit: 1, fields: 'id', sort: 'id' }))
  await long.get(books({ aggregate: { count: '*', sum: 'pages', max: 'pages' } }))
  await long.get(books({ aggregate: { count: 'id' }, groupBy: 'title' }))

  api.proves('permissions: key-out-of-scope')
  await long.get('/items/q_books/1')
  await long.get('/items/q_books/2')
  await long.get('/items/q_books/99')
  await long.search('/items/q_books', { keys: [1, 2, 3, 5, 99], query: { fields: ['id'], sort: ['id'] } })
  await none.get('/items/q_books/1')
  await none.search('/items/q_books', { keys: [1] })

  api.proves('permissions: hidden-key')
  await keyless.get('/items/q_books/1')
  await keyless.get(books({ sort: 'id' }))
  await keyless.get(books({ sort: 'title' }))
  await keyless.get(books())
  await keyless.search('/items/q_books', { keys: [1, 2] })
  await keyless.get(books({ meta: '*', limit: 0 }))
  await keyless.get(books({ aggregate: { count: '*' } }))
  await keyless.get(books({ aggregate: { countDistinct: 'id' } }))
}

export default scenario

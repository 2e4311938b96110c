/** Parameters together, meta, SEARCH bodies with the whole language, and bounds. */
import { asker, filterer, library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const nest = (levels: number, inner: object, name = 'mentor'): object => (levels === 0 ? inner : { [name]: nest(levels - 1, inner, name) })

const scenario: Scenario = async (api) => {
  await library(api)
  const books = asker(api, 'q_books')
  const authors = asker(api, 'q_authors')
  const found = filterer(api, 'q_authors')

  api.proves('reading: together')
  await books({
    fields: 'id,name,author.name,remarks.text,count(comments)',
    alias: { name: 'title', remarks: 'comments' },
    deep: { remarks: { _sort: '-score', _limit: 1 } },
    filter: { author: { country: { code: { _in: ['NO', 'IS'] } } } },
    search: 'a',
    sort: '-author.name,id',
    limit: 5,
    page: 1,
    meta: '*',
  })
  for (const meta of ['total_count', 'filter_count', '*']) {
    await books({ fields: 'id', sort: 'id', limit: 1, meta, filter: { comments: { score: { _gt: 0 } } } })
    await books({ fields: 'id', sort: 'id', limit: 1, meta, search: 'o' })
  }
  await books({ fields: 'id', sort: 'id', limit: 0, meta: '*', filter: { author: { name: { _null: true } } } })
  await books({ fields: 'id', sort: 'id', meta: '*', filter: { genres: { _none: { genre: 2 } } } })

  api.proves('reading: search-body-query')
  const search = (query: object, label?: string) =>
    api.search('/items/q_books', { query }, { label: label ?? `SEARCH ${JSON.stringify(query)}` })
  await search({ fields: ['id', 'author.name', 'comments.text'], sort: ['-id'], limit: 2 })
  await search({ fields: 'id,author.name', sort: '-author.name,id' })
  await search({ fields: ['id', 'name'], alias: { name: 'title' }, sort: ['name'] })
  await search({ fields: ['id', 'comments.id'], deep: { comments: { _limit: 1, _sort: ['-id'] } }, sort: ['id'] })
  await search({ fields: ['id', 'comments.id'], deep: '{"comments":{"_limit":1}}', sort: ['id'] })
  await search({ aggregate: { count: ['*'], sum: ['pages'] }, groupBy: ['author'], sort: ['author'] })
  await search({ aggregate: { count: '*' }, groupBy: 'year(published)', sort: ['year(published)'] })
  await search({ aggregate: '{"count":"*"}' })
  await search({ filter: { _and: [{ comments: { _some: { score: 5 } } }, { author: { name: 'Sigrid' } }] }, fields: ['id'] })
  await search({ filter: { comments: { score: { _gt: 1 } } }, fields: ['id'], meta: ['total_count', 'filter_count'], sort: ['id'] })
  await search({ fields: ['id', 'count(comments)', 'json(data,kind)'], sort: ['id'] })
  await search({ fields: ['id'], search: 'olav', meta: '*' })
  await search({ fields: ['*.*'], backlink: false, filter: { id: 3 } })
  await search({ fields: ['author.books.author.name'], backlink: 'false', filter: { id: 3 } })
  await api.search(
    '/items/q_books',
    { keys: [5, 1], query: { fields: ['id', 'author.name'], sort: ['author.name', '-id'] } },
    { label: 'SEARCH by keys' },
  )
  await search({ alias: 'name' }, 'SEARCH, alias is text')
  await search({ deep: 5, fields: ['id'], limit: 1 }, 'SEARCH, deep is a number')
  await search({ aggregate: 5, fields: ['id'], limit: 1 }, 'SEARCH, aggregate is a number')
  await search({ groupBy: 5, fields: ['id'], limit: 1 }, 'SEARCH, groupBy is a number')
  await search({ version: 'main', fields: ['id'], limit: 1 }, 'SEARCH, the main version')

  api.proves('reading: depth')
  for (const levels of [9, 10]) {
    const label = (what: string) => ({ label: `${what}, ${levels} relations` })
    await authors({ sort: 'id', fields: `${'mentor.'.repeat(levels)}name` }, label('fields, m2o'))
    await authors({ sort: 'id', fields: `${'pupils.'.repeat(levels)}name` }, label('fields, o2m'))
    await authors({ sort: 'id', fields: `${'mentor.'.repeat(levels)}*` }, label('fields, a wildcard'))
    await found(nest(levels, { name: { _null: true } }), label('filter, m2o'))
    await found(nest(levels, { name: { _null: true } }, 'pupils'), label('filter, o2m'))
    await found({ _and: [{ _or: [nest(levels, { name: { _null: true } })] }] }, label('filter, inside logical operators'))
    await authors({ fields: 'id', sort: `${'mentor.'.repeat(levels)}name,id` }, label('sort, m2o'))
    await authors({ sort: 'id', fields: 'id,pupils.id', deep: nest(levels, { _limit: 1 }, 'pupils') }, label('deep'))
    await authors(
      { sort: 'id', fields: 'id,pupils.id', deep: { pupils: { _filter: nest(levels - 1, { name: { _null: true } }) } } },
      label('deep filter'),
    )
  }
  await found({ _and: Array.from({ length: 100 }, () => ({ id: { _gt: 0 } })) }, { label: 'a hundred conditions' })
  await authors({ sort: 'id', fields: Array(400).fill('id').join(',') }, { label: 'four hundred fields' })
  await found({ id: { _in: Array.from({ length: 1000 }, (_, i) => i) } }, { label: 'a thousand keys' })

  api.proves('reading: item-parameters', 'reading: version')
  await api.get('/items/q_books/1?fields=id,remarks.id&alias[remarks]=comments&deep[remarks][_limit]=1')
  await api.get('/items/q_books/1?aggregate[count]=*')
  await api.get('/items/q_books/1?groupBy=pages')
  await api.get('/items/q_books/1?fields=id&search=Olav')
  await api.get('/items/q_books/1?fields=id&version=main')
  await api.get('/items/q_books/1?fields=id&version=missing')
  await api.get('/items/q_books?fields=id&limit=1&version=missing')
}

export default scenario

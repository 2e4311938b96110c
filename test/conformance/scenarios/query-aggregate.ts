/** `aggregate` and `groupBy`: each function on each type, groups, and what they go together with. */
import { typedTable } from '../data.ts'
import { asker, library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  await typedTable(api, 'q_types')
  const books = asker(api, 'q_books')
  const comments = asker(api, 'q_comments')
  const types = asker(api, 'q_types')

  api.proves('reading: aggregate-forms', 'reading: aggregate-functions')
  await books({ aggregate: { count: '*' } })
  await books({ aggregate: { count: 'pages' } })
  await books({ aggregate: { count: ['*', 'pages'] } })
  await books({ aggregate: { count: 'pages,price' } })
  await books({ aggregate: { countAll: '*' } })
  await books({ aggregate: { countDistinct: 'pages' } })
  await books({ aggregate: { countDistinct: '*' } })
  await books({ aggregate: { sum: '*' } })
  await books({ aggregate: { max: '*' } })

  for (const name of ['count', 'countDistinct', 'countAll', 'sum', 'sumDistinct', 'avg', 'avgDistinct', 'min', 'max']) {
    api.proves(`reading: aggregate-${name}`)
    for (const column of ['*', 'an_integer', 'a_string', 'missing']) await types({ aggregate: { [name]: column } })
  }

  api.proves('reading: aggregate-functions')
  for (const column of ['an_integer', 'a_big', 'a_decimal', 'a_float']) {
    const all = ['count', 'countDistinct', 'sum', 'sumDistinct', 'avg', 'avgDistinct', 'min', 'max']
    await types({ aggregate: Object.fromEntries(all.map((name) => [name, column])) })
  }
  for (const column of ['a_date', 'a_time', 'a_datetime', 'a_timestamp', 'a_string', 'a_boolean', 'a_uuid', 'a_json', 'a_csv']) {
    await types({ aggregate: { min: column, max: column } })
    await types({ aggregate: { count: column, countDistinct: column } })
  }
  await types({ aggregate: { avg: 'a_date' } })

  api.proves('reading: aggregate-forms')
  for (const query of [
    'aggregate[count]=*',
    'aggregate[count]=id,pages',
    'aggregate[count][]=id&aggregate[count][]=pages',
    'aggregate[sum]=pages&aggregate[max]=price',
  ])
    await api.get(`/items/q_books?${query}`)
  await api.get('/items/q_books?aggregate[count]=*&groupBy=pages&sort=pages')
  await api.get('/items/q_books?aggregate[count]=*&groupBy[]=pages&groupBy[]=author&sort=pages,author')
  await api.get('/items/q_books?aggregate[count]=*&groupBy=pages,author&sort=pages,author')
  await api.get('/items/q_books?aggregate[count]=*&groupBy=["pages"]')
  await api.get('/items/q_books?aggregate[countAll]=*&groupBy=pages&sort=pages')

  api.proves('reading: aggregate-with')
  await books({ aggregate: { count: '*', sum: 'pages' }, filter: { author: 1 } })
  await books({ aggregate: { count: '*' }, filter: { comments: { score: { _gt: 0 } } } })
  await books({ aggregate: { sum: 'pages' }, filter: { comments: { score: { _gt: 0 } } } })
  await books({ aggregate: { count: '*' }, search: 'a' })
  await books({ aggregate: { count: '*' }, limit: 1, page: 2 })
  await books({ aggregate: { count: '*' }, sort: 'title' })
  await books({ aggregate: { count: '*' }, groupBy: 'pages', sort: '-pages', limit: 2 })
  await books({ aggregate: { count: '*' }, groupBy: 'pages', sort: '-pages', limit: 1, page: 2 })
  await books({ aggregate: { count: '*' }, groupBy: 'pages', sort: '-pages', limit: 2, offset: 2 })
  await books({ aggregate: { count: '*' }, groupBy: 'pages', filter: { pages: { _gt: 300 } }, sort: 'pages' })

  api.proves('reading: aggregate-empty')
  await books({ aggregate: { count: '*', sum: 'pages', avg: 'price', min: 'title' }, filter: { id: 99 } })
  await books({ aggregate: { count: '*' }, groupBy: 'pages', filter: { id: 99 } })
  await books({ aggregate: { count: '*' }, fields: 'title' })
  await books({ aggregate: { count: '*' }, fields: 'missing' })
  await books({ aggregate: { count: '*' }, limit: 0 })
  await api.get('/items/q_books/99?aggregate[count]=id&aggregate[sum]=pages')
  await api.get('/items/q_books/99?aggregate[count]=id&groupBy=pages')
  await api.get('/items/q_books/1?aggregate[count]=id')

  api.proves('reading: group-forms', 'reading: group-sort')
  await books({ aggregate: { count: '*' }, groupBy: 'year(published)', sort: 'year(published)' })
  await books({ aggregate: { count: '*' }, groupBy: 'year(published)', sort: '-published_year' })
  await books({ aggregate: { count: 'id' }, groupBy: ['year(published)', 'month(published)'], sort: 'year(published)' })
  await books({ aggregate: { count: 'id' }, groupBy: ['month(published)'], sort: '-month(published)' })
  await books({ aggregate: { count: '*' }, groupBy: 'pages', sort: '-count,pages' })
  await books({ aggregate: { count: 'id' }, groupBy: 'pages', sort: '-count.id,pages' })
  await books({ aggregate: { sum: 'pages' }, groupBy: 'author', sort: 'sum.pages,author' })
  await books({ aggregate: { sum: 'pages' }, groupBy: 'author', sort: '-sum.pages,author' })
  await books({ aggregate: { sum: 'pages' }, groupBy: 'author', sort: 'max.pages' })
  await books({ groupBy: 'pages', sort: 'pages' })
  await books({ groupBy: 'pages', fields: 'pages,author', sort: 'pages' })
  await books({ aggregate: { count: '*' }, groupBy: 'tags', sort: 'tags' })
  await books({ aggregate: { count: '*' }, groupBy: 'price', sort: 'price' })
  await books({ aggregate: { count: '*' }, groupBy: 'sold', sort: 'sold' })
  await books({ aggregate: { count: '*' }, groupBy: 'pages' }, { keep: ({ data }) => data?.length ?? null })
  await comments({ aggregate: { avg: 'score' }, groupBy: 'book', sort: 'book' })

  api.proves('reading: aggregate-with', 'reading: meta')
  await books({ aggregate: { count: '*' }, meta: '*' })
  await books({ aggregate: { count: '*' }, groupBy: 'pages', sort: 'pages', meta: '*', filter: { pages: 200 } })

  api.proves('reading: group-forms', 'reading: aggregate-forms')
  await books({ aggregate: { count: '*' }, groupBy: 'missing' })
  await books({ aggregate: { count: '*' }, groupBy: 'author.name' })
  await books({ aggregate: { count: '*' }, groupBy: 'comments' })
  await books({ aggregate: { count: '*' }, groupBy: 'bogus(published)' })
  await books({ aggregate: { count: '*' }, groupBy: 'year(title)' })
  await books({ aggregate: { count: '*' }, groupBy: '' })
  await books({ aggregate: { count: '*' }, groupBy: '*' })
  await books({ aggregate: { count: '*' }, groupBy: 'pages', sort: 'title' })
  await books({ aggregate: { count: 'missing' } })
  await books({ aggregate: { bogus: 'pages' } })
  await books({ aggregate: { count: 'comments' } })
  await books({ aggregate: { count: 'author.name' } })
  await books({ aggregate: { count: '' } })
  await books({ aggregate: {} })
  for (const query of [
    'aggregate=count',
    'aggregate=',
    'aggregate[]=count',
    'aggregate=[]',
    'aggregate={',
    'aggregate[count]=',
    'aggregate[count]=year(published)',
  ])
    await api.get(`/items/q_books?${query}`)
}

export default scenario

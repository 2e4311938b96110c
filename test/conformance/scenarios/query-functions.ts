/** Functions of dates, lists and json in `fields`, `filter`, `sort` and `groupBy`. */
import { typedTable } from '../data.ts'
import { asker, filterer, library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const parts = ['year', 'month', 'week', 'day', 'weekday', 'hour', 'minute', 'second']

const scenario: Scenario = async (api) => {
  await library(api)
  await typedTable(api, 'q_types')
  const books = asker(api, 'q_books')
  const left = filterer(api, 'q_books')
  const types = asker(api, 'q_types')
  const typesLeft = filterer(api, 'q_types')

  api.proves('reading: function-keys')
  for (const part of parts) {
    api.proves('reading: function-keys', `reading: function-${part}`)
    for (const column of ['a_date', 'a_datetime', 'a_timestamp', 'a_time', 'a_string'])
      await types({ sort: 'id', fields: `${part}(${column})` })
  }
  api.proves('reading: function-keys')
  await types({ sort: 'id', fields: 'id,year(a_date),month(a_date),*' }, { keep: ({ data }) => Object.keys(data?.[0] ?? {}).sort() })
  api.proves('reading: function-count')
  await books({ sort: 'id', fields: 'title,count(comments),count(genres),count(blocks)' })
  await books({ fields: 'count(pages)' })

  api.proves('reading: function-keys')
  await api.get('/items/q_authors?sort=id&fields=name,count(books),books.count(comments),books.year(published)')
  await api.get('/items/q_comments?sort=id&fields=id,book.year(published),book.author.count(books)')
  await api.get('/items/q_genres?sort=id&fields=books.book.month(published)')
  await api.get('/items/q_books/1?fields=year(published),count(comments)')

  api.proves('reading: json-count')
  await books({ fields: 'count(data)', filter: { id: 2 } })
  await books({ fields: 'count(data)', filter: { id: { _in: [2, 3] } }, sort: 'id' })
  await books({ fields: 'count(data)', filter: { id: 1 } })

  api.proves('reading: json-fields')
  for (const path of ['kind', 'size', 'size.w', 'parts', 'parts[0]', 'parts[9]', 'missing', 'missing.deeper', '[0]', 'size.w.x'])
    await books({ sort: 'id', fields: `id,json(data,${path})` })
  await books({ sort: 'id', fields: 'json(data, size.h),json(data, kind),title' })
  await api.get('/items/q_books?sort=id&fields=author.country.json(info,capital)')
  await api.get('/items/q_authors?sort=id&fields=name,country.json(info,size.km),country.json(info,[1])')
  for (const list of [
    'json(data)',
    'json(data,)',
    'json(data,a b)',
    'json(data,$.kind)',
    'json(data,a..b)',
    'json(data,a[*])',
    'json(title,kind)',
    'json(missing,kind)',
  ])
    await books({ sort: 'id', fields: list, limit: 1 })

  api.proves('reading: operators-functions')
  await left({ 'year(published)': { _eq: 1948 } })
  await left({ 'year(published)': 1948 })
  await left({ 'year(published)': { _in: [1920, 1925] } })
  await left({ 'year(published)': { _between: [1921, 1948] } })
  await left({ 'year(published)': { _null: true } })
  await left({ 'year(published)': { _contains: '19' } })
  await left({ 'year(published)': { _eq: 'word' } })
  await left({ 'month(published)': { _eq: 5 }, 'day(published)': { _gt: 15 } })
  await left({ 'weekday(published)': { _eq: 6 } })
  await typesLeft({ 'hour(a_time)': { _gt: 12 } })
  await typesLeft({ 'second(a_timestamp)': { _eq: 59 } })
  await left({ 'count(comments)': { _gt: 1 } })
  await left({ 'count(comments)': { _eq: 0 } })
  await left({ 'count(genres)': 2 })
  await left({ 'count(blocks)': { _gte: 2 } })
  await left({ author: { 'count(books)': { _gt: 1 } } })
  await left({ comments: { book: { 'year(published)': 1920 } } })
  await left({ author: { books: { 'year(published)': { _lt: 1930 } } } })
  await api.get('/items/q_books?fields=id&sort=id&filter[year(published)][_eq]=1948')

  api.proves('reading: json-filter-key')
  await left({ 'json(data,kind)': { _eq: 'novel' } })
  await left({ data: { _json: { kind: { _eq: 'novel' } } } })
  await left({ data: { _json: { 'size.w': { _gt: 5 } } } })
  await left({ data: { _json: { 'parts[0]': { _eq: 'a' } } } })
  await left({ author: { country: { info: { _json: { capital: { _eq: 'Oslo' } } } } } })

  api.proves('reading: sort-functions')
  await books({ fields: 'id', sort: 'year(published),id' })
  await books({ fields: 'id', sort: '-year(published),-id' })
  await books({ fields: 'id', sort: '-count(comments),id' })
  await books({ fields: 'id', sort: '-json(data,kind),id' })
  await books({ fields: 'id', sort: 'year(title)' })

  api.proves('reading: wrong-functions')
  for (const fields of [
    'year(title)',
    'bogus(title)',
    'count(title)',
    'count(author)',
    'year(missing)',
    'hour(published)',
    'year(comments)',
    'year()',
    'year(published',
    'YEAR(published)',
    'year(author.name)',
  ])
    await books({ fields, limit: 1 })
  await left({ 'year(title)': 1 })
  await left({ 'bogus(published)': 1 })
  await left({ 'year(missing)': 1 })
  await left({ 'count(author)': 1 })
}

export default scenario

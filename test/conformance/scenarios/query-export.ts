/** `export`: the four formats, their headers and what nested values look like in them. */
import { typedTable } from '../data.ts'
import { autoKey, field } from '../fields.ts'
import { library, toQuery } from '../library.ts'
import type { Scenario } from '../runner.ts'

const formats = ['csv', 'json', 'xml', 'yaml']
const headersKept = ['content-type', 'content-disposition']

const scenario: Scenario = async (api) => {
  await library(api)
  await typedTable(api, 'q_types')
  await api.table('q_signs', [autoKey(), field('name', 'string'), field('od d-1', 'string')])
  await api.seed('q_signs', [
    { name: 'quote " comma , line\nbreak\r\ttab', 'od d-1': '=1+1' },
    { name: '<b>&amp;</b> "x" \'y\'', 'od d-1': '-5' },
    { name: 'Ünïcode 日本 😀', 'od d-1': ' spaces ' },
    { name: '', 'od d-1': '' },
    { name: 'yes', 'od d-1': '- a: b #c' },
  ])
  const each = async (path: string, query: Readonly<Record<string, unknown>>) => {
    for (const format of formats) await api.get(`/items/${path}?${toQuery({ ...query, export: format })}`, { headersKept })
  }

  api.proves('reading: export')
  await each('q_types', { sort: 'id' })

  api.proves('reading: export-values')
  await each('q_books', { sort: 'id', fields: 'id,author.name,author.country.name' })
  await each('q_books', { sort: 'id', fields: '*,comments.text', limit: 2 })
  await each('q_books', { sort: 'id', fields: 'id,blocks.item:q_texts.body,genres.genre.name', limit: 2 })
  await api.get('/items/q_books?sort=id&fields=id,data&export=csv', { headersKept })
  await api.get('/items/q_books?sort=-id&fields=id,author.*&export=csv', { headersKept })
  await api.get('/items/q_books?sort=id&fields=tags,year(published),count(comments),json(data,size)&export=csv', { headersKept })
  await api.get('/items/q_books?sort=id&fields=id,name&alias[name]=title&export=csv', { headersKept })

  api.proves('reading: export-signs')
  await each('q_signs', { sort: 'id' })
  await api.get('/items/q_signs?sort=id&fields=id,name&export=xml', { headersKept })

  api.proves('reading: export-empty')
  await each('q_books', { filter: { id: 99 } })
  await api.get('/items/q_books?limit=0&export=csv', { headersKept })

  api.proves('reading: export-one')
  await each('q_books/2', { fields: 'id,title,tags,data,author.name,comments.text' })
  await each('q_books', { aggregate: { count: '*' } })
  await each('q_books', { aggregate: { count: 'id', sum: 'pages' }, groupBy: 'author', sort: 'author' })

  api.proves('reading: export-with')
  await api.get('/items/q_books?fields=id&sort=-id&limit=2&offset=1&meta=*&export=json', { headersKept })
  await api.get('/items/q_books?fields=id&sort=-id&limit=2&meta=*&export=csv', { headersKept })
  await api.search(
    '/items/q_books',
    { query: { fields: ['id'], sort: ['id'], limit: 2, export: 'csv' } },
    { label: 'SEARCH, csv', headersKept },
  )
  await api.get('/roles?fields=name&filter[name]=Administrator&export=csv', { headersKept })

  api.proves('reading: export')
  for (const format of ['bogus', 'CSV', '', 'csv,json', 'csv_utf8', 'ndjson']) {
    await api.get(`/items/q_books?fields=id&sort=id&limit=1&export=${format}`, { headersKept })
  }
  await api.get('/items/q_books?fields=id&sort=id&limit=1&export[]=csv', { headersKept })
  await api.get('/items/q_books?fields=missing&export=csv', { headersKept })
  await api.get('/items/q_books/99?export=csv', { headersKept })
}

export default scenario

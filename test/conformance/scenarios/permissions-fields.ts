/** Custom rules: a field that no rule allows, in each place where a query may name it. */
import { library, toQuery } from '../library.ts'
import { person } from '../people.ts'
import type { Scenario } from '../runner.ts'

const books = (query: Readonly<Record<string, unknown>> = {}) => `/items/q_books?${toQuery(query)}`

const scenario: Scenario = async (api) => {
  await library(api)
  const ann = await person(api, 'ann', [
    { collection: 'q_books', fields: ['id', 'title', 'author', 'comments', 'data'] },
    { collection: 'q_comments', fields: ['id', 'text', 'book'] },
    { collection: 'q_authors', fields: ['id', 'name'] },
  ])

  api.proves('permissions: forbidden-field')
  await ann.get(books({ sort: 'id', limit: 1 }))
  const forbidden: Readonly<Record<string, unknown>>[] = [
    { fields: 'pages' },
    { fields: 'id,comments.score' },
    { fields: 'author.country' },
    { fields: 'author.country.name' },
    { fields: 'author.mentor.name' },
    { fields: 'author.books.title' },
    { fields: 'nope' },
    { fields: 'author.nope' },
    { fields: 'genres' },
    { fields: 'genres.genre.name' },
    { fields: 'count(genres)' },
    { fields: 'year(published)' },
    { filter: { pages: { _gt: 1 } } },
    { filter: { _or: [{ id: { _eq: 1 } }, { _and: [{ title: { _nnull: true } }, { pages: { _gt: 1 } }] }] } },
    { filter: { 'year(published)': { _gt: 1 } } },
    { filter: { 'count(genres)': { _gt: 1 } } },
    { filter: { comments: { score: { _gt: 1 } } } },
    { filter: { comments: { _some: { score: { _gt: 1 } } } } },
    { filter: { author: { country: { _eq: 'NO' } } } },
    { filter: { author: { country: { name: { _eq: 'Norway' } } } } },
    { filter: { genres: { genre: { name: { _eq: 'novel' } } } } },
    { filter: { nope: { _eq: 1 } } },
    { sort: 'pages' },
    { sort: '-author.country' },
    { sort: 'comments.score' },
    { sort: 'count(genres)' },
    { sort: 'nope' },
    { groupBy: 'pages', aggregate: { count: '*' } },
    { groupBy: 'year(published)', aggregate: { count: '*' } },
    { groupBy: 'title', aggregate: { sum: 'pages' } },
    { aggregate: { sum: 'pages' } },
    { aggregate: { count: 'pages' } },
    { aggregate: { countDistinct: 'nope' } },
    { alias: { long: 'pages' }, fields: 'id,long' },
    { alias: { long: 'pages' }, fields: '*' },
    { alias: { long: 'pages' }, fields: 'id' },
    { alias: { old: 'year(published)' }, fields: 'old' },
    { fields: 'id,comments.id', deep: { comments: { _filter: { score: { _gt: 1 } } } } },
    { fields: 'id,comments.id', deep: { comments: { _sort: 'score' } } },
    { fields: 'id,comments.id', deep: { comments: { _filter: { book: { pages: { _gt: 1 } } } } } },
    { fields: 'id,comments.x', deep: { comments: { _alias: { x: 'score' } } } },
    { fields: 'pages', export: 'csv' },
    { fields: 'id', filter: { pages: { _gt: 1 } }, export: 'json' },
  ]
  for (const query of forbidden) await ann.get(books(query))
  await ann.get('/items/q_books/1?fields=pages')
  await ann.search('/items/q_books', { query: { fields: ['pages'] } })
  await ann.search('/items/q_books', { query: { filter: { pages: { _gt: 1 } } } })
  await ann.search('/items/q_books', { query: { sort: ['pages'] } })

  api.proves('permissions: forbidden-field')
  await ann.get(books({ sort: 'id', alias: { pages: 'title' }, fields: 'id,pages' }))

  api.proves('permissions: forbidden-field')
  const allowed: Readonly<Record<string, unknown>>[] = [
    { fields: 'id,title', sort: '-title' },
    { fields: '*.*', sort: 'id', limit: 2 },
    { fields: 'id,author.*,comments.*', sort: 'id', limit: 2 },
    { fields: 'id,author.name,comments.text', sort: 'author.name,id' },
    { fields: 'id', sort: 'id', filter: { author: { name: { _eq: 'Sigrid' } } } },
    { fields: 'id', sort: 'id', filter: { comments: { text: { _eq: 'good' } } } },
    { fields: 'id', sort: 'id', filter: { comments: { _some: { text: { _eq: 'good' } } } } },
    { fields: 'id,count(comments)', sort: 'id' },
    { fields: 'id', sort: 'id', filter: { 'count(comments)': { _gt: 1 } } },
    { aggregate: { count: '*' }, groupBy: 'author', sort: 'author' },
    { fields: 'id,comments.id', sort: 'id', deep: { comments: { _filter: { text: { _eq: 'good' } }, _sort: '-id' } } },
    { fields: 'id,title', sort: 'id', limit: 2, export: 'csv' },
  ]
  for (const query of allowed) await ann.get(books(query))

  api.proves('permissions: search')
  await api.seed('q_authors', [{ name: 'SE' }])
  await ann.get(`/items/q_authors?search=NO&sort=id`)
  await ann.get(`/items/q_authors?search=SE&sort=id`)
  await ann.get(`/items/q_books?search=200&sort=id`)
}

export default scenario

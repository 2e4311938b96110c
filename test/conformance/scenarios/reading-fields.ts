/** `fields` over own columns and many-to-one relations, two levels deep. */
import { autoKey, field, key } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('c_countries', [key('code', 'string'), field('name', 'string')])
  await api.table('c_authors', [autoKey(), field('name', 'string'), field('country', 'string'), field('mentor', 'integer')])
  await api.table('c_books', [autoKey(), field('title', 'string'), field('author', 'integer'), field('price', 'decimal')])
  await api.relate('c_authors', 'country', 'c_countries')
  await api.relate('c_authors', 'mentor', 'c_authors')
  await api.relate('c_books', 'author', 'c_authors')
  await api.seed('c_countries', [
    { code: 'NO', name: 'Norway' },
    { code: 'IS', name: 'Iceland' },
  ])
  await api.seed('c_authors', [
    { name: 'Sigrid', country: 'NO' },
    { name: 'Halldór', country: 'IS', mentor: 1 },
    { name: 'Nobody', country: null },
  ])
  await api.seed('c_books', [
    { title: 'Kristin', author: 1, price: '12.5' },
    { title: 'Atom Station', author: 2 },
    { title: 'Sagas', author: null },
    { title: 'Letters', author: 3 },
  ])
  const fields = (list: string) => api.get(`/items/c_books?sort=id&fields=${list}`)

  api.proves('reading: fields-default', 'reading: fields-forms')
  await api.get('/items/c_books?sort=id')
  for (const list of ['', '*', 'id', 'title,id', 'id,id', 'id, title', 'author', '*,title']) await fields(list)
  await api.get('/items/c_books?sort=id&fields[]=id&fields[]=title')
  await api.get('/items/c_books?sort=id&fields[0]=id&fields[1]=title')
  await api.get('/items/c_books?sort=id&fields=id&fields=title')
  await api.get('/items/c_books?sort=id&fields[]=id,title')

  api.proves('reading: object-wins')
  const nested = [
    'author.name',
    'author.*',
    '*,author.*',
    '*.*',
    'author,author.name',
    'author.name,author',
    'author.id',
    'title,author.name',
  ]
  for (const list of nested) await fields(list)
  await api.get('/items/c_books/1?fields=title,author.name')
  await api.get('/items/c_books/3?fields=title,author.*')

  api.proves('reading: nested-m2o')
  for (const list of ['author.country.name', '*.*.*', 'author.country.*', 'author.*,author.country.*', 'author.mentor.name'])
    await fields(list)
  await fields('author.mentor.country.name')
  await fields('title,author.name,author.country.code')
  await api.get('/items/c_authors?sort=id&fields=*,mentor.*,country.*')

  api.proves('reading: fields-unknown')
  for (const list of ['missing', 'id,missing', 'author.missing', 'author.country.missing', '*,missing']) await fields(list)
  for (const list of ['title.name', 'id,title.name', 'missing.name', 'id,missing.name', 'author.name.first', 'title.*']) await fields(list)
  for (const list of ['author.', '.author', '.', ',', 'id,', '**', 'Title', '$thumbnail', 'author:c_authors.name']) await fields(list)

  api.proves('reading: fields-forms')
  await fields(encodeURIComponent('["id"]'))
  await fields(encodeURIComponent('{"id":true}'))

  api.proves('access: depth')
  const deep = (levels: number) => api.get(`/items/c_authors?sort=id&fields=${'mentor.'.repeat(levels)}name`)
  await deep(9)
  await deep(10)
  await api.get(`/items/c_authors?sort=id&fields=${Array(12).fill('*').join('.')}`)

  api.proves('reading: sort-m2o')
  await api.get('/items/c_books?fields=id&sort=author.name')
  await api.get('/items/c_books?fields=id&sort=-author.name')
  await api.get('/items/c_books?fields=id&sort=author.country.name,id')
  await api.get('/items/c_books?fields=id&sort=author.missing')
  await api.get('/items/c_books?fields=id&sort=author')
}

export default scenario

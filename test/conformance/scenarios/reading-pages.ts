/** Sort, limit, offset, page and meta. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('c_pages', [autoKey(), field('name', 'string'), field('rank', 'integer'), field('flag', 'boolean')])
  await api.seed(
    'c_pages',
    Array.from({ length: 120 }, (_, i) => ({ name: `n${i % 10}`, rank: i % 7 === 0 ? null : i % 5, flag: i % 2 === 0 })),
  )
  const get = (query: string) => api.get(`/items/c_pages?fields=id&${query}`)

  api.proves('reading: paging')
  const count = (query: string) =>
    api.get(`/items/c_pages?${query}`, { keep: (body) => body.data?.length ?? body.errors[0].extensions.code })
  for (const query of ['fields=id', 'fields=id&limit=-1', 'fields=id&limit=110', 'fields=id&page=2', 'fields=id&offset=115'])
    await count(query)
  for (const query of [
    'limit=3',
    'limit=3&offset=2',
    'limit=3&page=1',
    'limit=3&page=2',
    'limit=3&page=0',
    'limit=3&page=0&offset=2',
    'limit=3&page=2&offset=50',
  ])
    await get(query)
  for (const query of ['limit=0', 'limit=', 'limit=2&offset=0', 'limit=2&page=1000', 'limit=2&offset=1000', 'offset=118', 'limit=2&page='])
    await get(query)
  await get('limit=2&offset=')

  api.proves('reading: paging')
  await count('fields=id&limit=-1&page=2')
  await count('fields=id&limit=-1&offset=100')

  api.proves('reading: limit-values')
  for (const query of [
    'limit=-2',
    'limit=1.5',
    'limit=abc',
    'limit=1e2',
    'limit=+5',
    'limit=%205',
    'limit=0x10',
    'limit=99999999999999999999',
  ])
    await get(query)
  for (const query of ['offset=-1', 'offset=1.5', 'offset=abc', 'page=-1', 'page=1.5', 'page=abc', 'offset=99999999999999999999'])
    await get(query)
  for (const query of [
    'limit=null',
    'limit=true',
    'limit[]=5',
    'limit[a]=5',
    'limit={}',
    'page=99999999999999999999',
    'limit=-1&offset=-1',
  ])
    await get(query)

  api.proves('reading: limit-values', 'system: query-forms')
  await get('limit=1&limit=2')
  await get('offset=1&offset=2')
  await get('page=1&page=2')

  api.proves('reading: unknown')
  await get('limit=2&unknown=1')
  await get('limit=2&Limit=1&LIMIT=1')
  await get('limit=1&unknown=2')
  await get('limit=2&=5')
  await get('limit=2&&&')
  await get('limit=2&cache_buster[a][b]=1')

  api.proves('reading: sort-nulls')
  for (const sort of ['rank,id', '-rank,id', '-id', 'flag,-id', 'name,-rank,id', ' id', 'id,-id', 'rank,-flag,name,id'])
    await get(`limit=25&sort=${sort}`)
  for (const query of ['sort[]=rank&sort[]=-id', 'sort[0]=rank&sort[1]=id', 'sort=rank&sort=id', 'sort=', 'sort[]=rank,-id'])
    await get(`limit=25&${query}`)
  await api.get('/items/c_pages?fields=name&limit=4&sort=-rank,id')

  api.proves('reading: sort-fields')
  for (const sort of ['?', 'missing', '-missing', '--id', '-', 'id,missing', '*', 'name.first', 'id desc', encodeURIComponent('["id"]')])
    await get(`limit=2&sort=${sort}`)

  api.proves('reading: meta')
  for (const meta of [
    'total_count',
    'filter_count',
    '*',
    'total_count,filter_count',
    'bogus',
    'total_count,bogus',
    '',
    'TOTAL_COUNT',
    '%20total_count',
  ]) {
    await get(`limit=1&meta=${meta}`)
  }
  const filter = encodeURIComponent('{"rank":{"_gte":3}}')
  for (const meta of ['total_count', 'filter_count', '*']) await get(`limit=2&meta=${meta}&filter=${filter}`)
  for (const query of ['meta[]=total_count&meta[]=filter_count', 'meta[]=bogus', 'meta=*&page=3', 'meta=*&offset=119', 'meta=*&limit=0'])
    await get(`limit=1&${query}`)

  api.proves('reading: item-parameters')
  await api.get(`/items/c_pages/9?fields=id,rank&meta=*&filter=${filter}`)
  await api.get(`/items/c_pages/10?fields=id,rank&meta=*&filter=${filter}`)
  await api.get('/items/c_pages/8?fields=id&meta=*')
  await api.get('/items/c_pages/8?fields=id&meta=bogus')
  await api.get('/items/c_pages/8?fields=id&limit=5&offset=0&page=1&sort=-id')
  await api.get('/items/c_pages/8?fields=id&search=n7')
  await api.get('/items/c_pages/8?fields=id&search=n3')
  await api.get('/items/c_pages/8?fields=id&unknown=1')
  await api.get(`/items/c_pages/8?fields=id&meta=*&filter=${filter}`)
  await api.get('/items/c_pages/8?fields=id&limit=0')
  await api.get('/items/c_pages/8?fields=id&limit=abc')
  await api.get('/items/c_pages/8?fields=id&sort=missing')
  await api.get('/items/c_pages/8?fields=id&page=2&offset=3')
  await api.get(`/items/c_pages/8?fields=id&filter=${encodeURIComponent('{"missing":1}')}`)
}

export default scenario

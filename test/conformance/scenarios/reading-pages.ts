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

  api.proves('reading: Default limit 100; `page` without `limit` uses 100; `page` wins over `offset`; `page=0` is page 1')
  const count = (query: string) =>
    api.get(`/items/c_pages?${query}`, { keep: (body) => body.data?.length ?? body.errors[0].extensions.code })
  for (const query of ['fields=id', 'fields=id&limit=-1', 'fields=id&limit=110', 'fields=id&page=2', 'fields=id&offset=115'])
    await count(query)
  for (const query of ['limit=3', 'limit=3&offset=2', 'limit=3&page=1', 'limit=3&page=2', 'limit=3&page=0', 'limit=3&page=2&offset=50'])
    await get(query)
  for (const query of ['limit=0', 'limit=', 'limit=2&offset=0', 'limit=2&page=1000', 'limit=2&offset=1000', 'offset=118', 'limit=2&page='])
    await get(query)
  await get('limit=2&offset=')

  api.proves('reading: with `limit=-1` page does not matter')
  await count('fields=id&limit=-1&page=2')
  await count('fields=id&limit=-1&offset=100')

  api.proves('reading: Negative (except `limit=-1`), fractional or word values are 400')
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

  api.proves('system: Repeated `limit`: 400')
  await get('limit=1&limit=2')
  await get('offset=1&offset=2')
  await get('page=1&page=2')

  api.proves('reading: Unknown parameters are ignored')
  await get('limit=2&unknown=1')
  await get('limit=2&Limit=1&LIMIT=1')
  await get('limit=2&=5')
  await get('limit=2&&&')
  await get('limit=2&cache_buster[a][b]=1')

  api.proves('reading: Nulls sort last ascending and first descending')
  for (const sort of ['rank,id', '-rank,id', '-id', 'flag,-id', 'name,-rank,id', ' id', 'id,-id', 'rank,-flag,name,id'])
    await get(`limit=25&sort=${sort}`)
  for (const query of ['sort[]=rank&sort[]=-id', 'sort[0]=rank&sort[1]=id', 'sort=rank&sort=id', 'sort=', 'sort[]=rank,-id'])
    await get(`limit=25&${query}`)
  await api.get('/items/c_pages?fields=name&limit=4&sort=-rank,id')

  api.proves('reading: `sort=?` and unknown fields are 403')
  for (const sort of ['?', 'missing', '-missing', '--id', '-', 'id,missing', '*', 'name.first', 'id desc', encodeURIComponent('["id"]')])
    await get(`limit=2&sort=${sort}`)

  api.proves('reading: meta gives total_count and filter_count, an unknown `meta` is 400')
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

  api.proves('reading: Single-item reads return no `meta`, and ignore `filter`')
  await api.get(`/items/c_pages/8?fields=id&meta=*&filter=${filter}`)
  await api.get('/items/c_pages/8?fields=id&limit=0')
  await api.get('/items/c_pages/8?fields=id&limit=abc')
  await api.get('/items/c_pages/8?fields=id&sort=missing')
  await api.get('/items/c_pages/8?fields=id&page=2&offset=3')
  await api.get(`/items/c_pages/8?fields=id&filter=${encodeURIComponent('{"missing":1}')}`)
}

export default scenario

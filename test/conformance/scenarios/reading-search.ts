/** SEARCH: a read whose query travels in the body. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('c_searched', [autoKey(), field('name', 'string'), field('rank', 'integer')])
  await api.seed('c_searched', [
    { name: 'one', rank: 3 },
    { name: 'two', rank: 1 },
    { name: 'three', rank: null },
  ])
  const search = (body: unknown, path = '/items/c_searched') =>
    api.search(path, body, { label: `SEARCH ${path} ${JSON.stringify(body).slice(0, 200)}` })

  api.proves('reading: search-body')
  await search({ query: {} })
  await search({ query: { filter: { rank: { _gt: 1 } } } })
  await search({ query: { filter: { rank: { _eq: null } } } })
  await search({ query: { filter: {} } })
  await search({ query: { fields: ['id', 'name'], sort: ['-rank'], limit: 2 } })
  await search({ query: { fields: ['id'], limit: 1, offset: 1 } })
  await search({ query: { fields: ['id'], limit: 1, page: 2 } })
  await search({ query: { fields: ['id'], limit: -1, meta: '*' } })
  await search({ query: { fields: ['id'], limit: 1, meta: ['total_count'] } })
  await search({ keys: [1, 3] })
  await search({ keys: [3, 1] })
  await search({ keys: [1, 3], query: { fields: ['name'] } })
  await search({ keys: [1, 2, 3], query: { fields: ['id'], filter: { name: 'two' } } })
  await search({ keys: ['1'] })

  api.proves('reading: search-body-keys')
  await search({ keys: [1, 999] })
  await search({ keys: [999] })
  await search({ keys: [] })
  await search({ keys: ['abc'] })
  await search({ keys: 1 })
  await search({ keys: null })
  await search({ keys: { a: 1 } })

  api.proves('reading: search-body-query')
  await search({ query: { fields: 'id,name', sort: '-id' } })
  await search({ query: { fields: 'id', sort: 'rank', limit: '2' } })
  await search({ query: { fields: 'id', filter: '{"rank":1}' } })

  api.proves('reading: search-body')
  await api.call('SEARCH', '/items/c_searched', { label: 'SEARCH without body' })
  await search({})
  await search({ filter: { rank: 1 } })
  await search({ query: {}, limit: 1 })
  await search({ query: {}, data: {} })
  await search([])
  await search([1])
  await search({ query: [] })
  await search({ query: 'text' })
  await search({ query: null })
  await api.call('SEARCH', '/items/c_searched', {
    label: 'SEARCH with broken JSON',
    text: '{"query":',
    headers: { 'content-type': 'application/json' },
  })
  await api.call('SEARCH', '/items/c_searched', { label: 'SEARCH with text', text: 'x', headers: { 'content-type': 'text/plain' } })

  api.proves('reading: search-body-query')
  await search({ query: { limit: -2 } })
  await search({ query: { limit: 'abc' } })
  await search({ query: { limit: 1.5 } })
  await search({ query: { page: -1 } })
  await search({ query: { offset: -1 } })
  await search({ query: { meta: 'bogus' } })
  await search({ query: { fields: ['missing'] } })
  await search({ query: { fields: 5 } })
  await search({ query: { fields: [5] } })
  await search({ query: { sort: ['missing'] } })
  await search({ query: { sort: 5 } })
  await search({ query: { filter: { missing: 1 } } })
  await search({ query: { filter: { rank: { _bogus: 1 } } } })
  await search({ query: { filter: { rank: { _in: [] } } } })
  await search({ query: { filter: 'word' } })
  await search({ query: { filter: [{ rank: 1 }] } })
  await search({ query: { unknown: 1, fields: ['id'] } })
  await search({ query: { filter: { rank: { _null: 'true' } }, fields: ['id'] } })
  await search({ query: { filter: { name: { _eq: '' } } } })

  api.proves('reading: search-body')
  await search({ query: { fields: ['id'] } }, '/items/c_searched?limit=1')
  await search({ query: { fields: ['id'] } }, '/items/c_searched?limit=abc')
  await search({}, '/items/c_searched?filter[rank]=1')

  api.proves('reading: search-body')
  await search({ query: {} }, '/items/c_missing')
  await search({ query: {} }, '/items/c_searched/1')
  await search({ query: {} }, '/items/directus_users')
}

export default scenario

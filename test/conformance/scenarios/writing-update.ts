/** PATCH by key, by keys, by query, and as a batch. */
import { typedTable, writtenTables } from '../data.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const { items } = await writtenTables(api, 'c_update')
  const path = `/items/${items}`
  await api.seed(
    items,
    ['a', 'b', 'c', 'd', 'e'].map((title, i) => ({ title, code: title.toUpperCase(), rank: i })),
  )
  const patch = (where: string, body: unknown) => api.patch(path + where, body, { label: `PATCH ${where} ${JSON.stringify(body)}` })
  const list = (label: string) => api.get(`${path}?fields=id,title,rank&sort=id`, { label })

  api.proves('writing: patch')
  await patch('/1', { title: 'A' })
  await patch('/1?fields=title,rank', { rank: null })
  await patch('/1?fields=title,parent.name', { parent: 2 })
  await patch('/1?fields=title', {})
  await patch('/1?fields=title', { nothing: 1 })
  await patch('/1?fields=nothing', { title: 'A1' })
  await patch('/1?fields=title', [])
  await patch('/1/', { rank: 1 })

  api.proves('writing: missing-item', 'writing: key-path')
  await patch('/999', { title: 'x' })
  await patch('/999?fields=nothing', { title: 'x' })
  await patch('/999', {})
  await patch('/abc', { title: 'x' })
  await patch('/99999999999', { title: 'x' })
  await patch('/0', { title: 'x' })
  await api.patch('/items/c_missing/1', { title: 'x' })
  await api.patch('/items/c_missing', { keys: [1], data: {} })
  await api.patch('/items/directus_users/1', { title: 'x' })

  api.proves('writing: key-change')
  await patch('/2?fields=id,title', { id: 50, title: 'B' })
  await patch('/2?fields=id,title', { id: 2, title: 'B2' })
  await patch('?fields=id,title', { keys: [2], data: { id: 51, title: 'B3' } })

  api.proves('writing: patch', 'writing: required')
  await patch('/1', { title: null })
  await patch('/1', { flag: null })
  await patch('/1', { code: 'B' })
  await patch('/1', { code: 'A' })
  await patch('/1', { parent: 999 })
  await patch('/1', { short: 'abcdef' })
  await patch('/1', { title: 'x', short: 'abcdef' })
  await patch('/1', { rank: 3000000000 })
  await patch('/1', { rank: 'abc' })
  await list('nothing has changed')

  api.proves('writing: missing-many', 'writing: patch')
  await patch('?fields=id,rank', { keys: [1, 3], data: { rank: 10 } })
  await patch('?fields=id,rank', { keys: [3, 999], data: { rank: 11 } })
  await patch('?fields=id,rank', { keys: [999], data: { rank: 12 } })
  await patch('?fields=id,rank', { keys: [], data: { rank: 13 } })
  await patch('?fields=id,rank', { keys: [5, 4], data: { rank: 14 } })
  await patch('?fields=id,rank&sort=-id', { keys: [4, 5], data: {} })
  await patch('?fields=id,rank', { keys: ['4'], data: { rank: 15 } })
  await patch('', { keys: ['abc'], data: { rank: 16 } })
  await patch('', { keys: [1, 2], data: { code: 'SAME' } })
  await patch('', { keys: [1, 2], data: { title: null } })
  await list('after keys')

  api.proves('writing: by-query')
  await patch('?fields=id,rank', { query: { filter: { rank: { _eq: 10 } } }, data: { rank: 20 } })
  await patch('?fields=id,rank', { query: { filter: { rank: { _eq: 1000 } } }, data: { rank: 21 } })
  await patch('?fields=id,rank', { query: { filter: { id: { _gt: 1 } }, sort: ['-id'], limit: 2 }, data: { rank: 22 } })
  await patch('?fields=id,rank', { query: {}, data: { rank: 23 } })
  await patch('', { query: { filter: { nothing: 1 } }, data: { rank: 24 } })
  await patch('', { query: { filter: { rank: { _bogus: 1 } } }, data: { rank: 24 } })
  await patch('', { query: { limit: -2 }, data: { rank: 24 } })
  await list('after query')

  api.proves('writing: patch')
  await patch('?fields=id,title,rank', [
    { id: 1, title: 'one' },
    { id: 2, rank: 30 },
  ])
  await patch('?fields=id,title', [
    { id: 3, title: 'three' },
    { id: 999, title: 'none' },
  ])
  await patch('?fields=id', [])
  await patch('', [
    { id: 1, title: 'again' },
    { id: 2, title: null },
  ])
  await patch('', [{ id: 1, code: 'C' }])
  await list('a failing batch changes nothing')

  api.proves('writing: batch-form', 'writing: patch')
  await patch('', [{ title: 'no key' }])
  await patch('', [{ id: 1, title: 'x' }, { title: 'no key' }])
  await patch('', {})
  await patch('', { data: { rank: 1 } })
  await patch('', { keys: [1] })
  await patch('', { query: {} })
  await patch('', { keys: [1], data: { rank: 1 }, extra: true })
  await patch('', { keys: [1], query: {}, data: { rank: 1 } })
  await patch('', { keys: 1, data: { rank: 1 } })
  await patch('', { keys: [1], data: [] })
  await patch('', { keys: [1], data: 5 })
  await patch('', { keys: [1], data: null })
  await patch('', { query: 'x', data: { rank: 1 } })
  await patch('', { title: 'x' })
  await patch('', [5])
  await patch('', [null])
  await list('after bad bodies')

  api.proves('writing: patch')
  await typedTable(api, 'c_update_types')
  const types = (label: string, body: object) => api.patch('/items/c_update_types/1', body, { label })
  await types('numbers', { an_integer: -1, a_big: 12, a_decimal: 3, a_float: '2.5' })
  await types('times', {
    a_date: '1999-01-02',
    a_time: '01:02',
    a_datetime: '1999-01-02 03:04:05',
    a_timestamp: '1999-01-02T03:04:05+01:00',
  })
  await types('lists', { a_csv: [], a_json: { b: [] } })
  await types('a flag', { a_boolean: 'false' })
  const cleared = ['a_string', 'a_text', 'an_integer', 'a_big', 'a_decimal', 'a_float', 'a_boolean', 'a_date', 'a_time']
  const all = [...cleared, 'a_datetime', 'a_timestamp', 'a_uuid', 'a_json', 'a_csv']
  await types('all null', Object.fromEntries(all.map((name) => [name, null])))
}

export default scenario

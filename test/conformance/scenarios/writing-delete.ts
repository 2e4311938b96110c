/** DELETE by key, by keys, by query. */
import { autoKey, field, key } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('c_delete_parents', [autoKey(), field('name', 'string')])
  await api.table('c_delete', [autoKey(), field('name', 'string'), field('rank', 'integer'), field('parent', 'integer')])
  await api.table('c_delete_texts', [key('slug', 'string'), field('name', 'string')])
  await api.relate('c_delete', 'parent', 'c_delete_parents')
  await api.seed('c_delete_parents', [{ name: 'one' }, { name: 'two' }])
  await api.seed(
    'c_delete',
    Array.from({ length: 14 }, (_, i) => ({ name: `n${i + 1}`, rank: i % 3, parent: i === 13 ? 2 : null })),
  )
  await api.seed('c_delete_texts', [{ slug: 'a/b' }, { slug: 'c' }])
  const path = '/items/c_delete'
  const remove = (body: unknown, query = '') => api.delete(path + query, { label: `DELETE ${query} ${JSON.stringify(body)}`, body })
  const left = (label: string) => api.get(`${path}?fields=id&sort=id`, { label })

  api.proves('writing: delete')
  await api.delete(`${path}/1`)
  await remove([2, 3])
  await remove({ keys: [4] })
  await remove({ query: { filter: { id: { _eq: 5 } } } })
  await remove({ query: { filter: { rank: { _eq: 0 } }, sort: ['-id'], limit: 1 } })
  await api.delete('/items/c_delete_texts/a%2Fb')
  await api.delete('/items/c_delete_texts', { body: ['c'] })
  await left('after deleting')

  api.proves('writing: missing-item', 'writing: missing-many')
  await api.delete(`${path}/999`)
  await remove([999])
  await remove([6, 999])
  await remove({ keys: [999] })
  await remove({ query: { filter: { id: 999 } } })
  await left('after missing keys')

  api.proves('writing: key-path')
  await api.delete(`${path}/abc`)
  await remove(['abc'])
  await remove({ keys: ['abc'] })
  await api.delete(`${path}/99999999999`)
  await remove([null])
  await remove([{}])
  await remove(['7'])

  api.proves('writing: batch-form', 'writing: empty-list')
  await api.delete(path, { label: 'DELETE without body' })
  await remove({})
  await remove([])
  await remove({ keys: [] })
  await remove({ keys: 8 })
  await remove({ keys: null })
  await remove({ filter: { id: 8 } })
  await remove({ keys: [8], extra: 1 })
  await remove({ keys: [8], query: {} })
  await remove({ query: { filter: { nothing: 1 } } })
  await remove({ query: { filter: { id: { _bogus: 1 } } } })
  await remove({ query: 'x' })
  await left('after bad bodies')
  await api.delete(path, { label: 'DELETE with broken JSON', text: '[1', headers: { 'content-type': 'application/json' } })

  api.proves('writing: still-referenced')
  await api.delete('/items/c_delete_parents/2')
  await api.get('/items/c_delete_parents?fields=id')
  await api.get(`${path}/14?fields=id,parent`)

  api.proves('writing: by-query')
  await remove({ query: { sort: ['id'], limit: 2 } })
  await left('after a limit')
  await remove({ query: {} })
  await left('after an empty query')

  api.proves('writing: by-query', 'writing: delete')
  await api.seed('c_delete', [{ id: 100, rank: 1 }])
  await remove({ query: { limit: 'abc' } })
  await left('after a bad limit')
  await api.seed('c_delete', [{ id: 101, rank: 1 }])
  await remove({ query: { filter: { rank: { _between: [5] } } } })
  await left('after a range with one end')
  await api.seed('c_delete', [{ id: 102, rank: 1 }])
  await remove({ query: { filter: { rank: { _some: 5 } } } })
  await left('after a quantifier on a plain column')

  api.proves('reading: by-key')
  await api.delete('/items/c_missing/1')
  await api.delete('/items/c_missing', { body: [1] })
  await api.delete('/items/directus_users/1')
}

export default scenario

/** Reverts to what was saved in a version: lists of related rows are written as they were saved. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const lists = (name: string, special: 'o2m' | 'm2m') => field(name, 'alias', { meta: { special: [special] } })
  await api.table('c_rr_authors', [autoKey(), field('name', 'string')])
  await api.table('c_rr_tags', [autoKey(), field('name', 'string')])
  await api.table(
    'c_rr',
    [autoKey(), field('title', 'string'), field('author', 'integer'), lists('parts', 'o2m'), lists('labels', 'm2m')],
    { versioning: true },
  )
  await api.table('c_rr_parts', [autoKey(), field('name', 'string'), field('book', 'integer')])
  await api.table('c_rr_labels', [autoKey(), field('book', 'integer'), field('tag', 'integer')])
  await api.relate('c_rr', 'author', 'c_rr_authors')
  await api.relate('c_rr_parts', 'book', 'c_rr', { one_field: 'parts' })
  await api.relate('c_rr_labels', 'book', 'c_rr', { one_field: 'labels', junction_field: 'tag' })
  await api.relate('c_rr_labels', 'tag', 'c_rr_tags', { junction_field: 'book' })
  await api.seed('c_rr_tags', [{ name: 'red' }, { name: 'blue' }])
  await api.seed('c_rr', [{ title: 'one', author: { name: 'Ann' }, parts: [{ name: 'p1' }, { name: 'p2' }], labels: [{ tag: 1 }] }])
  const setup = { setup: true }
  const shown = '/items/c_rr/1?fields=*,author.*,parts.*,labels.*'

  api.proves('writing: revert')
  const saves = {
    steps: {
      title: 'steps',
      author: { id: 1, name: 'Ann v' },
      parts: { create: [{ name: 'p3' }], update: [{ id: 1, name: 'p1 v' }], delete: [2] },
      labels: { create: [{ tag: { id: 2 } }], update: [], delete: [] },
    },
    lists: { parts: [1, { name: 'p4' }], labels: [] },
  }
  for (const [key, body] of Object.entries(saves)) {
    const { id } = (await api.post('/versions', { collection: 'c_rr', item: '1', key }, setup)).data
    await api.post(`/versions/${id}/save`, body, setup)
    const revision = (await api.get(`/revisions?filter[version]=${id}&fields=id`, setup)).data[0].id
    for (const time of ['once', 'twice']) {
      await api.post(`/utils/revert/${revision}`, undefined, { label: `to what was saved: ${key}, ${time}` })
      await api.get(shown, { label: `after ${key}, ${time}` })
    }
  }

  const { id } = (await api.post('/versions', { collection: 'c_rr', item: '1', key: 'promoted' }, setup)).data
  await api.post(`/versions/${id}/save`, { title: 'promoted', parts: { create: [{ name: 'p5' }], update: [], delete: [] } }, setup)
  const { mainHash } = (await api.get(`/versions/${id}/compare`, setup)).data
  await api.post(`/versions/${id}/promote`, { mainHash }, { label: 'promoted' })
  await api.get('/revisions?filter[collection]=c_rr&sort=-id&limit=1&fields=data,delta,version,activity.action', {
    label: 'revision of it',
  })
  const last = (await api.get('/revisions?filter[collection]=c_rr&sort=-id&limit=1&fields=id', setup)).data[0].id
  await api.patch('/items/c_rr/1', { title: 'later', parts: [] }, setup)
  await api.post(`/utils/revert/${last}`, undefined, { label: 'to what was promoted' })
  await api.get(shown, { label: 'after what was promoted' })
}

export default scenario

/** POST /utils/sort under rules. */
import { autoKey, field } from '../fields.ts'
import { person } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('p_sorted', [autoKey(), field('owner', 'string'), field('sort', 'integer')], { sort_field: 'sort' })
  await api.seed(
    'p_sorted',
    ['a', 'b', 'a', 'b', 'a'].map((owner, i) => ({ owner, sort: i + 1 })),
  )
  const collection = 'p_sorted'
  const order = (label: string) => api.get('/items/p_sorted?fields=id,sort&sort=sort', { label })
  const sort = { item: 1, to: 5 }

  api.proves('writing: sort')
  const writer = await person(api, 'sort writer', [{ collection, action: 'update', fields: ['sort'] }])
  await writer.post('/utils/sort/p_sorted', sort)
  await order('by the writer')
  await writer.post('/utils/sort/p_sorted', { item: 1, to: 2 })
  await order('by the writer, back')
  for (const [name, rule] of [
    ['titles only', { action: 'update', fields: ['owner'] }],
    ['reader', { action: 'read' }],
    ['maker', { action: 'create' }],
  ] as const) {
    const other = await person(api, name, [{ collection, ...rule }])
    await other.post('/utils/sort/p_sorted', sort)
    await other.post('/utils/sort/p_sorted', { item: 1, to: 99 })
  }
  await order('untouched')

  api.proves('writing: sort')
  const owner = await person(api, 'sort owner', [{ collection, action: 'update', permissions: { owner: { _eq: 'a' } } }])
  await owner.post('/utils/sort/p_sorted', sort)
  await order('by the owner')
  await owner.post('/utils/sort/p_sorted', { item: 2, to: 4 })
  await order('by the owner, what is not theirs')
  await owner.post('/utils/sort/p_sorted', { item: 1, to: 4 })
  await order('by the owner, to what is not theirs')
  const low = await person(api, 'low', [{ collection, action: 'update', permissions: { sort: { _lt: 3 } } }])
  await low.post('/utils/sort/p_sorted', { item: 4, to: 5 })
}

export default scenario

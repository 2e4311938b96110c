/** What revisions tell of items that list others of their own collection, and of an item that one request changes twice. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const lists = field('children', 'alias', { schema: null as unknown as object, meta: { special: ['o2m'] } })
  await api.table('c_tree', [autoKey(), field('name', 'string'), field('parent', 'integer'), lists])
  await api.relate('c_tree', 'parent', 'c_tree', { one_field: 'children' })
  const setup = { setup: true }

  let last = (await api.get('/revisions?sort=-id&limit=1&fields=id', setup)).data[0]?.id ?? 0
  /** What was told since it was asked the last time. */
  const told = async (label: string) => {
    const filter = JSON.stringify({ id: { _gt: last }, collection: { _eq: 'c_tree' } })
    await api.get(`/revisions?filter=${filter}&sort=item,id&fields=item,data,delta,parent.item,activity.action`, { label })
    last = (await api.get('/revisions?sort=-id&limit=1&fields=id', setup)).data[0].id
  }

  api.proves('writing: revision-data')
  await api.post('/items/c_tree', { name: 'a', children: [{ name: 'b' }, { name: 'c', children: [{ name: 'd' }] }] }, setup)
  await told('a tree')
  await api.patch('/items/c_tree/1', { name: 'a2' }, setup)
  await told('an update of its own')
  const { data: own } = await api.get('/revisions?filter[item]=1&filter[collection]=c_tree&sort=-id&limit=1&fields=id', setup)
  await api.patch('/items/c_tree', { keys: [1], data: { name: 'a3', children: [2] } }, setup)
  await told('an update with a list')
  await api.patch('/items/c_tree', { keys: [1], data: { children: [2] } }, setup)
  await told('a list alone')
  await api.post('/items/c_tree', { name: 'e', children: { create: [{ name: 'f' }], update: [{ id: 2 }], delete: [] } }, setup)
  await told('a create with steps')
  await api.post('/items/c_tree', { name: 'g', children: [] }, setup)
  await told('a create with an empty list')

  api.proves('writing: revert')
  await api.post(`/utils/revert/${own[0].id}`, undefined, { label: 'reverted' })
  await api.get('/items/c_tree?fields=id,name,parent,children&sort=id', { label: 'after it' })

  api.proves('writing: revision-data')
  const twice = [
    { id: 1, name: 'p' },
    { id: 1, name: 'q' },
    { id: 3, name: 'r' },
  ]
  await told('of the revert')
  await api.patch('/items/c_tree', twice, { label: 'a list that changes one item twice' })
  await told('of both changes')
  await api.patch('/items/c_tree', [twice[0]!, twice[0]!], { label: 'to the same, twice' })
  await told('of both')
}

export default scenario

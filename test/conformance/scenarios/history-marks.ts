/** Who saved nested items of a version, and when, as its item would keep it. */
import { autoKey, field } from '../fields.ts'
import type { Json, Scenario } from '../runner.ts'

const special = (name: string, type: string, word: string) => field(name, type, { meta: { special: [word] } })
const kept = [
  special('changed', 'timestamp', 'date-updated'),
  special('changer', 'uuid', 'user-updated'),
  special('made', 'timestamp', 'date-created'),
  special('maker', 'uuid', 'user-created'),
]

const scenario: Scenario = async (api) => {
  await api.table('c_vm_authors', [autoKey(), field('name', 'string'), ...kept])
  await api.table('c_vm_tags', [autoKey(), field('name', 'string'), ...kept])
  await api.table(
    'c_vm',
    [
      autoKey(),
      field('title', 'string'),
      field('author', 'integer'),
      ...kept,
      special('parts', 'alias', 'o2m'),
      special('labels', 'alias', 'm2m'),
    ],
    { versioning: true },
  )
  await api.table('c_vm_parts', [autoKey(), field('name', 'string'), field('book', 'integer'), ...kept])
  await api.table('c_vm_labels', [autoKey(), field('book', 'integer'), field('tag', 'integer'), ...kept])
  await api.relate('c_vm', 'author', 'c_vm_authors')
  await api.relate('c_vm_parts', 'book', 'c_vm', { one_field: 'parts' })
  await api.relate('c_vm_labels', 'book', 'c_vm', { one_field: 'labels', junction_field: 'tag' })
  await api.relate('c_vm_labels', 'tag', 'c_vm_tags', { junction_field: 'book' })
  await api.seed('c_vm_tags', [{ name: 'red' }, { name: 'blue' }])
  await api.seed('c_vm', [{ title: 'one', author: { name: 'Ann' }, parts: [{ name: 'p1' }, { name: 'p2' }], labels: [{ tag: 1 }] }])

  const setup = { setup: true }
  const user = await api.user({ email: 'saver@example.com', token: 'saver-token' })
  const { id: policy } = (await api.post('/policies', { name: 'savers', admin_access: true }, setup)).data
  await api.post('/access', { policy, user }, setup)
  const theirs = { ...setup, token: 'saver-token' }
  const author = { id: 1, name: 'Ann v' }
  const saves: Record<string, readonly (readonly [object, object])[]> = {
    nested: [
      [
        {
          title: 'one v',
          author,
          parts: { create: [{ name: 'p3' }], update: [{ id: 1, name: 'p1 v' }], delete: [2] },
          labels: { create: [{ tag: { name: 'new' } }], update: [{ id: 1, tag: { id: 1, name: 'red v' } }], delete: [] },
        },
        theirs,
      ],
    ],
    both: [
      [{ author }, theirs],
      [{ title: 'x' }, setup],
    ],
    named: [[{ title: 'n', author: { id: 1 } }, theirs]],
    given: [[{ author: { ...author, changer: null, maker: null, made: '2020-01-01T00:00:00Z' } }, theirs]],
    draft: [[{ title: 'd', author: { name: 'new' }, parts: [{ name: 'dp' }] }, theirs]],
  }
  const ids = new Map<string, string>()
  for (const [key, steps] of Object.entries(saves)) {
    const { id } = (await api.post('/versions', { collection: 'c_vm', item: key === 'draft' ? null : '1', key }, setup)).data
    for (const [body, options] of steps) await api.post(`/versions/${id}/save`, body, options)
    ids.set(key, id)
  }

  api.proves('reading: version')
  const deep = 'fields=*,author.*,parts.*,labels.*,labels.tag.*'
  for (const key of ['nested', 'both', 'named', 'given']) await api.get(`/items/c_vm/1?version=${key}&${deep}`)
  for (const key of ['nested', 'draft']) await api.get(`/items/c_vm?version=${key}&${deep}`)
  await api.get('/items/c_vm/1?version=nested&versionRaw=true')
  await api.get('/items/c_vm/1?version=nested&fields=title&filter={"id":2}')
  await api.get('/items/c_vm/1?version=nested&fields=title&filter={"title":"two"}')

  api.proves('writing: version-save')
  for (const key of ['nested', 'given', 'draft'])
    await api.get(`/versions/${ids.get(key)}`, { label: `what is kept of ${key}`, keep: (body: Json) => body.data.delta })
  for (const key of ['nested', 'given'])
    await api.get(`/versions/${ids.get(key)}/compare`, { label: `comparison of ${key}`, keep: (body: Json) => body.data.current })
  await api.delete(`/policies/${policy}`, setup)
}

export default scenario

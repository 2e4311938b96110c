/** Custom rules: who may share what. */
import { autoKey, field } from '../fields.ts'
import { person, policy, type Rule } from '../people.ts'
import type { Scenario } from '../runner.ts'
import { made, roleWith } from '../shares.ts'

const shares = (action: Rule['action'], more: Partial<Rule> = {}): Rule => ({ collection: 'directus_shares', action, ...more })
const mayShare = (permissions = {}): Rule => ({ collection: 's_notes', action: 'share', permissions })
const mayRead = (permissions = {}): Rule => ({ collection: 's_notes', permissions })

const scenario: Scenario = async (api) => {
  await api.table('s_notes', [autoKey(), field('title', 'string'), field('secret', 'string')])
  await api.table('s_others', [autoKey()])
  await api.seed('s_notes', [{ title: 'one' }, { title: 'two' }, { title: 'three' }])
  await api.seed('s_others', [{}])
  const guest = await roleWith(api, 'Guest', [await policy(api, 'guest', [{ collection: 's_notes', fields: ['id', 'title'] }])])
  const chief = await roleWith(api, 'Chief', [await policy(api, 'chief', [], { admin_access: true })])
  const note = (item: string, more: object = {}) => ({ collection: 's_notes', item, ...more })

  api.proves('access: share-create', 'permissions: shares')
  const people: [name: string, rules: readonly Rule[]][] = [
    ['creates', [shares('create'), shares('read')]],
    ['creates and reads', [shares('create'), shares('read'), mayRead()]],
    ['shares', [mayShare(), mayRead()]],
    ['creates and shares', [shares('create'), shares('read'), mayShare(), mayRead()]],
    ['shares one', [shares('create'), shares('read'), mayShare({ id: { _eq: 1 } }), mayRead()]],
    ['reads no shares', [shares('create'), mayShare(), mayRead()]],
    ['names alone', [shares('create', { fields: ['collection', 'item', 'name'] }), shares('read'), mayShare(), mayRead()]],
    ['presets', [shares('create', { presets: { name: 'preset' } }), shares('read', { fields: ['name'] }), mayShare(), mayRead()]],
  ]
  for (const [name, rules] of people) {
    const who = await person(api, name, rules)
    for (const item of ['1', '2', '99']) await who.post('/shares', note(item))
    await who.post('/shares', note('1', { role: guest }), { label: 'with a role' })
    await who.post('/shares', { collection: 's_others', item: '1' })
    await who.post('/shares', { collection: 's_nothing', item: '1' })
  }
  const all = [shares('create'), shares('read'), shares('update'), shares('delete'), mayShare({ id: { _eq: 1 } }), mayRead()]
  const ann = await person(api, 'ann', all)
  await ann.post('/shares', { item: '1' })
  await ann.post('/shares', { collection: 's_notes' })
  await ann.post('/shares', [note('1'), note('2')])
  await ann.get('/shares?aggregate[count]=id&filter[user_created][_eq]=$CURRENT_USER', { label: 'nothing of a batch with one of others' })
  await ann.post('/shares', note('1', { role: chief }), { label: 'with the role of administrators' })
  await ann.post('/shares', note('1', { user_created: null, times_used: 3 }), { label: 'what the server keeps' })
  const mine = (await ann.post('/shares', note('1', { role: guest }), { setup: true })).data.id
  const change = (label: string, body: object) => ann.patch(`/shares/${mine}`, body, { label: `change, ${label}`, keep: kept })
  const kept = (body: { data?: Record<string, unknown>; errors?: { extensions: { code: string } }[] }) =>
    body.data ? { name: body.data.name, collection: body.data.collection, item: body.data.item } : body.errors![0]!.extensions.code
  await change('its name', { name: 'x' })
  await change('its item, to one of others', { item: '2' })
  await change('its item, to a missing one', { item: '99' })
  await change('its collection', { collection: 's_others' })
  await change('its role, to that of administrators', { role: chief })
  await change('its role, to none', { role: null })

  api.proves('permissions: shares')
  const others = await made(api, note('2'))
  const inviters: [name: string, rules: readonly Rule[]][] = [
    ['no rules', []],
    ['reads shares', [shares('read')]],
    ['reads own shares', [shares('read', { permissions: { user_created: { _eq: '$CURRENT_USER' } } })]],
    ['creates shares', [shares('create'), mayShare(), mayRead()]],
  ]
  for (const [name, rules] of inviters) {
    const who = await person(api, `invites ${name}`, rules)
    await who.post('/shares/invite', { share: others, emails: ['guest@example.com'] }, { label: 'invites' })
  }
}

export default scenario

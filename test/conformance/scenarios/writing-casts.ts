/** Specials at every level of a payload: what is cast, and what the server fills in; singletons that hold items. */
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'

const special = (name: string, type: string, ...specials: string[]) => field(name, type, { meta: { special: specials } })

const scenario: Scenario = async (api) => {
  await api.table('c_casts', [
    autoKey(),
    special('flag', 'boolean', 'cast-boolean'),
    special('moment', 'timestamp', 'cast-timestamp'),
    special('when', 'dateTime', 'cast-datetime'),
    special('data', 'json', 'cast-json'),
    special('tags', 'csv', 'cast-csv'),
    special('list', 'text', 'cast-csv'),
  ])
  const cast = (name: string, value: unknown) =>
    api.post(`/items/c_casts?fields=${name}`, { [name]: value }, { label: `${name} ${JSON.stringify(value)}` })
  api.proves('writing: casts')
  for (const value of [true, false, 'true', 1, 0, null]) await cast('flag', value)
  for (const value of ['2001-02-03T04:05:06Z', '2001-02-03T04:05:06+02:00', null]) await cast('moment', value)
  for (const value of ['2001-02-03T04:05:06', null]) await cast('when', value)
  for (const value of [{ a: [1] }, [], '{"b":2}', null]) await cast('data', value)
  for (const value of [['a', 'b'], 'a,b', [], null]) await cast('tags', value)
  for (const value of [['a', 'b'], 'a,b', null]) await cast('list', value)

  await api.table('c_json_texts', [
    autoKey(),
    special('data', 'text', 'cast-json'),
    special('short', 'string', 'cast-json'),
    field('parent', 'integer'),
    field('parts', 'alias', { meta: { special: ['o2m'] } }),
  ])
  await api.relate('c_json_texts', 'parent', 'c_json_texts', { one_field: 'parts' })
  for (const value of [{ a: [1, { b: null }] }, [], '{"b":2}', 'no JSON', '', '"quoted"', 5, true, null, '[1,'])
    await api.post('/items/c_json_texts', { data: value, short: value }, { label: `JSON in text columns: ${JSON.stringify(value)}` })
  await api.patch('/items/c_json_texts/1?fields=data', { data: { changed: 1 }, parts: [2, 3] }, { label: 'JSON in text columns: changed' })
  await api.patch('/items/c_json_texts/4', { data: ['again'] }, { label: 'JSON in text columns: text changed' })
  const texts = '/items/c_json_texts'
  await api.get(`${texts}?fields=data,parts.data,parts.short&sort=id&limit=3`, { label: 'JSON in text columns: nested' })
  await api.get(`${texts}?fields=id&filter[data][_null]=true`, { label: 'JSON in text columns: those that are null' })
  await api.get(`${texts}?fields=id&filter[data][_contains]=a`, { label: 'JSON in text columns: a part' })
  await api.get(`${texts}?aggregate[count]=*&groupBy=data&filter[id][_lt]=4&sort=-data`, {
    label: 'JSON in text columns: by group',
    keep: (body) => body.data.length,
  })
  await api.get('/revisions?filter[collection]=c_json_texts&fields=delta&filter[item]=4&sort=id', {
    label: 'JSON in text columns: revisions',
  })

  api.proves('writing: created-special', 'writing: updated-special')
  const kept = [
    special('made_on', 'timestamp', 'date-created'),
    special('made_by', 'uuid', 'user-created'),
    special('made_as', 'uuid', 'role-created'),
    special('changed_on', 'timestamp', 'date-updated'),
    special('changed_by', 'uuid', 'user-updated'),
    special('changed_as', 'uuid', 'role-updated'),
    special('code', 'uuid', 'uuid'),
    special('pin', 'hash', 'hash'),
    special('secret', 'string', 'conceal'),
  ]
  await api.table('c_kept_parents', [autoKey(), field('name', 'string'), field('kids', 'alias', { meta: { special: ['o2m'] } }), ...kept])
  await api.table('c_kept_kids', [autoKey(), field('name', 'string'), field('parent', 'integer'), ...kept])
  await api.relate('c_kept_kids', 'parent', 'c_kept_parents', { one_field: 'kids' })
  const names = ['name', 'made_on', 'made_by', 'changed_on', 'changed_by', 'code', 'secret']
  const fields = [...names, ...names.map((name) => `kids.${name}`)].join(',')
  const at = '/items/c_kept_parents'
  const mask = ['data.made_by', 'data.changed_by', 'data.kids.*.made_by', 'data.kids.*.changed_by', 'data.code', 'data.kids.*.code']
  await api.post(
    `${at}?fields=${fields}`,
    { name: 'p', secret: 'x', kids: [{ name: 'k', secret: 'y' }, { name: 'l' }] },
    { label: 'nested create', mask },
  )
  await api.patch(`${at}/1?fields=${fields}`, { kids: [{ id: 1, name: 'K', secret: '**********' }, 2] }, { label: 'nested update', mask })
  await api.patch(`${at}/1?fields=changed_on`, { kids: [] }, { label: 'a list alone changes the item' })
  await api.get('/items/c_kept_kids?fields=name,parent,changed_on,secret&sort=id', { label: 'kids let go' })
  await api.patch(
    '/items/c_kept_kids/2?fields=parent.name,parent.made_on',
    { parent: { name: 'q' } },
    { label: 'nested in the place of a key' },
  )

  api.proves('writing: singleton-write')
  await api.table(
    'c_single',
    [autoKey(), field('name', 'string'), field('owner', 'integer'), field('kids', 'alias', { meta: { special: ['o2m'] } })],
    {
      singleton: true,
    },
  )
  await api.table('c_single_kids', [autoKey(), field('name', 'string'), field('single', 'integer')])
  await api.relate('c_single', 'owner', 'c_kept_parents')
  await api.relate('c_single_kids', 'single', 'c_single', { one_field: 'kids' })
  const single = '/items/c_single?fields=id,name,owner.name,kids.id,kids.name'
  await api.patch(single, { name: 'x', owner: { name: 'o' }, kids: [{ name: 'k' }] }, { label: 'first' })
  await api.patch(single, { kids: [{ name: 'l' }], owner: { id: 1 } }, { label: 'second' })
  await api.patch(single, {}, { label: 'nothing' })
  await api.patch(single, { kids: [{ id: 2, name: 'L' }] }, { label: 'third' })
  await api.get(single)
  await api.get('/items/c_single_kids?fields=id,single&sort=id')

  api.proves('writing: key-sequence')
  await api.post('/items/c_single_kids?fields=id', { id: 77 }, { label: 'an explicit key of a serial is taken' })
}

export default scenario

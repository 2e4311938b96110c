/** Custom rules: a singleton before and after it is first saved; a hidden key that leads to users. */
import { autoKey, field } from '../fields.ts'
import { person, type Rule } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('p_one', [autoKey(), field('title', 'string'), field('note', 'string')], { singleton: true })
  const read: Rule = { collection: 'p_one' }
  const make: Rule = { collection: 'p_one', action: 'create', fields: ['title'], presets: { note: 'preset' } }
  const change: Rule = { collection: 'p_one', action: 'update', fields: ['title'] }
  const reader = await person(api, 'one reader', [read])
  const changer = await person(api, 'one changer', [read, change])
  const maker = await person(api, 'one maker', [read, make])
  const both = await person(api, 'one of both', [read, make, change])
  const one = '/items/p_one?fields=title,note'

  api.proves('access: write-without-read', 'access: missing-or-forbidden')
  await reader.get(one)
  for (const who of [reader, changer]) await who.patch(one, { title: 'x' }, { label: 'not saved yet' })
  await both.post(one, { title: 'x' })
  await maker.patch(one, { note: 'mine' }, { label: 'a field that is not theirs' })
  await maker.patch(one, { title: 'made' }, { label: 'not saved yet' })
  await api.get(one, { label: 'what was made' })
  for (const who of [reader, maker, changer, both]) await who.patch(one, { title: 'changed' }, { label: 'saved' })
  await changer.patch(one, { note: 'x' }, { label: 'saved: a field that is not theirs' })
  await api.get(one, { label: 'what it has become' })

  api.proves('permissions: hidden-foreign-key')
  await api.table('p_owned', [autoKey(), field('title', 'string'), field('owner', 'uuid')])
  await api.relate('p_owned', 'owner', 'directus_users')
  const hidden: Rule = { collection: 'p_owned', fields: ['id', 'title'] }
  const alone = await person(api, 'owner unseen', [hidden])
  const some = await person(api, 'owner seen', [hidden, { collection: 'directus_users', fields: ['id', 'email'] }])
  const open = await person(api, 'owner open', [
    { collection: 'p_owned', fields: ['id', 'title', 'owner'] },
    { collection: 'directus_users', fields: ['id', 'email'] },
  ])
  await api.seed('p_owned', [{ title: 'one', owner: some.id }, { title: 'two' }])
  for (const who of [alone, some, open])
    for (const fields of ['id,owner.email', 'id,owner', 'id,owner.*', 'id,owner.title', '*', '*.*'])
      await who.get(`/items/p_owned?sort=id&fields=${fields}`)
  for (const who of [alone, some, open]) {
    await who.get('/items/p_owned?fields=id&filter[owner][email][_nnull]=true')
    await who.get('/items/p_owned?fields=id&sort=owner.email')
    await who.get('/items/p_owned?fields=id,owner.id&deep[owner][_filter][email][_nnull]=true')
  }
}

export default scenario

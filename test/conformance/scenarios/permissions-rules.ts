/** Custom rules: what their conditions may say, and what they are compared with. */
import { autoKey, field } from '../fields.ts'
import { library, toQuery } from '../library.ts'
import { give, type Person, person, policy, type Rule } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  /** The keys that a rule leaves. */
  let n = 0
  const keysOf = async (permissions: object, collection = 'q_books', others: readonly Rule[] = []) => {
    const who = await person(api, `rule ${++n}`, [{ collection, permissions, fields: ['id'] }, ...others])
    await who.get(`/items/${collection}?fields=id&sort=id`, { label: JSON.stringify(permissions) })
    return who
  }

  api.proves('permissions: full-rights-rules')
  await keysOf({ pages: { _gt: 300 } })
  await keysOf({ author: { name: { _eq: 'Sigrid' } } })
  await keysOf({ author: { name: { _neq: 'Sigrid' } } })
  await keysOf({ author: { country: { name: { _eq: 'Norway' } } } })
  await keysOf({ comments: { text: { _eq: 'good' } } })
  await keysOf({ comments: { _some: { text: { _eq: 'good' } } } })
  await keysOf({ comments: { _none: { text: { _eq: 'good' } } } })
  await keysOf({ genres: { genre: { name: { _eq: 'novel' } } } })
  await keysOf({ blocks: { 'item:q_images': { width: { _gt: 60 } } } })
  await keysOf({ 'year(published)': { _eq: 1948 } })
  await keysOf({ 'count(comments)': { _gt: 1 } })
  await keysOf({ _or: [{ pages: { _gt: 800 } }, { author: { name: { _eq: 'Nobody' } } }] })
  await keysOf({ _and: [{ pages: { _eq: 200 } }, { author: { mentor: { name: { _eq: 'Sigrid' } } } }] })
  await keysOf({ '$FOLLOW(q_images,artist)': { width: { _gt: 60 } } }, 'q_authors')
  await keysOf({ '$FOLLOW(q_images,artist)': { _some: { width: { _gt: 60 } } } }, 'q_authors')
  await keysOf({ author: { name: { _eq: 'Sigrid' } } }, 'q_books', [{ collection: 'q_authors', permissions: { id: { _eq: 2 } } }])

  api.proves('permissions: rule-quantifiers')
  await keysOf({ comments: { _some: { text: { _eq: 'good' }, score: { _gt: 3 } } } })
  await keysOf({ comments: { _none: { text: { _eq: 'good' }, score: { _gt: 3 } } } })
  await keysOf({ author: { books: { _some: { pages: { _gt: 800 } } } } })
  await keysOf({ _or: [{ comments: { _some: { score: { _eq: 5 } } } }, { title: { _eq: 'Sagas' } }] })
  await keysOf({ _and: [] })
  await keysOf({ _or: [] })
  await keysOf({ _and: [{}] })
  await keysOf({})

  await api.table('q_teams', [autoKey(), field('name', 'string')])
  await api.seed('q_teams', [{ name: 'red' }, { name: 'blue' }])
  await api.table('q_things', [
    autoKey(),
    field('label', 'string'),
    field('who', 'uuid'),
    field('team', 'integer'),
    field('mail', 'string'),
    field('role', 'uuid'),
    field('due', 'timestamp'),
  ])
  await api.relate('q_things', 'who', 'directus_users')

  api.proves('permissions: variables', 'permissions: user-variables')
  const parent = (await api.post('/roles', { name: 'grown' }, { setup: true })).data.id
  const child = (await api.post('/roles', { name: 'young', parent }, { setup: true })).data.id
  const ann = await person(api, 'ann')
  await api.patch(`/users/${ann.id}`, { role: child, title: 'red', location: null }, { setup: true })
  const bob = await person(api, 'bob')
  const own = await policy(api, 'own policy', [])
  await give(api, { user: ann.id }, own)
  const week = 7 * 86_400_000
  await api.seed('q_things', [
    { label: 'red', who: ann.id, mail: 'ann@example.com', role: child, due: new Date(Date.now() + week / 2).toISOString() },
    { label: 'young', who: null, mail: null, role: parent, due: new Date(Date.now() + 2 * week).toISOString() },
    { label: null, who: bob.id, mail: 'bob@example.com', role: own, due: null },
    { label: 'blue', who: null, mail: 'x', role: null, due: new Date(Date.now() - week).toISOString() },
  ])
  let rule: string | undefined
  const asked = async (permissions: object, people: readonly Person[] = [ann, bob]) => {
    if (rule) await api.delete(`/permissions/${rule}`, { setup: true })
    const body = { policy: own, collection: 'q_things', action: 'read', permissions, fields: ['id'] }
    rule = (await api.post('/permissions', body, { setup: true })).data.id
    for (const who of people) await who.get('/items/q_things?fields=id&sort=id', { label: JSON.stringify(permissions) })
  }
  await give(api, { user: bob.id }, own)
  await asked({ who: { _eq: '$CURRENT_USER' } })
  await asked({ who: { id: { _eq: '$CURRENT_USER' } } })
  await asked({ who: { _neq: '$CURRENT_USER' } })
  await asked({ who: { _in: ['$CURRENT_USER', null] } })
  await asked({ mail: { _eq: '$CURRENT_USER.email' } })
  await asked({ label: { _eq: '$CURRENT_USER.title' } })
  await asked({ label: { _eq: '$CURRENT_USER.role.name' } })
  await asked({ label: { _eq: '$CURRENT_ROLE.name' } })
  await asked({ role: { _eq: '$CURRENT_ROLE' } })
  await asked({ role: { _in: '$CURRENT_ROLES' } })
  await asked({ role: { _in: ['$CURRENT_ROLES'] } })
  await asked({ role: { _nin: '$CURRENT_ROLES' } })
  await asked({ role: { _in: '$CURRENT_POLICIES' } })
  await asked({ due: { _lt: '$NOW(1 week)' } })
  await asked({ due: { _lt: '$NOW(+1 week)' } })
  await asked({ due: { _lt: '$NOW' } })
  await asked({ due: { _gt: '$NOW(-2 weeks)' } })

  api.proves('permissions: empty-variables', 'permissions: user-variables', 'permissions: rule-unknown-field')
  await asked({ mail: { _eq: '$CURRENT_USER.location' } })
  await asked({ mail: { _neq: '$CURRENT_USER.location' } })
  await asked({ mail: { _in: ['$CURRENT_USER.location', 'x'] } })
  await asked({ label: { _eq: '$CURRENT_USER.role.parent.description' } })
  await asked({ mail: { _eq: '$CURRENT_USER.nope' } })
  await asked({ mail: { _eq: '$CURRENT_USER.role.nope' } })
  await asked({ nope: { _eq: 1 } })
  await asked({ mail: { nope: { _eq: 1 } } })
  await asked({ who: { nope: { _eq: 1 } } })
  await asked({ mail: { _bad: 1 } })
  await asked({ mail: { _gt: 'a' } })

  api.proves('permissions: at-once', 'access: ip-access')
  await asked({ label: { _eq: '$CURRENT_USER.title' } }, [])
  const look = (why: string) => ann.get('/items/q_things?fields=id&sort=id', { label: why })
  await look('title red')
  await api.patch(`/users/${ann.id}`, { title: 'blue' }, { setup: true })
  await look('title blue')
  await api.patch(`/permissions/${rule}`, { permissions: { role: { _in: '$CURRENT_ROLES' } } }, { setup: true })
  await look('a rule of roles')
  await api.patch(`/roles/${child}`, { parent: null }, { setup: true })
  await look('without parent')
  await api.patch(`/users/${ann.id}`, { role: parent }, { setup: true })
  await look('another role')
  await api.patch(`/policies/${own}`, { ip_access: ['10.1.2.3'] }, { setup: true })
  await look('from elsewhere')
  await api.patch(`/policies/${own}`, { ip_access: null }, { setup: true })
  await look('from anywhere')
  await api.patch(`/permissions/${rule}`, { fields: ['label'] }, { setup: true })
  await look('other fields')
  await api.delete(`/permissions/${rule}`, { setup: true })
  await look('without rule')

  api.proves('permissions: public', 'access: public-rules')
  const open = await policy(api, 'open', [{ collection: 'q_things', permissions: { label: { _eq: 'blue' } }, fields: ['id', 'label'] }])
  const toAll = await give(api, {}, open)
  await give(
    api,
    { user: bob.id },
    await policy(api, 'mails', [{ collection: 'q_things', permissions: { id: { _lt: 4 } }, fields: ['id', 'mail'] }]),
  )
  const everything = `/items/q_things?${toQuery({ sort: 'id' })}`
  await bob.get(everything, { label: 'public and own' })
  await ann.get(everything, { label: 'public only' })
  await api.get(everything, { label: 'nobody', token: null })
  await api.get('/items/q_things?fields=mail', { label: 'nobody asks for a field of others', token: null })
  await api.patch(`/policies/${open}`, { admin_access: true }, { setup: true })
  await api.get(everything, { label: 'a public policy makes nobody administrator', token: null })
  await api.delete(`/access/${toAll}`, { setup: true })
  await api.get(everything, { label: 'nobody any more', token: null })

  api.proves('access: public-rules')
  const ownOnes = await policy(api, 'own ones', [
    { collection: 'q_things', permissions: { who: { _eq: '$CURRENT_USER' } }, fields: ['id'] },
  ])
  const given = await give(api, {}, ownOnes)
  await api.get('/items/q_things?sort=id', { label: 'rows of nobody', token: null })
  await bob.get('/items/q_things?sort=id&fields=id', { label: 'and own rows' })
  await api.delete(`/access/${given}`, { setup: true })
}

export default scenario

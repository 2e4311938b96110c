/** System collections take the parameters of a list at their own paths. */
import { asText, toQuery } from '../library.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  for (const name of ['one', 'two', 'three'])
    await api.post('/roles', { name: `c_${name}`, icon: name, description: name === 'two' ? null : name }, { setup: true })
  const ours = { name: { _starts_with: 'c_' } }
  const roles = (query: Readonly<Record<string, unknown>>) =>
    api.get(`/roles?${toQuery({ filter: ours, ...query })}`, {
      label: `roles ${Object.entries(query)
        .map(([key, value]) => `${key}=${asText(value)}`)
        .join(' ')}`,
    })

  api.proves('reading: system-collections')
  await roles({ fields: 'name', sort: 'name' })
  await roles({ fields: 'name,icon', sort: '-name', limit: 2, meta: '*' })
  await roles({ fields: 'name', sort: 'name', filter: { _and: [ours, { description: { _null: true } }] } })
  await roles({ fields: 'name', sort: 'name', search: 'three' })
  await roles({ fields: 'name,users,children,policies', sort: 'name' })
  await roles({ fields: 'label', alias: { label: 'name' }, sort: 'name' })
  await roles({ aggregate: { count: 'description' } })
  await roles({ aggregate: { count: '*' }, groupBy: 'icon', sort: 'icon' })
  await roles({ fields: 'name', sort: 'name', page: 2, limit: 1 })
  await roles({ fields: 'missing' })
  await roles({ filter: { missing: 1 } })
  await roles({ filter: { name: { _bogus: 1 } } })
  await roles({ sort: 'missing' })
  await roles({ limit: -2 })
  await api.search('/roles', { query: { filter: ours, fields: ['name'], sort: ['name'] } }, { label: 'SEARCH roles' })
  await api.search('/roles', { query: { filter: { missing: 1 } } }, { label: 'SEARCH roles by a missing field' })
  await api.get('/users?fields=email&filter[email]=admin@example.com')
  await api.get('/users?fields=email,role.name&filter[role][name]=Administrator&filter[email]=admin@example.com')
  await api.get('/roles?fields=name&filter[$FOLLOW(directus_users,role)][email]=admin@example.com')
  await api.get('/policies?fields=name,admin_access&filter[admin_access]=true')
  await api.get('/settings?fields=default_language')
  await api.get('/settings?fields=missing')
  await api.get('/roles/aaaaaaaa-0000-4000-8000-0000000000ff')
  await api.get('/roles/word')
  const { data } = await api.get('/roles?fields=id&filter[name]=c_one', { setup: true })
  await api.get(`/roles/${data[0].id}?fields=name,icon`, { label: 'a role by key' })
  await api.get(`/roles/${data[0].id}?fields=missing`, { label: 'a role by key, a missing field' })
  await api.call('DELETE', '/roles', { setup: true, body: { query: { filter: ours } } })
}

export default scenario

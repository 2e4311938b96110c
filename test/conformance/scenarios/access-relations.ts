/** The rules of app access: relations to what they do not let read, and what a request is that nobody answers. */
import { graphqlAsker } from '../graphql.ts'
import { toQuery } from '../library.ts'
import { as } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const make = async (path: string, body: object): Promise<string> => (await api.call('POST', path, { setup: true, body })).data.id
  const user = await api.user({ email: 'desk@example.com', token: 'token-of-a-desk' })
  const policy = await make('/policies', { name: 'Desk', app_access: true })
  const role = await make('/roles', { name: 'Desk' })
  const tie = await make('/access', { policy, role })
  await api.patch(`/users/${user}`, { role }, { setup: true })
  const desk = as(api, 'desk', 'token-of-a-desk')
  const roles = (query: Readonly<Record<string, unknown>>) => desk.get(`/roles?${toQuery(query)}`)

  // Whoever works in an app reads their role, and not what ties it to policies.
  api.proves('access: unreadable-relation')
  await roles({ fields: 'name,policies' })
  await roles({ fields: 'name,policies.sort' })
  await roles({ fields: 'name,policies.policy.name' })
  await roles({ fields: 'name,mine.sort', alias: { mine: 'policies' } })
  await roles({ fields: '*' })
  await roles({ fields: '*.*' })
  await roles({ fields: 'name,parent.name,users.email' })
  await roles({ fields: 'name', filter: { policies: { sort: { _null: true } } } })
  await roles({ fields: 'name', filter: { policies: { _some: { sort: { _null: true } } } } })
  await roles({ fields: 'name', filter: { _or: [{ name: { _nnull: true } }, { policies: { policy: { name: { _eq: 'x' } } } }] } })
  await roles({ fields: 'name', sort: 'policies.sort' })
  await roles({ fields: 'name,policies.sort', deep: { policies: { _filter: { sort: { _null: true } } } } })
  await roles({ fields: 'name,policies.sort', deep: { policies: { _sort: 'sort' } } })
  await roles({ fields: 'name', deep: { policies: { _filter: { sort: { _null: true } } } } })
  await roles({ fields: 'name,users.email', deep: { users: { _filter: { role: { policies: { sort: { _null: true } } } } } } })
  await roles({ fields: 'name,users.email', deep: { users: { _filter: { email: { _nnull: true } } } } })
  await desk.get(`/settings?${toQuery({ fields: 'id,project_logo' })}`, { keep: ({ data }) => Object.keys(data ?? {}) })
  await desk.get(`/settings?${toQuery({ fields: 'id,project_logo.title' })}`, { keep: ({ data }) => Object.keys(data ?? {}) })
  await desk.get(`/users?${toQuery({ fields: 'email,token' })}`)
  await desk.get(`/users?${toQuery({ fields: 'email', sort: 'token' })}`)
  await desk.get(`/users?${toQuery({ fields: 'email', filter: { theme_light_overrides: { _null: true } } })}`)

  api.proves('access: body-form')
  const send = (label: string, text: string, headers: Record<string, string>) =>
    api.call('POST', '/nothing', { label: `unknown route, ${label}`, text, headers })
  const json = { 'content-type': 'application/json' }
  await send('an object', '{"a":1}', json)
  await send('a number', '5', json)
  await send('a text', '"x"', json)
  await send('nothing', '', json)
  await send('an unknown charset', '{"a":1}', { 'content-type': 'application/json; charset=x-unknown' })
  await send('an unknown encoding', '{"a":1}', { ...json, 'content-encoding': 'x-unknown' })
  await send('text', 'a=1', { 'content-type': 'text/plain' })

  api.proves('access: depth')
  const ask = graphqlAsker(api, '/graphql/system')
  for (const levels of [8, 9, 10, 11])
    await ask(`{ roles(filter: { name: { _eq: "Desk" } }) { ${'parent { '.repeat(levels)}name ${'} '.repeat(levels)}} }`, {
      label: `GraphQL, ${levels} relations`,
    })

  await api.delete(`/access/${tie}`, { setup: true })
  await api.delete(`/users/${user}`, { setup: true })
  for (const path of [`/policies/${policy}`, `/roles/${role}`]) await api.delete(path, { setup: true })
}

export default scenario

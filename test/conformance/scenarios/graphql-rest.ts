/** REST where the SDK expects something of its own: numbers as text, empty answers, defaults, addresses. */
import { graphqlAsker } from '../graphql.ts'
import { library, toQuery } from '../library.ts'
import { as } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  const books = (query: Readonly<Record<string, unknown>>) => api.get(`/items/q_books?${toQuery(query)}`)
  const nobody = as(api, 'nobody', null)

  api.proves('graphql: rest-numbers')
  await books({ 'aggregate[count]': '*', 'aggregate[avg]': 'pages', 'aggregate[max]': 'pages,price' })
  await books({ fields: 'year(published),count(comments)', sort: 'id' })
  await books({ fields: 'data,count(data)', 'filter[id]': 2 })

  api.proves('graphql: rest-empty')
  await api.post('/utils/cache/clear', {}, { headersKept: ['content-type'] })
  await api.delete('/items/q_books/999')
  await api.delete('/items/q_countries/SE', { headersKept: ['content-type'] })

  api.proves('graphql: rest-defaults')
  const { data: role } = await api.post('/roles', { name: 'gr' }, { label: 'a role', keep: ({ data }) => data.icon })
  const { data: policy } = await api.post('/policies', { name: 'gr' }, { label: 'a policy', keep: ({ data }) => data.icon })
  await api.delete(`/roles/${role.id}`, { setup: true })
  await api.delete(`/policies/${policy.id}`, { setup: true })

  api.proves('graphql: rest-version')
  await api.get('/items/q_books/1?version=nope')
  await nobody.get('/server/health')
  await api.get('/server/health', { keep: ({ status }) => status })

  api.proves('graphql: emails')
  const system = graphqlAsker(api, '/graphql/system')
  await api.post('/users', { email: 'gr@example.com' }, { label: 'an address', keep: ({ data }) => data?.email })
  await api.post('/users', { email: 'no address' }, { label: 'no address' })
  await system('mutation { create_users_item(data: { email: "no address" }) { id } }')
  await system('mutation { create_users_item(data: { email: "gr2@example.org" }) { email } }')
  for (const email of ['gr@example.com', 'gr2@example.org'])
    await api.call('DELETE', '/users', { setup: true, body: { query: { filter: { email: { _eq: email } } } } })
}

export default scenario

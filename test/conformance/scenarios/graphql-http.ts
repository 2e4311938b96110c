/** GraphQL over HTTP: methods, bodies, tokens, documents that do not fit, errors while they run. */
import { autoKey, field } from '../fields.ts'
import { graphqlAsker } from '../graphql.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await api.table('gh_notes', [autoKey(), field('text', 'string'), field('rank', 'integer')])
  await api.seed('gh_notes', [{ text: 'one', rank: 2 }, { text: 'two' }])
  const ask = graphqlAsker(api)
  const get = (query: Record<string, string>, token?: string | null) =>
    api.get(`/graphql?${new URLSearchParams(query)}`, { headersKept: ['cache-control'], ...(token !== undefined && { token }) })
  const list = '{ gh_notes(sort: ["id"]) { id text } }'
  const mutation = 'mutation { delete_gh_notes_item(id: 99) { id } }'

  api.proves('graphql: methods')
  await ask(list, { headersKept: ['cache-control'] })
  await get({ query: list })
  await get({ query: 'query ($n: Int) { gh_notes(limit: $n) { text } }', variables: '{"n":1}' })
  await get({ query: 'query A { gh_notes { id } } query B { gh_notes { text } }', operationName: 'B' })
  await get({ query: mutation })
  await api.call('PATCH', '/graphql', { body: { query: list } })
  await api.call('PUT', '/graphql', { body: { query: list }, label: 'PUT' })
  await api.call('SEARCH', '/graphql', { body: { query: list }, label: 'SEARCH' })
  await api.post('/graphql', { query: `query A ${list}`, operationName: '' }, { label: 'an empty name of an operation' })

  api.proves('graphql: bodies')
  await get({ query: list, variables: '{' })
  await get({})
  await api.post('/graphql', {}, { label: 'no query' })
  await api.post('/graphql', { query: '' }, { label: 'an empty query' })
  await api.call('POST', '/graphql', { text: '{', headers: { 'content-type': 'application/json' }, label: 'broken JSON' })
  await api.call('POST', '/graphql', { text: list, headers: { 'content-type': 'application/graphql' }, label: 'application/graphql' })
  await api.call('POST', '/graphql', { text: list, headers: { 'content-type': 'text/plain' }, label: 'text/plain' })

  api.proves('graphql: token')
  await ask(list, { token: null, label: 'nobody' })
  await ask(list, { token: 'wrong', label: 'a wrong token' })
  await api.post(`/graphql?access_token=${api.target.admin.token}`, { query: list }, { token: null, label: 'a token in the query' })
  await api.post('/graphql?access_token=wrong', { query: list }, { token: null, label: 'a wrong token in the query' })

  api.proves('graphql: validation')
  for (const query of [
    '{',
    '{ gh_notes { nope } }',
    '{ nope { id } }',
    '{ gh_notes }',
    '{ gh_notes { id { id } } }',
    '{ gh_notes(nope: 1) { id } }',
    '{ gh_notes(limit: "x") { id } }',
    '{ gh_notes(filter: { text: { _nope: 1 } }) { id } }',
    '{ gh_notes(filter: { nope: { _eq: 1 } }) { id } }',
    '{ gh_notes { ...F } }',
    'query ($x: Nope) { gh_notes { id } }',
    'subscription { gh_notes_mutated { key } }',
  ])
    await ask(query)
  await ask('query ($n: Int) { gh_notes(limit: $n) { id } }', { variables: { n: 'x' } })
  await ask('query ($n: Int!) { gh_notes(limit: $n) { id } }')
  await ask('{ gh_notes { id } } fragment F on gh_notes { id }')
  await ask('query ($a: Boolean = true) { gh_notes @skip(if: $a) { id } }', { variables: { a: null } })
  await ask('query ($a: ID = 1) { gh_notes_by_id(id: $a) { id } }', { variables: { a: null } })
  await ask('mutation { create_gh_notes_items { id } }')
  await ask('mutation { update_gh_notes_batch { id } }')

  api.proves('graphql: execution')
  await ask('{ gh_notes(limit: -2) { id } }')
  await ask('{ gh_notes(sort: ["nope"]) { id } }')
  await ask('{ gh_notes_by_id(id: 99) { id } }')
  await ask('{ gh_notes_by_id(id: "x") { id } }')
  await ask('{ a: gh_notes { id } b: gh_notes(limit: -2) { id } }')
  await ask('{ a: gh_notes { id } b: gh_notes_by_id(id: 99) { id } }')
  await ask('{ gh_notes_aggregated(groupBy: ["nope"]) { group } }')
  await ask('{ gh_notes_by_id { id } }')

  api.proves('graphql: arguments')
  await ask('{ gh_notes(limit: 0) { id } }')
  await ask('{ gh_notes(limit: -1) { id } }')
  await ask('{ gh_notes(sort: ["-id"], limit: 1, offset: 1) { id } }')
  await ask('{ gh_notes(sort: "id", limit: 1, page: 2) { id } }')
  await ask('{ gh_notes(search: "two") { id } }')
  await ask('{ gh_notes(offset: -1) { id } }')
  await ask('{ gh_notes(page: 0) { id } }')
  await ask('{ gh_notes_by_id(id: 1) { text } }')
  await ask('{ gh_notes_by_id(id: "1") { id: text text: id } }')
  await ask('{ gh_notes_by_id(id: 1.5) { text } }')
  await ask('{ gh_notes_by_id(id: null) { text } }')
}

export default scenario

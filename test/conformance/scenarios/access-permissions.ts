/** The rules of policies, as a list: with those that come with app access, which stand in no table. */
import { toQuery } from '../library.ts'
import { give, person, policy, type Rule } from '../people.ts'
import type { Json, Scenario } from '../runner.ts'

/** Stored ones in their order, then built-in ones, each once; those of later parts of the API are left out. */
const told = (body: Json) => {
  if (!Array.isArray(body.data)) return body.errors?.map((error: Json) => error.extensions.code)
  const named = ({ collection, action }: Json) => `${collection} ${action}`
  const rules: Json[] = body.data
  const stored = rules.filter(({ system }) => !system).map((rule) => (rule.collection && rule.action ? named(rule) : rule))
  const builtIn = rules.filter(({ system }) => system).map(({ system: _, ...rule }) => `${named(rule)} ${JSON.stringify(sorted(rule))}`)
  const last = rules.findLastIndex(({ system }) => !system)
  const inOrder = rules.every(({ system }, i) => Boolean(system) === i > last)
  return { ...body, data: { stored, builtIn: [...new Set(builtIn)].sort(), inOrder } }
}
const sorted = (rule: Json) => Object.fromEntries(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1)))

const scenario: Scenario = async (api) => {
  const reads: Rule[] = ['users', 'roles', 'policies'].map((name) => ({ collection: `directus_${name}` }))
  const id = await policy(api, 'listed', reads)
  const rule = (await api.get(`/permissions?filter[policy][_eq]=${id}&sort=id&limit=1`, { setup: true })).data[0].id
  const may: Rule[] = [{ collection: 'directus_permissions' }]
  const plain = await person(api, 'plain', may)
  const app = await person(api, 'app', may)
  await give(api, { user: app.id }, await policy(api, 'app', [], { app_access: true }))
  const appAlone = await person(api, 'app alone')
  await give(api, { user: appAlone.id }, await policy(api, 'app alone', [], { app_access: true }))

  api.proves('access: built-in')
  const mine = (filter: object) => ({ _or: [{ _and: [{ policy: { _eq: id } }, filter] }, { _and: [{ policy: { _null: true } }, filter] }] })
  const queries: object[] = [
    { filter: mine({}) },
    { filter: mine({}), limit: -1 },
    { filter: mine({}), fields: 'collection,action' },
    { filter: mine({}), fields: 'id' },
    { filter: mine({}), sort: '-id' },
    { filter: mine({}), meta: 'filter_count' },
    { filter: { policy: { _null: true } } },
    { filter: { policy: { _eq: id } } },
    { filter: { policy: { _in: [id] } } },
    { filter: mine({ collection: { _eq: 'directus_users' } }) },
    { filter: mine({ collection: { _in: ['directus_users', 'directus_roles'] } }) },
    { filter: mine({ collection: { _contains: 'users' } }) },
    { filter: mine({ action: { _neq: 'read' } }) },
    { filter: mine({ collection: { _eq: 'directus_users' }, action: { _eq: 'update' } }) },
    { filter: { policy: { name: { _eq: 'listed' } } } },
    { filter: { system: { _eq: true } } },
    { fields: 'system' },
    { filter: mine({}), limit: 1 },
    { filter: mine({}), limit: 2, page: 2 },
    { filter: mine({}), search: 'users' },
    { filter: mine({}), aggregate: { count: '*' } },
    { filter: { id: { _eq: 0 } } },
  ]
  const name = (query: object) => JSON.stringify(query).replaceAll(id, '<policy>')
  for (const query of queries) {
    await api.get(`/permissions?${toQuery({ ...query })}`, { label: `admin: ${name(query)}`, keep: told })
  }
  await api.search('/permissions', { query: { filter: mine({}) } }, { label: 'admin: SEARCH', keep: told })
  for (const who of [plain, app, appAlone]) {
    for (const query of queries.slice(0, 10)) await who.get(`/permissions?${toQuery({ ...query })}`, { label: name(query), keep: told })
    await who.get(`/permissions/${rule}?fields=collection`, { label: 'one of them' })
  }
  await plain.get('/permissions/0', { label: 'a missing one' })
  await api.get(`/permissions/${rule}?fields=collection,action,fields`, { label: 'admin: one of them' })
  await api.get('/permissions/0', { label: 'admin: a missing one', keep: (body: Json) => (body.data ? 'some other rule' : told(body)) })
  await api.delete(`/policies/${id}`, { setup: true })
}

export default scenario

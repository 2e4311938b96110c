/** /graphql/system: what REST does at its own paths, by the same routes. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { admin, startKernel, type TestHost } from '../../host.ts'
import { startUpstream } from '../../upstream.ts'

let host: TestHost

before(async () => {
  host = await startKernel({
    env: {
      LOGIN_STALL_TIME: '1',
      REGISTER_STALL_TIME: '1',
      STORAGE_LOCATIONS: 'local',
      STORAGE_LOCAL_DRIVER: 'memory',
      IMPORT_IP_DENY_LIST: '169.254.0.0/16',
    },
  })
  await host.api('POST', '/users', { body: { email: 'reader@example.com', password: 'Password123!', token: 'reader-token' } })
})
after(() => host.close())

const ask = (query: string, token?: string | null, path = '/graphql/system') =>
  host.api('POST', path, { body: { query }, ...(token !== undefined && { token }) })

const credentials = `email: "${admin.email}", password: "${admin.password}"`
const steps: [why: string, query: string, data: object][] = [
  [
    'ping',
    '{ server_ping server_info { project { project_name } } }',
    { server_ping: 'pong', server_info: { project: { project_name: 'Plinth' } } },
  ],
  [
    'oneself, and relations from there',
    '{ users_me { email role { name } } roles_me { name } policies_me_globals { admin_access } }',
    {
      users_me: { email: admin.email, role: { name: 'Administrator' } },
      roles_me: [{ name: 'Administrator' }],
      policies_me_globals: { admin_access: true },
    },
  ],
  ['changing oneself', 'mutation { update_users_me(data: { title: "Boss" }) { title } }', { update_users_me: { title: 'Boss' } }],
  [
    'a collection with its fields',
    'mutation { create_collections_item(data: { collection: "pages", fields: [{ field: "title", type: "string", schema: { is_nullable: true } }], meta: { sort_field: "rank" }, schema: {} }) { collection schema { name } meta { sort_field } } }',
    { create_collections_item: { collection: 'pages', schema: { name: 'pages' }, meta: { sort_field: 'rank' } } },
  ],
  [
    'a field, changed',
    'mutation { create_fields_item(collection: "pages", data: { field: "rank", type: "integer" }) { field type } update_fields_item(collection: "pages", field: "rank", data: { meta: { hidden: true } }) { meta { hidden } } }',
    { create_fields_item: { field: 'rank', type: 'integer' }, update_fields_item: { meta: { hidden: true } } },
  ],
  [
    'an index at once, or without holding others up',
    'mutation { create_fields_item(collection: "pages", concurrentIndexCreation: true, data: { field: "tag", type: "string", schema: { is_indexed: true } }) { __typename field schema { is_indexed } meta { __typename } } delete_fields_item(collection: "pages", field: "tag") { field } }',
    {
      create_fields_item: { __typename: 'write_directus_fields', field: 'tag', schema: { is_indexed: true }, meta: null },
      delete_fields_item: { field: 'tag' },
    },
  ],
  [
    'the model',
    '{ shares { collection } collections_by_name(name: "pages") { __typename meta { singleton } } fields_in_collection(collection: "pages") { field } fields_by_name(collection: "pages", field: "title") { type schema { max_length } } relations_in_collection(collection: "pages") { field } }',
    {
      shares: [],
      collections_by_name: { __typename: 'directus_collections', meta: { singleton: false } },
      fields_in_collection: [{ field: 'id' }, { field: 'title' }, { field: 'rank' }],
      fields_by_name: { type: 'string', schema: { max_length: 255 } },
      relations_in_collection: [],
    },
  ],
  [
    'what is deleted',
    'mutation { delete_fields_item(collection: "pages", field: "title") { collection field } }',
    { delete_fields_item: { collection: 'pages', field: 'title' } },
  ],
  [
    'users as a list',
    '{ users(filter: { email: { _eq: "reader@example.com" } }) { email password } users_aggregated { countAll } }',
    { users: [{ email: 'reader@example.com', password: '**********' }], users_aggregated: [{ countAll: 2 }] },
  ],
  [
    'settings',
    'mutation { update_settings(data: { project_name: "House" }) { project_name } }',
    { update_settings: { project_name: 'House' } },
  ],
  ['signing in', `mutation { auth_login(${credentials}) { expires } }`, { auth_login: { expires: '900000' } }],
]
test('what administrators do', async (t) => {
  for (const [why, query, data] of steps) await t.test(why, async () => assert.deepEqual((await ask(query)).body, { data }))
})

test('a session comes as a cookie', async () => {
  const { body, headers } = await ask(`mutation { auth_login(${credentials}, mode: session) { expires access_token } }`, null)
  assert.deepEqual(body.data, { auth_login: { expires: '86400000', access_token: null } })
  assert.match(headers.getSetCookie().join(), /^directus_session_token=ey/)
})

const refusals: [why: string, query: string, token: string | null | undefined, code: string][] = [
  ['a wrong password', 'mutation { auth_login(email: "admin@example.com", password: "wrong") { expires } }', null, 'INVALID_CREDENTIALS'],
  [
    'two guesses in one document',
    'mutation { a: auth_login(email: "a@example.com", password: "a") { expires } ...M } fragment M on Mutation { b: auth_login(email: "a@example.com", password: "b") { expires } }',
    null,
    'GRAPHQL_VALIDATION',
  ],
  ['signing out without a token', 'mutation { auth_logout }', null, 'INVALID_PAYLOAD'],
  ['caches of others', 'mutation { utils_cache_clear }', 'reader-token', 'FORBIDDEN'],
  ['a long random text', 'mutation { utils_random_string(length: 501) }', null, 'INVALID_PAYLOAD'],
  ['a revision that is not there', 'mutation { utils_revert(revision: 99999) }', undefined, 'FORBIDDEN'],
  ['an order that there is none of', 'mutation { utils_sort(collection: "nope/../x", item: 1, to: 2) }', undefined, 'FORBIDDEN'],
  ['a path in place of a name', '{ fields_by_name(collection: "..", field: "users") { field } }', undefined, 'FORBIDDEN'],
  ['no name', '{ collections_by_name(name: "") { collection } }', undefined, 'FORBIDDEN'],
  ['no items', 'mutation { create_folders_items { id } }', undefined, 'INVALID_PAYLOAD'],
  ['no items to change', 'mutation { update_folders_batch { id } }', undefined, 'INVALID_PAYLOAD'],
  [
    'a collection without a name',
    'mutation { create_collections_item(data: { meta: { icon: "x" } }) { collection } }',
    undefined,
    'INVALID_PAYLOAD',
  ],
  ['changing the model', 'mutation { delete_collections_item(collection: "pages") { collection } }', 'reader-token', 'GRAPHQL_VALIDATION'],
  ['health for nobody', '{ server_health }', null, 'FORBIDDEN'],
  ['users for nobody', '{ users { id } }', null, 'GRAPHQL_VALIDATION'],
]
for (const [why, query, token, code] of refusals) {
  test(`refused: ${why}`, async () => assert.equal((await ask(query, token)).code, code))
}

test('a file is imported by its address, with what is said of it, and shown as it was asked for', async (t) => {
  const upstream = await startUpstream({ '/a.txt': (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('text') })
  t.after(() => upstream.close())
  const load = (data: string, fields: string) => ask(`mutation { import_file(url: "${upstream.address}/a.txt"${data}) { ${fields} } }`)
  const { body } = await load(
    ', data: { storage: "local", filename_download: "mine.txt", title: "Mine", folder: { name: "Letters" } }',
    'name: title filesize folder { name }',
  )
  assert.deepEqual(body, { data: { import_file: { name: 'Mine', filesize: '4', folder: { name: 'Letters' } } } })
  assert.deepEqual((await load('', 'title')).data, { import_file: { title: 'A.txt' } })
  const refused = await ask('mutation { import_file(url: "http://169.254.169.254/latest") { id } }')
  assert.deepEqual([refused.data, refused.code], [{ import_file: null }, 'SERVICE_UNAVAILABLE'])
  assert.equal((await ask(`mutation { import_file(url: "${upstream.address}/a.txt") { id } }`, 'reader-token')).code, 'GRAPHQL_VALIDATION')
})

test('rules that are built in come along with whole lists, and have no key', async (t) => {
  const rules = async (to: TestHost, args = '') =>
    (
      await to.api('POST', '/graphql/system', {
        body: { query: `{ permissions${args} { id of: collection __typename fields policy { id } permissions_func { count } } }` },
      })
    ).data.permissions
  const stored = (await rules(host, '(limit: 100)')).length
  const all = await rules(host)
  const builtIn = all.slice(stored)
  const told = (await host.api('GET', '/permissions')).data
  assert.deepEqual(
    all.map((one: any) => [one.of, one.fields]),
    told.map((one: any) => [one.collection, one.fields]),
  )
  assert.deepEqual(builtIn[0], {
    id: null,
    of: 'directus_collections',
    __typename: 'directus_permissions',
    fields: ['*'],
    policy: null,
    permissions_func: null,
  })
  const filtered = await rules(host, '(filter: { collection: { _eq: "directus_fields" } })')
  assert.deepEqual(new Set(filtered.map((one: any) => one.of)), new Set(['directus_fields']))
  const bounded = await startKernel({ env: { QUERY_LIMIT_MAX: '100' } })
  t.after(() => bounded.close())
  assert.ok((await rules(bounded)).length >= builtIn.length)
  assert.equal((await bounded.api('GET', '/permissions')).data.length, (await rules(bounded)).length)
})

test('documents and extensions', async () => {
  const { data } = await ask(
    '{ server_specs_graphql(scope: system) server_specs_oas extensions { id name bundle meta { enabled } schema { name type local } } }',
  )
  assert.match(data.server_specs_graphql, /type directus_users/)
  assert.match(data.server_specs_oas.openapi, /^3\./)
  assert.deepEqual(
    data.extensions.find(({ id }: { id: string }) => id === 'graphql'),
    {
      id: 'graphql',
      name: 'graphql',
      bundle: null,
      meta: { enabled: true },
      schema: { name: 'graphql', type: 'endpoint', local: true },
    },
  )
})

test('a plugin that is off takes its fields along', async (t) => {
  const small = await startKernel({ change: ['-utilities'] })
  t.after(() => small.close())
  const { body } = await small.api('POST', '/graphql/system', { body: { query: '{ __type(name: "Mutation") { fields { name } } }' } })
  const names = body.data.__type.fields.map(({ name }: { name: string }) => name)
  assert.deepEqual([names.includes('utils_random_string'), names.includes('utils_sort')], [false, true])
})

/** /graphql/system: oneself, signing in, the model, utilities; and REST as the SDK asks it. */
import { graphqlAsker, typeAsker } from '../graphql.ts'
import { as, give, policy } from '../people.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  const path = '/graphql/system'
  const ask = graphqlAsker(api, path)
  const type = typeAsker(ask)
  const nobody = graphqlAsker(as(api, 'nobody', null), path)
  const id = await api.user({ email: 'gs-app@example.com', password: 'Password123!', token: 'token-of-gs-app' })
  await give(api, { user: id }, await policy(api, 'gs app', [], { app_access: true }))
  const app = graphqlAsker(as(api, 'app', 'token-of-gs-app'), path)

  api.proves('graphql: system-roots')
  const roots = '{ __schema { queryType { fields { name } } mutationType { fields { name } } } }'
  const namesOf = ({ fields }: any) => fields.map(({ name }: { name: string }) => name).sort()
  const elsewhere = /deployment|oauth_|extensions_item/
  for (const [who, asker] of Object.entries({ administrator: ask, app, nobody })) {
    const told = (isTold: (name: string) => boolean) => ({
      keep: ({ data: { __schema } }: any) => ({
        query: namesOf(__schema.queryType).filter(isTold),
        mutation: namesOf(__schema.mutationType).filter(isTold),
      }),
    })
    await asker(roots, { label: `roots, ${who}`, ...told((name) => !elsewhere.test(name)) })
    await asker(roots, { label: `roots of what is elsewhere, ${who}`, ...told((name) => elsewhere.test(name)) })
  }
  await ask('{ server_specs_graphql }', { keep: ({ data }) => /type Query/.test(data.server_specs_graphql) })
  await ask('{ server_specs_graphql(scope: system) }', { keep: ({ data }) => /directus_users/.test(data.server_specs_graphql) })
  await ask('{ server_specs_oas }', { keep: ({ data }) => typeof data.server_specs_oas.openapi })
  await ask('mutation { import_file(url: "http://127.0.0.1:1/x.png") { id } }')
  await app('{ extensions { schema { type } } }')
  await nobody('{ extensions { schema { type } } }')
  await nobody('mutation { import_file(url: "http://127.0.0.1:1/x.png") { id } }')

  api.proves('graphql: system-public')
  const mutations = '{ __schema { mutationType { fields { name } } } }'
  const own = (body: any) =>
    body.data.__schema.mutationType.fields
      .map(({ name }: { name: string }) => name)
      .filter((name: string) => /^(auth|users_(me|invite|register)|utils|update_users_me)/.test(name))
      .sort()
  await nobody(mutations, { keep: own })
  await app(mutations, { keep: own })
  await nobody('mutation { utils_random_string }', { keep: ({ data }) => data.utils_random_string.length })
  await nobody('mutation { utils_random_string(length: 500) }', { keep: ({ data }) => data.utils_random_string.length })
  await nobody('mutation { utils_random_string(length: 501) }')
  await nobody('mutation { utils_cache_clear }')
  await ask('mutation { utils_cache_clear }')
  await nobody('mutation { utils_revert(revision: 1) }')
  await ask('mutation { utils_revert(revision: 999999) }')
  await ask('mutation { utils_sort(collection: "gs_nope", item: 1, to: 2) }')
  await nobody('mutation { users_invite_accept(token: "x", password: "y") }')
  await nobody('mutation { users_register_verify(token: "x") }')
  await nobody('mutation { users_register(email: "gs@example.com", password: "Password123!") }')
  await nobody('mutation { users_me_tfa_enable(otp: "1", secret: "2") }')
  await nobody('mutation { users_invite(email: "gs@example.com", role: "x") }')
  await nobody('mutation { auth_password_reset(token: "x", password: "y") }')

  api.proves('graphql: system-users')
  await ask('{ users_me { email password token role { name } } }')
  await ask('mutation { update_users_me(data: { title: "Boss" }) { title } }')
  await ask('{ policies_me_globals { admin_access app_access enforce_tfa } roles_me { name } }')
  await app('{ users_me { id } }')
  await app('{ roles_me { id } }')
  await app('{ policies_me_globals { app_access } }')
  await app('{ permissions_me }')
  await app('mutation { update_users_me(data: { first_name: "App" }) { id } }')
  await app('{ users { id } }')
  await nobody('{ users_me { id } }')
  await ask(
    '{ users(filter: { email: { _eq: "gs-app@example.com" } }) { email password } users_aggregated(filter: { email: { _eq: "gs-app@example.com" } }) { countAll } }',
  )
  await ask('{ users_by_id(id: "x") { id } }')
  await type('policy_me_globals_type')

  api.proves('graphql: system-login')
  const { email, password } = api.target.admin
  const credentials = `email: "${email}", password: "${password}"`
  const login = (more: string, fields: string, options = {}) =>
    nobody(`mutation { auth_login(${credentials}${more}) { ${fields} } }`, {
      label: `login${more} ${fields}`,
      headersKept: ['set-cookie'],
      ...options,
    })
  await login('', 'expires')
  await login(', mode: json', 'expires')
  await login(', mode: cookie', 'expires refresh_token')
  await login(', mode: session', 'expires access_token refresh_token')
  await nobody(`mutation { auth_login(email: "${email}", password: "wrong") { expires } }`, { label: 'wrong password' })
  await nobody(`mutation { a: auth_login(${credentials}) { expires } b: auth_login(${credentials}) { expires } }`, { label: 'two at once' })
  const { data } = await login('', 'refresh_token', { setup: true })
  const token = data.auth_login.refresh_token
  const { data: second } = await nobody(`mutation { auth_refresh(refresh_token: "${token}") { expires refresh_token } }`, { setup: true })
  await nobody(`mutation { auth_logout(refresh_token: "${second.auth_refresh.refresh_token}") }`, { label: 'logout' })
  await nobody(`mutation { auth_refresh(refresh_token: "${second.auth_refresh.refresh_token}") { expires } }`, {
    label: 'refresh after logout',
  })
  await nobody('mutation { auth_refresh { expires } }')
  await nobody('mutation { auth_logout }')

  api.proves('graphql: system-inputs')
  for (const name of [
    'write_directus_collections_input',
    'write_directus_relations_input',
    'write_directus_relations_schema_input',
    'delete_field',
    'auth_tokens',
    'auth_mode',
    'directus_collections_meta',
    'directus_fields_meta',
    'directus_relations_schema',
    'write_directus_collections',
    'write_directus_fields_meta',
    'write_directus_relations_schema',
    'directus_extensions',
    'directus_policies',
    'directus_panels',
    'create_directus_policies_input',
    'create_directus_panels_input',
  ])
    await type(name)
  const ofModel = /^(create|update|delete)_(collections|fields|relations)_/
  await ask('{ __type(name: "Mutation") { fields { name args { name defaultValue } } } }', {
    label: 'arguments of what changes the model',
    keep: ({ data }) =>
      Object.fromEntries(
        data.__type.fields
          .filter(({ name }: any) => ofModel.test(name))
          .map(({ name, args }: any) => [name, args.map(({ name, defaultValue }: any) => `${name} ${defaultValue}`).sort()])
          .sort(),
      ),
  })
  await ask('{ collections_by_name(name: "..") { collection } fields_by_name(collection: "..", field: "users") { field } }')
  await ask('{ collections_by_name(name: "gs_nope") { collection } }')
  await ask('{ fields_by_name(collection: "directus_roles", field: "name") { type schema { data_type max_length } } }')
  await ask('{ fields_in_collection(collection: "directus_roles") { field type } }')
  await ask('mutation { create_collections_item(data: { meta: { icon: "x" } }) { collection } }')
  await ask('{ server_ping }')
  await nobody('{ server_health }')
}

export default scenario

/** GraphQL's /graphql/system: oneself. */
import { type Handler, problems } from 'plinth'
import { byRoute, JsonText, type RootCall, type SchemaEvent, systemFields } from 'plinth/graphql'
import { type Items, type QueryInput, selection } from 'plinth/items'
import { ownRoles, readOwn, updateOwn } from './own.ts'

const sdl = /* GraphQL */ `
  type Query {
    users_me: directus_users
    roles_me: [directus_roles]
  }
  type Mutation {
    update_users_me(data: update_directus_users_input): directus_users
  }
`

const globals = /* GraphQL */ `
  type policy_me_globals_type { enforce_tfa: Boolean app_access: Boolean admin_access: Boolean }
  type Query { policies_me_globals: policy_me_globals_type }
`
const permissions = /* GraphQL */ `
  scalar permissions_me_type
  type Query { permissions_me: permissions_me_type }
`

/** `{"data":…}` without what is around it. */
const inner = (answer: string) => new JsonText(answer.slice('{"data":'.length, -1))
const selected = ({ select }: RootCall): QueryInput & object => ({ [selection]: select() })

export const ownFields = (items: Items) =>
  systemFields(sdl, {
    users_me: { resolve: async (call) => inner(await readOwn(items, selected(call), call.context)) },
    roles_me: {
      async resolve(call) {
        if (!call.context.accountability.user) throw problems.FORBIDDEN()
        return inner(await ownRoles(items, selected(call), call.context))
      },
    },
    update_users_me: {
      joins: true,
      async resolve(call) {
        const text = await updateOwn(items, call.args.data ?? {}, selected(call), call.context, call.db)
        return text === undefined ? null : inner(text)
      },
    },
  })

/** For whoever reads what they are made of. */
export const summaryFields = (items: Items): Handler<SchemaEvent> =>
  async function addSummaries({ scope, accountability, add }, next) {
    const { tables } = items.visible(accountability)
    if (scope === 'system' && tables.has('directus_policies'))
      add(globals, { policies_me_globals: byRoute('GET', { path: '/policies/me/globals' }) })
    if (scope === 'system' && tables.has('directus_permissions'))
      add(permissions, { permissions_me: byRoute('GET', { path: '/permissions/me' }) })
    await next()
  }

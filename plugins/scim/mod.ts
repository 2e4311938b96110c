/** SCIM 2.0 at /scim/v2: identity providers make, change and remove users and groups (RFC 7642, 7643, 7644, 9865). Off unless SCIM_ENABLED. */
import { definePlugin, env, StartError } from 'plinth'
import { accounts } from 'plinth/access'
import { signIn } from 'plinth/auth'
import { items } from 'plinth/items'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { scimTokens } from './api.ts'
import { scimCommand } from './command.ts'
import { render, scimProblems } from './problems.ts'
import { tables } from './tables.ts'
import { createTokens } from './tokens.ts'

const Options = v.object({
  SCIM_ENABLED: env.boolean(false),
  /** `Group=Role`: the role of that name is the group. */
  SCIM_GROUPS: env.list(),
  /** Names of administrators' roles that may be given all the same. */
  SCIM_ADMIN_ROLES: env.list(),
  /** Of access tokens that OAuth 2 clients get. */
  SCIM_ACCESS_TOKEN_TTL: env.duration('1h'),
  SCIM_PAYLOAD_MAX: env.size('5mb'),
  /** Resources of a page, unless told and at most; operations of a bulk request. */
  SCIM_PAGE: env.integer(100, 1),
  SCIM_PAGE_MAX: env.integer(1000, 1),
  SCIM_BULK_MAX: env.integer(1000, 1),
})

export const scim = definePlugin({
  name: 'scim',
  needs: [accounts, items, signIn],
  gives: scimTokens,
  options: Options,
  tables: ({ SCIM_ENABLED }) => (SCIM_ENABLED ? tables : []),
  problems: scimProblems,
  commands: { scim: scimCommand },
  async setup(host, options) {
    if (!options.SCIM_ENABLED) return null
    const tokens = createTokens(host, options.SCIM_ACCESS_TOKEN_TTL)
    const [
      { createGrants },
      { createStore },
      { createAdminGuard },
      users,
      groups,
      { userKind },
      { groupKind },
      { scimRoutes },
      { tokenRoutes },
      { describeRoutes },
    ] = await Promise.all([
      import('./grants.ts'),
      import('./store.ts'),
      import('./admins.ts'),
      import('./users.ts'),
      import('./groups.ts'),
      import('./write-users.ts'),
      import('./write-groups.ts'),
      import('./routes.ts'),
      import('./token-routes.ts'),
      import('./openapi.ts'),
    ])
    const names = namesOf(options.SCIM_GROUPS)
    const engine = host.use(items)
    const admins = createAdminGuard(host.use(accounts), options.SCIM_ADMIN_ROLES)
    host.hook(openapi, describeRoutes)
    tokenRoutes(host.routes('/scim'), tokens, options.SCIM_ACCESS_TOKEN_TTL)
    scimRoutes(host.routes('/scim/v2', { render }), {
      ...createGrants(host, tokens),
      store: createStore(host, engine),
      users: userKind(users.userSource(groups.groupName(names)), engine, admins),
      groups: groupKind(groups.groupSource(names), names, engine, admins),
      limits: {
        page: options.SCIM_PAGE,
        pageMax: options.SCIM_PAGE_MAX,
        bulkMax: options.SCIM_BULK_MAX,
        payloadMax: options.SCIM_PAYLOAD_MAX,
      },
      log: host.log,
    })
    return tokens
  },
})

/** @throws StartError for what is no pair, or maps a name twice */
function namesOf(words: readonly string[]): ReadonlyMap<string, string> {
  const pairs = words.map((word) => {
    const [, group, role] = /^([^=]+)=([^=]+)$/.exec(word) ?? []
    if (!group || !role) throw new StartError(`SCIM_GROUPS is ${JSON.stringify(word)}; it may hold pairs such as Engineering=Editor.`)
    return [group.trim(), role.trim()] as const
  })
  const names = new Map(pairs)
  if (names.size < pairs.length || new Set(names.values()).size < pairs.length)
    throw new StartError('SCIM_GROUPS names a group or a role twice.')
  return names
}

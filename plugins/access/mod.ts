/** Access: users, roles, policies and permissions, and the rights that follow from them. */
import { definePlugin, points, type Transaction } from 'plinth'
import { graphqlSchema } from 'plinth/graphql'
import { items } from 'plinth/items'
import { projectSettings } from 'plinth/settings'
import { openapi } from 'plinth/specs'
import { createAccounts } from './accounts.ts'
import { accounts } from './api.ts'
import { usersCommand } from './command.ts'
import { createFactorChange } from './factor-change.ts'
import { ensureFirstAdmin, FirstAdminOptions } from './first-admin.ts'
import { ownFields, summaryFields } from './graphql.ts'
import { guardWrites } from './hooks.ts'
import { describeRoutes } from './openapi.ts'
import { createPasswords } from './password.ts'
import { permissionRoutes } from './permission-routes.ts'
import { policyRoutes, roleRoutes, userRoutes } from './routes.ts'
import { createRights } from './rules.ts'
import { tables } from './tables.ts'
import { checkPassword } from './user-guard.ts'

export const access = definePlugin({
  name: 'access',
  needs: [items],
  after: ['settings'],
  gives: accounts,
  options: FirstAdminOptions,
  tables,
  commands: { users: usersCommand },
  setup(host, options) {
    const engine = host.use(items)
    const passwords = createPasswords()
    const service = createAccounts(host.db, host.versions, passwords, createRights(host.db))

    userRoutes(host.routes('/users'), engine, host.db)
    roleRoutes(host.routes('/roles'), engine)
    policyRoutes(host.routes('/policies'), engine, host.db)
    permissionRoutes(host.routes('/permissions'), engine, service)
    engine.crud(host.routes('/access'), 'directus_access')
    host.hook(openapi, describeRoutes)

    host.hook(graphqlSchema, ownFields(engine))
    host.hook(graphqlSchema, summaryFields(engine))

    const factors = new WeakSet<Transaction>()
    const settings = host.maybe(projectSettings)
    guardWrites(host, { items: engine, settings, hash: passwords.hash, factors })
    host.hook(points.start, async function firstAdmin(_, next) {
      await ensureFirstAdmin(host.db, { options, hash: passwords.hash, announce: host.announce })
      await next()
    })
    return {
      ...service,
      changeSecondFactor: createFactorChange(host, engine, factors),
      checkPassword: (password) => checkPassword(engine, settings, { password }),
    }
  },
})

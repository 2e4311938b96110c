/** Access: users, roles, policies and permissions, and the rights that follow from them. */
import { definePlugin, points } from 'plinth'
import { items, itemsCreate, itemsUpdate } from 'plinth/items'
import { createAccounts } from './accounts.ts'
import { accounts } from './api.ts'
import { usersCommand } from './command.ts'
import { ensureFirstAdmin, FirstAdminOptions } from './first-admin.ts'
import { checkEmail, sealSecrets } from './guard.ts'
import { createPasswords } from './password.ts'
import { userRoutes } from './routes.ts'
import { createRights } from './rules.ts'
import { tables } from './tables.ts'

export const access = definePlugin({
  name: 'access',
  needs: [items],
  gives: accounts,
  options: FirstAdminOptions,
  tables,
  commands: { users: usersCommand },
  setup(host, options) {
    const engine = host.use(items)
    const passwords = createPasswords()
    const service = createAccounts(host.db, host.versions, passwords, createRights(host.db))

    userRoutes(host.routes('/users'), engine, host.db)
    for (const name of ['roles', 'policies', 'access', 'permissions']) engine.crud(host.routes(`/${name}`), `directus_${name}`)

    host.hook(itemsCreate, async function guardCreated({ table, rows }, next) {
      for (const row of rows) checkEmail(table, row)
      for (const row of rows) await sealSecrets(table, row, passwords.hash)
      await next()
    })
    host.hook(itemsUpdate, async function guardUpdated({ table, changes }, next) {
      for (const { patch } of changes) checkEmail(table, patch)
      for (const { patch } of changes) await sealSecrets(table, patch, passwords.hash)
      await next()
    })
    host.hook(points.start, async function firstAdmin(_, next) {
      await ensureFirstAdmin(host.db, { options, hash: passwords.hash, announce: host.announce })
      await next()
    })
    return service
  },
})

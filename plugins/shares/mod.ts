/** Shares: one item for those who have no account, by an address of its own. */
import { definePlugin, env } from 'plinth'
import { accounts } from 'plinth/access'
import { shared, signIn } from 'plinth/auth'
import { items } from 'plinth/items'
import { mail } from 'plinth/mail'
import { projectSettings } from 'plinth/settings'
import { openapi } from 'plinth/specs'
import * as v from 'valibot'
import { guardShares } from './guard.ts'
import { createShareRights } from './rights.ts'
import { ShareEntry, ShareInvitation, shareRoutes } from './routes.ts'

export const shares = definePlugin({
  name: 'shares',
  needs: [accounts, items, signIn],
  after: ['mail', 'settings'],
  /** Letters that one invitation may come to. */
  options: v.object({ SHARE_INVITE_MAX: env.integer(100) }),
  setup(host, { SHARE_INVITE_MAX: lettersMax }) {
    const service = host.use(accounts)
    const engine = host.use(items)
    const settings = host.maybe(projectSettings)
    const readShare = createShareRights(host, service)

    host.hook(shared, async function rightsOfShare(event, next) {
      await readShare(event)
      await next()
    })
    guardShares(host, engine, service)
    const routes = host.routes('/shares')
    shareRoutes(routes, {
      host,
      items: engine,
      accounts: service,
      signIn: host.use(signIn),
      mail: host.maybe(mail),
      projectName: async () => String((await settings?.current())?.project_name ?? 'Plinth'),
      lettersMax,
    })
    engine.crud(routes, 'directus_shares')
    host.hook(openapi, async function describeShares({ describe }, next) {
      describe('GET /shares/info/:share', { summary: 'What a share is' })
      describe('POST /shares/auth', { summary: 'Sign in to a share', body: ShareEntry })
      describe('POST /shares/invite', {
        summary: 'Send a share by letter',
        body: ShareInvitation(lettersMax),
        status: 204,
        audience: 'users',
      })
      await next()
    })
  },
})

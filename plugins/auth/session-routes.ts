/** /users/me/sessions: where one is signed in, and the end of that. */
import type { Context, Hono } from 'hono'
import { type Accountability, type Env, isUuid, problems } from 'plinth'
import type { Sessions } from './sessions.ts'

export function sessionRoutes(routes: Hono<Env>, sessions: Sessions): void {
  const signedIn = (c: Context<Env>): Accountability & { readonly user: string } => {
    const { accountability } = c.env
    if (accountability.user === null) throw problems.INVALID_CREDENTIALS()
    return { ...accountability, user: accountability.user }
  }

  routes.get('/me/sessions', async (c) => {
    const { user, session } = signedIn(c)
    const list = await sessions.list(user)
    return c.json({ data: list.map((one) => ({ ...one, current: one.id === session })) })
  })

  // All but the one that asks.
  routes.delete('/me/sessions', async (c) => {
    const { user, session } = signedIn(c)
    await sessions.revoke(user, { except: session })
    return c.body(null, 204)
  })

  routes.delete('/me/sessions/:id', async (c) => {
    const { user } = signedIn(c)
    const id = c.req.param('id')
    const ended = isUuid(id) ? await sessions.revoke(user, { id }) : 0
    if (!ended) throw problems.FORBIDDEN('There is no such session, or it is not yours.')
    return c.body(null, 204)
  })
}

/** /auth: in, on and out. */
import type { Context, Hono } from 'hono'
import { type Env, readJson } from 'plinth'
import type { Granted, SignIn } from './api.ts'

/** @param withPasswords Whether one may come in by a password of ours. */
export function authRoutes(routes: Hono<Env>, { login, refresh, logout }: SignIn, withPasswords: boolean): void {
  const answer = (c: Context<Env>, { data, cookie }: Granted) => {
    if (cookie !== null) c.header('set-cookie', cookie)
    return c.json({ data })
  }

  routes.get('/', (c) => c.json({ data: [], disableDefault: !withPasswords }))
  if (withPasswords) routes.post('/login', async (c) => answer(c, await login(await readJson(c), c.env)))
  routes.post('/refresh', async (c) => answer(c, await refresh(await readJson(c), c.env)))
  routes.post('/logout', async (c) => {
    const cookie = await logout(await readJson(c), c.env)
    if (cookie !== null) c.header('set-cookie', cookie)
    return c.body(null, 204)
  })
}

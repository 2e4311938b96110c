/** The model belongs to administrators. */
import type { Context, Next } from 'hono'
import { type Env, problems } from 'plinth'

export const admins = async <P extends string>(c: Context<Env, P>, next: Next): Promise<void> => {
  if (!c.env.accountability.admin) throw problems.FORBIDDEN()
  await next()
}

/** /auth/password: a letter for whoever has forgotten theirs, and a new one for whoever has the letter. */
import type { Hono } from 'hono'
import { type Env, problems, readJson } from 'plinth'
import type { Limit } from 'plinth/rate-limit'
import { changeByLetter, requiredText } from './by-letter.ts'
import type { LetterParts } from './letter-parts.ts'
import { resetLetter } from './letters.ts'
import { chooseAddress, withToken } from './links.ts'
import { always } from './stall.ts'

interface Addressee {
  readonly email: string
  readonly password: string | null
}

const addressee = `
select email, password from directus_users where lower(email) = lower($1) and status = 'active' and provider = 'default'
order by email = $1 desc, id limit 1`

/** @param limit Of letters that are asked for. */
export function passwordRoutes(routes: Hono<Env>, parts: LetterParts, limit: Limit): void {
  const { host, items, accounts, tokens, mail, projectName, own, options, stall } = parts
  const usual = `${own}/admin/reset-password`

  routes.post('/password/request', async (c) => {
    const body = ((await readJson(c)) ?? {}) as Record<string, unknown>
    await limit.take(c.env.ip)
    const email = requiredText(body, 'email')
    const address = chooseAddress(body.reset_url, usual, options.PASSWORD_RESET_URL_ALLOW_LIST)
    await always(stall.login, async () => {
      const [user] = email.includes('\0') ? [] : await host.db.query<Addressee>(addressee, [email])
      if (!user) return
      const claims = { email: user.email, hash: await accounts.stamp(user.password) }
      const token = await tokens.signLetter('password-reset', claims, options.PASSWORD_RESET_TOKEN_TTL)
      mail?.post(resetLetter(user.email, await projectName(), withToken(address, token)))
    })
    return c.body(null, 204)
  })

  routes.post('/password/reset', async (c) => {
    const body = ((await readJson(c)) ?? {}) as Record<string, unknown>
    const token = requiredText(body, 'token')
    const password = requiredText(body, 'password', true)
    const { email, hash } = await tokens.readLetter('password-reset', token)
    // The letter was written for the password of that time: setting another one spends it.
    const isCurrent = async (user: { status: string; password: string | null }) =>
      user.status === 'active' && hash === (await accounts.stamp(user.password))
    if (!(await changeByLetter(host, items, email, isCurrent, { password })))
      throw problems.FORBIDDEN('This letter has been used, or is too old.')
    return c.body(null, 204)
  })
}

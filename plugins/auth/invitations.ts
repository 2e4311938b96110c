/** /users/invite: accounts for people who choose their password by a letter. */
import type { Hono } from 'hono'
import { type Env, Problem, readJson } from 'plinth'
import * as v from 'valibot'
import { email, filled, parseBody, text, uuid } from './body.ts'
import { changeByLetter } from './by-letter.ts'
import type { LetterParts } from './letter-parts.ts'
import { inviteLetter } from './letters.ts'
import { chooseAddress, withToken } from './links.ts'
import { authProblems } from './problems.ts'

export const Invitation = v.strictObject({
  email: v.union(
    [
      v.pipe(
        email,
        v.transform((one) => [one]),
      ),
      v.array(email),
    ],
    'must be an email address, or a list of them.',
  ),
  role: uuid,
  invite_url: v.optional(text),
})
export const Acceptance = v.strictObject({ token: filled, password: filled })

const known = 'select status from directus_users where lower(email) = lower($1) limit 1'

export function invitationRoutes(routes: Hono<Env>, parts: LetterParts): void {
  const { host, items, tokens, mail, projectName, own, options } = parts
  const usual = `${own}/admin/accept-invite`

  routes.post('/invite', async (c) => {
    const { email: emails, role, invite_url: asked } = parseBody(Invitation, await readJson(c))
    const address = chooseAddress(asked, usual, options.USER_INVITE_URL_ALLOW_LIST)
    const { accountability: access } = c.env
    try {
      for (const one of emails) await invite(one)
    } catch (error) {
      // Whoever may not invite hears nothing, not even that.
      if (!(error instanceof Problem) || error.code !== 'FORBIDDEN') throw error
    }
    return c.body(null, 204)

    async function invite(to: string): Promise<void> {
      try {
        // First of all, as whoever may not must not find out by the time it takes who is known here.
        await items.create('directus_users', [{ email: to, role, status: 'invited' }], { access })
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'RECORD_NOT_UNIQUE') throw error
        // Somebody who is known already is asked again only while they have not answered; and only by those who may ask.
        const [user] = await host.db.query<{ status: string }>(known, [to])
        if (!access.admin || user?.status !== 'invited') return
      }
      const token = await tokens.signLetter('invite', { email: to }, options.USER_INVITE_TOKEN_TTL)
      mail?.post(inviteLetter(to, await projectName(), withToken(address, token)))
    }
  })

  routes.post('/invite/accept', async (c) => {
    const { token, password } = parseBody(Acceptance, await readJson(c))
    const { email: invited } = await tokens.readLetter('invite', token)
    const accepted = await changeByLetter(host, items, invited, ({ status }) => status === 'invited', { password, status: 'active' })
    if (!accepted) throw authProblems.INVALID_INVITE()
    return c.body(null, 204)
  })
}

/** /users/register: accounts that people make for themselves, where the project lets them. */
import type { Hono } from 'hono'
import { type Env, Problem, problems, readJson, system } from 'plinth'
import type { Item } from 'plinth/items'
import type { Limit } from 'plinth/rate-limit'
import type { ProjectSettings } from 'plinth/settings'
import * as v from 'valibot'
import { email, filled, parseBody, text } from './body.ts'
import { changeByLetter } from './by-letter.ts'
import type { LetterParts } from './letter-parts.ts'
import { verifyLetter } from './letters.ts'
import { chooseAddress, withToken } from './links.ts'
import { always } from './stall.ts'

export const Registration = v.strictObject({
  email,
  password: filled,
  verification_url: v.optional(text),
  first_name: v.optional(text),
  last_name: v.optional(text),
})

const known = 'select email, password, status from directus_users where lower(email) = lower($1) limit 1'

interface Waiting {
  readonly email: string
  readonly password: string | null
  readonly status: string
}

interface Row extends Item {
  readonly email: string
  readonly password: string
}

export interface RegistrationParts extends LetterParts {
  readonly settings: ProjectSettings | undefined
  readonly limit: Limit
}

export function registrationRoutes(routes: Hono<Env>, parts: RegistrationParts): void {
  const { host, items, accounts, tokens, mail, projectName, own, options, stall, settings, limit } = parts
  const usual = `${own}/users/register/verify-email`

  routes.post('/register', async (c) => {
    await limit.take(c.env.ip)
    const { verification_url: asked, ...person } = parseBody(Registration, await readJson(c))
    const project = (await settings?.current()) ?? {}
    if (project.public_registration !== true) throw problems.FORBIDDEN('Nobody can register here.')
    const filter = project.public_registration_email_filter
    // Capitals make no other address, so they must not get one past the filter.
    for (const email of filter ? new Set([person.email, person.email.toLowerCase()]) : [])
      if ((await items.faultsOf(filter, { email })).length) throw problems.FORBIDDEN('This address cannot register here.')
    const verified = project.public_registration_verify_email === false
    const address = chooseAddress(asked, usual, options.USER_REGISTER_URL_ALLOW_LIST)
    await always(stall.register, async () => {
      const status = verified ? 'active' : 'unverified'
      const waiting = await register({ ...person, role: project.public_registration_role ?? null, status })
      if (!waiting) return
      const claims = { email: waiting.email, hash: await accounts.stamp(waiting.password) }
      const token = await tokens.signLetter('pending-registration', claims, options.EMAIL_VERIFICATION_TOKEN_TTL)
      mail?.post(verifyLetter(waiting.email, await projectName(), withToken(address, token)))
    })
    return c.body(null, 204)
  })

  /** Answers who is now to confirm the address; nobody when it is confirmed, or taken: that is answered like a new one, after the same work. */
  async function register(row: Row): Promise<Waiting | undefined> {
    await accounts.checkPassword(row.password)
    const { role: _role, status: _status, email: address, ...again } = row
    try {
      const [user] = await host.db.query<Waiting>(known, [address])
      if (!user) await items.create('directus_users', [row], { access: system })
      // Nobody knows yet whose address it is: whoever registers last is asked, by a letter that only they get, for the password that they chose.
      else if (user.status === 'unverified') await changeByLetter(host, items, address, ({ status }) => status === 'unverified', again)
      else await accounts.hash(row.password)
      const [waiting] = await host.db.query<Waiting>(known, [address])
      return waiting?.status === 'unverified' ? waiting : undefined
    } catch (error) {
      if (error instanceof Problem && error.code === 'RECORD_NOT_UNIQUE') return undefined
      throw error
    }
  }

  routes.get('/register/verify-email', async (c) => {
    const { email: address, hash } = await tokens.readLetter('pending-registration', c.req.query('token') ?? '')
    // The letter confirms the password that it was written for; those of the reference name none.
    const isWaiting = async (user: Waiting) =>
      user.status === 'unverified' && (hash === undefined || hash === (await accounts.stamp(user.password)))
    const user = await changeByLetter(host, items, address, isWaiting, { status: 'active' })
    if (!user) throw problems.INVALID_PAYLOAD('The address has been confirmed already, or nobody has registered with it.')
    return c.redirect(`${new URL(own).pathname.replace(/\/$/, '')}/admin/users/${user.id}`)
  })
}

/** /users/me/tfa: the second factor, proposed, enabled and disabled. */
import type { Context, Hono } from 'hono'
import { type Database, type Env, isUuid, problems, readJson } from 'plinth'
import type { Accounts } from 'plinth/access'
import type { Limit } from 'plinth/rate-limit'
import type { ProjectSettings } from 'plinth/settings'
import type { Credentials } from './credentials.ts'
import type { Failures } from './failures.ts'
import { useCode, wrongCode } from './second-factor.ts'
import { newSecret, otpauthUrl } from './totp.ts'

export interface SecondFactorParts {
  readonly db: Database
  readonly accounts: Accounts
  readonly credentials: Credentials
  readonly failures: Failures
  /** Of wrong passwords and codes from one place: nothing else bounds those of the last administrator, or where nobody is suspended. */
  readonly limit: Limit
  readonly settings: ProjectSettings | undefined
}

interface UserRow {
  readonly email: string | null
  readonly secret: string | null
}

const oneUser = 'select email, tfa_secret as secret from directus_users where id = $1::uuid'

export function secondFactorRoutes(routes: Hono<Env>, { db, accounts, credentials, failures, limit, settings }: SecondFactorParts): void {
  routes.post('/me/tfa/generate', async (c) => {
    const user = signedIn(c)
    const { password } = await bodyOf(c, ['password'])
    if (typeof password !== 'string') throw problems.INVALID_PAYLOAD('"password" must be a text.')
    await limit.failures(c.env.ip, () => credentials.confirm(user, password))
    const [row] = await db.query<UserRow>(oneUser, [user])
    if (row!.secret !== null) throw alreadyThere()
    const secret = newSecret()
    const name = String((await settings?.current())?.project_name ?? 'Plinth')
    return c.json({ data: { secret, otpauth_url: otpauthUrl(secret, row!.email ?? user, name) } })
  })

  routes.post('/me/tfa/enable', async (c) => {
    const user = signedIn(c)
    const { secret, otp } = await bodyOf(c, ['secret', 'otp'])
    await accounts.changeSecondFactor(c.env.accountability, async (tx) => {
      const [row] = await tx.query<UserRow>(`${oneUser} for update`, [user])
      if (row?.secret) throw alreadyThere()
      if (typeof secret !== 'string' || !(await useCode(tx, user, secret, otp))) throw wrongCode()
      return secret
    })
    return c.body(null, 204)
  })

  routes.post('/me/tfa/disable', async (c) => {
    const user = signedIn(c)
    const { otp } = await bodyOf(c, ['otp'])
    let wrong = false
    const disable = () =>
      accounts.changeSecondFactor(c.env.accountability, async (tx) => {
        const [row] = await tx.query<UserRow>(`${oneUser} for update`, [user])
        if (!row?.secret) throw problems.INVALID_PAYLOAD('There is no second factor to disable.')
        wrong = !(await useCode(tx, user, row.secret, otp))
        if (wrong) throw wrongCode()
        return null
      })
    // Counted like those at login, or whoever has come by a session could try them all. Not in the transaction, which is undone.
    const counting = () =>
      disable().catch(async (error: unknown) => {
        if (wrong) await failures.count(user)
        throw error
      })
    await limit.failures(c.env.ip, counting, () => wrong)
    return c.body(null, 204)
  })

  // For somebody who has lost their phone: an administrator's to do.
  routes.post('/:id/tfa/disable', async (c) => {
    if (!c.env.accountability.admin) throw problems.FORBIDDEN()
    const id = c.req.param('id')
    if (isUuid(id)) await accounts.changeSecondFactor(c.env.accountability, async () => null, id)
    return c.body(null, 204)
  })
}

const alreadyThere = () => problems.INVALID_PAYLOAD('A second factor is enabled already.')

function signedIn(c: Context<Env>): string {
  const { user } = c.env.accountability
  if (user === null) throw problems.INVALID_CREDENTIALS()
  return user
}

/** @throws INVALID_PAYLOAD for a member that is missing. */
async function bodyOf<const N extends string>(c: Context<Env>, names: readonly N[]): Promise<Record<N, unknown>> {
  const body = ((await readJson(c)) ?? {}) as Record<N, unknown>
  for (const name of names) if (!body[name]) throw problems.INVALID_PAYLOAD(`"${name}" is required.`)
  return body
}

/** Email, password and one-time code → a user who may come in. */
import { type Database, problems } from 'plinth'
import type { Accounts } from 'plinth/access'
import * as v from 'valibot'
import { type Mode, modes } from './api.ts'
import { email, filled, parseBody } from './body.ts'
import type { Failures } from './failures.ts'
import { useCode } from './second-factor.ts'
import { atLeast } from './stall.ts'

export const Login = v.object({
  email,
  password: filled,
  otp: v.optional(filled),
  mode: v.optional(v.picklist(modes, `must be one of ${modes.join(', ')}.`), 'json'),
})

export interface CredentialParts {
  readonly db: Database
  readonly accounts: Accounts
  readonly failures: Failures
  /** How long a refused login takes at least, in ms. */
  readonly stall: number
}

export interface Credentials {
  /** @throws INVALID_PAYLOAD; INVALID_CREDENTIALS and INVALID_OTP, no sooner than `stall` ms after it began. */
  identify(body: unknown): Promise<{ user: string; mode: Mode }>
  /** Somebody who is in already shows that it is still they. @throws INVALID_CREDENTIALS, as late. */
  confirm(user: string, password: string): Promise<void>
}

const userWhere = (condition: string) => `
select u.id, u.password, u.status, u.provider, u.tfa_secret as secret, coalesce(c.failures, 0) as failures
from directus_users u left join plinth.credentials c on c."user" = u.id where ${condition}`
const byEmail = `${userWhere('lower(email) = lower($1)')} order by email = $1 desc, u.id limit 1`
const byId = userWhere('u.id = $1::uuid')

interface UserRow {
  readonly id: string
  readonly password: string | null
  readonly status: string
  readonly provider: string
  readonly secret: string | null
  /** Wrong passwords and codes since the last right ones. */
  readonly failures: number
}

export function createCredentials({ db, accounts, failures, stall }: CredentialParts): Credentials {
  /** Unknown user, wrong password, inactive user: the same answer after the same work. */
  async function check(user: UserRow | undefined, password: string): Promise<UserRow> {
    const right = await accounts.verify(user?.password ?? null, password)
    if (user && right && user.status === 'active' && user.provider === 'default') return user
    await failures.count(user && !right && user.status === 'active' ? user.id : null)
    throw problems.INVALID_CREDENTIALS()
  }

  return {
    async identify(body) {
      const { email: address, password, otp, mode } = parseBody(Login, body)
      return atLeast(stall, async () => {
        const [found] = await db.query<UserRow>(byEmail, [address])
        const user = await check(found, password)
        if (user.secret !== null && !(await useCode(db, user.id, user.secret, otp))) {
          await failures.count(user.id)
          throw problems.INVALID_OTP()
        }
        if (user.failures) await failures.forget(user.id)
        return { user: user.id, mode }
      })
    },
    confirm: (id, password) =>
      atLeast(stall, async () => {
        const [found] = await db.query<UserRow>(byId, [id])
        await check(found, password)
      }),
  }
}

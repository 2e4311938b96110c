/** Email, password and one-time code → a user who may come in. */
import { type Database, problems } from 'plinth'
import { type Accounts, emailForm } from 'plinth/access'
import * as v from 'valibot'
import { type Mode, modes } from './api.ts'

const filled = (name: string) => v.pipe(v.string(`"${name}" must be a text.`), v.minLength(1, `"${name}" is empty.`))
const Login = v.object(
  {
    email: v.pipe(filled('email'), v.regex(emailForm, '"email" must be an email address.')),
    password: filled('password'),
    otp: v.optional(filled('otp')),
    mode: v.optional(v.picklist(modes, `"mode" must be one of ${modes.join(', ')}.`), 'json'),
  },
  (issue) => `"${issue.path?.[0]?.key ?? 'body'}" is required.`,
)

export interface CredentialParts {
  readonly db: Database
  readonly accounts: Accounts
  /** How long a refused login takes at least, in ms. */
  readonly stall: number
}

const oneUser = `select id, password, status, provider, tfa_secret is not null as tfa from directus_users
where lower(email) = lower($1) order by email = $1 desc, id limit 1`

interface UserRow {
  readonly id: string
  readonly password: string | null
  readonly status: string
  readonly provider: string
  readonly tfa: boolean
}

export function createCredentials({ db, accounts, stall }: CredentialParts) {
  /** @throws INVALID_PAYLOAD; INVALID_CREDENTIALS and INVALID_OTP, no sooner than `stall` ms after it began. */
  return async function identify(body: unknown): Promise<{ user: string; mode: Mode }> {
    const { email, password, mode } = parse(body)
    return atLeast(stall, async () => ({ user: await check(email, password), mode }))
  }

  /** Unknown user, wrong password, inactive user: the same answer after the same work. */
  async function check(email: string, password: string): Promise<string> {
    const [user] = await db.query<UserRow>(oneUser, [email])
    const right = await accounts.verify(user?.password ?? null, password)
    if (!user || !right || user.status !== 'active' || user.provider !== 'default') throw problems.INVALID_CREDENTIALS()
    // Until one-time passwords are understood here, whoever has a second factor does not come in by the first alone.
    if (user.tfa) throw problems.INVALID_OTP()
    return user.id
  }
}

function parse(body: unknown): v.InferOutput<typeof Login> {
  const { success, output, issues } = v.safeParse(Login, body ?? {})
  if (!success) throw problems.INVALID_PAYLOAD(issues[0].message)
  return output
}

/** Runs `work`; if it fails, tells so only at a whole multiple of `ms` after it began, so that what it did does not show. */
export async function atLeast<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  try {
    return await work()
  } catch (error) {
    const passed = performance.now() - began
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(passed / (ms || 1)) * ms - passed))
    throw error
  }
}

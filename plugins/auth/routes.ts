/** /auth: in, on and out by password and refresh token. */
import type { Context, Hono } from 'hono'
import { type Database, type Env, problems, readJson } from 'plinth'
import { type Accounts, emailForm } from 'plinth/access'
import * as v from 'valibot'
import type { Client, Sessions } from './sessions.ts'
import type { Tokens } from './tokens.ts'

export interface AuthParts {
  readonly db: Database
  readonly accounts: Accounts
  readonly tokens: Tokens
  readonly sessions: Sessions
  /** Of access tokens, in ms. */
  readonly ttl: number
  /** How long a refused login takes at least, in ms. */
  readonly stall: number
}

const filled = (name: string) => v.pipe(v.string(`"${name}" must be a text.`), v.minLength(1, `"${name}" is empty.`))
const Login = v.object(
  {
    email: v.pipe(filled('email'), v.regex(emailForm, '"email" must be an email address.')),
    password: filled('password'),
    otp: v.optional(v.string('"otp" must be a text.')),
    mode: v.optional(v.literal('json', '"mode" must be "json".')),
  },
  (issue) => `"${issue.path?.[0]?.key ?? 'body'}" is required.`,
)

const oneUser = `select id, password, status, provider, tfa_secret is not null as tfa from directus_users
where lower(email) = lower($1) order by email = $1 desc, id limit 1`

interface UserRow {
  readonly id: string
  readonly password: string | null
  readonly status: string
  readonly provider: string
  readonly tfa: boolean
}

export function authRoutes(routes: Hono<Env>, parts: AuthParts): void {
  const { accounts, sessions, tokens, ttl } = parts

  const answer = async (c: Context<Env>, user: string, password: string | null, refreshToken: string) => {
    const rights = await accounts.byId(user, c.env.ip)
    if (!rights) throw problems.INVALID_CREDENTIALS()
    const claims = { id: user, role: rights.role, app_access: rights.app, admin_access: rights.admin }
    const accessToken = await tokens.sign(claims, await accounts.stamp(password), ttl)
    return c.json({ data: { expires: ttl, refresh_token: refreshToken, access_token: accessToken } })
  }

  routes.get('/', (c) => c.json({ data: [], disableDefault: false }))

  routes.post('/login', async (c) => {
    const { email, password } = parseLogin(await readJson(c))
    const user = await atLeast(parts.stall, () => findUser(parts, email, password))
    return answer(c, user.id, user.password, await sessions.begin(user.id, clientOf(c)))
  })

  routes.post('/refresh', async (c) => {
    const renewed = await sessions.renew(await readRefreshToken(c), clientOf(c))
    if (!renewed) throw problems.INVALID_CREDENTIALS()
    return answer(c, renewed.user, renewed.password, renewed.token)
  })

  routes.post('/logout', async (c) => {
    await sessions.end(await readRefreshToken(c))
    return c.body(null, 204)
  })
}

function parseLogin(body: unknown): v.InferOutput<typeof Login> {
  const { success, output, issues } = v.safeParse(Login, body ?? {})
  if (!success) throw problems.INVALID_PAYLOAD(issues[0].message)
  return output
}

/** Unknown user, wrong password, inactive user: the same answer after the same work. */
async function findUser({ db, accounts }: AuthParts, email: string, password: string): Promise<UserRow> {
  const [user] = await db.query<UserRow>(oneUser, [email])
  const right = await accounts.verify(user?.password ?? null, password)
  if (!user || !right || user.status !== 'active' || user.provider !== 'default') throw problems.INVALID_CREDENTIALS()
  // Until one-time passwords are understood here, whoever has a second factor does not come in by the first alone.
  if (user.tfa) throw problems.INVALID_OTP()
  return user
}

/** Runs `work`; if it fails, tells so no sooner than `ms` after it began. */
async function atLeast<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  try {
    return await work()
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms - (performance.now() - began))))
    throw error
  }
}

/** Text that is no refresh token is answered as one that is not known. @throws INVALID_PAYLOAD when there is none. */
async function readRefreshToken(c: Context<Env>): Promise<string> {
  const body = ((await readJson(c)) ?? {}) as { readonly refresh_token?: unknown; readonly mode?: unknown }
  const { refresh_token: token, mode = 'json' } = body
  if (!token || mode !== 'json') throw problems.INVALID_PAYLOAD('The refresh token is missing: send it as "refresh_token".')
  return typeof token === 'string' && /^[\w-]{1,64}$/.test(token) ? token : ''
}

function clientOf(c: Context<Env>): Client {
  return { ip: c.env.ip, agent: c.req.header('user-agent') ?? null, origin: c.req.header('origin') ?? null }
}

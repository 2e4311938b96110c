/** `plinth users`: lets somebody in who cannot get in otherwise. */
import { type CommandSpec, type Database, randomText, system } from 'plinth'
import { type Items, items } from 'plinth/items'
import { emailForm } from './api.ts'

const usage = 'create <email> [--admin] | passwd <email>'

export const usersCommand: CommandSpec = {
  summary: 'make users, and new passwords for them',
  usage,
  async run(args, program) {
    const { db, use } = await program.boot()
    return createDesk(db, use(items), console.log)(args)
  },
}

/** Answers the exit code of `args`. */
export function createDesk(db: Database, engine: Items, print: (line: string) => void) {
  async function create(email: string, admin: boolean): Promise<number> {
    const role = admin ? await adminRole(db) : null
    if (admin && !role) return fail('There is no role with a policy of administrators: make one first.')
    const password = randomText(16)
    await engine.create('directus_users', [{ email, password, role }], { access: system })
    print(`${email} can sign in with the password ${password}`)
    return 0
  }

  async function passwd(email: string): Promise<number> {
    const [user] = await db.query<{ id: string }>('select id from directus_users where lower(email) = lower($1)', [email])
    if (!user) return fail(`There is no user with the email address ${email}.`)
    const password = randomText(16)
    await engine.update('directus_users', [user.id], { password }, { access: system })
    print(`${email} can sign in with the password ${password}`)
    return 0
  }

  function fail(line: string): number {
    print(line)
    return 1
  }

  return async function serve([action, email = '', flag]: readonly string[]): Promise<number> {
    if (!emailForm.test(email) || (flag !== undefined && flag !== '--admin')) return fail(`plinth users ${usage}`)
    if (action === 'create') return create(email, flag === '--admin')
    if (action === 'passwd') return passwd(email)
    return fail(`plinth users ${usage}`)
  }
}

async function adminRole(db: Database): Promise<string | null> {
  const [row] = await db.query<{ role: string }>(
    `select a.role from directus_access a join directus_policies p on p.id = a.policy
     where p.admin_access and p.ip_access is null and a.role is not null order by a.role limit 1`,
  )
  return row?.role ?? null
}

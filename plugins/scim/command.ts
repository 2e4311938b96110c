/** `plinth scim token`: tokens for identity providers. */
import type { CommandSpec } from 'plinth'
import { type ScimTokens, type Scope, scimTokens, scopes } from './api.ts'

const usage = 'token create <name> [--scopes=users:read,…] [--days=365] | token list | token revoke <id>'

export const scimCommand: CommandSpec = {
  summary: 'tokens for identity providers',
  usage,
  async run(args, program) {
    const { use } = await program.boot()
    const tokens = use(scimTokens)
    if (tokens) return serveTokens(tokens, args, console.log)
    console.log('SCIM is off: set SCIM_ENABLED=true.')
    return 1
  },
}

/** Answers the exit code. */
export async function serveTokens(tokens: ScimTokens, args: readonly string[], print: (line: string) => void): Promise<number> {
  const fail = (line: string) => {
    print(line)
    return 1
  }
  const [word, action, subject, ...flags] = args
  if (word !== 'token') return fail(`plinth scim ${usage}`)
  if (action === 'list' && subject === undefined) {
    for (const { id, name, scopes, expires, last_used } of await tokens.list())
      print([id, name, scopes.join(','), `expires ${expires ?? 'never'}`, `used ${last_used ?? 'never'}`].join('  '))
    return 0
  }
  if (action === 'revoke' && subject !== undefined && !flags.length)
    return (await tokens.revoke(subject)) ? 0 : fail('There is no such token.')
  const options = action === 'create' && subject && subject.length <= 100 && !subject.startsWith('--') ? optionsOf(flags) : undefined
  if (!options) return fail(`plinth scim ${usage}`)
  const { token, id } = await tokens.create(subject!, options.scopes, options.expires)
  print(`Token (shown this once): ${token}`)
  print(`OAuth 2 client: id ${id}, its secret is the token`)
  return 0
}

/** Undefined for what is not understood. */
function optionsOf(flags: readonly string[]): { scopes: readonly Scope[]; expires: Date | null } | undefined {
  let chosen: readonly Scope[] = scopes
  let expires: Date | null = null
  for (const flag of flags) {
    const [, name, value = ''] = /^--(scopes|days)=(.+)$/.exec(flag) ?? []
    if (name === 'scopes') chosen = value.split(',') as Scope[]
    else if (name === 'days' && /^[1-9]\d{0,4}$/.test(value)) expires = new Date(Date.now() + Number(value) * 86_400_000)
    else return undefined
  }
  return chosen.every((scope) => scopes.includes(scope)) ? { scopes: chosen, expires } : undefined
}

/** What routes that write letters share. */
import { env, type Host } from 'plinth'
import type { Accounts } from 'plinth/access'
import type { Items } from 'plinth/items'
import type { Mail } from 'plinth/mail'
import * as v from 'valibot'
import type { Tokens } from './tokens.ts'

/** Addresses that letters may lead to, and how long their tokens are good. */
export const LetterOptions = v.object({
  PASSWORD_RESET_URL_ALLOW_LIST: env.list(),
  USER_INVITE_URL_ALLOW_LIST: env.list(),
  USER_REGISTER_URL_ALLOW_LIST: env.list(),
  PASSWORD_RESET_TOKEN_TTL: env.duration('1d'),
  USER_INVITE_TOKEN_TTL: env.duration('7d'),
  EMAIL_VERIFICATION_TOKEN_TTL: env.duration('7d'),
})

export interface LetterParts {
  readonly host: Host
  readonly items: Items
  readonly accounts: Accounts
  readonly tokens: Tokens
  /** Without it nobody gets a letter; all else is done. */
  readonly mail: Mail | undefined
  readonly projectName: () => Promise<string>
  /** Our own address, without a slash at its end. */
  readonly own: string
  readonly options: v.InferOutput<typeof LetterOptions>
  /** How long an answer takes at least that must not tell who is known here, in ms. */
  readonly stall: { readonly login: number; readonly register: number }
}

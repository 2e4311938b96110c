/** The second factor: a code from an authenticator app, good for its half minute and for one use. */
import { problems, type Queryable } from 'plinth'
import { codeOf, decodeSecret, stepAt } from './totp.ts'

/** Of two uses of one code at once the second finds the period spent. */
const spend = `
insert into plinth.credentials ("user", spent_step) values ($1::uuid, $2)
on conflict ("user") do update set spent_step = excluded.spent_step where coalesce(credentials.spent_step, 0) < excluded.spent_step
returning 1`

/** Whether `code` is right for `secret` now, whatever its type. */
export async function isRight(secret: string, code: unknown): Promise<boolean> {
  const key = decodeSecret(secret)
  return key !== undefined && typeof code === 'string' && code === (await codeOf(key, stepAt(Date.now())))
}

/** Whether `code` is right and has not been used. It is used up by that. */
export async function useCode(db: Queryable, user: string, secret: string, code: unknown): Promise<boolean> {
  if (!(await isRight(secret, code))) return false
  const spent = await db.query(spend, [user, stepAt(Date.now())])
  return spent.length === 1
}

export const wrongCode = () => problems.INVALID_PAYLOAD('"otp" is wrong, or has been used.')

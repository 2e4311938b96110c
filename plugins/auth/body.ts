/** Bodies of requests, as their schemas say. */
import { problems } from 'plinth'
import { emailForm } from 'plinth/access'
import * as v from 'valibot'

export const email = v.pipe(v.string('must be text.'), v.regex(emailForm, 'must be an email address.'))
export const filled = v.pipe(v.string('must be text.'), v.minLength(1, 'is empty.'))
export const text = v.string('must be text.')
export const uuid = v.pipe(text, v.uuid('must be a UUID.'))

/** @throws INVALID_PAYLOAD naming the first member that is wrong. */
export function parseBody<T>(schema: v.GenericSchema<unknown, T>, body: unknown): T {
  const { success, output, issues } = v.safeParse(schema, body ?? {})
  if (success) return output
  const [{ path, message, kind, received }] = issues
  const name = path?.map(({ key }) => String(key)).join('.')
  if (!name) throw problems.INVALID_PAYLOAD('The body must be an object.')
  throw problems.INVALID_PAYLOAD(
    kind === 'schema' && received === 'undefined'
      ? `"${name}" is required.`
      : `"${name}" ${/^(must|is) /.test(message) ? message : 'is not a member of this body.'}`,
  )
}

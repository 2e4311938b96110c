/** Structured logs: one JSON object a line, credentials masked. `print` is where lines go (standard output on servers). */

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type Level = (typeof levels)[number]

type Fields = Readonly<Record<string, unknown>>

type Write = (message: string, fields?: Fields) => void

export interface Log extends Readonly<Record<Exclude<Level, 'silent'>, Write>> {
  readonly level: Level
  /** The same log with fields in every line, such as `{ plugin: 'auth' }`. */
  child(fields: Fields): Log
}

const secretKey =
  /^(authorization|cookie|set-cookie|password|otp|secret|key|token|(access|refresh|admin|session)_?token|tfa_secret|auth_data|connection_?string)$/i
const secretInUrl = /([?&](?:(?:access_|refresh_)?token|key|password|sign)=)[^&\s"]*/gi
const passwordInUrl = /(\w+:\/\/[^:/@\s"]*:)[^/\s"]*@/g

/** Masks credentials in free text: query parameters that carry tokens, passwords in connection strings. */
export const redact = (text: string): string => text.replace(secretInUrl, '$1***').replace(passwordInUrl, '$1***@')

function printable(key: string, value: unknown): unknown {
  if (key && secretKey.test(key) && value != null) return '***'
  if (value instanceof Error) {
    const { name, message, stack, cause, errors } = value as AggregateError
    return { ...value, name, message, stack, cause, errors }
  }
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'string' ? redact(value) : value
}

/** Fields may hold what JSON cannot (a circle, a getter that throws): the line then says so in their place. */
function toLine(base: Fields, fields: Fields | undefined, message: string): string {
  try {
    return JSON.stringify({ ...base, ...fields, message }, printable)
  } catch (error) {
    return JSON.stringify({ ...base, message, unprintable: String(error) }, printable)
  }
}

export function createLog(level: Level, print: (line: string) => void, base: Fields = {}): Log {
  const threshold = levels.indexOf(level)
  const writers = levels.map((name, i): [Level, Write] => {
    if (i < threshold) return [name, () => {}]
    return [name, (message, fields) => print(toLine({ time: new Date().toISOString(), level: name, ...base }, fields, message))]
  })
  const child = (fields: Fields) => createLog(level, print, { ...base, ...fields })
  return { ...(Object.fromEntries(writers) as Record<Level, Write>), level, child }
}

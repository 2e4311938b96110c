/** Structured logs: one JSON object a line, credentials masked. `print` is where lines go (standard output on servers). */

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type Level = (typeof levels)[number]

type Fields = Readonly<Record<string, unknown>>

export interface Log {
  readonly level: Level
  trace(message: string, fields?: Fields): void
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
  fatal(message: string, fields?: Fields): void
  /** The same log with fields in every line, such as `{ plugin: 'auth' }`. */
  child(fields: Fields): Log
}

const secretKey =
  /^(authorization|cookie|set-cookie|password|otp|secret|key|token|(access|refresh|admin|session)_?token|tfa_secret|auth_data|connection_?string)$/i
const secretInUrl = /([?&](?:access_token|token|key|password|sign)=)[^&\s"]*/gi
const passwordInUrl = /(\w+:\/\/[^:/@\s"]*:)[^@/\s"]*@/g

/** Masks credentials in free text: query parameters that carry tokens, passwords in connection strings. */
export const redact = (text: string): string => text.replace(secretInUrl, '$1***').replace(passwordInUrl, '$1***@')

function printable(key: string, value: unknown): unknown {
  if (key && secretKey.test(key) && value != null) return '***'
  if (value instanceof Error) return { ...value, name: value.name, message: redact(value.message), stack: value.stack, cause: value.cause }
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'string' ? redact(value) : value
}

export function createLog(level: Level, print: (line: string) => void, base: Fields = {}): Log {
  const threshold = levels.indexOf(level)
  const at = (name: Level) => {
    if (levels.indexOf(name) < threshold) return () => {}
    return (message: string, fields?: Fields) =>
      print(JSON.stringify({ time: new Date().toISOString(), level: name, ...base, ...fields, message }, printable))
  }
  return {
    level,
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: (fields) => createLog(level, print, { ...base, ...fields }),
  }
}

/** A browser's cookies, in a scenario's hands. */
import type { Answer } from './runner.ts'

/** What `Set-Cookie` of an answer stored: name → value. */
export const cookiesFrom = ({ headers }: Answer): Record<string, string> =>
  Object.fromEntries(headers.getSetCookie().map((cookie) => /^([^=]+)=([^;]*)/.exec(cookie)!.slice(1, 3) as [string, string]))

/** The header that sends them. */
export const sendCookies = (cookies: Readonly<Record<string, string>>): Record<string, string> => ({
  cookie: Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; '),
})

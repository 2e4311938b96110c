/** The two cookies of signing in, as the settings of their names say. */
import { env, type RequestContext } from 'plinth'
import * as v from 'valibot'

export const CookieOptions = v.object({
  REFRESH_TOKEN_COOKIE_NAME: env.text('directus_refresh_token'),
  REFRESH_TOKEN_COOKIE_DOMAIN: env.maybeText(),
  REFRESH_TOKEN_COOKIE_SECURE: env.boolean(false),
  REFRESH_TOKEN_COOKIE_SAME_SITE: env.oneOf(['lax', 'strict', 'none'], 'lax'),
  SESSION_COOKIE_NAME: env.text('directus_session_token'),
  SESSION_COOKIE_DOMAIN: env.maybeText(),
  SESSION_COOKIE_SECURE: env.boolean(false),
  SESSION_COOKIE_SAME_SITE: env.oneOf(['lax', 'strict', 'none'], 'lax'),
})

export interface Cookie {
  /** Undefined when it is missing or empty. */
  read(context: Pick<RequestContext, 'header'>): string | undefined
  /** The `Set-Cookie` header that stores `value`; an empty one clears the cookie. Never readable by scripts; Secure where the address is https. */
  write(value: string, context: Pick<RequestContext, 'request'>): string
}

interface CookieSettings {
  readonly name: string
  readonly domain: string | undefined
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  /** In ms. */
  readonly lifetime: number
}

function createCookie({ name, domain, secure, sameSite, lifetime }: CookieSettings, publicUrl: string): Cookie {
  const attributes = [
    `Max-Age=${Math.floor(lifetime / 1000)}`,
    ...(domain ? [`Domain=${domain}`] : []),
    'Path=/',
    'HttpOnly',
    `SameSite=${sameSite[0]!.toUpperCase()}${sameSite.slice(1)}`,
  ].join('; ')
  const always = secure || publicUrl.startsWith('https:')
  return {
    read(context) {
      const header = context.header('cookie')
      if (!header?.includes(name)) return undefined
      for (const pair of header.split(';')) {
        const at = pair.indexOf('=')
        if (at > 0 && pair.slice(0, at).trim() === name) return decode(pair.slice(at + 1).trim()) || undefined
      }
      return undefined
    },
    write: (value, { request }) => `${name}=${value}; ${attributes}${always || request.url.startsWith('https:') ? '; Secure' : ''}`,
  }
}

/** Quoted or percent-encoded, as some clients send it. */
function decode(value: string): string {
  const plain = value.replace(/^"(.*)"$/, '$1')
  try {
    return decodeURIComponent(plain)
  } catch {
    return plain
  }
}

export interface Cookies {
  readonly refresh: Cookie
  readonly session: Cookie
}

export function createCookies(
  options: v.InferOutput<typeof CookieOptions>,
  lifetimes: { readonly refresh: number; readonly session: number },
  publicUrl: string,
): Cookies {
  const settings = (kind: 'REFRESH_TOKEN' | 'SESSION', lifetime: number): CookieSettings => ({
    name: options[`${kind}_COOKIE_NAME`],
    domain: options[`${kind}_COOKIE_DOMAIN`],
    secure: options[`${kind}_COOKIE_SECURE`],
    sameSite: options[`${kind}_COOKIE_SAME_SITE`],
    lifetime,
  })
  return {
    refresh: createCookie(settings('REFRESH_TOKEN', lifetimes.refresh), publicUrl),
    session: createCookie(settings('SESSION', lifetimes.session), publicUrl),
  }
}

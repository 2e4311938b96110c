/**
 * Requests that browsers send for somebody else's page: a cookie travels along although its owner did not mean it.
 * Who reads only may; what changes something must come from our own pages, from a listed address, or from no browser at all.
 */
import { problems, type RequestContext } from 'plinth'

type Asked = Pick<RequestContext, 'request' | 'header'>

const readOnly: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'SEARCH'])

/** @param trusted Origins of other sites whose pages may write, such as `https://app.example.com`; words that stand for several, or for none, count for nothing. */
export function createOriginCheck(publicUrl: string, trusted: readonly string[]): (context: Asked) => void {
  const own = /^https?:/.test(publicUrl) ? new URL(publicUrl).origin : undefined
  const listed = trusted.filter((origin) => /^https?:/.test(origin))
  const isOwn = (origin: string, { request }: Asked) => (own ? origin === own : hostOf(origin) === new URL(request.url).host)

  /** For a request that has authenticated by cookie. @throws FORBIDDEN */
  return function checkOrigin(context) {
    if (readOnly.has(context.request.method)) return
    const origin = context.header('origin')
    if (origin === null ? context.header('sec-fetch-site') !== 'cross-site' : isOwn(origin, context) || listed.includes(origin)) return
    throw problems.FORBIDDEN('The request comes from a page of another site: it may not use the cookie that was sent along.')
  }
}

/** `null`, as browsers send it for pages without an origin, is nobody's host. */
const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)

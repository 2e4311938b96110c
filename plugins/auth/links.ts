/** Addresses that letters lead to: our own, or one that a client names, if it is on the list. Pure. */
import { problems } from 'plinth'

/** Without query and hash, which say where in a page, not whose it is. Undefined for what is no address, or says who is asking. */
function placeOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, host, pathname, username, password } = new URL(text)
  return username || password ? undefined : `${protocol}//${host}${pathname.replace(/\/+$/, '')}`
}

/**
 * The address for a letter: `asked`, or `usual` when nothing is asked for.
 * @throws INVALID_PAYLOAD when `asked` is not on the list.
 */
export function chooseAddress(asked: unknown, usual: string, listed: readonly string[]): string {
  if (asked === undefined || asked === null || asked === '') return usual
  const place = typeof asked === 'string' ? placeOf(asked) : undefined
  if (place === undefined || !listed.some((entry) => placeOf(entry) === place)) {
    throw problems.INVALID_PAYLOAD('This address may not be used in letters: it is not listed.')
  }
  return String(asked)
}

export function withToken(address: string, token: string): string {
  const url = new URL(address)
  url.searchParams.set('token', token)
  return url.href
}

/** Contents by their address, fetched without being led to where only this machine may go. */
import { lookup } from 'node:dns/promises'
import { type ClientRequest, type IncomingMessage, request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import { canonicalAddress } from 'plinth'

export interface FetchOptions {
  /** Whether an address, in its one canonical form, is out of bounds. */
  denied(address: string): boolean
  /** ms until the answer begins, and between its parts. */
  readonly timeout: number
  readonly redirects: number
}

export interface Fetched {
  readonly filename: string
  /** As it declares it. */
  readonly type: string
  readonly content: AsyncIterable<Uint8Array>
  /** Ends the connection: nobody wants more. */
  stop(): void
}

/**
 * Follows redirects, each checked like the first address. The connection goes to the very address that was checked, so that a name which
 * resolves to another one the next time leads nowhere.
 * @throws Error that says what is wrong, for us and not for the client: it would tell what there is inside.
 */
export async function fetchGuarded(address: string, options: FetchOptions): Promise<Fetched> {
  let url = new URL(address)
  for (let left = options.redirects; ; left--) {
    const response = await ask(url, options)
    const { statusCode = 0, headers } = response
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
      response.destroy()
      if (left === 0) throw new Error('too many redirects')
      url = new URL(headers.location, url)
      continue
    }
    if (statusCode < 200 || statusCode >= 300) {
      response.destroy()
      throw new Error(`the answer was ${statusCode}`)
    }
    response.setTimeout(options.timeout, () => response.destroy(new Error('no more came')))
    const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
    return { filename: nameOf(url), type, content: whole(response), stop: () => void response.destroy() }
  }
}

async function ask(url: URL, { denied, timeout }: FetchOptions): Promise<IncomingMessage> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`"${url.protocol}" is not fetched`)
  if (url.username || url.password) throw new Error('an address with credentials is not fetched')
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const found = isIP(host) ? [{ address: host }] : await lookup(host, { all: true })
  const addresses = found.map(({ address }) => canonicalAddress(address))
  const [address] = addresses
  if (address === undefined || addresses.some((one) => one === undefined || denied(one))) throw new Error(`${host} is out of bounds`)
  return new Promise((resolve, reject) => {
    const headers = { host: url.host, 'accept-encoding': 'identity', 'user-agent': 'plinth', connection: 'close' }
    const port = url.port || (url.protocol === 'https:' ? 443 : 80)
    const options = { host: address, port, path: url.pathname + url.search, headers, timeout, agent: false }
    const sent: ClientRequest =
      url.protocol === 'https:' ? secure({ ...options, ...(isIP(host) ? {} : { servername: host }) }) : plain(options)
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.on('timeout', () => sent.destroy(new Error('no answer came')))
    sent.end()
  })
}

/** An answer that breaks off is an error, not a shorter content. */
function whole(response: IncomingMessage): Readable {
  response.on('aborted', () => response.destroy(new Error('the answer broke off')))
  return response
}

/** The last part of the path, without the query. */
function nameOf(url: URL): string {
  const last = url.pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(last) || url.hostname
  } catch {
    return last
  }
}

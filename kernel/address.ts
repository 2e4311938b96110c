/** IP addresses as numbers: lists of addresses, networks and ranges, and whose word on the client's address counts. Pure. */
import type { Peer } from './context.ts'

interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

/** RFC 4291 §2.2 and dotted IPv4; `::ffff:1.2.3.4` is the IPv4 address that it holds. Undefined when it is none. */
export function parseAddress(text: string): Address | undefined {
  const plain = text
    .trim()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
  if (!plain.includes(':')) return parseIPv4(plain)
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain)
  const tail = embedded ? parseIPv4(embedded[2]!) : undefined
  if (embedded && !tail) return undefined
  const text6 = embedded && tail ? `${embedded[1]}${(tail.value >> 16n).toString(16)}:${(tail.value & 0xffffn).toString(16)}` : plain
  const halves = text6.split('::')
  if (halves.length > 2) return undefined
  const [head = [], rest] = halves.map((half) => (half ? half.split(':') : []))
  const groups = rest ? [...head, ...Array(Math.max(0, 8 - head.length - rest.length)).fill('0'), ...rest] : head
  if (groups.length !== 8 || !groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined
  const value = BigInt(`0x${groups.map((group) => group.padStart(4, '0')).join('')}`)
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value }
}

function parseIPv4(text: string): Address | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined
  return { bits: 32, value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) }
}

/** Whether an address is in one of `entries`: `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1-10.0.0.9`. An entry that is none of these matches nothing. */
export function addressList(entries: readonly string[]): (ip: string | null) => boolean {
  const ranges = entries.flatMap((entry) => {
    const [first = '', last] = entry.split('-')
    const [base = '', width] = first.split('/')
    const low = parseAddress(base)
    if (!low) return []
    if (last !== undefined) {
      const high = parseAddress(last)
      return high?.bits === low.bits ? [{ bits: low.bits, low: low.value, high: high.value }] : []
    }
    if (width !== undefined && !(/^\d+$/.test(width) && Number(width) <= low.bits)) return []
    const free = BigInt(low.bits - Number(width ?? low.bits))
    return [{ bits: low.bits, low: (low.value >> free) << free, high: low.value | ((1n << free) - 1n) }]
  })
  return (ip) => {
    const address = ip === null ? undefined : parseAddress(ip)
    return (
      address !== undefined && ranges.some(({ bits, low, high }) => bits === address.bits && low <= address.value && address.value <= high)
    )
  }
}

/** `::ffff:127.0.0.1`, as dual-stack sockets say it → `127.0.0.1`. */
const plainAddress = (ip: string): string => (ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : ip)

/**
 * The client's address by IP_TRUST_PROXY: `false` believes the connection alone, a number that many proxies in front, addresses those proxies,
 * `true` all. X-Forwarded-For is read from its right end, where the nearest proxy wrote.
 */
export function clientAddress(trust: string): (request: Request, peer: Peer) => string | null {
  const direct = (peer: Peer) => (peer.ip === null ? null : plainAddress(peer.ip))
  if (trust === 'false') return (_, peer) => direct(peer)
  const hops = trust === 'true' ? Number.POSITIVE_INFINITY : /^\d+$/.test(trust) ? Number(trust) : 0
  const known = addressList(trust.split(','))
  return (request, peer) => {
    const forwarded =
      request.headers
        .get('x-forwarded-for')
        ?.split(',')
        .map((ip) => ip.trim()) ?? []
    let ip = direct(peer)
    for (let hop = 0; forwarded.length && (hop < hops || known(ip)); hop++) {
      const next = forwarded.pop()!
      if (!parseAddress(next)) break
      ip = plainAddress(next)
    }
    return ip
  }
}

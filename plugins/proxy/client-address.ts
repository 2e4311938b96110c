/** Whose word on a client's address counts. Pure. */
import { addressList, canonicalAddress } from 'plinth'

/** The client's address by that of the connection and the header X-Forwarded-For, which is read from its right end: there the nearest proxy wrote. */
export type ReadAddress = (connection: string | null, forwarded: string | null) => string | null

/** By IP_TRUST_PROXY: `false` believes the connection alone, a number that many proxies in front, addresses those proxies, `true` all. */
export function clientAddress(trust: string): ReadAddress {
  const hops = trust === 'true' ? Number.POSITIVE_INFINITY : Number(/^\d+$/.exec(trust)?.[0] ?? 0)
  const known = addressList(trust.split(','))
  return (connection, forwarded) => {
    const entries = forwarded?.split(',') ?? []
    let ip = connection
    for (let hop = 0; entries.length && (hop < hops || known(ip)); hop++) {
      const next = canonicalAddress(entries.pop()!)
      if (!next) break
      ip = next
    }
    return ip
  }
}

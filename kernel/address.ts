/** IP addresses, and lists of them as people write them. */
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** `::ffff:1.2.3.4`, as dual-stack sockets say it, is the IPv4 address that it holds. Undefined when `text` is no address. */
function parseAddress(text: string): Address | undefined {
  const plain = text.trim().replace(/^\[(.*)\]$/, '$1')
  const valid = plain.includes(':') ? ipaddr.IPv6.isValid(plain) : ipaddr.IPv4.isValidFourPartDecimal(plain)
  return valid ? ipaddr.process(plain) : undefined
}

/** Sorts as the address does, among those of its kind. */
const sortable = (address: Address): string =>
  address.kind() +
  address
    .toByteArray()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')

/** What `entry` holds: `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1-10.0.0.9`. Undefined when it is none of these. */
function parseEntry(entry: string): ((address: Address) => boolean) | undefined {
  const [first = '', last] = entry.split('-').map(parseAddress)
  if (first && last)
    return (address) => first.kind() === last.kind() && sortable(first) <= sortable(address) && sortable(address) <= sortable(last)
  if (first && !entry.includes('-')) return (address) => sortable(first) === sortable(address)
  const network = entry.trim()
  if (!ipaddr.isValidCIDR(network)) return undefined
  const [written, length] = ipaddr.parseCIDR(network)
  const isMapped = written instanceof ipaddr.IPv6 && written.isIPv4MappedAddress() && length >= 96
  const [base, bits] = isMapped ? [written.toIPv4Address(), length - 96] : [written, length]
  return (address) => address.kind() === base.kind() && address.match(base as never, bits)
}

export const isAddressEntry = (entry: string): boolean => parseEntry(entry) !== undefined

/** Whether an address is in one of `entries`. One that is none holds nothing. */
export function addressList(entries: readonly string[]): (ip: string | null) => boolean {
  const tests = entries.map(parseEntry)
  return (ip) => {
    const address = ip === null ? undefined : parseAddress(ip)
    return address !== undefined && tests.some((holds) => holds?.(address))
  }
}

/** The one way to write an address: no brackets, nothing that could be left out, IPv4 where it is mapped into IPv6. Undefined for what is none. */
export const canonicalAddress = (text: string): string | undefined => parseAddress(text)?.toString()

/** Networks that no import may reach: all that are not public, by IANA's special-purpose registries (RFC 6890), and those that hold IPv4 addresses. */
import { addressList } from 'plinth'

const notPublic = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24'],
  ...['192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16'],
  ...['fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
]

/** The word of a list for all of these. */
const notPublicWord = '0.0.0.0'

/** A list of IMPORT_IP_DENY_LIST: addresses, networks, ranges; `0.0.0.0` among them is every network that is not public. */
export function deniedBy(entries: readonly string[]): (address: string) => boolean {
  return addressList(entries.includes(notPublicWord) ? [...entries, ...notPublic] : entries)
}

/** Which names collections and fields may get, and what their constraints are called. Pure. */
import { problems } from 'plinth'

/** Bytes that PostgreSQL keeps of an identifier (NAMEDATALEN - 1). */
const longest = 63

const bytesIn = (text: string): number => new TextEncoder().encode(text).length

/**
 * Refuses names that could not be served: paths, filters and SQL take names from the registry and rely on this.
 * @throws INVALID_PAYLOAD
 */
export function checkName(what: 'collection' | 'field', name: string): void {
  const fault = faultOf(name) ?? (what === 'collection' ? faultOfCollection(name) : undefined)
  if (fault) throw problems.INVALID_PAYLOAD(`The name of a ${what} ${fault}.`)
}

/** Whether PostgreSQL can keep it as a name, however it looks: constraints are never in a path. */
export const isIdentifier = (name: unknown): name is string =>
  typeof name === 'string' && name !== '' && name.isWellFormed() && !name.includes('\0') && bytesIn(name) <= longest

function faultOf(name: string): string | undefined {
  if (name === '') return 'must not be empty'
  if (name !== name.trim()) return 'must not start or end with white space'
  if (/["'`]/.test(name)) return 'must not hold quotes'
  if (name.includes('.')) return 'must not hold dots'
  if (name.startsWith('$')) return 'must not start with "$"'
  if (/[\p{Cc}\p{Cs}]/u.test(name)) return 'must not hold control characters'
  if (bytesIn(name) > longest) return `must not be longer than ${longest} bytes`
  return undefined
}

function faultOfCollection(name: string): string | undefined {
  if (name.startsWith('directus_')) return 'must not start with "directus_"'
  if (name.includes('/')) return 'must not hold "/"'
  return undefined
}

/** `<table>_<column>_<kind>` in lower case; long ones are cut and told apart by a hash. */
export function constraintName(table: string, column: string, kind: 'unique' | 'index' | 'foreign'): string {
  const whole = `${table}_${column}_${kind}`.toLowerCase().replace(/[.-]/g, '_')
  if (bytesIn(whole) <= longest) return whole
  const end = `_${fnv1a(whole)}_${kind}`
  let start = `${table}_${column}`.toLowerCase().replace(/[.-]/g, '_')
  while (bytesIn(start) + end.length > longest) start = start.slice(0, -1)
  return start.toWellFormed().replaceAll('\ufffd', '') + end
}

/** 32 bits as hexadecimal digits. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash.toString(16).padStart(8, '0')
}

/** Base64 in headers, above all Upload-Metadata: `filename_download aGVsbG8udHh0,type dGV4dC9wbGFpbg==`. Pure. */
import { tusProblems } from './problems.ts'

/** Field → text. @throws INVALID_METADATA for what is no such list, names a key twice, or holds a value that is no Base64 of UTF-8 */
export function parseMetadata(header: string): Record<string, string> {
  const fields: Record<string, string> = Object.create(null)
  for (const pair of header.split(',')) {
    const [key = '', value = '', ...more] = pair.trim().split(' ')
    if (!/^[\x21-\x7e]+$/.test(key) || more.length) throw tusProblems.INVALID_METADATA('It must be a list of "key value" pairs.')
    if (key in fields) throw tusProblems.INVALID_METADATA(`"${key}" is there twice.`)
    fields[key] = decode(key, value)
  }
  return fields
}

function decode(key: string, value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesIn(value))
  } catch (cause) {
    throw tusProblems.INVALID_METADATA(`"${key}" is not UTF-8 in Base64.`, {}, cause)
  }
}

/** @throws DOMException for what is no Base64 */
export const bytesIn = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))

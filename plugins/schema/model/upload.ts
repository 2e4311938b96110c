/** The body of /schema/diff and /schema/apply: JSON, or a file of JSON or YAML in a form. */
import type { Context } from 'hono'
import { CORE_SCHEMA, load } from 'js-yaml'
import { type Env, problems, readText } from 'plinth'

/** Values in a document. YAML can say much with few characters, by repeating what it has named once. */
const mostValues = 2_000_000

/** @throws INVALID_PAYLOAD for what cannot be read, UNSUPPORTED_MEDIA_TYPE for anything else. */
export async function readUpload(c: Context<Env>, limit: number): Promise<unknown> {
  const type = c.env.header('content-type') ?? ''
  const [kind] = type.toLowerCase().split(';')
  if (kind?.trim() === 'application/json') return parseText(await readText(c, limit, 'SCHEMA_PAYLOAD_MAX'), true)
  if (kind?.trim() !== 'multipart/form-data')
    throw problems.UNSUPPORTED_MEDIA_TYPE('Send JSON, or a file in a form.', { mediaType: type, where: 'Content-Type header' })
  const file = fileOf(await readText(c, limit, 'SCHEMA_PAYLOAD_MAX'), type)
  return parseText(file.text, file.type.startsWith('application/json'))
}

/** The first file of a form. A form is small here, and text: RFC 7578, RFC 2046 §5.1. */
function fileOf(form: string, contentType: string): { type: string; text: string } {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? []
  const [, ...parts] = `\r\n${form}`.split(`\r\n--${quoted ?? plain}`)
  if (!parts.pop()?.startsWith('--')) throw problems.INVALID_PAYLOAD('The form is cut off, or is none.')
  for (const part of parts) {
    const [, head = '', text = ''] = /^[ \t]*\r\n((?:[^\r\n]+\r\n)*)\r\n(.*)$/s.exec(part) ?? []
    const header = (name: string) => head.split('\r\n').find((line) => line.toLowerCase().startsWith(`${name}:`))
    if (!/;\s*filename\*?=/i.test(header('content-disposition') ?? '')) continue
    return { type: header('content-type')?.slice('content-type:'.length).trim().toLowerCase() ?? '', text }
  }
  throw problems.INVALID_PAYLOAD('The form holds no file.')
}

/** JSON, or YAML without the types that JSON lacks. @throws INVALID_PAYLOAD */
export function parseText(text: string, isJson: boolean): unknown {
  let value: unknown
  try {
    value = isJson ? JSON.parse(text) : load(text, { schema: CORE_SCHEMA })
  } catch (cause) {
    throw problems.INVALID_PAYLOAD(`This is no ${isJson ? 'JSON' : 'YAML'}.`, {}, cause)
  }
  if (typeof value !== 'object' || value === null) throw problems.INVALID_PAYLOAD('The body must be an object.')
  if (Object.keys(value).length === 0) throw problems.INVALID_PAYLOAD('The body is empty.')
  if (countValues(value, 0, 0) > mostValues) throw problems.INVALID_PAYLOAD('The document holds too much.')
  return value
}

/** Counts on from `count`, and no further than needed. Too deep is too much. */
function countValues(value: unknown, count: number, depth: number): number {
  if (typeof value !== 'object' || value === null) return count + 1
  if (depth > 100) return Number.POSITIVE_INFINITY
  let total = count + 1
  for (const inner of Object.values(value)) {
    if (total > mostValues) return total
    total = countValues(inner, total, depth + 1)
  }
  return total
}

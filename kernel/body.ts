/** JSON bodies, read with a bound. */
import type { Context } from 'hono'
import type { Env } from './context.ts'
import { problems } from './problem.ts'

/**
 * The parsed body: an object or a list; undefined when there is none, or when its content type is not JSON (such a body counts as empty).
 * @throws INVALID_PAYLOAD for broken, primitive or very deep JSON, an unknown charset or encoding, or more than MAX_PAYLOAD_SIZE bytes.
 */
export async function readJson(c: Context<Env>): Promise<Record<string, unknown> | unknown[] | undefined> {
  const type = c.env.header('content-type')
  if (!type || !/^application\/json\s*(;|$)/i.test(type)) return undefined
  const charset = /;\s*charset="?([\w-]+)/i.exec(type)?.[1]
  if (charset && !/^(utf-?8|us-ascii)$/i.test(charset)) throw problems.INVALID_PAYLOAD(`Charset "${charset}" is not supported.`)
  return parseJson(await readText(c, c.env.maxPayload, 'MAX_PAYLOAD_SIZE'))
}

/** What a body holds: an object or a list; undefined for an empty one. @throws INVALID_PAYLOAD for broken, primitive or very deep JSON */
export function parseJson(text: string): Record<string, unknown> | unknown[] | undefined {
  if (text.trim() === '') return undefined
  if (isDeeper(text, deepest)) throw problems.INVALID_PAYLOAD(`The body is nested deeper than ${deepest} levels.`)
  let value: unknown
  try {
    value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  } catch (cause) {
    throw problems.INVALID_PAYLOAD('The body is not valid JSON.', {}, cause)
  }
  if (typeof value !== 'object' || value === null) throw problems.INVALID_PAYLOAD('The body must be a JSON object or list.')
  return value as Record<string, unknown> | unknown[]
}

/** Cut off, or not what its encoding says. */
function unreadable(cause: unknown): never {
  throw problems.INVALID_PAYLOAD('The body could not be read.', {}, cause)
}

/** Levels of lists and objects: what walks a body must not run out of stack. */
const deepest = 500

function isDeeper(json: string, most: number): boolean {
  let depth = 0
  let inText = false
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (character === '"') inText = !inText
    else if (inText) at += character === '\\' ? 1 : 0
    else if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth--
    if (depth > most) return true
  }
  return false
}

/** Some runtimes unpack all of a chunk before anybody can refuse the rest. Of a byte deflate makes no more than 1,032. */
const inPieces = () =>
  new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.length; at += 1024) controller.enqueue(chunk.subarray(at, at + 1024))
    },
  })

/** The body as text, decompressed. `limit`: bytes; `setting` says who set it. @throws `excess` for more, INVALID_PAYLOAD for what cannot be read. */
export async function readText(c: Context<Env>, limit: number, setting: string, excess = problems.INVALID_PAYLOAD): Promise<string> {
  const tooLarge = () => excess(`The body is larger than ${limit} bytes (${setting}).`)
  const length = c.env.header('content-length')
  const encoding = c.env.header('content-encoding')?.toLowerCase()
  if (Number(length) > limit) throw tooLarge()
  if (length !== null && (!encoding || encoding === 'identity')) return c.req.text().catch(unreadable)

  if (encoding && !['identity', 'gzip', 'deflate'].includes(encoding)) {
    throw problems.INVALID_PAYLOAD(`Content encoding "${encoding}" is not supported.`)
  }
  const raw = c.req.raw.body
  if (!raw) return ''
  const stream =
    encoding === 'gzip' || encoding === 'deflate'
      ? raw.pipeThrough(inPieces()).pipeThrough(new DecompressionStream(encoding) as never)
      : raw
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength
      if (size > limit) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (cause) {
    if (size > limit) throw cause
    return unreadable(cause)
  }
  return new Blob(chunks as BlobPart[]).text()
}

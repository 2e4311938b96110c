/** Forms with files (RFC 7578), read as they arrive: the one file that knows the parser. */
import type { Readable } from 'node:stream'
import busboy from 'busboy'
import { problems } from 'plinth'
import { streamOf } from './streams.ts'

export interface SentFile {
  /** Without a path. */
  readonly filename: string
  /** As the client declares it. */
  readonly type: string
  readonly content: ReadableStream<Uint8Array>
  /** Fields since the file before. */
  readonly fields: Readonly<Record<string, string>>
}

export interface FormLimits {
  readonly files: number
  /** Bytes of all fields of a file together. */
  readonly fields: number
}

/**
 * Calls `take` for each file as it begins; it must read the content to its end, or throw, which ends all. Answers what they answered, in order.
 * @throws INVALID_PAYLOAD for what is no form, is cut off, or holds more than it may.
 */
export async function readForm<T>(
  body: ReadableStream<Uint8Array> | null,
  contentType: string,
  limits: FormLimits,
  take: (file: SentFile) => Promise<T>,
): Promise<T[]> {
  if (!body) throw problems.INVALID_PAYLOAD('The form is empty.')
  const taken: Promise<T>[] = []
  let parser: busboy.Busboy
  try {
    parser = busboy({
      headers: { 'content-type': contentType },
      defParamCharset: 'utf8',
      limits: { files: limits.files, fields: 1000, fieldNameSize: 256, fieldSize: limits.fields, headerPairs: 100 },
    })
  } catch (cause) {
    throw problems.INVALID_PAYLOAD('The form names no boundary.', {}, cause)
  }
  const reader = body.getReader()
  const contents = new Set<Readable>()
  let fail!: (error: unknown) => void
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {}) // looked at wherever something is waited for
  const broken = (reason: string) => (cause?: unknown) => fail(problems.INVALID_PAYLOAD(reason, {}, cause))
  const tooMuch = (what: string) => broken(`The form holds more ${what} than it may.`)

  let fields: Record<string, string> = Object.create(null)
  let size = 0
  parser
    .on('error', broken('The form is cut off, or is none.'))
    .on('filesLimit', tooMuch(`files (${limits.files})`))
    .on('fieldsLimit', tooMuch('fields'))
    .on('field', (name, value, { nameTruncated, valueTruncated }) => {
      size += name.length + value.length
      if (nameTruncated || valueTruncated || size > limits.fields) return tooMuch('in its fields')()
      fields[name] = value
    })
    .on('file', (_, stream, { filename, mimeType }) => {
      contents.add(stream)
      stream.on('error', broken('The form is cut off.')).on('close', () => contents.delete(stream))
      const content = streamOf(stream, () => stream.destroy())
      const result = take({ filename: filename ?? '', type: mimeType.toLowerCase(), content, fields })
      result.catch(fail)
      taken.push(result)
      fields = Object.create(null)
      size = 0
    })
  const closed = new Promise<void>((resolve) => parser.on('close', resolve))
  try {
    await Promise.race([feed(reader, parser), failed])
    await Promise.race([closed, failed])
    return await Promise.all(taken)
  } catch (error) {
    parser.destroy()
    for (const stream of contents) stream.destroy(new Error('the form ended early'))
    void reader.cancel().catch(() => {}) // the other end may have gone
    await Promise.allSettled(taken)
    throw error
  }
}

async function feed(reader: ReadableStreamDefaultReader<Uint8Array>, parser: busboy.Busboy): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read().catch((cause) => {
      throw problems.INVALID_PAYLOAD('The body could not be read.', {}, cause)
    })
    if (done) break
    if (!parser.write(value)) await new Promise<void>((resolve) => parser.once('drain', resolve))
  }
  parser.end()
}

/** What is uploaded waits in a temporary file, so that no transaction waits for a slow client, and can be read again. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { problems } from 'plinth'

export interface Spooled {
  /** Bytes. */
  readonly size: number
  /** @throws INVALID_PAYLOAD for what is no UTF-8. */
  texts(): AsyncIterable<string>
  remove(): Promise<void>
}

/** @throws CONTENT_TOO_LARGE beyond `limit` bytes. */
export async function spool(content: ReadableStream<Uint8Array>, limit: number, setting: string): Promise<Spooled> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-import-'))
  const path = join(folder, 'file')
  const remove = () => rm(folder, { recursive: true, force: true })
  let size = 0
  const bounded = new Transform({
    transform(chunk: Uint8Array, _, done) {
      size += chunk.byteLength
      done(size > limit ? problems.CONTENT_TOO_LARGE(`The file is larger than ${limit} bytes (${setting}).`) : null, chunk)
    },
  })
  try {
    await pipeline(Readable.fromWeb(content as never), bounded, createWriteStream(path, { mode: 0o600 }))
  } catch (error) {
    await remove()
    throw error
  }
  return { size, texts: () => decoded(createReadStream(path)), remove }
}

async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const decode = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch (cause) {
      throw problems.INVALID_PAYLOAD('The file is no UTF-8.', {}, cause)
    }
  }
  for await (const chunk of chunks) yield decode(chunk)
  const rest = decode()
  if (rest) yield rest
}

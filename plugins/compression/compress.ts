/** Which answers are compressed, and how: RFC 9110 §8.4, §12.5.3. */
import { gzipSync, wholeOf } from './whole.node.ts'

/** What text is like; pictures and archives are compressed already, and streams of events must not wait. */
const compressible = /^(text\/(?!event-stream)|application\/(json|javascript|xml|x-ndjson|yaml|openapi|[\w.-]+\+(json|xml))|image\/svg)/i

/** Whether a client takes gzip: `q=0` says that it does not. */
export function takesGzip(accepted: string | null): boolean {
  if (!accepted) return false
  const weights = new Map(
    accepted.split(',').map((one) => {
      const [name = '', ...rest] = one.split(';').map((word) => word.trim().toLowerCase())
      const weight = rest.find((word) => word.startsWith('q='))
      return [name, weight ? Number(weight.slice(2)) : 1] as const
    }),
  )
  return (weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0) > 0
}

export function isCompressible(response: Response): boolean {
  const { status, headers } = response
  if (!compressible.test(headers.get('content-type') ?? '') || /no-transform/i.test(headers.get('cache-control') ?? '')) return false
  if (status === 204 || status === 206 || status === 304 || headers.has('content-encoding')) return false
  // Asked last: where servers have light answers, this makes a heavy one of it.
  return response.body !== null
}

/**
 * The same answer, compressed if its first piece has `least` bytes: what comes in small pieces is to be seen piece by piece, and a compressor would
 * wait for more.
 */
export async function compress(response: Response, least: number): Promise<Response> {
  const reader: Reader = response.body!.getReader()
  const { status, headers } = response
  headers.append('vary', 'Accept-Encoding')
  const first = await reader.read()
  if (first.done) return new Response('', { status, headers })
  const isLong = first.value.byteLength >= least
  const more = reader.read()
  const whole = await wholeOf(first.value, more)
  if (isLong) {
    headers.set('content-encoding', 'gzip')
    headers.delete('content-length')
  }
  if (whole) return new Response(isLong ? gzipSync(whole) : whole, { status, headers })
  const body = piecewise(reader, first, more)
  return new Response(isLong ? (body.pipeThrough(new CompressionStream('gzip') as never) as ReadableStream) : body, { status, headers })
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
type Piece = Awaited<ReturnType<Reader['read']>>

/** All that `reader` gives, after what was read already. */
function piecewise(reader: Reader, ...read: (Piece | Promise<Piece>)[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await (read.shift() ?? reader.read())
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** Which answers are compressed, and how: RFC 9110 §8.4, §12.5.3. */

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

export function isCompressible({ status, headers, body }: Response): boolean {
  if (!body || status === 204 || status === 206 || status === 304 || headers.has('content-encoding')) return false
  return compressible.test(headers.get('content-type') ?? '') && !/no-transform/i.test(headers.get('cache-control') ?? '')
}

/**
 * The same answer, compressed if its first piece has `least` bytes: what comes in small pieces is to be seen piece by piece, and a compressor would
 * wait for more.
 */
export async function compress(response: Response, least: number): Promise<Response> {
  const reader = response.body!.getReader()
  const first = await reader.read()
  const { status, headers } = response
  headers.append('vary', 'Accept-Encoding')
  let next: typeof first | undefined = first
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = next ?? (await reader.read())
        next = undefined
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  if (first.done || first.value.byteLength < least) return new Response(body, { status, headers })
  headers.set('content-encoding', 'gzip')
  headers.delete('content-length')
  return new Response(body.pipeThrough(new CompressionStream('gzip') as never) as ReadableStream, { status, headers })
}

/** Byte streams, as they come and go on every runtime. */

/** Nothing is read before it is asked for. `stop`: called when nobody wants more; what is iterated may not have begun by then. */
export function streamOf(source: AsyncIterable<Uint8Array>, stop: (reason: unknown) => void): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  )
}

/** The first bytes, and a stream of all. */
export async function peek(
  stream: ReadableStream<Uint8Array>,
  size: number,
): Promise<{ bytes: Uint8Array; whole: ReadableStream<Uint8Array> }> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  while (length < size) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    length += value.byteLength
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* chunks.splice(0)
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  }
  const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).slice(0, size).arrayBuffer())
  return { bytes, whole: streamOf(all(), (reason) => void reader.cancel(reason).catch(() => {})) }
}

/** The same stream; `see` gets each part of it as it goes by, and may throw. */
export function observed(stream: ReadableStream<Uint8Array>, see: (chunk: Uint8Array) => void): ReadableStream<Uint8Array> {
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        see(chunk)
        controller.enqueue(chunk)
      },
    }),
  )
}

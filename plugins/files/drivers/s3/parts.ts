/**
 * A stream, cut into parts of one size but for the last one; none when it is empty. Two parts are held in memory, in turn: one that was given out
 * is overwritten once the next but one is asked for. Pure.
 */
export async function* inParts(content: ReadableStream<Uint8Array>, size: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let part = new Uint8Array(Math.min(size, 64 * 1024)) // most contents are small
  let other: Uint8Array<ArrayBuffer> | undefined
  let filled = 0
  for await (const chunk of content as unknown as AsyncIterable<Uint8Array>) {
    for (let rest = chunk; rest.byteLength; ) {
      const taken = rest.subarray(0, size - filled)
      if (filled + taken.byteLength > part.byteLength) part = grown(part, filled + taken.byteLength, size)
      part.set(taken, filled)
      filled += taken.byteLength
      rest = rest.subarray(taken.byteLength)
      if (filled < size) continue
      yield part
      filled = 0
      ;[part, other] = [other ?? new Uint8Array(size), part]
    }
  }
  if (filled) yield part.subarray(0, filled)
}

function grown(part: Uint8Array, needed: number, most: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(most, Math.max(2 * part.byteLength, needed)))
  larger.set(part)
  return larger
}

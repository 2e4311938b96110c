/** What is there as a whole is compressed at once: a stream of its own costs eight times as much. */
import { setImmediate as turn } from 'node:timers/promises'

export { gzipSync } from 'node:zlib'

/** Bytes from which on other requests would wait too long for it. */
const most = 32 * 1024

/** Undefined for what is long, or still being made. */
export async function wholeOf<T extends Uint8Array>(first: T, more: Promise<{ readonly done: boolean }>): Promise<T | undefined> {
  if (first.byteLength > most) return undefined
  const next = await Promise.race([more, turn()])
  return next?.done ? first : undefined
}

/** A body of any length, cut into pieces as it arrives, so that what has come is kept whenever it breaks off. */
import { streamOf } from '../streams.ts'

export class Pieces {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #ahead = new Uint8Array()
  /** Why the body broke off, if it did. */
  broken: unknown

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.#reader = body?.getReader()
  }

  /** Whether anything follows: waits for it. */
  async more(): Promise<boolean> {
    try {
      while (!this.#ahead.byteLength) {
        const read = await this.#reader?.read()
        if (!read || read.done) return false
        this.#ahead = read.value as Uint8Array<ArrayBuffer>
      }
      return true
    } catch (error) {
      this.broken = error
      return false
    }
  }

  /** Ends with the body, with its `most`-th byte, or with what comes first after `time` ms. */
  next(most: number, time: number): ReadableStream<Uint8Array> {
    const piece = async function* (this: Pieces): AsyncGenerator<Uint8Array> {
      const until = performance.now() + time
      for (let left = most; left > 0 && performance.now() < until && (await this.more()); ) {
        const chunk = this.#ahead.subarray(0, left)
        this.#ahead = this.#ahead.subarray(left)
        left -= chunk.byteLength
        yield chunk
      }
    }
    return streamOf(piece.call(this), () => {})
  }

  /** Nobody wants the rest. */
  stop(): void {
    void this.#reader?.cancel().catch(() => {}) // the other end may have gone
  }
}

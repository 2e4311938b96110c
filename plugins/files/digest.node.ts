/** Checksums of what streams by: what the web platform has for this wants all of it at once. */
import { createHash } from 'node:crypto'

export interface Hash {
  update(chunk: Uint8Array): void
  digest(): Uint8Array
}

export const hashBy = (algorithm: string): Hash => createHash(algorithm)

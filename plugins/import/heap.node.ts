/**
 * Long work that makes much and keeps little. Of an import about 25 MB are alive at any time; left alone, Node's heap grows to ten times as much before it looks.
 * While such work is under way it grows in small steps instead, for a tenth more of processor time.
 */
import process from 'node:process'
import v8 from 'node:v8'

const isNode = process.versions.bun === undefined && process.versions.deno === undefined
let works = 0

/** V8's own: the young generation grows by this factor; percent by which the old one may grow between collections, 0 for as it sees fit. */
const usual = [2, 0] as const
const sparing = [1, 15] as const

function grow([factor, percent]: readonly [number, number]): void {
  if (!isNode) return
  v8.setFlagsFromString(`--semi-space-growth-factor=${factor}`)
  v8.setFlagsFromString(`--heap-growing-percent=${percent}`)
}

export async function sparingly<T>(work: () => Promise<T>): Promise<T> {
  if (works++ === 0) grow(sparing)
  try {
    return await work()
  } finally {
    if (--works === 0) grow(usual)
  }
}

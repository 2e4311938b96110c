/**
 * Long work that makes much and keeps little. Of an import about 25 MB are alive at any time; left alone, Node's heap grows to ten times as much before it looks.
 * While such work is under way it grows in small steps instead, for a tenth more of processor time.
 */
import process from 'node:process'
import v8 from 'node:v8'
import vm from 'node:vm'

const isNode = process.versions.bun === undefined && process.versions.deno === undefined
let works = 0

/** V8's own: the young generation grows by this factor; percent by which the old one may grow between collections, 0 for as it sees fit. */
const usual = [2, 0] as const
const sparing = [1, 15] as const
/** Bytes of input from which on the work is long. */
const long = 1_000_000

function grow([factor, percent]: readonly [number, number]): void {
  if (!isNode) return
  v8.setFlagsFromString(`--semi-space-growth-factor=${factor}`)
  v8.setFlagsFromString(`--heap-growing-percent=${percent}`)
}

/** The first step is counted from the last collection, which may never have been. Takes about 20 ms. */
function collect(): void {
  if (!isNode) return
  v8.setFlagsFromString('--expose-gc')
  vm.runInNewContext('gc')()
  v8.setFlagsFromString('--no-expose-gc')
}

export async function sparingly<T>(work: () => Promise<T>, size = 0): Promise<T> {
  if (works++ === 0) grow(sparing)
  if (size >= long) collect()
  try {
    return await work()
  } finally {
    if (--works === 0) grow(usual)
  }
}

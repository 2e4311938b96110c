/** One timer for all that is under way, in place of one for each statement. It exists only while there is something to look at. */
import { setInterval } from 'node:timers'

const period = 250

interface Entry {
  readonly since: number
  readonly look: (age: number) => void
  /** Where in the list; -1: not any more. */
  place: number
}

export interface Sweep {
  /** Calls `look` with the entry's age in ms about every 250 ms from its first 250 ms on, until the returned function is called. */
  add(look: (age: number) => void): () => void
}

export function createSweep(): Sweep {
  // A list in no order. A Set that entries come and go in leaves a chain of outgrown tables behind, which keeps what they held alive for long.
  const entries: Entry[] = []
  let timer: ReturnType<typeof setInterval> | undefined

  const tick = () => {
    if (entries.length === 0) {
      clearInterval(timer)
      timer = undefined
    }
    const now = performance.now()
    for (const entry of [...entries]) {
      // One look may end what another one is about.
      if (entry.place >= 0 && now - entry.since >= period) entry.look(now - entry.since)
    }
  }

  function remove(entry: Entry): void {
    if (entry.place < 0) return
    const last = entries.pop()!
    if (last !== entry) {
      entries[entry.place] = last
      last.place = entry.place
    }
    entry.place = -1
  }

  return {
    add(look) {
      const entry = { since: performance.now(), look, place: entries.length }
      entries.push(entry)
      timer ??= setInterval(tick, period).unref()
      return () => remove(entry)
    },
  }
}

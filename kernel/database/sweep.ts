/** One timer for all that is under way, in place of one for each statement. It exists only while there is something to look at. */
import { setInterval } from 'node:timers'

const period = 250

export interface Sweep {
  /** Calls `look` with the entry's age in ms about every 250 ms from its first 250 ms on, until the returned function is called. */
  add(look: (age: number) => void): () => void
}

export function createSweep(): Sweep {
  const entries = new Set<{ since: number; look: (age: number) => void }>()
  let timer: ReturnType<typeof setInterval> | undefined

  const tick = () => {
    if (entries.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
    const now = performance.now()
    for (const { since, look } of entries) if (now - since >= period) look(now - since)
  }

  return {
    add(look) {
      const entry = { since: performance.now(), look }
      entries.add(entry)
      timer ??= setInterval(tick, period).unref()
      return () => void entries.delete(entry)
    },
  }
}

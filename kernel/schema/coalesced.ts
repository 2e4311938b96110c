/** Work that many ask for at once. Pure but for the work itself. */

/** Each call gets the outcome of a run that began after it: calls that come while one is under way share the next. */
export function coalesced<T>(work: () => Promise<T>): () => Promise<T> {
  let running = false
  let last: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined

  const begin = (): Promise<T> => {
    running = true
    next = undefined
    const mine = work()
    // A run that waits begins from this same promise, afterwards: there is no gap for a call in between.
    last = mine.then(end, end)
    return mine
  }
  const end = () => {
    if (!next) running = false
  }
  return function ask() {
    if (!running) return begin()
    next ??= last.then(begin)
    return next
  }
}

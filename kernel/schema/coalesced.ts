/** Work that many ask for at once. Pure but for the work itself. */

/** Each call gets the outcome of a run that began after it: calls that come while one is under way share the next. */
export function coalesced<T>(work: () => Promise<T>): () => Promise<T> {
  /** Settles when the run under way has ended. */
  let running: Promise<void> | undefined
  let next: Promise<T> | undefined
  const begin = (): Promise<T> => {
    next = undefined
    const run = work()
    running = run.then(end, end)
    return run
  }
  const end = () => {
    if (!next) running = undefined
  }
  return function ask() {
    if (!running) return begin()
    next ??= running.then(begin)
    return next
  }
}

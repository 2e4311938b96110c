/** Handlers around one action, first handler outermost. Pure: no I/O, no clock, no module state. */
import type { Handler } from './plugin.ts'

/** What a chain returns that had nothing to wait for: whoever sees it may go on at once. */
export const done: Promise<void> = Promise.resolve()

/**
 * Runs `action` inside `handlers`. One that leaves out `next()` skips all that follows; what it throws reaches the caller unchanged.
 * A level costs no promise of its own: every request and every write passes through many that have nothing to do.
 * @throws Error when a handler calls `next()` twice: a write must not happen twice.
 */
export function runChain<E>(handlers: readonly Handler<E>[], event: E, action: (event: E) => void | Promise<void>): Promise<void> {
  const enter = (depth: number): Promise<void> => {
    const step = handlers[depth]
    let entered = false
    const next = () => {
      if (entered) throw new Error(`Handler "${step!.name || depth}" called next() twice`)
      entered = true
      return enter(depth + 1)
    }
    try {
      const under = step ? step(event, next) : action(event)
      return under instanceof Promise ? under : done
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return enter(0)
}

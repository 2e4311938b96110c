/** Handlers around one action, first handler outermost. Pure: no I/O, no clock, no module state. */
import type { Handler } from './plugin.ts'

/**
 * Runs `action` inside `handlers`. One that leaves out `next()` skips all that follows; what it throws reaches the caller unchanged.
 * @throws Error when a handler calls `next()` twice: a write must not happen twice.
 */
export async function runChain<E>(handlers: readonly Handler<E>[], event: E, action: (event: E) => void | Promise<void>): Promise<void> {
  const enter = async (depth: number): Promise<void> => {
    const step = handlers[depth]
    if (!step) return action(event)
    let entered = false
    await step(event, () => {
      if (entered) throw new Error(`Handler "${step.name || depth}" called next() twice`)
      entered = true
      return enter(depth + 1)
    })
  }
  await enter(0)
}

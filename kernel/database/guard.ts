/** Notices when code inside a transaction reaches for the Database itself: its statement would escape the rollback, or wait for itself forever. */
import { AsyncLocalStorage } from 'node:async_hooks'

export function createGuard() {
  const inside = new AsyncLocalStorage<{ active: boolean }>()
  return {
    /** @throws Error inside `run`. */
    check(): void {
      if (inside.getStore()?.active)
        throw new Error("Inside a transaction use the transaction's db: the Database's own methods would escape it")
    },
    async run<T>(work: () => Promise<T>): Promise<T> {
      // Work that outlives the transaction (a timer started in it) inherits the store: it is free again once the transaction is over.
      const scope = { active: true }
      try {
        return await inside.run(scope, work)
      } finally {
        scope.active = false
      }
    },
  }
}

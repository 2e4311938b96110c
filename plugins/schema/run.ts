/** Runs changes of the schema: one at a time across processes, each on the newest schema, in a transaction that waits for locks only so long. */
import { type Access, type Host, problems, type Transaction } from 'plinth'
import type { Items } from 'plinth/items'
import { type Change, realChange } from './change.ts'
import { toSchemaProblem } from './refusals.ts'

/** Runs one change; once it resolves every table that it made is served by this process. */
export type RunChange = <T>(access: Access, work: (change: Change) => Promise<T>) => Promise<T>

/** "plinth ddl" as a number, for the advisory lock. */
const lockKey = 0x706c_646c

/** How often a change is tried on a newer schema. */
const mostAttempts = 10

/**
 * Holds other changes of the schema back until the transaction ends. Waiting for a table queues everybody else behind us, which is why that
 * ends after `lockTimeout` ms.
 * @throws SERVICE_UNAVAILABLE when the changes of others take longer than a statement may.
 */
export async function holdSchema(db: Transaction, lockTimeout: number): Promise<void> {
  await db.execute(`select pg_advisory_xact_lock(${lockKey}); set local lock_timeout = ${lockTimeout}`).catch((thrown) => {
    throw toSchemaProblem(thrown, { collection: 'The schema' })
  })
}

export function changeRunner(host: Host, items: Items, lockTimeout: number): RunChange {
  const { db, registry, versions, config } = host
  const inTurn = oneByOne()

  /** Undefined when another process was quicker: what was planned on may be no more. */
  async function attempt<T>(access: Access, work: (change: Change) => Promise<T>): Promise<{ result: T } | undefined> {
    const { snapshot } = registry
    const raised = new Set<string>()
    const done = await db.transaction(async (transaction) => {
      await holdSchema(transaction, lockTimeout)
      if (await registry.isOutdated(transaction)) return undefined
      const result = await work(realChange({ db: transaction, access, snapshot, schema: config.schemas[0]!, items, raised }))
      await registry.changed(transaction)
      return { result }
    })
    // The schema's own is read below. What else hangs on these rows must not wait for the notice to come back.
    for (const name of raised) if (name !== 'schema') versions.touch(name)
    return done
  }

  return (access, work) =>
    inTurn(async () => {
      for (let attempts = 0; attempts < mostAttempts; attempts++) {
        const done = await attempt(access, work)
        await registry.reload()
        if (done) return done.result
      }
      throw problems.SERVICE_UNAVAILABLE('The schema is being changed by others all the time.', { service: 'database' })
    })
}

/** Each piece of work begins when the one before has ended: those that wait must not each hold a connection. */
function oneByOne(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}

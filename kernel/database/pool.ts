/**
 * A Database out of sessions. What both drivers share: each session is lent to one caller at a time, so that no statement waits behind
 * somebody else's; transactions with retry, the guard against escaping them, and an orderly close.
 */
import { setInterval } from 'node:timers'
import { type Database, DatabaseError, type Queryable, type QueryOptions, type Transaction } from './database.ts'
import { createGuard } from './guard.ts'

/** One connection. Statements sent while another runs are executed after it, in order. */
export interface Session extends Queryable {
  /** Whether it can still be used. Once false it stays so. */
  readonly alive: boolean
  /** Whether a new session should take its place, when there is a moment. */
  readonly worn: boolean
  /** Whether a statement may be sent before the one ahead of it has succeeded: if that one fails for want of a connection, it fails too. */
  readonly pipelines: boolean
  /** BEGIN, COMMIT and the like: as `execute`, but bound by the statement timeout. */
  control(statement: string): Promise<void>
  end(): Promise<void>
}

export interface PoolOptions extends Pick<Database, 'capabilities' | 'listen' | 'forgetStatements'> {
  readonly size: number
  /** Must not wait: a session may connect with its first statement. */
  open(): Session
  /** Longest wait for a session, ms. */
  readonly patience: number
  /** After the last session has ended. */
  closed?(): Promise<void>
}

const reruns = 3
const closeTimeout = 5000

export function createPool(options: PoolOptions): Database {
  const guard = createGuard()
  const idle: Session[] = []
  // Lists: a Set that sessions come and go in leaves a chain of outgrown tables behind, which keeps what they held alive for long.
  const lent: Session[] = []
  const waiters: PromiseWithResolvers<Session>[] = []
  let closing: Promise<void> | undefined
  let drained: (() => void) | undefined

  const lend = (session: Session) => {
    lent.push(session)
    return session
  }

  function acquire(gone?: () => boolean): Session | Promise<Session> {
    if (closing) throw new DatabaseError('The database connection is closed', '08003')
    for (let session = idle.pop(); session; session = idle.pop()) {
      if (session.alive && !session.worn) return lend(session)
      void session.end()
    }
    return lent.length < options.size ? lend(options.open()) : wait(gone)
  }

  function wait(gone?: () => boolean): Promise<Session> {
    const waiter = Promise.withResolvers<Session>()
    const refuse = (message: string, state: string) => {
      waiters.splice(waiters.indexOf(waiter), 1)
      waiter.reject(new DatabaseError(message, state))
    }
    const forget = watch((age) => {
      if (gone?.()) refuse('Nobody waits for this statement any more', '57014')
      else if (age > options.patience) refuse(`No connection became free within ${options.patience} ms`, '53300')
    })
    waiters.push(waiter)
    return waiter.promise.finally(forget)
  }

  function release(session: Session): void {
    lent.splice(lent.indexOf(session), 1)
    const usable = session.alive && !session.worn && !closing
    if (!usable) void session.end()
    const waiter = waiters.shift()
    if (waiter) waiter.resolve(lend(usable ? session : options.open()))
    else if (usable) idle.push(session)
    if (lent.length === 0) drained?.()
  }

  async function lease<T>(work: (session: Session) => Promise<T>, gone?: () => boolean): Promise<T> {
    guard.check()
    const session = await acquire(gone)
    try {
      return await work(session)
    } finally {
      release(session)
    }
  }

  async function close(): Promise<void> {
    for (const waiter of waiters.splice(0)) waiter.reject(new DatabaseError('The database connection is being closed', '57P01'))
    if (lent.length > 0) await bounded(new Promise<void>((resolve) => (drained = resolve)), closeTimeout)
    await Promise.all([...idle, ...lent].map((session) => session.end()))
    await options.closed?.()
  }

  return {
    capabilities: options.capabilities,
    query: (text, parameters, queryOptions) => lease((session) => session.query(text, parameters, queryOptions), queryOptions?.gone),
    text: (text, parameters, queryOptions) => lease((session) => session.text(text, parameters, queryOptions), queryOptions?.gone),
    execute: (script) => lease((session) => session.execute(script)),
    async transaction(work) {
      for (let run = 0; ; run++) {
        try {
          return await lease((session) => guard.run(() => runTransaction(session, work)))
        } catch (error) {
          if (run === reruns || !isTransient(error)) throw error
          await sleep((2 ** run + Math.random()) * 10)
        }
      }
    },
    async listen(channel, listener) {
      guard.check()
      return options.listen(channel, listener)
    },
    notify: async (channel, payload) => void (await lease((session) => session.query('select pg_notify($1, $2)', [channel, payload]))),
    connections: () => ({ used: lent.length, available: options.size - lent.length }),
    forgetStatements: options.forgetStatements,
    close: () => (closing ??= close()),
  }
}

async function runTransaction<T>(session: Session, work: (db: Transaction) => Promise<T>): Promise<T> {
  let over = false
  let depth = 0
  /** Of a statement, until a savepoint took it back. PostgreSQL would answer COMMIT with a silent ROLLBACK. */
  let failure: { error: unknown } | undefined
  const fail = (error: unknown) => {
    failure ??= { error }
  }
  const check = () => {
    if (failure) throw failure.error
  }
  /** Whoever was silent about a statement that failed is told of it all the same, and not that none can follow it. */
  const cause = (error: unknown) => (failure && error instanceof DatabaseError && error.state === '25P02' ? failure.error : error)

  let steps = 0
  const step = async <R>(action: () => Promise<R>): Promise<R> => {
    steps++
    if (over) throw new Error("A transaction's db was used after the transaction had ended")
    if (!session.alive) throw new DatabaseError('The connection was lost inside a transaction', '08006')
    try {
      return await action()
    } catch (error) {
      fail(error)
      throw error
    }
  }

  const control = (statement: string) => step(() => session.control(statement))
  const parting: { send: (items: readonly never[]) => Promise<unknown>; item: unknown }[] = []
  let leaving = false
  let savepoints = 0
  const sendAll = function* () {
    for (const [send, given] of Map.groupBy(parting.splice(0), (one) => one.send)) yield send(given.map(({ item }) => item as never))
  }

  const transaction: Transaction = {
    query: (text, parameters, options?: QueryOptions) => step(() => session.query(text, parameters, options)),
    text: (text, parameters, options) => step(() => session.text(text, parameters, options)),
    execute: (script) => step(() => session.execute(script)),
    async savepoint(inner) {
      const name = `s${++depth}`
      const kept = parting.length
      await control(`savepoint ${name}`)
      savepoints++
      try {
        const result = await inner()
        check()
        await control(`release savepoint ${name}`)
        return result
      } catch (thrown) {
        const error = cause(thrown)
        await control(`rollback to savepoint ${name}; release savepoint ${name}`)
        failure = undefined
        parting.length = kept
        throw error
      } finally {
        savepoints--
      }
    },
    last(send, item) {
      if (leaving) throw new Error('What comes last in a transaction is on its way already')
      parting.push({ send, item })
    },
    async sendLast() {
      if (savepoints) throw new Error('What comes last cannot be sent from within a savepoint: it may be taken back')
      for (const sending of sendAll()) await sending
    },
  }

  const begun = session.control('begin')
  if (session.pipelines) begun.catch(fail)
  else await begun
  try {
    const result = await work(transaction)
    check()
    leaving = true
    const sent: Promise<unknown>[] = []
    let before = steps
    for (const sending of sendAll()) {
      // Nothing is on its way: what goes wrong would not reach COMMIT.
      if (steps === before) await sending
      else sent.push(sending)
      before = steps
    }
    // Of a transaction that has failed PostgreSQL makes COMMIT a rollback, and says nothing.
    await Promise.all([...sent, control('commit')])
    check()
    return result
  } catch (error) {
    // A connection that is gone has rolled back by itself; one that cannot even roll back must not be used again.
    if (session.alive) await session.control('rollback').catch(() => session.end())
    throw cause(error)
  } finally {
    over = true
  }
}

/** Serialization failure, deadlock, or a prepared statement whose table was altered since. */
function isTransient(error: unknown): boolean {
  return (
    error instanceof DatabaseError &&
    (/^(40001|40P01)$/.test(error.state) || (error.state === '0A000' && /cached plan/.test(error.message)))
  )
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Settles with `promise`, or after `ms`. */
export async function bounded(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Calls `look` with its age in ms every 250 ms, until the returned function is called. */
export function watch(look: (age: number) => void): () => void {
  const since = performance.now()
  const timer = setInterval(() => look(performance.now() - since), 250).unref()
  return () => clearInterval(timer)
}

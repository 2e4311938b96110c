/**
 * LISTEN on a connection of its own for each channel. It sends itself a notification through the pool now and then: a half-open connection, or a
 * LISTEN that a pooler swallowed, would be silent otherwise.
 */
import type { Log } from '../log.ts'
import { DatabaseError, type Listener, quoteName } from './database.ts'
import { bounded, type Session } from './pool.ts'

export type OpenListening = (onnotify: (channel: string, payload: string) => void, onclose: () => void) => Session

export interface ListeningOptions {
  readonly open: OpenListening
  /** Through the pool. */
  notify(channel: string, payload: string): Promise<void>
  /** ms between two notifications to itself. */
  readonly heartbeat: number
  /** ms after which a notification counts as lost. */
  readonly silence: number
  readonly log: Log | undefined
}

const longestPause = 5000

/** Resolves when the first try has come to an end, good or bad, with a function that ends it all. */
export async function keepListening(
  channel: string,
  listener: Listener,
  { open, notify, heartbeat, silence, log }: ListeningOptions,
): Promise<() => Promise<void>> {
  const ownChannel = `plinth_echo_${crypto.randomUUID().slice(0, 8)}`
  let session: Session | undefined
  /** What the listener was told last. */
  let ready: boolean | undefined
  let stopped = false
  /** Since it was last ready. */
  let failures = 0
  const tried = Promise.withResolvers<void>()
  /** Ends the present pause. */
  let wake = () => {}
  let heard = () => {}

  function tell(value: boolean): void {
    tried.resolve()
    if (value) failures = 0
    if (ready === value || stopped) return
    ready = value
    if (value) listener.ready()
    else listener.lost()
  }

  function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    wake = resolve
    return promise.finally(() => clearTimeout(timer))
  }

  async function checkEcho(): Promise<void> {
    const echo = Promise.withResolvers<void>()
    heard = echo.resolve
    if (await bounded(Promise.all([notify(ownChannel, ''), echo.promise]), silence)) return
    throw new DatabaseError('Notifications do not come through', '08006')
  }

  /** Returns when the connection is of no more use. */
  async function keepSession(): Promise<void> {
    const current = open(
      (name, payload) => (name === ownChannel ? heard() : listener.message(payload)),
      () => {
        wake()
        heard()
      },
    )
    session = current
    try {
      await current.execute(`listen ${quoteName(channel)}; listen ${quoteName(ownChannel)}`)
      while (current.alive && !stopped) {
        await checkEcho()
        if (!current.alive) return
        tell(true)
        await pause(heartbeat)
      }
    } finally {
      void current.end()
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      await keepSession().catch((error: unknown) => {
        if (!stopped) log?.warn('Listening for notifications failed, trying again', { error })
      })
      tell(false)
      if (!stopped) await pause(Math.min(longestPause, 50 * 2 ** failures++) * (0.5 + Math.random() / 2))
    }
  }

  const running = run()
  await tried.promise
  return async () => {
    stopped = true
    wake()
    await Promise.all([session?.end(), running])
  }
}

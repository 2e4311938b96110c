/**
 * LISTEN on a connection of its own for each channel. It sends itself a notification through the pool now and then: a half-open connection, or a
 * LISTEN that a pooler swallowed, would be silent otherwise.
 */
import type { Log } from '../log.ts'
import { DatabaseError, type Listener, quoteName } from './database.ts'
import { bounded, type Session } from './pool.ts'

export interface ListeningOptions {
  open(onnotify: (channel: string, payload: string) => void, onclose: () => void): Session
  /** Through the pool. */
  notify(channel: string, payload: string): Promise<void>
  /** ms between two notifications to itself. */
  readonly heartbeat: number
  /** ms after which a notification counts as lost. */
  readonly silence: number
  readonly log: Log | undefined
}

type Stop = () => Promise<void>

export interface Listening {
  listen(channel: string, listener: Listener): Promise<Stop>
  close(): Promise<void>
}

const longestPause = 5000

export function createListening(options: ListeningOptions): Listening {
  const stops = new Set<Stop>()
  return {
    async listen(channel, listener) {
      const stop = await keepListening(channel, listener, options)
      stops.add(stop)
      return async () => {
        stops.delete(stop)
        await stop()
      }
    },
    async close() {
      await Promise.all([...stops].map((stop) => stop()))
    },
  }
}

/** Resolves when the first try has come to an end, good or bad. */
async function keepListening(
  channel: string,
  listener: Listener,
  { open, notify, heartbeat, silence, log }: ListeningOptions,
): Promise<Stop> {
  const ownChannel = `plinth_echo_${crypto.randomUUID().slice(0, 8)}`
  let session: Session | undefined
  /** What the listener was told last. */
  let ready: boolean | undefined
  let stopped = false
  /** Ends the present pause. */
  let wake = () => {}
  let heard = () => {}

  function tell(value: boolean): void {
    if (ready === value || stopped) return
    ready = value
    if (value) listener.ready()
    else listener.lost()
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  async function checkEcho(): Promise<void> {
    const echo = new Promise<void>((resolve) => {
      heard = resolve
    })
    if (await bounded(Promise.all([notify(ownChannel, ''), echo]), silence)) return
    throw new DatabaseError('Notifications do not come through', '08006')
  }

  /** Returns when the connection is of no more use. */
  async function keepSession(onceReady: () => void): Promise<void> {
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
        onceReady()
        await pause(heartbeat)
      }
    } finally {
      void current.end()
    }
  }

  async function run(tried: () => void): Promise<void> {
    for (let failures = 0; !stopped; failures++) {
      await keepSession(() => {
        failures = 0
        tried()
      }).catch((error: unknown) => {
        if (!stopped) log?.warn('Listening for notifications failed, trying again', { error })
      })
      tell(false)
      tried()
      if (!stopped) await pause(Math.min(longestPause, 50 * 2 ** failures) * (0.5 + Math.random() / 2))
    }
  }

  let running: Promise<void> | undefined
  await new Promise<void>((tried) => {
    running = run(tried)
  })
  return async () => {
    stopped = true
    wake()
    await Promise.all([session?.end(), running])
  }
}

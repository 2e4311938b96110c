/**
 * LISTEN on a connection of its own, for as long as anybody listens. It sends itself a notification through the pool now and then: a half-open
 * connection, or a LISTEN that a pooler swallowed, would be silent otherwise.
 */
import type { Log } from '../log.ts'
import { DatabaseError, type Listener, quoteName } from './database.ts'
import { bounded, type Session } from './pool.ts'

export interface ListeningOptions {
  open(onnotify: (channel: string, payload: string) => void, onclose: () => void): Session
  /** Through the pool. */
  notify(channel: string, payload: string): Promise<void>
  readonly log: Log | undefined
}

export interface Listening {
  listen(channel: string, listener: Listener): Promise<() => Promise<void>>
  close(): Promise<void>
}

const beat = 15_000
const echoTimeout = 5000
const longestPause = 5000

export function createListening({ open, notify, log }: ListeningOptions): Listening {
  const channels = new Map<string, Set<Listener>>()
  const ownChannel = `plinth_echo_${crypto.randomUUID().slice(0, 8)}`
  let session: Session | undefined
  let ready = false
  let closed = false
  let loop: Promise<void> | undefined
  /** Ends the present wait, be it for the next heartbeat or the next try. */
  let wake = () => {}
  let echo = () => {}

  const all = () => [...channels.values()].flatMap((listeners) => [...listeners])

  function setReady(value: boolean) {
    if (ready === value) return
    ready = value
    for (const listener of all()) value ? listener.ready() : listener.lost()
  }

  function deliver(channel: string, payload: string) {
    if (channel === ownChannel) echo()
    else for (const listener of channels.get(channel) ?? []) listener.message(payload)
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
    const heard = new Promise<void>((resolve) => {
      echo = resolve
    })
    const sent = notify(ownChannel, '')
    if (!(await bounded(Promise.all([sent, heard]), echoTimeout))) throw new DatabaseError('Notifications do not come through', '08006')
  }

  /** Returns when the connection is of no more use. */
  async function keepSession(onceReady: () => void): Promise<void> {
    const current = open(deliver, () => wake())
    const done = new Set<string>()
    const listenToAll = async () => {
      for (let missing = true; missing; ) {
        missing = false
        for (const channel of [ownChannel, ...channels.keys()]) {
          if (done.has(channel)) continue
          missing = true // others may have joined while this one is awaited
          done.add(channel)
          await current.execute(`listen ${quoteName(channel)}`)
        }
      }
    }
    session = current
    try {
      for (;;) {
        await listenToAll()
        await checkEcho()
        await listenToAll()
        setReady(true)
        onceReady()
        await pause(beat)
        if (!current.alive || channels.size === 0 || closed) return
      }
    } finally {
      setReady(false)
      session = undefined
      void current.end()
    }
  }

  async function keepListening(tried: () => void): Promise<void> {
    let failures = 0
    while (channels.size > 0 && !closed) {
      try {
        await keepSession(() => {
          failures = 0
          tried()
        })
      } catch (error) {
        log?.warn('Listening for notifications failed, trying again', { error })
        for (const listener of failures++ === 0 ? all() : []) listener.lost()
      }
      tried()
      if (channels.size > 0 && !closed) await pause(Math.min(longestPause, 50 * 2 ** failures) * (0.5 + Math.random() / 2))
    }
    loop = undefined
  }

  async function subscribe(channel: string, listener: Listener): Promise<void> {
    if (!loop) {
      await new Promise<void>((tried) => {
        loop = keepListening(tried)
      })
    } else if (session && ready) {
      const current = session
      await current.execute(`listen ${quoteName(channel)}`)
      listener.ready()
    }
  }

  return {
    async listen(channel, listener) {
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners.add(listener))
      await subscribe(channel, listener)
      return async () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        channels.delete(channel)
        if (channels.size === 0) wake()
        else if (session?.alive) await session.execute(`unlisten ${quoteName(channel)}`)
      }
    },
    async close() {
      closed = true
      wake()
      await Promise.all([session?.end(), loop])
    },
  }
}

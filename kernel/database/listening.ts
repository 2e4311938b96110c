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
  /** ms between two notifications to itself. */
  readonly heartbeat: number
  readonly log: Log | undefined
}

export interface Listening {
  listen(channel: string, listener: Listener): Promise<() => Promise<void>>
  close(): Promise<void>
}

const echoTimeout = 5000
const longestPause = 5000

export function createListening({ open, notify, heartbeat, log }: ListeningOptions): Listening {
  const channels = new Map<string, Set<Listener>>()
  const ownChannel = `plinth_echo_${crypto.randomUUID().slice(0, 8)}`
  let session: Session | undefined
  /** What the listeners were told last. */
  let ready: boolean | undefined
  let closed = false
  let loop: Promise<void> | undefined
  /** Ends the present wait, be it for the next heartbeat or the next try. */
  let wake = () => {}
  let echo = () => {}

  const all = () => [...channels.values()].flatMap((listeners) => [...listeners])

  function setReady(value: boolean) {
    if (ready === value || closed) return
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
    const current = open(deliver, () => {
      wake()
      echo()
    })
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
        if (!current.alive) return
        setReady(true)
        onceReady()
        await pause(heartbeat)
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
        setReady(false)
        failures++
      }
      tried()
      if (channels.size > 0 && !closed) await pause(Math.min(longestPause, 50 * 2 ** failures) * (0.5 + Math.random() / 2))
    }
    loop = undefined
    ready = undefined
  }

  /** For a change on the present connection; where it breaks, the next one starts with the right channels anyway. */
  async function run(current: Session, statement: string): Promise<void> {
    try {
      await current.execute(statement)
    } catch (error) {
      log?.debug('The connection that listens broke', { error })
      await current.end()
    }
  }

  async function subscribe(channel: string, listener: Listener): Promise<void> {
    if (!loop) {
      await new Promise<void>((tried) => {
        loop = keepListening(tried)
      })
    } else if (session && ready) {
      await run(session, `listen ${quoteName(channel)}`)
      if (ready) listener.ready()
    } else if (ready === false) listener.lost()
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
        else if (session) await run(session, `unlisten ${quoteName(channel)}`)
      }
    },
    async close() {
      closed = true
      wake()
      await Promise.all([session?.end(), loop])
    },
  }
}

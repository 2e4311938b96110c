/**
 * Imports and exports that go on behind their answer: so many at once, so many in a row behind them. Nobody waits for their answer, so whoever asked gets
 * a notification. At the end of the process those that run get the time that requests get; what is not done by then is undone, and told.
 */
import { type Host, Problem, problems, system } from 'plinth'
import type { Items } from 'plinth/items'

export interface Notice {
  readonly subject: string
  readonly message?: string | null
  /** Where it leads. */
  readonly collection?: string
  readonly item?: string
}

export interface Work {
  readonly user: string | null
  /** Subject of the notification when it fails. */
  readonly failed: string
  /** `gone`: nobody wants it any more. */
  run(gone: () => boolean): Promise<Notice>
  /** At the end, whatever came of it, also when it was never begun. */
  clear(): Promise<void>
}

/** Room for one work, to be taken before its file is read. */
export interface Place {
  start(work: Work): void
  /** Without a start; after one it does nothing. */
  leave(): void
}

export interface BackgroundLimits {
  /** Works at once. */
  readonly running: number
  readonly waiting: number
}

const unfinished = 'The server was stopped before it was done, and nothing of it is kept: ask for it again.'

export class Background {
  readonly #host: Host
  readonly #items: Items
  readonly #limits: BackgroundLimits
  readonly #works = new Set<Promise<void>>()
  readonly #queue: (() => void)[] = []
  #places = 0
  #running = 0
  #closing = false
  /** By `performance.now()`. */
  #end = Number.POSITIVE_INFINITY

  constructor(host: Host, items: Items, limits: BackgroundLimits) {
    this.#host = host
    this.#items = items
    this.#limits = limits
  }

  /** @throws SERVICE_UNAVAILABLE when there is none. */
  take(): Place {
    const { running, waiting } = this.#limits
    if (this.#closing || this.#places >= running + waiting)
      throw problems.SERVICE_UNAVAILABLE('Too many imports and exports are under way: try again in a moment.', { service: 'background' })
    this.#places++
    let held = true
    const leave = () => {
      if (held) this.#places--
      held = false
    }
    const start = (work: Work) => {
      held = false
      const done = this.#perform(work).finally(() => {
        this.#works.delete(done)
        this.#places--
      })
      this.#works.add(done)
    }
    return { start, leave }
  }

  /** Resolves when nothing is under way; takes `grace` ms and what it takes to undo the rest. */
  async close(grace: number): Promise<void> {
    this.#closing = true
    if (!this.#works.size) return
    this.#host.log.info('imports and exports are under way', { running: this.#running, waiting: this.#queue.length })
    for (const enter of this.#queue.splice(0)) enter()
    this.#end = performance.now() + grace
    await Promise.all(this.#works)
  }

  /** Never rejects. */
  async #perform(work: Work): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#queue.push(resolve)
    this.#admit()
    await promise
    // Whoever is let in by the end of the process does not begin.
    const notice = this.#closing ? this.#stopped(work) : await this.#run(work)
    await work.clear().catch((error: unknown) => this.#host.log.error('what an import or export left could not be removed', { error }))
    await this.#tell(work, notice)
  }

  #admit(): void {
    while (this.#running < this.#limits.running && this.#queue.length) {
      this.#running++
      this.#queue.shift()!()
    }
  }

  async #run(work: Work): Promise<Notice> {
    try {
      return await work.run(this.#isOver)
    } catch (error) {
      return this.#isOver() ? this.#stopped(work) : this.#fault(work, error)
    } finally {
      this.#running--
      if (!this.#closing) this.#admit()
    }
  }

  readonly #isOver = (): boolean => performance.now() > this.#end

  #stopped({ user, failed }: Work): Notice {
    this.#host.log.warn(`${failed}: the server stops`, { user })
    return { subject: failed, message: unfinished }
  }

  /** As it would be answered. */
  #fault({ failed }: Work, error: unknown): Notice {
    const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
    const told = all.filter((one) => one instanceof Problem)
    if (told.length < all.length) this.#host.log.error(failed, { error })
    return { subject: failed, message: told.slice(0, 20).map(lineOf).join('\n') || 'Something went wrong on our side.' }
  }

  async #tell({ user }: Work, notice: Notice): Promise<void> {
    if (!user || !this.#host.registry.snapshot.tables.has('directus_notifications')) return
    const row = { recipient: user, sender: user, ...notice, subject: notice.subject.slice(0, 255) }
    await this.#items
      .create('directus_notifications', [row], { access: system })
      .catch((error: unknown) => this.#host.log.error('A notification could not be left.', { subject: notice.subject, error }))
  }
}

const lineOf = ({ message, details }: Problem): string => `${message}${details.rows ? ` ${JSON.stringify(details.rows)}` : ''}`

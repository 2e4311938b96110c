/** Writes: one transaction, handlers around, a set of rows a statement; and word of what has changed, once it has. */
import { type Host, isObject, type Table, type Transaction } from 'plinth'
import { type Caller, type Change, type ChangedEvent, type Item, itemsChanged, type Key } from './api.ts'
import { toWriteProblem } from './faults.ts'
import { upToDate } from './outdated.ts'
import { tableOf } from './place.ts'
import type { Move } from './write/sort.ts'
import type { Versions } from './write/statements.ts'
import { Tree, type TreeParts } from './write/tree.ts'

export class Writer {
  readonly #host: Host
  readonly #parts: TreeParts
  /** What each of our own open transactions has changed so far, to be told after commit. */
  readonly #changes = new WeakMap<Transaction, ChangedEvent[]>()

  constructor(parts: TreeParts) {
    this.#host = parts.host
    this.#parts = parts
  }

  /** Runs `work` in the caller's transaction, or in one of its own; then, after commit, tells what changed. */
  async within<T>(caller: Caller, work: (db: Transaction) => Promise<T>): Promise<T> {
    if (caller.db) return work(caller.db)
    let changes: ChangedEvent[] = []
    const { db, registry } = this.#host
    const run = () =>
      db.transaction((transaction) => {
        changes = []
        this.#changes.set(transaction, changes)
        return work(transaction)
      })
    const result = await upToDate(registry, run).catch((thrown) => {
      // What is checked at commit alone: deferred constraints.
      const table = registry.snapshot.tables.get(thrown?.table) ?? changes.at(-1)?.table
      throw table ? toWriteProblem(thrown, this.#parts.permits.of(caller.access, registry.snapshot).seen, table, []) : thrown
    })
    for (const change of changes) await this.#tell(change)
    return result
  }

  /**
   * Runs `work` in a transaction that is undone, and answers what it does. It is given what was changed so far; nobody else hears of that. In a
   * transaction of the caller its own changes alone are undone.
   */
  async undone<T>(caller: Caller, work: (db: Transaction, changes: readonly ChangedEvent[]) => Promise<T>): Promise<T> {
    let done: { readonly value: T } | undefined
    const undo = new Error('undone')
    const run = async (db: Transaction) => {
      const before = this.#changes.get(db)
      const changes: ChangedEvent[] = []
      this.#changes.set(db, changes)
      try {
        done = { value: await work(db, changes) }
      } finally {
        if (before) this.#changes.set(db, before)
        else this.#changes.delete(db)
      }
      throw undo
    }
    const { db, registry } = this.#host
    const begin = () => (caller.db ? caller.db.savepoint(() => run(caller.db!)) : db.transaction(run))
    await (caller.db ? begin() : upToDate(registry, begin)).catch((thrown: unknown) => {
      if (thrown !== undo) throw thrown
    })
    return done!.value
  }

  /** Creates all or none, answers their keys in order. */
  async create(collection: string, items: readonly Item[], caller: Caller): Promise<Key[]> {
    return this.#write(collection, caller, (tree, table) => tree.create(table, copied(items) as Item[]))
  }

  /**
   * Answers the keys of the rows that were there. With `versions` the one row must be of one of them.
   * @throws FORBIDDEN for a key that cannot be one, PRECONDITION_FAILED for a row of another version.
   */
  async update(collection: string, keys: readonly unknown[], patch: Item, caller: Caller, versions?: Versions): Promise<Key[]> {
    return this.#write(collection, caller, async (tree, table) => {
      const changes = await tree.update(table, [{ keys: [...keys] as Key[], patch: copied(patch) }], undefined, { versions })
      return changes.flatMap((change) => change.keys)
    })
  }

  /** The same for several changes, each with its own keys. */
  async updateEach(collection: string, changes: readonly Change[], caller: Caller): Promise<Key[]> {
    return this.#write(collection, caller, (tree, table) => tree.updateEach(table, copied(changes) as Change[]))
  }

  async delete(collection: string, keys: readonly unknown[], caller: Caller, versions?: Versions): Promise<Key[]> {
    return this.#write(collection, caller, (tree, table) => tree.delete(table, keys, undefined, versions))
  }

  /** An item takes the place of another one in its collection's order; answers the keys of all that moved. @throws INVALID_PAYLOAD where there is no order. */
  async sort(collection: string, move: Move, caller: Caller): Promise<Key[]> {
    return this.#write(collection, caller, (tree, table) => tree.sort(table, move))
  }

  /** What is sent is copied for `work`, which may run again. */
  #write<T>(collection: string, caller: Caller, work: (tree: Tree, table: Table) => Promise<T>): Promise<T> {
    return this.within(caller, async (db) => {
      const tree = new Tree(this.#parts, db, caller.access, (change) => this.#changed(db, change))
      const result = await work(tree, tableOf(this.#host.registry.snapshot, collection))
      await tree.checkAll()
      return result
    })
  }

  /** Of a transaction that somebody else opened handlers hear at once, as only they know when it ends; caches wait for the notice that commit sends. */
  async #changed(db: Transaction, change: ChangedEvent): Promise<void> {
    const pending = this.#changes.get(db)
    if (pending) pending.push(change)
    else await this.#host.run(itemsChanged, change)
  }

  /** This process's own caches must not wait for the notice to come back. */
  async #tell(change: ChangedEvent): Promise<void> {
    if (change.table.raises) this.#host.versions.touch(change.table.raises)
    // The write stands: whoever asked for it must not hear that it failed.
    await this.#host.run(itemsChanged, change).catch((error) => {
      this.#host.log.error('a handler failed after a write', { collection: change.table.name, action: change.action, error })
    })
  }
}

/** Lists and plain objects anew, so that handlers may change them; others (bytes, dates) as they are. A tenth of what `structuredClone` takes. */
function copied<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copied) as T
  if (!isObject(value) || ![Object.prototype, null].includes(Object.getPrototypeOf(value))) return value
  const copy: Record<string, unknown> = { ...value }
  for (const name in copy) copy[name] = copied(copy[name])
  return copy as T
}

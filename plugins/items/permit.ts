/** Rights → what they allow of a schema. The one place where the two meet: queries are planned against what is seen here, and nothing else. */
import { LRUCache } from 'lru-cache'
import { type Access, problems, type Rights, type Snapshot, system, type Table } from 'plinth'
import { seenBy } from './permit/seen.ts'

export type Action = 'read' | 'create' | 'update' | 'delete'

export interface Permit {
  /** Callers of one fingerprint share plans. */
  readonly fingerprint: string
  /** The schema as it may be read. */
  readonly seen: Snapshot
}

export class Permits {
  readonly #bySnapshot = new WeakMap<Snapshot, LRUCache<string, Permit>>()

  of(access: Access, snapshot: Snapshot): Permit {
    const { fingerprint, rules } = rightsOf(access) ?? everything
    const permits = this.#permitsOf(snapshot)
    let permit = permits.get(fingerprint)
    if (!permit) {
      const reading = rules.filter(({ action }) => action === 'read')
      permit = { fingerprint, seen: fingerprint === everything.fingerprint ? snapshot : seenBy(snapshot, reading) }
      permits.set(fingerprint, permit)
    }
    return permit
  }

  /** @throws FORBIDDEN when nothing of the collection is allowed: the same as when there is none. */
  authorise(access: Access, snapshot: Snapshot, action: Action, collection: string): Permit {
    const permit = this.of(access, snapshot)
    if (action !== 'read') authorise(access, action, collection)
    if (!permit.seen.tables.has(collection)) throw refusal(action, collection)
    return permit
  }

  /** System tables have routes of their own; /items does not serve them. Rights are asked first: whoever has none must not learn what there is. */
  checkServed(access: Access, snapshot: Snapshot, action: Action, collection: string): Table {
    this.authorise(access, snapshot, action, collection)
    const table = snapshot.tables.get(collection)
    if (!table || table.system) throw problems.FORBIDDEN(`There is no collection "${collection}", or it is not yours to see.`)
    return table
  }

  /** Those of a schema that is no more go with it. */
  #permitsOf(snapshot: Snapshot): LRUCache<string, Permit> {
    let permits = this.#bySnapshot.get(snapshot)
    if (!permits) {
      permits = new LRUCache({ max: 1000 })
      this.#bySnapshot.set(snapshot, permits)
    }
    return permits
  }
}

/** Writes are for those who have all rights. @throws FORBIDDEN */
export function authorise(access: Access, action: Action, collection: string): void {
  if (rightsOf(access)) throw refusal(action, collection)
}

const refusal = (action: Action, collection: string) =>
  problems.FORBIDDEN(`You may not ${action} items of "${collection}", or there is no such collection.`)

const everything: Rights = { fingerprint: 'all', rules: [] }

/** Undefined for those who have all rights. */
const rightsOf = (access: Access): Rights | undefined => (access === system || access.admin ? undefined : access.rights)

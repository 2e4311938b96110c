/** Rights → what they allow of a schema. The one place where the two meet: queries are planned against what is seen here, and nothing else. */
import { LRUCache } from 'lru-cache'
import { type Access, problems, type Rights, type Rule, type Snapshot, system, type Table } from 'plinth'
import { seenBy } from './permit/seen.ts'
import { type WriteAction, type WriteRules, writeRules } from './permit/writing.ts'

export type Action = 'read' | 'create' | 'update' | 'delete'

export interface Permit {
  /** Callers of one fingerprint share plans. */
  readonly fingerprint: string
  /** Whether something may be forbidden. */
  readonly limited: boolean
  /** The schema as it may be read. */
  readonly seen: Snapshot
  /** @throws FORBIDDEN when the action is not allowed on any item of the table. Null: it is on all, with all fields. */
  writing(action: WriteAction, table: string): WriteRules | null
}

export class Permits {
  readonly #bySnapshot = new WeakMap<Snapshot, LRUCache<string, Permit>>()

  of(access: Access, snapshot: Snapshot): Permit {
    const { fingerprint, rules } = rightsOf(access) ?? everything
    const permits = this.#permitsOf(snapshot)
    let permit = permits.get(fingerprint)
    if (!permit) {
      permit =
        fingerprint === everything.fingerprint
          ? { fingerprint, limited: false, seen: snapshot, writing: () => null }
          : toPermit(fingerprint, snapshot, rules)
      permits.set(fingerprint, permit)
    }
    return permit
  }

  /** @throws FORBIDDEN when nothing of the collection is allowed: the same as when there is none. */
  authorise(access: Access, snapshot: Snapshot, action: Action, collection: string): Permit {
    const permit = this.of(access, snapshot)
    if (action !== 'read') permit.writing(action, collection)
    else if (!permit.seen.tables.has(collection)) throw refusal(action, collection)
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

function toPermit(fingerprint: string, snapshot: Snapshot, rules: readonly Rule[]): Permit {
  const written = new Map<string, WriteRules | undefined>()
  return {
    fingerprint,
    limited: true,
    seen: seenBy(
      snapshot,
      rules.filter(({ action }) => action === 'read'),
    ),
    writing(action, name) {
      const id = `${action} ${name}`
      if (!written.has(id)) {
        const table = snapshot.tables.get(name)
        const about = rules.filter((rule) => rule.action === action && rule.collection === name)
        written.set(id, table && writeRules(snapshot, table, about))
      }
      const found = written.get(id)
      if (!found) throw refusal(action, name)
      return found
    },
  }
}

const refusal = (action: Action | WriteAction, collection: string) =>
  problems.FORBIDDEN(`You may not ${action} items of "${collection}", or there is no such collection.`)

const everything: Rights = { fingerprint: 'all', rules: [] }

/** Undefined for those who have all rights. */
const rightsOf = (access: Access): Rights | undefined => (access === system || access.admin ? undefined : access.rights)

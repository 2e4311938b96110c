/** Rights → what they allow of a schema. The one place where the two meet: queries are planned against what is seen here, and nothing else. */
import { LRUCache } from 'lru-cache'
import { type Access, problems, type Rights, type Rule, type Snapshot, system, type Table } from 'plinth'
import { guardOf } from './permit/guard.ts'
import { toldBy } from './permit/model.ts'
import { seenBy } from './permit/seen.ts'
import type { Stored } from './permit/stored.ts'
import { type WriteAction, type WriteRules, writeRules } from './permit/writing.ts'

export type Action = 'read' | 'create' | 'update' | 'delete'

export interface Permit {
  /** Callers of one fingerprint share plans. */
  readonly fingerprint: string
  /** Whether something may be forbidden. */
  readonly limited: boolean
  /** Whether which rows are seen, or what of them, hangs on what they hold. */
  readonly narrow: boolean
  /** The schema as it may be read. */
  readonly seen: Snapshot
  /** The schema as it may be told of: what may be read, and of relations those of which both sides may. */
  readonly told: Snapshot
  /** @throws FORBIDDEN when the action is not allowed on any item of the table. Null: it is on all, with all fields. */
  writing(action: WriteAction, table: string): WriteRules | null
  /** The same, undefined where the action is allowed on no item. */
  rulesOf(action: WriteAction, table: string): WriteRules | null | undefined
}

export class Permits {
  readonly #bySnapshot = new WeakMap<Snapshot, LRUCache<string, Permit>>()

  /** With `stored`: amidst a write that will be undone. */
  of(access: Access, snapshot: Snapshot, stored?: Stored): Permit {
    const { fingerprint: own, rules } = rightsOf(access) ?? everything
    const touched = stored && own !== everything.fingerprint ? [...stored.keys()].sort() : undefined
    const fingerprint = touched ? `${own} as stored ${JSON.stringify(touched)}` : own
    const permits = this.#permitsOf(snapshot)
    let permit = permits.get(fingerprint)
    if (!permit) {
      permit =
        fingerprint === everything.fingerprint
          ? { fingerprint, limited: false, narrow: false, seen: snapshot, told: snapshot, writing: () => null, rulesOf: () => null }
          : toPermit(fingerprint, snapshot, rules, touched && new Set(touched))
      permits.set(fingerprint, permit)
    }
    return permit
  }

  /** @throws FORBIDDEN when nothing of the collection is allowed: the same as when there is none. */
  authorise(access: Access, snapshot: Snapshot, action: Action, collection: string, stored?: Stored): Permit {
    const permit = this.of(access, snapshot, stored)
    if (action !== 'read') permit.writing(action, collection)
    else if (!permit.seen.tables.has(collection)) throw refusal(action, collection)
    return permit
  }

  /** System tables have routes of their own; /items does not serve them. Rights are asked first: whoever has none must not learn what there is. */
  checkServed(access: Access, snapshot: Snapshot, action: Action, collection: string): Table {
    const table = snapshot.tables.get(collection)
    // A singleton that is changed may be yet to be made; who may do neither hears what they would of any collection.
    const may = (what: WriteAction) => this.of(access, snapshot).rulesOf(what, collection) !== undefined
    const makes = action === 'update' && table?.singleton && !may('update') && may('create')
    this.authorise(access, snapshot, makes ? 'create' : action, collection)
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

function toPermit(fingerprint: string, snapshot: Snapshot, rules: readonly Rule[], touched?: ReadonlySet<string>): Permit {
  const written = new Map<string, WriteRules | undefined>()
  const reading = rules.filter(({ action }) => action === 'read')
  const seen = seenBy(snapshot, reading, touched)
  let told: Snapshot | undefined
  const rulesOf = (action: WriteAction, name: string): WriteRules | undefined => {
    const id = `${action} ${name}`
    if (!written.has(id)) {
      const table = snapshot.tables.get(name)
      const about = rules.filter((rule) => rule.action === action && rule.collection === name)
      written.set(id, table && writeRules(snapshot, table, about))
    }
    return written.get(id)
  }
  return {
    fingerprint,
    limited: true,
    narrow: [...seen.tables.values()].some((table) => guardOf(table)?.grants.some(({ filter }) => filter)),
    rulesOf,
    seen,
    get told() {
      told ??= toldBy(seen, reading)
      return told
    },
    writing(action, name) {
      const found = rulesOf(action, name)
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

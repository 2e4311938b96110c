/** What every change of the schema works with. Nothing but `alter` and `rows` changes anything, so that a plan can be shown without being run. */
import { type Access, quoteTable, type Snapshot, system, type Transaction } from 'plinth'
import type { Caller, Item, Items, Key } from 'plinth/items'
import { type Subject, toSchemaProblem } from './refusals.ts'

/** Rows of system tables: written as items, so that hooks and history see them. */
export interface Rows {
  create(collection: string, rows: readonly Item[]): Promise<unknown>
  /** Gives all of `keys` the values of `patch`. */
  update(collection: string, keys: readonly Key[], patch: Item): Promise<unknown>
  /** The same for what follows from another change by itself: it is nobody's deed, and histories do not tell of it. */
  follow(collection: string, keys: readonly Key[], patch: Item): Promise<unknown>
  /** Several changes, each with its own keys. */
  updateEach(collection: string, changes: readonly RowChange[]): Promise<unknown>
  delete(collection: string, keys: readonly Key[]): Promise<unknown>
}

export interface RowChange {
  readonly keys: Key[]
  readonly patch: Item
}

/** One change: all of it happens in one transaction. */
export interface Change {
  readonly db: Pick<Transaction, 'query'>
  /** The schema before the change. */
  readonly snapshot: Snapshot
  /** The PostgreSQL schema that gets new tables. */
  readonly schema: string
  readonly rows: Rows
  /** Runs DDL. @throws what the database refuses, as a problem that tells of `about`. */
  alter(statements: readonly string[], about: Subject): Promise<void>
}

export interface ChangeParts {
  readonly db: Transaction
  /** Whose change it is. */
  readonly access: Access
  readonly snapshot: Snapshot
  readonly schema: string
  readonly items: Items
  /** Gets the names of versions that rows have raised: caches to be emptied after commit. */
  readonly raised?: Set<string>
}

/** A change that happens. */
export function realChange({ db, access, snapshot, schema, items, raised }: ChangeParts): Change {
  const caller: Caller = { db, access }
  const written = (collection: string): string => {
    const version = snapshot.tables.get(collection)?.raises
    if (version) raised?.add(version)
    return collection
  }
  return {
    db,
    snapshot,
    schema,
    rows: {
      create: (collection, rows) => items.create(written(collection), rows, caller),
      update: (collection, keys, patch) => items.update(written(collection), keys, patch, caller),
      follow: (collection, keys, patch) => items.update(written(collection), keys, patch, { db, access: system }),
      updateEach: (collection, changes) => items.updateEach(written(collection), changes, caller),
      delete: (collection, keys) => items.delete(written(collection), keys, caller),
    },
    async alter(statements, about) {
      if (!statements.length) return
      await db.execute(statements.join(';\n')).catch((thrown) => {
        throw toSchemaProblem(thrown, about)
      })
    },
  }
}

/** A system table's name for SQL; undefined when no plugin that is on owns it. */
export function systemTable({ snapshot }: Change, name: string): string | undefined {
  const table = snapshot.tables.get(name)
  return table && quoteTable(table)
}

/** @throws Error for a table that this plugin owns and that is not there: a broken assumption. */
export function metaTable(change: Change, name: 'directus_collections' | 'directus_fields' | 'directus_relations'): string {
  const path = systemTable(change, name)
  if (!path) throw new Error(`The table ${name} is gone`)
  return path
}

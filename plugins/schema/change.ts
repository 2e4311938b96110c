/** What every change of the schema works with, and what PostgreSQL's refusals mean to the API. */
import { type Access, DatabaseError, type Problem, problems, type Snapshot, type Transaction } from 'plinth'
import type { Caller, Items } from 'plinth/items'
import { qualified } from './ddl.ts'

/** One change: all of it happens in one transaction. */
export interface Change {
  readonly db: Transaction
  readonly access: Access
  /** The schema before the change. */
  readonly snapshot: Snapshot
  /** The PostgreSQL schema that gets new tables, and holds the meta tables. */
  readonly schema: string
  /** Meta rows are written as items, so that hooks and history see them. */
  readonly items: Items
}

export const callerOf = ({ access, db }: Change): Caller => ({ access, db })

/** Name of a meta table, for SQL. */
export const metaTable = ({ schema }: Change, name: string): string => qualified({ schema, name })

/** Runs DDL. `about` is told with a refusal. */
export async function alter({ db }: Change, statements: readonly string[], about: { collection: string; field?: string }): Promise<void> {
  try {
    await db.execute(statements.join(';\n'))
  } catch (error) {
    throw (error instanceof DatabaseError && refusal(error, about)) || error
  }
}

/** By SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html. Undefined: not the client's fault. */
function refusal(error: DatabaseError, about: { collection: string; field?: string }): Problem | undefined {
  const broken = brokenRules[error.state]
  if (broken) return broken(undefined, { collection: about.collection, field: about.field ?? error.column ?? null }, error)
  if (error.state.startsWith('22') || refusals.has(error.state))
    return problems.INVALID_PAYLOAD(`The database says: ${error.message}.`, {}, error)
  return undefined
}

/** What existing rows stand against. */
const brokenRules: Readonly<Record<string, typeof problems.CONTAINS_NULL_VALUES>> = {
  '23502': problems.CONTAINS_NULL_VALUES,
  '23503': problems.INVALID_FOREIGN_KEY,
  '23505': problems.RECORD_NOT_UNIQUE,
}

const refusals: ReadonlySet<string> = new Set([
  '2BP01', // something depends on it
  '42701', // the column is there
  '42704', // no such type: geometry without PostGIS
  '42710', // the constraint is there
  '42804', // types differ
  '42809', // not a table
  '42830', // the referenced column is not unique
  '42P07', // the table is there
  '42P16', // a second primary key
  '54011', // too many columns
])

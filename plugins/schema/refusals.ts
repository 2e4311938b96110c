/** What PostgreSQL refuses in a change of the schema → the API's problems. Pure. */
import { DatabaseError, type Problem, problems } from 'plinth'

/** What a statement is about, for the answer. */
export interface Subject {
  readonly collection: string
  readonly field?: string | undefined
}

/** The problem that `thrown` means for the client; what is not the client's fault comes back as it is. */
export function toSchemaProblem(thrown: unknown, about: Subject): unknown {
  return (thrown instanceof DatabaseError && refusal(thrown, about)) || thrown
}

/** By SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html */
function refusal(error: DatabaseError, about: Subject): Problem | undefined {
  const broken = brokenRules[error.state]
  if (broken) return broken(undefined, { collection: about.collection, field: about.field ?? error.column ?? null }, error)
  if (error.state in waits)
    return problems.SERVICE_UNAVAILABLE(`"${about.collection}" ${waits[error.state]} Nothing was changed.`, { service: 'database' }, error)
  if (error.state === '42501') return problems.FORBIDDEN('The database role that Plinth works with may not change this.', {}, error)
  if (error.state === '22003')
    return problems.VALUE_OUT_OF_RANGE(undefined, { collection: about.collection, field: null, value: null }, error)
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

const waits: Readonly<Record<string, string>> = {
  '55P03': 'is in use: another statement held it for longer than SCHEMA_LOCK_TIMEOUT.',
  '57014': 'could not be changed within DATABASE_TIMEOUT.',
}

const refusals: ReadonlySet<string> = new Set([
  '0A000', // a view or a generated column builds on it
  '2BP01', // something depends on it
  '42601', // no name of a type
  '42701', // the column is there
  '42703', // the column is gone
  '42704', // no such type: geometry without PostGIS
  '42710', // the constraint is there
  '42804', // types differ
  '42809', // not a table
  '42830', // the referenced column is not unique
  '42846', // no cast from one type to the other
  '428C9', // a generated column
  '42P01', // the table is gone
  '42P07', // the table is there
  '42P16', // a second primary key
  '54011', // too many columns
])

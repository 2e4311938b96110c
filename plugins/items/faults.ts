/** What PostgreSQL refuses in a write → the API's problems, with collection, field and value. Pure. */
import { DatabaseError, problems, type Snapshot, type Table } from 'plinth'
import type { Item } from './api.ts'

/** The problem that `thrown` means for these rows; anything else comes back as it is. */
export function toWriteProblem(thrown: unknown, snapshot: Snapshot, table: Table, rows: readonly Item[]): unknown {
  if (!(thrown instanceof DatabaseError)) return thrown
  const collection = table.name
  const alone = onlyValue(rows.length > 1 ? tooLong(table, rows) : rows)
  switch (thrown.state) {
    case '23505':
      return problems.RECORD_NOT_UNIQUE(undefined, { collection, ...culprit(thrown, table, rows) }, thrown)
    case '23P01':
      return problems.RECORD_NOT_UNIQUE(undefined, { collection, ...culprit(thrown, table, rows), value: null }, thrown)
    case '23001':
    case '23503':
      // A row that others still point at: the fault is in their column.
      if (thrown.table !== table.name || !rows.length)
        return problems.INVALID_FOREIGN_KEY(undefined, { ...referrer(thrown, snapshot), value: null }, thrown)
      return problems.INVALID_FOREIGN_KEY(undefined, { collection, ...culprit(thrown, table, rows) }, thrown)
    case '23502':
      return problems.NOT_NULL_VIOLATION(undefined, { collection, field: thrown.column ?? null }, thrown)
    case '22001':
    case '54000': // more than an index can hold
      return problems.VALUE_TOO_LONG(undefined, { collection, ...alone }, thrown)
    case '22003':
      return problems.VALUE_OUT_OF_RANGE(undefined, { collection, ...alone }, thrown)
    case '42501':
      return problems.FORBIDDEN('The database does not allow it.', {}, thrown)
    case '428C9':
      return problems.INVALID_PAYLOAD(thrown.detail, {}, thrown)
    default:
      if (thrown.state.startsWith('22')) return problems.INVALID_PAYLOAD(misfit(thrown, rows), {}, thrown)
      return refusals.test(thrown.state) || (table.kind !== 'table' && viewRefusals.test(thrown.state))
        ? problems.INVALID_PAYLOAD(thrown.message, {}, thrown)
        : thrown
  }
}

/** `invalid input syntax for type integer: "many"`, and the field that was given it. */
function misfit({ message }: DatabaseError, rows: readonly Item[]): string {
  const [, quoted] = /: "(.*)"$/s.exec(message) ?? []
  const field = rows.flatMap((row) => Object.entries(row)).find(([, value]) => textOf(value) === quoted)?.[0]
  return field === undefined ? 'A value is not of the type of its field.' : `"${field}" does not take such a value.`
}

const textOf = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/**
 * A check (of a column, a domain, a view), something too deep or large, and what triggers raise themselves. Told by
 * the message: a check's detail shows the whole row.
 */
const refusals = /^(23514|44000|54...|P0001)$/

/** A view that takes no such change, or a materialised one. */
const viewRefusals = /^(0A000|42809|55000)$/

/** The first row with a text that its column has no room for. */
const tooLong = (table: Table, rows: readonly Item[]): readonly Item[] =>
  rows
    .filter((row) =>
      Object.entries(row).some(
        ([name, value]) => [...textOf(value)].length > (table.columns.get(name)?.maxLength ?? Number.POSITIVE_INFINITY),
      ),
    )
    .slice(0, 1)

/** With one value in one row there is no doubt which it was: PostgreSQL does not say. */
function onlyValue(rows: readonly Item[]): { field: string | null; value: unknown } {
  const [only, ...others] = rows.length === 1 ? Object.entries(rows[0]!) : []
  return only && !others.length ? { field: only[0], value: only[1] } : { field: null, value: null }
}

function referrer({ table = '', constraint }: DatabaseError, snapshot: Snapshot): { collection: string; field: string | null } {
  const columns = snapshot.tables.get(table)?.foreignKeys.find((key) => key.constraint === constraint)?.columns ?? []
  return { collection: table, field: columns.length === 1 ? columns[0]! : null }
}

/** `Key (code)=(A) already exists.`, and the row that holds it. */
function culprit({ detail, constraint }: DatabaseError, table: Table, rows: readonly Item[]): { field: string | null; value: unknown } {
  const columns =
    table.indexes.find(({ name }) => name === constraint)?.columns ??
    table.foreignKeys.find((key) => key.constraint === constraint)?.columns ??
    []
  const [, named, text = null] = /^Key \("?(.*?)"?\)=\((.*)\)/s.exec(detail ?? '') ?? []
  const field = columns.length === 1 ? columns[0]! : columns.length ? null : (named ?? null)
  if (field === null) return { field, value: null }
  const row = rows.find((candidate) => String(candidate[field]) === text)
  return { field, value: row ? row[field] : text }
}

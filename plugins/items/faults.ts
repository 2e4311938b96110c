/** What PostgreSQL refuses in a write → the API's problems, with collection, field and value. Pure. */
import { type Column, DatabaseError, problems, type Snapshot, type Table } from 'plinth'
import type { Item } from './api.ts'
import { dotted } from './payload.ts'

/** The problem that `thrown` means for these rows, to which `path` leads in a payload; anything else comes back as it is. `seen`: the schema as the caller may read it. */
export function toWriteProblem(
  thrown: unknown,
  seen: Snapshot,
  table: Table,
  rows: readonly Item[],
  path: readonly string[] = [],
): unknown {
  if (!(thrown instanceof DatabaseError)) return thrown
  const collection = table.name
  const alone = onlyValue(rows.length > 1 ? tooLong(table, rows) : rows)
  switch (thrown.state) {
    case '23505':
      return problems.RECORD_NOT_UNIQUE(undefined, { collection, ...culprit(thrown, seen, table, rows) }, thrown)
    case '23P01':
      return problems.RECORD_NOT_UNIQUE(undefined, { collection, ...culprit(thrown, seen, table, rows), value: null }, thrown)
    case '23001':
    case '23503':
      // A row that others still point at: the fault is in their column.
      if (thrown.table !== table.name || !rows.length)
        return problems.INVALID_FOREIGN_KEY(undefined, { ...referrer(thrown, seen), value: null }, thrown)
      return problems.INVALID_FOREIGN_KEY(undefined, { collection, ...culprit(thrown, seen, table, rows) }, thrown)
    case '23502':
      return problems.NOT_NULL_VIOLATION(undefined, { collection, field: thrown.column ?? null }, thrown)
    case '22001':
    case '54000': // more than an index can hold
      return problems.VALUE_TOO_LONG(undefined, { collection, ...alone }, thrown)
    case '22003':
      return problems.VALUE_OUT_OF_RANGE(undefined, { collection, ...alone }, thrown)
    case '428C9':
      return problems.INVALID_PAYLOAD(thrown.detail, {}, thrown)
    default:
      if (isMisfit(thrown)) {
        const field = misfit(thrown, table, rows)
        const reason =
          field === undefined ? 'A value is not of the type of its field.' : `"${dotted(path, field)}" does not take such a value.`
        return problems.INVALID_PAYLOAD(reason, {}, thrown)
      }
      return refusals.test(thrown.state) || (table.kind !== 'table' && viewRefusals.test(thrown.state))
        ? problems.INVALID_PAYLOAD(thrown.message, {}, thrown)
        : thrown
  }
}

/** Class 22, data exceptions. What a text search type cannot read is a syntax error to PostgreSQL; those of statements say where they are. */
const isMisfit = ({ state, message }: DatabaseError): boolean =>
  state.startsWith('22') || (state === '42601' && !/ at (or near|end of input)/.test(message))

/** `invalid input syntax for type integer: "many"`: the field that was given it. Of characters that cannot be stored nothing is quoted. */
function misfit({ message }: DatabaseError, table: Table, rows: readonly Item[]): string | undefined {
  const [, quoted] = /: "(.*)"$/s.exec(message) ?? []
  const values = rows.flatMap((row) => Object.entries(row)).filter(([name, value]) => value !== null && table.columns.has(name))
  const ofType = ([name]: [string, unknown]) => message.includes(`type ${table.columns.get(name)!.dataType}:`)
  const given = values.filter(([, value]) => textOf(value) === quoted)
  const holding = values.filter(([, value]) =>
    quoted === undefined ? isUnstorable(value) : JSON.stringify(value)?.includes(JSON.stringify(quoted)),
  )
  // Texts take every text, and keys have been looked at.
  const strict = new Set(
    values.map(([name]) => name).filter((name) => !isText(table.columns.get(name)!) && !table.primaryKey.includes(name)),
  )
  return (given.find(ofType) ?? given[0] ?? holding[0])?.[0] ?? (strict.size === 1 ? [...strict][0] : undefined)
}

const isText = ({ baseType }: Column): boolean => /^(text|varchar|bpchar|citext)$/.test(baseType)

/** Null characters, and halves of characters. */
const isUnstorable = (value: unknown): boolean => /\\u(0000|d[89a-f]..)/.test((JSON.stringify(value) ?? '').replaceAll('\\\\', ''))

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

/** Named as far as the caller may know of it. */
function referrer({ table: name = '', constraint }: DatabaseError, seen: Snapshot): { collection: string | null; field: string | null } {
  const table = seen.tables.get(name)
  const [column, ...others] = table?.foreignKeys.find((key) => key.constraint === constraint)?.columns ?? []
  return { collection: table ? name : null, field: column && !others.length && table?.fields.has(column) ? column : null }
}

/** `Key (code)=(A) already exists.`, and the row that holds it. */
function culprit(
  { detail, constraint }: DatabaseError,
  seen: Snapshot,
  table: Table,
  rows: readonly Item[],
): { field: string | null; value?: unknown } {
  const index = table.indexes.find(({ name }) => name === constraint)?.columns ?? []
  // Of several columns that are unique together all are named, and no value; but none to somebody who does not know of all.
  const isKnown = (name: string) => seen.tables.get(table.name)?.fields.has(name) || rows.some((row) => Object.hasOwn(row, name))
  if (index.length > 1) return index.every(isKnown) ? { field: index.join(', ') } : { field: null, value: null }
  const columns = index.length ? index : (table.foreignKeys.find((key) => key.constraint === constraint)?.columns ?? [])
  const [, named, text = null] = /^Key \("?(.*?)"?\)=\((.*)\)/s.exec(detail ?? '') ?? []
  const field = columns.length === 1 ? columns[0]! : columns.length ? null : (named ?? null)
  if (field === null) return { field, value: null }
  const row = rows.find((candidate) => String(candidate[field]) === text)
  return { field, value: row ? row[field] : text }
}

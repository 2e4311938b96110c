/** Primary keys: from paths, bodies and rows to parameters and back. Pure. */
import { type Column, type Field, isUuid, type Parameter, problems, quoteName, type Table } from 'plinth'
import type { Item, Key } from './api.ts'
import { jsonColumn } from './format.ts'
import { toWhole } from './values.ts'

const missing = () => problems.FORBIDDEN('There is no such item, or it is not yours to see.')

const ranges: Readonly<Record<string, bigint>> = { int2: 2n ** 15n, int4: 2n ** 31n, int8: 2n ** 63n }

/**
 * One parameter for each column of the key. `raw` is a scalar, or for a composite key its components percent-encoded and joined by `,`,
 * or an object of its columns.
 * @throws FORBIDDEN when it cannot be a key of this table: the same as for a key that no row has.
 */
export function keyParameters(table: Table, raw: unknown): Parameter[] {
  const fields = table.primaryKey.map((name) => table.fields.get(name)!)
  if (!fields.length) throw missing()
  const parts =
    typeof raw === 'object' && raw !== null
      ? table.primaryKey.map((name) => (raw as Item)[name])
      : fields.length === 1
        ? [raw]
        : splitKey(String(raw))
  if (parts.length !== fields.length) throw missing()
  return fields.map((field, i) => keyPart(field, parts[i]))
}

function splitKey(text: string): string[] {
  try {
    return text.split(',').map(decodeURIComponent)
  } catch {
    throw missing()
  }
}

/** @throws FORBIDDEN when a given value cannot stand in this column of the key. */
export function checkKeyPart(table: Table, name: string, value: unknown): void {
  if (value !== undefined && value !== null) keyPart(table.fields.get(name)!, value)
}

function keyPart(field: Field, raw: unknown): Parameter {
  if (raw === null || raw === undefined || typeof raw === 'object') throw missing()
  const text = String(raw)
  if (text.includes('\0')) throw missing()
  const bound = ranges[field.column!.baseType]
  if (bound !== undefined) {
    const whole = toWhole(text.trim())
    if (whole === undefined || whole < -bound || whole >= bound) throw missing()
    return String(whole)
  }
  if (field.column!.baseType === 'uuid' && !isUuid(text)) throw missing()
  if (field.type === 'decimal' || field.type === 'float') {
    if (text.trim() === '' || !Number.isFinite(Number(text))) throw missing()
  }
  return text
}

/** SQL for the columns of a row's key, and others that are `wanted`, as they look in answers; see `keyOf` for events and paths. */
export const keyColumns = (row: string, table: Table, wanted: Iterable<string> = []): string =>
  Array.from(new Set([...table.primaryKey, ...wanted]), (name) => `${jsonColumn(row, table.fields.get(name)!)} as ${quoteName(name)}`).join(
    ', ',
  )

/** The key of a row, as paths and histories spell it. */
export function keyOf(table: Table, row: Item): Key {
  if (table.primaryKey.length === 1) return row[table.primaryKey[0]!] as Key
  return table.primaryKey.map((name) => encodeURIComponent(String(row[name]))).join(',')
}

/** Without a length: a cast to varchar(5) would cut a longer key to one that some row has. */
export const castType = ({ sqlType, baseType }: Column): string => (sqlType.includes('(') ? quoteName(baseType) : sqlType)

/** SQL that is true for rows whose key is among those of `keyLists`; `placeholder` gives the parameter of each key column's list. */
export function keysCondition(row: string, table: Table, placeholder: (part: number) => string): string {
  const lists = table.primaryKey.map((name, part) => `${placeholder(part)}::${castType(table.columns.get(name)!)}[]`)
  const names = table.primaryKey.map((name) => `${row}.${quoteName(name)}`)
  return names.length === 1 ? `${names[0]} = any(${lists[0]})` : `(${names.join(', ')}) in (select * from unnest(${lists.join(', ')}))`
}

/**
 * SQL that is true for the rows of `keys`, and its parameters, from `$1` on. One key is compared as such: PostgreSQL cannot tell how long a list will be,
 * and so plans a statement with one anew whenever it runs.
 */
export function keysMatch(
  row: string,
  table: Table,
  keys: readonly unknown[],
): { readonly where: string; readonly parameters: Parameter[] } {
  const lists = keyLists(table, keys) as string[][]
  if (keys.length !== 1) return { where: keysCondition(row, table, (part) => `$${part + 1}`), parameters: lists }
  const same = table.primaryKey.map((name, part) => `${row}.${quoteName(name)} = $${part + 1}::${castType(table.columns.get(name)!)}`)
  return { where: same.join(' and '), parameters: lists.flat() }
}

/** One list a key column, the values of all `keys` in it. @throws FORBIDDEN when one of them cannot be a key, INVALID_PAYLOAD for null. */
export function keyLists(table: Table, keys: readonly unknown[]): Parameter[] {
  if (keys.includes(null)) throw problems.INVALID_PAYLOAD('A key is null.')
  const rows = keys.map((key) => keyParameters(table, key))
  if (!table.primaryKey.length) throw missing()
  return table.primaryKey.map((_, part) => rows.map((parts) => parts[part] as string))
}

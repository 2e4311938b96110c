/** Items as they arrive → values for columns: unknown names dropped, specials filled in, forms that PostgreSQL would read otherwise put right. Pure but for the clock. */
import { type Access, type Field, nobody, type Problem, problems, system, type Table } from 'plinth'
import type { Item } from './api.ts'
import { checkKeyPart } from './keys.ts'

/**
 * The values of a new row by column.
 * @throws FAILED_VALIDATION for every required value that is missing or null, all at once; INVALID_PAYLOAD for what no column takes;
 * FORBIDDEN for a key of the wrong type. `path` is told with the faults: the fields that lead to the item in its payload.
 */
export function toNewRow(table: Table, item: Item, access: Access, path: readonly string[] = []): Item {
  const row = toColumns(table, item)
  for (const name of table.primaryKey) checkKeyPart(table, name, row[name])
  fillIn(table, row, access, 'created')
  const faults: Problem[] = []
  for (const field of table.fields.values()) {
    const { column } = field
    if (!column || column.nullable || column.generated !== null) continue
    if (row[field.name] === null) faults.push(invalid(field, 'nnull', path))
    if (row[field.name] === undefined && column.default === null && column.identity === null) faults.push(invalid(field, 'required', path))
  }
  if (faults.length) throw new AggregateError(faults)
  return row
}

/** The values that a change sets, by column; a key in it is left out: keys do not change. */
export function toChange(table: Table, patch: Item, access: Access, path: readonly string[] = []): Item {
  const row = toColumns(table, patch)
  for (const name of table.primaryKey) delete row[name]
  const faults = [...table.fields.values()]
    .filter(({ name, column }) => row[name] === null && column?.nullable === false)
    .map((field) => invalid(field, 'nnull', path))
  if (faults.length) throw new AggregateError(faults)
  fillIn(table, row, access, 'updated')
  return row
}

const invalid = (field: Field, type: 'required' | 'nnull', path: readonly string[]) =>
  problems.FAILED_VALIDATION(`"${field.name}" is ${type === 'required' ? 'required' : 'null, which it may not be'}.`, {
    field: field.name,
    type,
    path,
  })

function toColumns(table: Table, item: Item): Item {
  // Without a prototype: columns may be called "constructor" or "__proto__".
  const row: Item = Object.create(null)
  for (const [name, value] of Object.entries(item)) {
    const field = table.fields.get(name)
    if (!field || value === undefined) continue
    if (field.column) row[name] = toColumnValue(field, value)
  }
  return row
}

const refuse = (field: Field, expects: string) => problems.INVALID_PAYLOAD(`"${field.name}" is not ${expects}.`)

function toColumnValue(field: Field, value: unknown): unknown {
  if (value === null) return null
  // 1e400: as JSON it would be null.
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
    throw problems.VALUE_OUT_OF_RANGE(undefined, { field: field.name })
  switch (field.type) {
    case 'csv':
      return Array.isArray(value) ? value.map(asText).join(',') : asText(value)
    case 'json':
      return typeof value === 'string' ? parseJson(field, value) : value
    case 'date':
      return typeof value === 'string' && /^\d{4}$/.test(value)
        ? `${value}-01-01`
        : wellFormed(field, value, /^\d{4}-?\d{2}-?\d{2}([T ].*)?$/)
    case 'dateTime':
      return withoutZone(wellFormed(field, value, /^\d{4}-\d{2}-\d{2}/))
    case 'timestamp':
      return wellFormed(field, value, /^\d{4}-\d{2}-\d{2}/)
    default:
      return field.column!.baseType === 'bytea' && isBuffer(value)
        ? `\\x${value.data.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
        : value
  }
}

const asText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

function parseJson(field: Field, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refuse(field, 'valid JSON')
  }
}

function wellFormed(field: Field, value: unknown, form: RegExp): string {
  if (typeof value === 'string' && form.test(value)) return value
  throw refuse(field, `a ${field.type} in ISO 8601`)
}

/** A time with a zone is stored as that moment in UTC: the column has no zone, and PostgreSQL would drop it. */
function withoutZone(text: string): string {
  if (!/\d{2}:\d{2}.*(Z|[+-]\d{2}:?\d{2})$/i.test(text)) return text
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toISOString().slice(0, -1)
}

const isBuffer = (value: unknown): value is { data: number[] } =>
  typeof value === 'object' &&
  value !== null &&
  Array.isArray((value as { data?: unknown }).data) &&
  (value as { data: unknown[] }).data.every((byte) => Number.isInteger(byte))

/** What the server writes by itself, as the field's specials say, whatever was sent: only the program may say otherwise. */
function fillIn(table: Table, row: Item, access: Access, moment: 'created' | 'updated'): void {
  const keep = (name: string, value: unknown) => {
    if (access !== system || row[name] === undefined) row[name] = value
  }
  const { user, role } = access === system ? nobody : access
  for (const { name, special, column } of table.fields.values()) {
    if (!column || !special.length) continue
    if (special.includes(`date-${moment}`)) keep(name, new Date().toISOString())
    else if (special.includes(`user-${moment}`)) keep(name, user)
    else if (special.includes(`role-${moment}`)) keep(name, role)
    else if (moment === 'created' && special.includes('uuid')) row[name] ??= crypto.randomUUID()
  }
}

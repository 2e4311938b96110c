/** Items as they arrive → values for columns: unknown names dropped, specials filled in, forms that PostgreSQL would read otherwise put right. Pure but for the clock. */
import { type Access, type Field, nobody, type Problem, problems, system, type Table } from 'plinth'
import type { Item } from './api.ts'
import { isJson } from './format.ts'
import { checkKeyPart } from './keys.ts'
import { farTimeOf, isDay } from './values.ts'

/** What is known of an item beside its own values. */
export interface Surroundings {
  /** The fields that lead to it in its payload: told with faults. */
  readonly path?: readonly string[]
  /** Fields that get their values later, from items in their place. */
  readonly pending?: ReadonlySet<string>
  /** What the rule of a field says against the item. */
  readonly faultsOf?: (field: Field) => readonly Problem[]
}

/**
 * The values of a new row by column.
 * @throws FAILED_VALIDATION for every value that is missing, null or against a rule, all at once; INVALID_PAYLOAD for what no column takes; FORBIDDEN
 * for a key of the wrong type.
 */
export function toNewRow(table: Table, item: Item, access: Access, { path = [], pending, faultsOf }: Surroundings = {}): Item {
  const row = ownValues(table, item)
  for (const name of table.primaryKey) checkKeyPart(table, name, row[name])
  fillIn(table, row, access, 'created')
  const faults: Problem[] = []
  for (const field of table.fields.values()) {
    const { name, column } = field
    if (column && !column.nullable && column.generated === null) {
      if (row[name] === null) faults.push(invalid(field, 'nnull', path))
      const given = row[name] !== undefined || pending?.has(name)
      if (!given && column.default === null && column.identity === null) faults.push(invalid(field, 'required', path))
    }
    if (faultsOf) faults.push(...faultsOf(field))
  }
  if (faults.length) throw new AggregateError(faults)
  return toColumns(table, row, path)
}

/** The values that a change sets, by column; a key in it is left out: keys do not change. @throws as `toNewRow` does. */
export function toChange(table: Table, patch: Item, access: Access, { path = [], faultsOf }: Surroundings = {}): Item {
  const row = ownValues(table, patch)
  for (const name of table.primaryKey) delete row[name]
  const faults = [...table.fields.values()].flatMap((field) => [
    ...(row[field.name] === null && field.column?.nullable === false ? [invalid(field, 'nnull', path)] : []),
    ...(faultsOf?.(field) ?? []),
  ])
  if (faults.length) throw new AggregateError(faults)
  fillIn(table, row, access, 'updated')
  return toColumns(table, row, path)
}

const invalid = (field: Field, type: 'required' | 'nnull', path: readonly string[]) =>
  problems.FAILED_VALIDATION(`"${field.name}" is ${type === 'required' ? 'required' : 'null, which it may not be'}.`, {
    field: field.name,
    type,
    path,
  })

/** What the table has columns for. */
function ownValues(table: Table, item: Item): Item {
  // Without a prototype: columns may be called "constructor" or "__proto__".
  const row: Item = Object.create(null)
  for (const [name, value] of Object.entries(item)) if (value !== undefined && table.fields.get(name)?.column) row[name] = value
  return row
}

function toColumns(table: Table, row: Item, path: readonly string[]): Item {
  for (const [name, value] of Object.entries(row)) {
    const refuse = (expects: string) => problems.INVALID_PAYLOAD(`"${dotted(path, name)}" is not ${expects}.`)
    row[name] = toColumnValue(table.fields.get(name)!, value, refuse)
  }
  return row
}

/** How messages tell where in a payload something stands. */
export const dotted = (path: readonly string[], name: string): string => [...path, name].join('.')

type Refuse = (expects: string) => Problem

function toColumnValue(field: Field, value: unknown, refuse: Refuse): unknown {
  if (value === null) return null
  // 1e400: as JSON it would be null.
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
    throw problems.VALUE_OUT_OF_RANGE(undefined, { field: field.name })
  switch (field.type) {
    case 'csv':
      return Array.isArray(value) ? value.map((entry) => (entry === null ? '' : asText(entry))).join(',') : asText(value)
    case 'json':
      // A text column keeps text that is no JSON as it is.
      return typeof value === 'string' && isJson(field) ? parseJson(value, refuse) : value
    case 'date':
      return typeof value === 'string' && /^\d{4}$/.test(value)
        ? `${value}-01-01`
        : wellFormed(field, value, refuse, /^\d{4}-?\d{2}-?\d{2}([T ].*)?$/)
    case 'dateTime':
      return withoutZone(wellFormed(field, value, refuse, /^\d{4}-\d{2}-\d{2}/))
    case 'timestamp':
      return wellFormed(field, value, refuse, /^\d{4}-\d{2}-\d{2}/)
    default:
      return field.column!.baseType === 'bytea' && isBuffer(value)
        ? `\\x${value.data.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
        : value
  }
}

const asText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

function parseJson(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refuse('valid JSON')
  }
}

function wellFormed(field: Field, value: unknown, refuse: Refuse, form: RegExp): string {
  if (typeof value === 'string') {
    const text = farTimeOf(value) ?? (form.test(value) ? value : undefined)
    if (text !== undefined) return text
  }
  throw refuse(`a ${field.type} in ISO 8601`)
}

/** A time with a zone is stored as that moment in UTC: the column has no zone, and PostgreSQL would drop it. What is no time is left for it to refuse. */
function withoutZone(text: string): string {
  if (!/\d{2}:\d{2}.*(Z|[+-]\d{2}:?\d{2})$/i.test(text)) return text
  const date = new Date(text)
  return Number.isNaN(date.getTime()) || !isDay(text.slice(0, 10)) ? text : date.toISOString().slice(0, -1)
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
  const other = moment === 'created' ? 'updated' : 'created'
  for (const { name, special, column } of table.fields.values()) {
    if (!column || !special.length) continue
    if (special.includes(`date-${moment}`)) keep(name, new Date().toISOString())
    else if (special.includes(`user-${moment}`)) keep(name, user)
    else if (special.includes(`role-${moment}`)) keep(name, role)
    else if (access !== system && ['date', 'user', 'role'].some((what) => special.includes(`${what}-${other}`))) delete row[name]
    else if (moment === 'created' && special.includes('uuid')) row[name] ??= crypto.randomUUID()
  }
}

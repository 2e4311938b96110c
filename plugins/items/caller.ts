/**
 * The caller in a filter: `$CURRENT_USER`, `$CURRENT_ROLE.name`, `$CURRENT_POLICIES`… A plan says where such a value is found, never what it is:
 * each request binds the keys of its own caller, and fields are read from there by the same statement. Pure.
 */
import { type Access, type Field, type Parameter, problems, type Snapshot, system, type Table } from 'plinth'
import { type Place, placeOf, tableOf } from './place.ts'
import type { CallerPart, FieldPath } from './query.ts'
import { familyOf } from './values.ts'

/** A value of the caller, or a list of them. */
export interface CallerValue {
  readonly of: CallerPart
  /** A value of the rows that the caller's keys are those of; null: the keys themselves. */
  readonly held: { readonly table: Table; readonly place: Place } | null
  /** What the values are like. */
  readonly field: Field
  readonly many: boolean
}

export const callerTables: Readonly<Record<CallerPart, string>> = {
  user: 'directus_users',
  role: 'directus_roles',
  roles: 'directus_roles',
  policies: 'directus_policies',
}

/** @throws FORBIDDEN for a field that does not exist, INVALID_QUERY for one that is never read back. */
export function callerValue(snapshot: Snapshot, of: CallerPart, path: FieldPath): CallerValue {
  const several = of === 'roles' || of === 'policies'
  // Whoever may not read users has a key all the same.
  if (!path.length) return { of, held: null, field: keyField, many: several }
  const table = tableOf(snapshot, callerTables[of])
  const place = placeOf(snapshot, table, path)
  if (place.field.concealed) throw problems.INVALID_QUERY(`"${place.field.name}" is write-only.`)
  return { of, held: { table, place }, field: place.field, many: several || place.via.some((hop) => hop.many) }
}

/** What keys of users, roles and policies are like. */
const keyField: Field = { name: 'id', type: 'uuid', column: null, special: [], concealed: false, meta: null }

/** Whether values like `of` can stand in for those of `field`: any text may hold a number or a key, and anything can be told as text. */
export function isComparable(field: Field, of: Field): boolean {
  const [family, other] = [familyOf(field), familyOf(of)]
  if (family === other || (family === 'text' && other !== 'json')) return true
  return other === 'text' && (family === 'number' || family === 'uuid')
}

/** The keys that `of` stands for in a request of `access`. */
export function callerKeys(access: Access, of: CallerPart): Parameter {
  if (access === system) return of === 'user' || of === 'role' ? null : []
  return access[of]
}

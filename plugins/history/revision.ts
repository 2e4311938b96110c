/** What a revision tells of a row: its own values as answers show them, secrets masked, relations left out. Pure. */
import type { Field, Table } from 'plinth'
import { type Item, mask } from 'plinth/items'

const hidden = ({ concealed, special }: Field): boolean => concealed || special.includes('hash')

const shown = (field: Field | undefined, value: unknown): unknown => (field && hidden(field) && value !== null ? mask : value)

/** Null for an object without members. */
const filled = (entries: readonly (readonly [name: string, value: unknown])[]): Item | null =>
  entries.length ? Object.fromEntries(entries) : null

/** Of a new row: what it was made from, as it is `stored`; names that are no field as they came. Null when that is nothing. */
export function createdData(table: Table, given: Item, stored: Item): Item | null {
  const names = Object.keys(given).filter((name) => given[name] !== undefined && !table.links.has(name))
  return filled(names.map((name) => [name, shown(table.fields.get(name), Object.hasOwn(stored, name) ? stored[name] : given[name])]))
}

/** Of a changed row: all of it, as it has become. */
export function changedData(table: Table, stored: Item): Item {
  const own = [...table.fields.values()].filter(({ name, column }) => column && !table.links.has(name))
  return Object.fromEntries(own.map((field) => [field.name, shown(field, stored[field.name])]))
}

/** Of a changed row: what was asked for, foreign keys included, and what the server changes by itself. Null when that is nothing. */
export function changedDelta(table: Table, patch: Item, stored: Item): Item | null {
  const asked = Object.keys(patch).filter((name) => Object.hasOwn(stored, name) && !table.primaryKey.includes(name))
  const kept = asked.length ? [...table.fields.values()].filter(({ special }) => special.some((word) => word.endsWith('-updated'))) : []
  const names = new Set([...asked, ...kept.map(({ name }) => name)])
  return filled(Array.from(names, (name) => [name, shown(table.fields.get(name), stored[name])]))
}

/**
 * What a revision tells of a row: its own values as answers show them, secrets masked, relations left out but for lists of items of the same
 * collection. Pure.
 */
import type { Field, Snapshot, Table } from 'plinth'
import { type Item, mask } from 'plinth/items'
import { eachItem } from './delta.ts'

const hidden = ({ concealed, special }: Field): boolean => concealed || special.includes('hash')

const shown = (field: Field | undefined, value: unknown): unknown => (field && hidden(field) && value !== null ? mask : value)

/** Null for an object without members. */
const filled = (entries: readonly (readonly [name: string, value: unknown])[]): Item | null =>
  entries.length ? Object.fromEntries(entries) : null

/** The fields that list items of the same collection. */
export const ownLists = (table: Table): string[] =>
  [...table.links.values()].filter((link) => link.kind === 'o2m' && link.target === table.name).map(({ field }) => field)

/** A payload without its secrets. */
const masked = (snapshot: Snapshot, table: Table, payload: Item): Item =>
  eachItem(snapshot, table, payload, (item, own) =>
    Object.fromEntries(Object.entries(item).map(([name, value]) => [name, shown(own?.fields.get(name), value)])),
  )

/** Of a new row: what it was made from, as it is `stored`; what no column keeps is left out. Null when that is nothing. */
export function createdData(snapshot: Snapshot, table: Table, given: Item, stored: Item): Item | null {
  const said = Object.keys(given).filter((name) => given[name] !== undefined)
  const names = said.filter((name) => table.columns.has(name) && !table.links.has(name))
  const own = names.map((name) => [name, shown(table.fields.get(name), Object.hasOwn(stored, name) ? stored[name] : given[name])] as const)
  const lists = ownLists(table).filter((name) => said.includes(name))
  return filled([...own, ...lists.map((name) => [name, masked(snapshot, table, { [name]: given[name] })[name]] as const)])
}

/** Of a changed row: all of it, as it has become. `lists`: what its own lists hold. */
export function changedData(table: Table, stored: Item, lists: Item | undefined): Item {
  const own = [...table.fields.values()].filter(({ name, column }) => column && !table.links.has(name))
  return { ...Object.fromEntries(own.map((field) => [field.name, shown(field, stored[field.name])])), ...lists }
}

/** Of a changed row: what was asked for, foreign keys included, and what the server changes by itself. Null when that is nothing. */
export function changedDelta(table: Table, patch: Item, stored: Item): Item | null {
  const asked = Object.keys(patch).filter((name) => Object.hasOwn(stored, name) && !table.primaryKey.includes(name))
  const kept = asked.length ? [...table.fields.values()].filter(({ special }) => special.some((word) => word.endsWith('-updated'))) : []
  const names = new Set([...asked, ...kept.map(({ name }) => name)])
  return filled(Array.from(names, (name) => [name, shown(table.fields.get(name), stored[name])]))
}

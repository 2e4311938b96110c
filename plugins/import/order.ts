/** What depends on what among the collections of one file. Pure. */
import type { Table } from 'plinth'
import type { Item } from 'plinth/items'
import { problems } from './problems.ts'

/** A field that holds a key of another item. */
export interface Reference {
  readonly field: string
  readonly targets: readonly string[]
  /** May be left out at first. */
  readonly soft: boolean
  /** The collection that an item's value leads to. */
  targetOf(item: Item): string
}

const known = new WeakMap<Table, readonly Reference[]>()

/** The same objects for the same table. */
export function referencesOf(table: Table): readonly Reference[] {
  let found = known.get(table)
  if (!found) {
    found = [...table.links.values()].flatMap((link): Reference[] => {
      const { field } = link
      if (link.kind === 'm2o')
        return [{ field, targets: [link.target], soft: table.columns.get(field)?.nullable ?? true, targetOf: () => link.target }]
      if (link.kind === 'm2a') return [{ field, targets: link.targets, soft: true, targetOf: (item) => String(item[link.collectionField]) }]
      return []
    })
    known.set(table, found)
  }
  return found
}

/**
 * Tables in an order in which each comes after those that it refers to. Where they refer to each other in a circle, `late` are references that are to be
 * written when all items are there; those of a table to itself are among them. @throws IMPORT_CYCLICAL_RELATION
 */
export function inOrder(tables: readonly Table[]): { order: readonly Table[]; late: ReadonlySet<Reference> } {
  const byName = new Map(tables.map((table) => [table.name, table]))
  const needs = (table: Table, all: boolean): Table[] =>
    referencesOf(table).flatMap(({ targets, soft }) => (soft && !all ? [] : targets.flatMap((name) => byName.get(name) ?? [])))
  const straight = sorted(tables, (table) => needs(table, true).filter((target) => target !== table))
  const order = 'order' in straight ? straight.order : hardOrder(tables, (table) => needs(table, false))
  const place = new Map(order.map(({ name }, i) => [name, i]))
  const late = order.flatMap((table) =>
    referencesOf(table).filter(({ soft, targets }) => soft && targets.some((name) => (place.get(name) ?? -1) >= place.get(table.name)!)),
  )
  return { order, late: new Set(late) }
}

function hardOrder(tables: readonly Table[], needs: (table: Table) => readonly Table[]): readonly Table[] {
  const found = sorted(tables, needs)
  if ('order' in found) return found.order
  const collections = found.circle.map(({ name }) => name)
  const relations = tables
    .filter(({ name }) => collections.includes(name))
    .flatMap((table) =>
      referencesOf(table)
        .filter(({ soft, targets: [target = ''] }) => !soft && collections.includes(target))
        .map(({ field, targets: [related] }) => ({ collection: table.name, field, related })),
    )
  throw problems.IMPORT_CYCLICAL_RELATION(undefined, { collections, relations })
}

/** Each table after those that it needs; or tables that need each other. */
function sorted(
  tables: readonly Table[],
  needs: (table: Table) => readonly Table[],
): { readonly order: readonly Table[] } | { readonly circle: readonly Table[] } {
  const order = new Set<Table>()
  const path: Table[] = []
  const visit = (table: Table): readonly Table[] | undefined => {
    if (order.has(table)) return undefined
    if (path.includes(table)) return path.slice(path.indexOf(table)).toReversed()
    path.push(table)
    for (const needed of needs(table)) {
      const circle = visit(needed)
      if (circle) return circle
    }
    path.pop()
    order.add(table)
    return undefined
  }
  for (const table of tables) {
    const circle = visit(table)
    if (circle) return { circle }
  }
  return { order: [...order] }
}

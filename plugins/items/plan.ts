/** Names → places: resolves a query's shape against one Snapshot into a tree of read nodes. Knows no rights, no values and no SQL. Pure. */
import { type Field, type Link, problems, type Snapshot, type Table } from 'plinth'
import type { FieldPath, Filter, MetaName, Operator, QueryShape, SortKey } from './query.ts'
import { type Family, familyOf } from './values.ts'

type ToOne = Extract<Link, { kind: 'm2o' }>
type ToMany = Extract<Link, { kind: 'o2m' }>

/** What one row of the answer holds. */
export type Selection =
  | { readonly kind: 'column'; readonly key: string; readonly field: Field }
  | { readonly kind: 'm2o'; readonly key: string; readonly link: ToOne; readonly node: ReadNode }
  /** Rows whose `link.targetField` holds our column `owner`. Without selections in `node`: their keys. */
  | {
      readonly kind: 'o2m'
      readonly key: string
      readonly link: ToMany
      readonly owner: string
      readonly node: ReadNode
      readonly order: readonly Order[]
      readonly limit: number | null
    }

export interface ReadNode {
  readonly table: Table
  readonly selections: readonly Selection[]
}

/** One step over a to-one link, and where it leads. */
export interface Hop {
  readonly link: ToOne
  readonly table: Table
}

/** A column of the table itself, or of a row reached over to-one links. */
export interface Place {
  readonly via: readonly Hop[]
  readonly field: Field
}

export interface Order {
  readonly place: Place
  readonly descending: boolean
}

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  /** `slot`: which of the query's values; null where the operator takes none. */
  | { readonly kind: 'compare'; readonly place: Place; readonly operator: Operator; readonly slot: number | null }

/** Which column each of the query's values is compared with, by the value's number. */
export interface Slot {
  readonly field: Field
  readonly operator: Operator
}

export interface ReadPlan {
  readonly table: Table
  readonly node: ReadNode
  readonly where: Condition | null
  readonly order: readonly Order[]
  /** Null: all rows. */
  readonly limit: number | null
  readonly hasOffset: boolean
  readonly meta: readonly MetaName[]
  readonly slots: readonly Slot[]
}

export interface PlanLimits {
  readonly defaultLimit: number
  /** Selections in the whole tree: wildcards multiply. */
  readonly selections: number
  /** Relations that are followed, by fields, filter and sort together: the database's planner takes long over many. */
  readonly relations: number
}

/**
 * @throws FORBIDDEN for a field or collection that does not exist (the same as for one that is not allowed);
 * INVALID_QUERY for an operator that the column's type does not take, or a concealed field in filter or sort.
 */
export function planRead(snapshot: Snapshot, table: Table, shape: QueryShape, limits: PlanLimits): ReadPlan {
  const slots: Slot[] = []
  const size = shape.limit ?? limits.defaultLimit
  const plan: ReadPlan = {
    table,
    node: new Selecting(snapshot, limits).from(table, shape.fields),
    where: shape.filter && planFilter(snapshot, table, shape.filter, slots),
    order: planOrder(snapshot, table, shape.sort),
    limit: size === -1 ? null : size,
    hasOffset: shape.hasOffset,
    meta: shape.meta,
    slots,
  }
  if (relationsOf(plan) > limits.relations) throw problems.INVALID_QUERY(`The query follows more than ${limits.relations} relations.`)
  return plan
}

/** A relation that several paths share counts once, but for selections: each level of them is a join or a query of its own. */
function relationsOf({ node, where, order }: ReadPlan): number {
  const paths = new Set<string>()
  const follow = ({ via }: Place) => {
    for (const i of via.keys()) paths.add(JSON.stringify(via.slice(0, i + 1).map(({ link }) => link.field)))
  }
  const visit = (condition: Condition): void => {
    if (condition.kind === 'compare') follow(condition.place)
    else condition.of.forEach(visit)
  }
  if (where) visit(where)
  for (const { place } of order) follow(place)
  const below = ({ selections }: ReadNode): number =>
    selections.reduce((count, selection) => count + (selection.kind === 'column' ? 0 : 1 + below(selection.node)), 0)
  return paths.size + below(node)
}

export const missingField = (table: Table, name: string) =>
  problems.FORBIDDEN(`There is no field "${name}" in "${table.name}", or it is not yours to see.`)

const notOfferedYet = (name: string) =>
  problems.INVALID_QUERY(`"fields" through "${name}" is not offered yet: it leads to any of several collections.`)

export function tableOf(snapshot: Snapshot, name: string): Table {
  const table = snapshot.tables.get(name)
  if (!table) throw problems.FORBIDDEN(`There is no collection "${name}", or it is not yours to see.`)
  return table
}

/** Turns field paths into selections, and counts them. */
class Selecting {
  readonly #snapshot: Snapshot
  readonly #nestedLimit: number | null
  #left: number

  constructor(snapshot: Snapshot, limits: PlanLimits) {
    this.#snapshot = snapshot
    this.#nestedLimit = limits.defaultLimit < 0 ? null : limits.defaultLimit
    this.#left = limits.selections
  }

  from(table: Table, paths: readonly FieldPath[]): ReadNode {
    /** Field → the paths below it that were asked for. */
    const wishes = new Map<string, FieldPath[]>()
    const wish = (name: string, rest: FieldPath) => {
      const below = wishes.get(name) ?? []
      if (rest.length) below.push(rest)
      wishes.set(name, below)
    }
    for (const [head = '', ...rest] of paths) {
      if (head === '*') {
        for (const name of table.fields.keys()) wish(name, table.links.has(name) ? rest : [])
      } else if (head.includes(':')) {
        // A scope says which of several collections is meant; a field that leads to one is just that field.
        wish(this.#scoped(table, head), [])
      } else if (rest.length) {
        // A path through a plain column leads nowhere and is left out, as the API has it.
        if (table.links.has(head)) wish(head, rest)
      } else {
        if (!table.fields.has(head)) throw missingField(table, head)
        wish(head, [])
      }
    }
    this.#left -= wishes.size
    if (this.#left < 0) throw problems.INVALID_QUERY('"fields" selects too many fields: wildcards multiply along relations.')
    return { table, selections: [...wishes].flatMap(([name, below]) => this.#select(table, name, below)) }
  }

  #scoped(table: Table, head: string): string {
    const name = head.slice(0, head.indexOf(':'))
    if (!table.fields.has(name)) throw missingField(table, name)
    if (table.links.get(name)?.kind === 'm2a') throw notOfferedYet(name)
    return name
  }

  #select(table: Table, key: string, below: readonly FieldPath[]): Selection[] {
    const field = table.fields.get(key)!
    const link = table.links.get(key)
    if (link?.kind === 'o2m') {
      const target = tableOf(this.#snapshot, link.target)
      const sortField = link.relation.meta?.sort_field
      const sort = sortField && target.columns.has(sortField) ? [{ path: [sortField], descending: false }] : []
      const owner = link.relation.foreignKey?.targets[0] ?? table.primaryKey[0]
      if (owner === undefined) return []
      return [
        {
          kind: 'o2m',
          key,
          link,
          owner,
          node: this.from(target, below),
          order: planOrder(this.#snapshot, target, sort),
          limit: this.#nestedLimit,
        },
      ]
    }
    if (link?.kind === 'm2o' && below.length)
      return [{ kind: 'm2o', key, link, node: this.from(tableOf(this.#snapshot, link.target), below) }]
    if (link?.kind === 'm2a' && below.length) {
      throw notOfferedYet(key)
    }
    return field.column ? [{ kind: 'column', key, field }] : []
  }
}

/** The asked order, and the key after it: the order is total, so pages neither repeat nor skip rows. */
function planOrder(snapshot: Snapshot, table: Table, sort: readonly SortKey[]): readonly Order[] {
  const asked = sort.map(({ path, descending }) => {
    const place = placeOf(snapshot, table, path)
    if (place.field.concealed) throw concealed(place.field)
    if (place.field.column!.baseType === 'json') throw problems.INVALID_QUERY(`"${place.field.name}" is JSON, which has no order.`)
    return { place, descending }
  })
  const named = new Set(sort.filter(({ path }) => path.length === 1).map(({ path }) => path[0]))
  const last = asked.length === 0 && table.meta?.sort_field ? sortFieldOf(table) : []
  const keys = table.primaryKey
    .filter((name) => !named.has(name))
    .map((name) => ({ place: { via: [], field: table.fields.get(name)! }, descending: false }))
  return [...asked, ...last, ...keys]
}

function sortFieldOf(table: Table): Order[] {
  const field = table.fields.get(table.meta!.sort_field!)
  return field?.column ? [{ place: { via: [], field }, descending: false }] : []
}

function placeOf(snapshot: Snapshot, table: Table, path: FieldPath): Place {
  const via: Hop[] = []
  let at = table
  for (const name of path.slice(0, -1)) {
    const link = at.links.get(name)
    if (!link) throw missingField(at, name)
    if (link.kind !== 'm2o') throw problems.INVALID_QUERY(`A path through "${name}", which leads to many, is not offered yet.`)
    at = tableOf(snapshot, link.target)
    via.push({ link, table: at })
  }
  const field = at.fields.get(path.at(-1)!)
  if (!field) throw missingField(at, path.at(-1)!)
  if (!field.column) throw problems.INVALID_QUERY(`"${field.name}" has no column to compare or sort by.`)
  return { via, field }
}

const concealed = (field: Field) => problems.INVALID_QUERY(`"${field.name}" is write-only.`)

const allowed: Readonly<Record<Family, ReadonlySet<string>>> = {
  text: operatorSet(
    '_eq _neq _in _nin _null _nnull _empty _nempty',
    '_contains _icontains _starts_with _istarts_with _ends_with _iends_with',
  ),
  number: operatorSet('_eq _neq _lt _lte _gt _gte _in _nin _between _nbetween _null _nnull'),
  time: operatorSet('_eq _neq _lt _lte _gt _gte _in _nin _between _nbetween _null _nnull'),
  boolean: operatorSet('_eq _neq _null _nnull'),
  uuid: operatorSet('_eq _neq _in _nin _null _nnull'),
  json: operatorSet('_null _nnull'),
  other: operatorSet('_eq _neq _in _nin _null _nnull'),
}

/** The named operators, and those of `pairs` with their negations. */
function operatorSet(names: string, pairs = ''): ReadonlySet<string> {
  const affirmed = pairs.split(' ').filter(Boolean)
  return new Set([...names.split(' '), ...affirmed, ...affirmed.map((name) => `_n${name.slice(1)}`)])
}

function planFilter(snapshot: Snapshot, root: Table, filter: Filter, slots: Slot[]): Condition {
  const plan = (node: Filter, table: Table, path: FieldPath): Condition => {
    if (node.kind === 'field') return plan(node.of, table, [...path, node.name])
    if (node.kind !== 'compare') return { kind: node.kind, of: node.of.map((inner) => plan(inner, table, path)) }
    const place = placeOf(snapshot, table, path)
    if (place.field.concealed) throw concealed(place.field)
    if (!allowed[familyOf(place.field)].has(node.operator)) {
      throw problems.INVALID_QUERY(`"filter": "${place.field.name}" (${place.field.type}) does not take "${node.operator}".`)
    }
    if (node.value !== null) slots[node.value] = { field: place.field, operator: node.operator }
    return { kind: 'compare', place, operator: node.operator, slot: node.value }
  }
  // Fields that hold no condition must exist all the same.
  checkNames(snapshot, root, filter)
  return plan(filter, root, [])
}

function checkNames(snapshot: Snapshot, table: Table, filter: Filter): void {
  if (filter.kind === 'compare') return
  if (filter.kind !== 'field') {
    for (const inner of filter.of) checkNames(snapshot, table, inner)
    return
  }
  if (!table.fields.has(filter.name)) throw missingField(table, filter.name)
  const link = table.links.get(filter.name)
  if (link && link.kind !== 'm2a') checkNames(snapshot, tableOf(snapshot, link.target), filter.of)
}

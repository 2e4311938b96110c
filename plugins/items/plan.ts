/** Names → places: resolves a query's shape against one Snapshot into a tree of read nodes. Knows no rights, no values and no SQL. Pure. */
import { type Field, type Link, problems, type Snapshot, type Table } from 'plinth'
import { type CallerValue, callerValue, isComparable } from './caller.ts'
import { guardOf, heldAs, heldField } from './permit/guard.ts'
import {
  anyHop,
  callKey,
  callOf,
  functionOf,
  type Hop,
  hopOf,
  isHidden,
  isServed,
  jsonPlace,
  missingField,
  type Place,
  pathKey,
  placeOf,
  tableOf,
} from './place.ts'
import type {
  Aggregate,
  DeepShape,
  FieldPath,
  Filter,
  ListShape,
  MetaName,
  Operator,
  PageShape,
  QueryShape,
  Search,
  SortKey,
  Wish,
} from './query.ts'
import { type Family, familyOf } from './values.ts'

/** What one row of the answer holds. */
export type Selection =
  | { readonly kind: 'column'; readonly key: string; readonly place: Place }
  | { readonly kind: 'constant'; readonly key: string; readonly value: string | null }
  /** An object of things of the same row. */
  | { readonly kind: 'object'; readonly key: string; readonly node: ReadNode }
  | { readonly kind: 'one'; readonly key: string; readonly hop: Hop; readonly node: ReadNode; readonly where: Condition | null }
  /** Without selections in `rows.node`: the keys of the related rows. */
  | { readonly kind: 'many'; readonly key: string; readonly hop: Hop; readonly rows: Rows }
  /** A row of one of several tables, as `collectionField` says; of those not asked for their key alone. */
  | {
      readonly kind: 'any'
      readonly key: string
      readonly field: Field
      readonly collectionField: string
      /** Whether keys of rows of other tables are not to be seen. */
      readonly othersHidden: boolean
      readonly nodes: readonly { readonly hop: Hop; readonly node: ReadNode; readonly where: Condition | null }[]
    }

export interface ReadNode {
  readonly table: Table
  readonly selections: readonly Selection[]
  /** Whether it is an object also without selections, when it would be a key. */
  readonly object?: true
}

export interface Order {
  readonly place: Place
  readonly descending: boolean
}

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  /** `slot`: which of the plan's slots; null where the operator takes none. */
  | { readonly kind: 'compare'; readonly place: Place; readonly operator: Operator; readonly slot: number | null }
  /** Compared with what is the caller's own. */
  | { readonly kind: 'caller'; readonly place: Place; readonly operator: Operator; readonly value: CallerValue }
  /** Whether rows of `hop`, one step beyond `via`, are as `of` says, which is said of them. */
  | { readonly kind: 'exists'; readonly negated: boolean; readonly via: readonly Hop[]; readonly hop: Hop; readonly of: Condition }
  | Bare

/** Whether JSON columns hold no object under any of `names`, however deep. */
export interface Bare {
  readonly kind: 'bare'
  readonly columns: readonly string[]
  readonly names: readonly string[]
}

/** A value that the statement needs: which of the query's, or a rule's own, and what it is compared with. */
export interface Slot {
  readonly value: number | { readonly constant: unknown }
  readonly field: Field
  readonly operator: Operator
  /** Text as it stands, whatever it looks like; else it may be a variable. */
  readonly plain?: true
}

/** Which rows of a table, in which order, and what is shown of them. */
export interface Rows {
  readonly table: Table
  readonly node: ReadNode
  readonly where: Condition | null
  readonly order: readonly Order[]
  /** Null: all rows. */
  readonly limit: number | null
  /** Rows skipped; `bound` when each request brings its own number. */
  readonly offset: number | 'bound'
  /** Instead of rows. */
  readonly grouping: Grouping | null
}

export interface Grouping {
  readonly groups: readonly { readonly key: string; readonly place: Place }[]
  readonly aggregates: readonly { readonly fn: Aggregate['fn']; readonly key: string; readonly field: Field | null }[]
  /** Keys of groups, or `fn.field` of aggregates. */
  readonly order: readonly { readonly key: string; readonly descending: boolean }[]
  /** How they are shown, where the client chose the keys. */
  readonly wishes: readonly Wish[] | null
}

export interface ReadPlan extends Rows {
  /** Only rows that come after the one that a cursor names. */
  readonly behind: boolean
  /** Instead of rows. */
  readonly page: PageShape | null
  readonly meta: readonly MetaName[]
  readonly slots: readonly Slot[]
  /** Whether keys are shown as text, and numbers as numbers. */
  readonly typed: boolean
}

export interface PlanLimits {
  readonly defaultLimit: number
  /** Selections in the whole tree: wildcards multiply. */
  readonly selections: number
}

/**
 * @throws FORBIDDEN for a field or collection that does not exist (the same as for one that is not allowed);
 * INVALID_QUERY for an operator that the column's type does not take, or a concealed field in filter or sort.
 */
export function planRead(snapshot: Snapshot, table: Table, shape: QueryShape, limits: PlanLimits): ReadPlan {
  const planner = new Planner(snapshot, limits, shape.backlink)
  const rows = planner.rows(table, shape, shape.wishes ? { wishes: shape.wishes } : { paths: shape.fields }, shape.hasOffset ? 'bound' : 0)
  if (shape.page || shape.meta.includes('next_cursor')) checkCursorKey(table)
  return { ...rows, behind: shape.behind, page: shape.page, meta: shape.meta, slots: planner.slots, typed: shape.wishes !== null }
}

/** @throws FORBIDDEN where keys are not seen in all rows: a cursor holds the key of a row, and asks for those behind any that it is made to hold. */
function checkCursorKey(table: Table): void {
  if (!table.primaryKey.length) throw problems.INVALID_QUERY(`"cursor" needs a primary key, which "${table.name}" has not.`)
  const hidden = table.primaryKey.find((name) => !isSeenWholly(table, name))
  if (hidden !== undefined) throw missingField(table, hidden)
}

/** Whether a field is seen in all rows that are. */
const isSeenWholly = (table: Table, name: string): boolean => table.fields.has(name) && heldAs(table, name) === name

/** Where rows come from: the order that their relation keeps, and the link that led to them. */
interface Origin {
  readonly sort?: readonly SortKey[]
  readonly from?: Link | undefined
}

/** What is wanted of rows: paths as REST has them, or wishes. */
type Wanted =
  | { readonly paths: readonly FieldPath[]; readonly wishes?: undefined }
  | { readonly paths?: undefined; readonly wishes: readonly Wish[] }

/** Turns shapes into rows to read, level by level, and counts what is selected. */
class Planner {
  readonly slots: Slot[] = []
  readonly #snapshot: Snapshot
  readonly #defaultLimit: number
  readonly #backlink: boolean
  /** Selections that may follow; and wishes for them, of which several may be for the same. */
  #left: number
  #wishesLeft: number

  constructor(snapshot: Snapshot, limits: PlanLimits, backlink: boolean) {
    this.#backlink = backlink
    this.#snapshot = snapshot
    this.#defaultLimit = limits.defaultLimit
    this.#left = limits.selections
    this.#wishesLeft = limits.selections * 10
  }

  rows(table: Table, shape: ListShape, wanted: Wanted, offset: number | 'bound', { sort = [], from }: Origin = {}): Rows {
    const size = shape.limit ?? this.#defaultLimit
    const grouping = isGrouped(shape) ? planGrouping(this.#snapshot, table, shape, wanted.wishes ?? null) : null
    return {
      table,
      node: grouping ? { table, selections: [] } : this.#node(table, wanted, shape, from),
      where: this.#where(table, shape),
      order: grouping ? [] : planOrder(this.#snapshot, table, shape.sort.length ? aliased(shape.sort, shape.alias) : sort),
      limit: size === -1 ? null : size,
      offset,
      grouping,
    }
  }

  #where(table: Table, { filter, search }: ListShape): Condition | null {
    const conditions = [
      ...(filter ? [planFilter(this.#snapshot, table, filter, this.slots)] : []),
      ...(search ? [planSearch(table, search, this.slots)] : []),
    ]
    return conditions.length > 1 ? { kind: 'and', of: conditions } : (conditions[0] ?? null)
  }

  #node(table: Table, { paths, wishes }: Wanted, shape: ListShape, from?: Link): ReadNode {
    return wishes ? this.#wished(table, wishes) : this.#named(table, paths, shape, from)
  }

  #wished(table: Table, wishes: readonly Wish[]): ReadNode {
    this.#left -= wishes.length
    if (this.#left < 0) throw tooMany()
    // PostgreSQL would cut off the rest.
    const long = wishes.find(({ key }) => key.length > 63)
    if (long) throw problems.INVALID_QUERY(`"${long.key}" is longer than 63 characters.`)
    return { table, selections: wishes.flatMap((wish) => this.#wish(table, wish)), object: true }
  }

  #wish(table: Table, wish: Wish): Selection[] {
    if (wish.kind === 'constant') return [wish]
    if (wish.kind === 'object') return [{ kind: 'object', key: wish.key, node: this.#wished(table, wish.of) }]
    // Only groups of rows have these.
    if (wish.kind === 'group' || wish.kind === 'aggregate') return [{ kind: 'constant', key: wish.key, value: null }]
    const { key, name } = wish
    const link = table.links.get(name)
    if (!table.fields.has(name) && !callOf(table, name)) throw missingField(table, name)
    if (wish.kind === 'field') return this.#select(table, key, name, [], plainShape, {})
    if (wish.kind === 'related') {
      const hop = link && hopOf(this.#snapshot, table, name)
      if (!hop) throw missingField(table, name)
      return [this.#related(key, hop, link, wish.rows, { wishes: wish.of })]
    }
    if (link?.kind !== 'm2a') throw missingField(table, name)
    const nodes = this.#hopsOfAny(name, link).map((hop) => {
      const own = wish.of[hop.table.name] ?? []
      return { hop, node: this.#wished(hop.table, own), where: null }
    })
    return [{ kind: 'any', key, field: table.fields.get(name)!, nodes, collectionField: link.collectionField, othersHidden: true }]
  }

  #related(key: string, hop: Hop, link: Link, said: DeepShape, wanted: Wanted): Selection {
    if (hop.many) {
      const sortField = link.relation.meta?.sort_field
      const first = sortField && hop.table.fields.get(sortField)?.column ? [{ path: [sortField], descending: false }] : []
      return { kind: 'many', key, hop, rows: this.rows(hop.table, said, wanted, said.offset, { sort: first, from: link }) }
    }
    this.#checkSingle(hop, said)
    return { kind: 'one', key, hop, node: this.#node(hop.table, wanted, said, link), where: this.#whereOne(hop.table, said, said.skipped) }
  }

  /** Of one row none is left behind another. */
  #whereOne(table: Table, said: DeepShape, skipped: number): Condition | null {
    const where = this.#where(table, said)
    return skipped ? nothing : where
  }

  /** One row has no order, and makes no groups; names that there are not are told all the same. */
  #checkSingle({ name, table }: Hop, said: DeepShape): void {
    checkUngrouped(name, said)
    planOrder(this.#snapshot, table, aliased(said.sort, said.alias))
  }

  #hopsOfAny(name: string, { targets, collectionField }: Extract<Link, { kind: 'm2a' }>): Hop[] {
    return targets
      .filter((target) => this.#snapshot.tables.has(target))
      .map((target) => anyHop(this.#snapshot, name, collectionField, target))
  }

  #named(table: Table, paths: readonly FieldPath[], { alias, deep }: Pick<ListShape, 'alias' | 'deep'>, from?: Link): ReadNode {
    /** Key in the answer → the paths below it that were asked for, each once. */
    const wishes = new Map<string, Map<string, FieldPath>>()
    const wish = (key: string, rest: FieldPath) => {
      if (--this.#wishesLeft < 0) throw tooMany()
      const below = wishes.get(key) ?? new Map<string, FieldPath>()
      if (rest.length) below.set(rest.join('.'), rest)
      wishes.set(key, below)
    }
    const named = (key: string) => own(alias, key) ?? key
    const known = (name: string) => isServed(table, name) || callOf(table, name) !== undefined
    for (const [head = '', ...rest] of paths) {
      const name = named(head.split(':')[0]!)
      const link = table.links.get(name)
      if (head === '*') {
        const starred = [...table.fields.keys(), ...Object.keys(alias)].filter((key) => known(named(key)))
        for (const field of rest.length ? starred.filter((key) => !isHidden(table, named(key))) : starred)
          wish(field, this.#starred(table, named(field), rest, from))
      } else if (head.includes(':')) {
        // A scope says which of several collections is meant; a field that leads to one is just that field.
        if (!table.fields.has(name)) throw missingField(table, name)
        const [key = ''] = head.split(':')
        wish(key, link?.kind === 'm2a' ? [head.slice(key.length + 1), ...rest] : [])
      } else if (rest.length) {
        // A path through a plain column leads nowhere and is left out, as the API has it.
        if (link && !table.fields.has(name)) throw missingField(table, name)
        if (link) wish(head, link.kind === 'm2a' ? ['*', ...rest] : rest)
      } else {
        if (!known(name)) throw missingField(table, name)
        wish(head, [])
      }
    }
    this.#left -= wishes.size
    if (this.#left < 0) throw tooMany()
    const selections = [...wishes].flatMap(([key, below]) =>
      this.#select(table, key, named(key), [...below.values()], own(deep, key) ?? plainShape, deep),
    )
    // Other names for values of the row itself select no field: the API shows the key then.
    const namesAlone = [...wishes.keys()].every((key) => own(alias, key) !== undefined) && selections.every(isPlain)
    return { table, selections: namesAlone ? [] : selections }
  }

  /** What `*` with `rest` behind it asks of one field; the way back to the parent stays a key where it is not wanted. */
  #starred(table: Table, name: string, rest: FieldPath, from: Link | undefined): FieldPath {
    const link = table.links.get(name)
    if (!link || !rest.length || (!this.#backlink && link.relation === from?.relation)) return []
    return link.kind === 'm2a' ? ['*', ...rest] : rest
  }

  #select(table: Table, key: string, name: string, below: readonly FieldPath[], deep: DeepShape, beside: ListShape['deep']): Selection[] {
    const call = callOf(table, name)
    if (call)
      return [
        {
          kind: 'column',
          key: key === name ? callKey(call) : key,
          place: { via: [], ...functionOf(this.#snapshot, table, call.fn, call.field, call.path) },
        },
      ]
    const field = table.fields.get(name)!
    const link = table.links.get(name)
    if (link?.kind === 'm2a' && below.length) return [this.#selectAny(key, field, link, below, beside, guardOf(table) !== undefined)]
    const hop = link && hopOf(this.#snapshot, table, name)
    if (link && hop && (hop.many || below.length)) return [this.#related(key, hop, link, deep, { paths: below })]
    if (link) checkUngrouped(name, deep)
    return field.column ? [{ kind: 'column', key, place: { via: [], field, fn: null } }] : []
  }

  /** Paths below start with a scope, or with `*` for what is asked of every scope that has it. */
  #selectAny(
    key: string,
    field: Field,
    link: Extract<Link, { kind: 'm2a' }>,
    below: readonly FieldPath[],
    deep: ListShape['deep'],
    isGuarded: boolean,
  ): Selection {
    const hops = this.#hopsOfAny(field.name, link)
    const knows = (hop: Hop, name = '') => name === '*' || hop.table.fields.has(name)
    for (const [head, first] of below) {
      if (head === '*' && !hops.some((hop) => knows(hop, first)))
        throw problems.FORBIDDEN(`There is no field "${first}" behind "${field.name}", or it is not yours to see.`)
    }
    const nodes = hops.map((hop) => {
      const paths = below
        .filter(([head, first]) => (head === '*' ? knows(hop, first) : head === hop.table.name))
        .map(([, ...rest]) => rest)
        .filter((path) => path.length)
      const said = own(deep, `${key}:${hop.table.name}`) ?? plainShape
      this.#checkSingle(hop, said)
      return {
        hop,
        node: paths.length ? this.#named(hop.table, paths, said) : { table: hop.table, selections: [] },
        where: this.#whereOne(hop.table, said, said.offset),
      }
    })
    return { kind: 'any', key, field, nodes, collectionField: link.collectionField, othersHidden: isGuarded }
  }
}

const tooMany = () => problems.INVALID_QUERY('"fields" selects too many fields: wildcards multiply along relations.')

/** Whether it is a column's value or a part of it. */
const isPlain = (one: Selection): boolean => one.kind === 'column' && one.place.fn?.kind !== 'path' && one.place.fn?.kind !== 'rows'

const nothing: Condition = { kind: 'or', of: [] }

/** Nothing said: all rows, up to the default. */
const plainShape: DeepShape = {
  filter: null,
  search: null,
  sort: [],
  limit: null,
  offset: 0,
  skipped: 0,
  alias: {},
  aggregate: [],
  group: [],
  deep: {},
}

/** Fields may be called like what every object has (`constructor`). */
const own = <T>(map: Readonly<Record<string, T>>, name: string): T | undefined => (Object.hasOwn(map, name) ? map[name] : undefined)

const aliased = (sort: readonly SortKey[], alias: Readonly<Record<string, string>>): readonly SortKey[] =>
  sort.map((key) => {
    const target = key.path.length === 1 ? own(alias, key.path[0]!) : undefined
    return target === undefined ? key : { ...key, path: [target] }
  })

/** The asked order, and the key after it: the order is total, so pages neither repeat nor skip rows. */
function planOrder(snapshot: Snapshot, table: Table, sort: readonly SortKey[]): readonly Order[] {
  const asked = sort.map(({ path, descending }) => {
    const place = placeOf(snapshot, table, path)
    if (place.field.concealed) throw concealed(place.field)
    if (place.field.column!.baseType === 'json' && !place.fn)
      throw problems.INVALID_QUERY(`"${place.field.name}" is JSON, which has no order.`)
    return { place, descending }
  })
  const named = new Set(sort.filter(({ path }) => path.length === 1).map(({ path }) => path[0]))
  const last = asked.length === 0 && table.meta?.sort_field ? sortFieldOf(table) : []
  const plain = asked.length === 0 && last.length === 0 ? insteadOfKey(table) : []
  const keys = table.primaryKey
    .filter((name) => !named.has(name) || heldAs(table, name) !== name)
    .map((name) => ({ place: { via: [], field: heldField(table, name), fn: null }, descending: false }))
  return [...asked, ...last, ...plain, ...keys]
}

/** A key that the caller does not see in all rows decides only between rows that are otherwise equal: the first field that they see comes before it. */
function insteadOfKey(table: Table): Order[] {
  const guard = guardOf(table)
  if (!guard || table.primaryKey.every((name) => isSeenWholly(table, name))) return []
  const names = guard.grants.flatMap(({ fields }) => [...fields])
  const field = names.map((name) => table.fields.get(name)!).find((field) => field.column && !field.concealed && hasOrder(field))
  return field ? [{ place: { via: [], field, fn: null }, descending: false }] : []
}

const hasOrder = (field: Field): boolean => !['json', 'other'].includes(familyOf(field))

function sortFieldOf(table: Table): Order[] {
  const field = table.fields.get(table.meta!.sort_field!)
  return field?.column ? [{ place: { via: [], field, fn: null }, descending: false }] : []
}

const concealed = (field: Field) => problems.INVALID_QUERY(`"${field.name}" is write-only.`)

const allowed: Readonly<Record<Family | 'anyText', ReadonlySet<string>>> = {
  text: operatorSet(
    '_eq _neq _in _nin _null _nnull _empty _nempty',
    '_contains _icontains _starts_with _istarts_with _ends_with _iends_with',
  ),
  /** Found in JSON: it may as well be a time. */
  anyText: operatorSet(
    '_eq _neq _lt _lte _gt _gte _in _nin _between _nbetween _null _nnull _empty _nempty',
    '_contains _icontains _starts_with _istarts_with _ends_with _iends_with',
  ),
  /** What is hashed is equal to nothing that one could say. */
  hash: operatorSet('_null _nnull _empty _nempty'),
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

/**
 * What a filter says of rows of `root`; what it compares with is added to `slots`. A query's values come with each request, those of a rule of
 * rights are its own: `constants`.
 */
export function planFilter(snapshot: Snapshot, root: Table, filter: Filter, slots: Slot[], constants?: readonly unknown[]): Condition {
  const slotOf = (value: number, field: Field, operator: Operator) =>
    slots.push({ value: constants ? { constant: constants[value] } : value, field, operator }) - 1
  const plan = (node: Filter, table: Table, path: FieldPath, json?: Extract<Filter, { kind: 'json' }>): Condition => {
    if (node.kind === 'field') {
      checkName(snapshot, table, path, node.name)
      return plan(node.of, table, [...path, node.name])
    }
    if (node.kind === 'some' || node.kind === 'none') {
      const hops = hopsOf(snapshot, table, path)
      const hop = hops.at(-1)!
      return { kind: 'exists', negated: node.kind === 'none', via: hops.slice(0, -1), hop, of: plan(node.of, hop.table, []) }
    }
    if (node.kind === 'and' || node.kind === 'or') return { kind: node.kind, of: node.of.map((inner) => plan(inner, table, path, json)) }
    if (node.kind === 'json') return plan(node.of, table, path, node)
    const at = placeOf(snapshot, table, path)
    if (at.field.concealed) throw concealed(at.field)
    if (at.fn?.kind === 'path') throw problems.FORBIDDEN(`"${path.at(-1)}" cannot be filtered by.`)
    const place = json ? jsonPlace(at, json.path, json.as) : at
    if (!allowed[json?.as === 'text' ? 'anyText' : familyOf(place.field)].has(node.operator)) {
      throw problems.INVALID_QUERY(`"filter": "${place.field.name}" (${place.field.type}) does not take "${node.operator}".`)
    }
    if (node.kind === 'caller') return planCaller(snapshot, place, node)
    return {
      kind: 'compare',
      place,
      operator: node.operator,
      slot: node.value === null ? null : slotOf(node.value, place.field, node.operator),
    }
  }
  return plan(filter, root, [])
}

/** @throws INVALID_QUERY where one value is compared with a list, or values are of kinds that are never equal. */
function planCaller(snapshot: Snapshot, place: Place, { operator, of, path }: Extract<Filter, { kind: 'caller' }>): Condition {
  const value = callerValue(snapshot, of, path)
  if (value.many && operator !== '_in' && operator !== '_nin')
    throw problems.INVALID_QUERY(`"filter": "${operator}" of "${place.field.name}" takes one value, not a list: say "_in".`)
  if (!isComparable(place.field, value.field))
    throw problems.INVALID_QUERY(
      `"filter": "${place.field.name}" (${place.field.type}) is compared with "${value.field.name}" (${value.field.type}).`,
    )
  return { kind: 'caller', place, operator, value }
}

/** Fields that hold no condition must exist all the same. */
function checkName(snapshot: Snapshot, table: Table, path: FieldPath, name: string): void {
  const at = path.length ? hopsOf(snapshot, table, path).at(-1)!.table : table
  if (callOf(at, name) || name.startsWith('$FOLLOW(')) return
  const [field = '', scope] = name.split(':')
  if (!isServed(at, field)) throw missingField(at, field)
  if (scope !== undefined) tableOf(snapshot, scope)
}

function hopsOf(snapshot: Snapshot, table: Table, path: FieldPath): Hop[] {
  const hops: Hop[] = []
  for (const name of path) {
    const at = hops.at(-1)?.table ?? table
    const hop = hopOf(snapshot, at, name)
    if (!hop) throw missingField(at, name)
    hops.push(hop)
  }
  return hops
}

const searched: Readonly<Record<Search['form'], ReadonlySet<string>>> = {
  text: new Set(['string', 'text']),
  whole: new Set(['string', 'text', 'integer', 'bigInteger', 'decimal', 'float']),
  number: new Set(['string', 'text', 'decimal', 'float']),
  uuid: new Set(['string', 'text', 'uuid']),
}

/** Any column that could hold what is searched for; no such column: no row. */
function planSearch(table: Table, { value, form }: Search, slots: Slot[]): Condition {
  const fields = [...table.fields.values()].filter(
    ({ type, column, concealed, special, meta }) =>
      column && !column.array && !concealed && !special.includes('hash') && meta?.searchable !== false && searched[form].has(type),
  )
  return {
    kind: 'or',
    of: fields.map((field) => {
      const operator = familyOf(field) === 'text' ? '_icontains' : '_eq'
      const compared = familyOf(field) === 'number' ? widened(field) : field
      const slot = slots.push({ value, field: compared, operator, plain: true }) - 1
      return { kind: 'compare', place: { via: [], field: compared, fn: null }, operator, slot }
    }),
  }
}

/** Of a number the whole row of digits counts, also where the column is too narrow for it. An index on whole numbers serves int8, not numeric. */
function widened(field: Field): Field {
  const baseType = field.type === 'integer' || field.type === 'bigInteger' ? 'int8' : 'numeric'
  return { ...field, column: { ...field.column!, baseType } }
}

const numeric = new Set(['sum', 'sumDistinct', 'avg', 'avgDistinct'])

const isGrouped = ({ aggregate, group }: ListShape): boolean => aggregate.length > 0 || group.length > 0

function checkUngrouped(name: string, deep: DeepShape): void {
  if (isGrouped(deep)) throw problems.INVALID_QUERY(`"deep": "${name}" leads to one row, of which there are no groups.`)
}

function planGrouping(snapshot: Snapshot, table: Table, shape: ListShape, wishes: readonly Wish[] | null): Grouping {
  const groups = shape.group.map((path) => {
    const place = placeOf(snapshot, table, path.length === 1 && own(shape.alias, path[0]!) !== undefined ? missing(table, path[0]!) : path)
    if (place.field.concealed) throw concealed(place.field)
    if (place.via.some(({ many }) => many)) throw problems.INVALID_QUERY(`"groupBy": "${path.join('.')}" leads to many.`)
    return { key: place.fn ? pathKey(path) : path.join('.'), place }
  })
  const aggregates = shape.aggregate.map(({ fn, field: name }) => {
    if (name === '*' && (fn === 'count' || fn === 'countAll')) return { fn, key: '*', field: null }
    if (name === '*') throw problems.INVALID_QUERY(`"aggregate": "${fn}" needs a field.`)
    const field = table.fields.get(name)
    if (!field?.column) throw missingField(table, name)
    if (field.concealed) throw concealed(field)
    const family = familyOf(field)
    if ((numeric.has(fn) && family !== 'number') || (/^m/.test(fn) && !['number', 'text', 'hash', 'time'].includes(family)))
      throw problems.INVALID_QUERY(`"aggregate": "${fn}" takes no "${name}" (${field.type}).`)
    return { fn, key: name, field }
  })
  const keys = new Set([
    ...groups.map(({ key }) => key),
    ...aggregates.flatMap(({ fn, key }) => (key === '*' ? [fn, `${fn}.*`] : [`${fn}.${key}`])),
  ])
  // One row needs no order.
  const order = (groups.length ? shape.sort : []).map(({ path, descending }) => {
    const plain = path.join('.')
    const key = keys.has(plain) ? plain : pathKey(path)
    const found = keys.has(key) ? key : aggregates.find(({ fn }) => fn === key) && key
    if (!found) throw missingField(table, path.join('.'))
    return { key: found, descending }
  })
  return { groups, aggregates, order, wishes }
}

function missing(table: Table, name: string): never {
  throw missingField(table, name)
}

/** What is asked of rows, and what somebody is to be told. */
import { heldBy, lists, points, type Row, rowOf, type TableName, type Value, type View } from './world.ts'

export const selections: Readonly<Partial<Record<TableName, readonly string[]>>> = {
  box: ['name', 'things.id', 'things.n', 'things.tags.tag.id', 'slots.id', 'slots.collection', 'slots.item'],
  thing: ['name', 'n', 'box.id', 'box.name', 'box.things.id', 'tags.id', 'tags.tag.id', 'tags.tag.name'],
  tag: ['n', 'things.id', 'things.thing.id', 'things.thing.n', 'things.thing.box.name'],
}
/** What of each is shown in a slot. */
const held: Readonly<Record<string, string>> = { thing: 'name', tag: 'n' }

/** The paths as `fields` has them: an item of a slot is told by its collection. */
export const toFields = (paths: readonly string[]): string[] => [
  'id',
  ...paths.flatMap((path) =>
    path === 'slots.item' ? Object.entries(held).flatMap(([to, field]) => [`slots.item:${to}.id`, `slots.item:${to}.${field}`]) : [path],
  ),
]

export const toGraphql = (table: TableName, paths: readonly string[]): string => {
  const items = Object.entries(held).map(([to, field]) => `... on ${to} { id ${to}_${field}: ${field} }`)
  const told = (node: Tree): string =>
    [...node]
      .map(([name, below]) => (name === 'item' ? `item { ${items.join(' ')} }` : below.size ? `${name} { ${told(below)} }` : name))
      .join(' ')
  const parts = told(tree(['id', ...paths].map((path) => path.split('.'))))
  return `query ($f: ${table}_filter) { ${table}(filter: $f, sort: ["id"], limit: -1) { ${parts} } }`
}

type Tree = Map<string, Tree>
function tree(paths: readonly (readonly string[])[]): Tree {
  const root: Tree = new Map()
  for (const path of paths) {
    let at = root
    for (const name of path) {
      const next = at.get(name) ?? new Map()
      at.set(name, next)
      at = next
    }
  }
  return root
}

/** Whether each name of a path is in some rule. */
export function mayName(view: View, table: TableName, [name = '', ...rest]: readonly string[]): boolean {
  if (!view.reads(table) || !view.names(table, name)) return false
  const next = points[table][name]?.to ?? lists[table][name]?.of
  return !rest.length || (next !== undefined && mayName(view, next, rest))
}

/** Whether GraphQL has a path as objects: the field that leads back must be in some rule at each of its relations. */
export function leadsBack(view: View, table: TableName, [name = '', ...rest]: readonly string[]): boolean {
  const [point, list] = [points[table][name], lists[table][name]]
  if (!rest.length || (!point && !list)) return true
  const next = point ? point.to : list!.of
  return view.names(next, point ? point.list : list!.by) && leadsBack(view, next, rest)
}

/** Whether a path may be shown: an item of a slot is told by what it holds. */
export const mayShow = (view: View, table: TableName, path: string): boolean =>
  mayName(view, table, path.split('.')) &&
  (path !== 'slots.item' || Object.entries(held).every(([to, field]) => ['id', field].every((name) => view.names(to as TableName, name))))

export function shown(
  view: View,
  table: TableName,
  row: Row,
  paths: readonly string[],
  graphql = false,
): Readonly<Record<string, unknown>> {
  return told(table, row, tree(['id', ...paths].map((path) => path.split('.'))))

  function told(table: TableName, row: Row, parts: Tree): Record<string, unknown> {
    return Object.fromEntries([...parts].map(([name, below]) => [name, value(table, row, name, below)]))
  }
  function value(table: TableName, row: Row, name: string, below: Tree): unknown {
    const list = lists[table][name]
    if (list) return view.sees(table, row, name) ? view.listed(table, row, name).map((other) => told(list.of, other, below)) : null
    if (name === 'item') {
      const item = heldBy(view.rows, row)
      const field = held[row.collection as string]!
      return item ? { id: item.id, [graphql ? `${row.collection}_${field}` : field]: item[field] ?? null } : null
    }
    const to = points[table][name]?.to
    if (!to || !below.size) return row[name]
    const other = rowOf(view.rows, to, row[name])
    return other ? told(to, other, below) : null
  }
}

/** Conditions that go over relations: the names that they use, and whether a row is such for whoever sees no more than `view`. */
export interface Condition {
  readonly table: TableName
  readonly said: object
  readonly names: readonly string[]
  holds(view: View, row: Row): boolean
}
const is = (row: Row | undefined, field: string, test: (value: NonNullable<Value>) => boolean): boolean => {
  const value = row?.[field] ?? null
  return value !== null && test(value)
}
const isA = (row: Row | undefined) => is(row, 'name', (value) => value === 'a')
const atLeast = (row: Row | undefined, n: number) => is(row, 'n', (value) => Number(value) >= n)
const tagsOf = (view: View, thing: Row) => view.listed('thing', thing, 'tags').map(({ tag }) => rowOf(view.rows, 'tag', tag))

export const conditions: readonly Condition[] = [
  {
    table: 'thing',
    said: { tags: { tag: { name: { _eq: 'a' } } } },
    names: ['tags.tag.name'],
    holds: (view, row) => tagsOf(view, row).some(isA),
  },
  {
    table: 'thing',
    said: { tags: { _some: { tag: { n: { _gte: 1 } } } } },
    names: ['tags.tag.n'],
    holds: (view, row) => tagsOf(view, row).some((tag) => atLeast(tag, 1)),
  },
  {
    table: 'thing',
    said: { tags: { _none: { tag: { n: { _gte: 1 } } } } },
    names: ['tags.tag.n'],
    holds: (view, row) => !tagsOf(view, row).some((tag) => atLeast(tag, 1)),
  },
  {
    table: 'thing',
    said: { box: { things: { n: { _gte: 2 } } } },
    names: ['box.things.n'],
    holds(view, row) {
      const box = rowOf(view.rows, 'box', row.box)
      return box !== undefined && view.listed('box', box, 'things').some((other) => atLeast(other, 2))
    },
  },
  {
    table: 'thing',
    said: { box: { slots: { 'item:tag': { name: { _eq: 'a' } } } } },
    names: ['box.slots.collection', 'box.slots.item'],
    holds(view, row) {
      const box = rowOf(view.rows, 'box', row.box)
      return box !== undefined && view.listed('box', box, 'slots').some((slot) => slot.collection === 'tag' && isA(heldBy(view.rows, slot)))
    },
  },
  {
    table: 'box',
    said: { slots: { 'item:thing': { n: { _gte: 1 } } } },
    names: ['slots.collection', 'slots.item'],
    holds: (view, row) =>
      view.listed('box', row, 'slots').some((slot) => slot.collection === 'thing' && atLeast(heldBy(view.rows, slot), 1)),
  },
  {
    table: 'box',
    said: { slots: { _none: { 'item:tag': { n: { _gte: 1 } } } } },
    names: ['slots.collection', 'slots.item'],
    holds: (view, row) =>
      !view.listed('box', row, 'slots').some((slot) => slot.collection === 'tag' && atLeast(heldBy(view.rows, slot), 1)),
  },
  {
    table: 'box',
    said: { things: { tags: { tag: { name: { _eq: 'a' } } } } },
    names: ['things.tags.tag.name'],
    holds: (view, row) => view.listed('box', row, 'things').some((thing) => tagsOf(view, thing).some(isA)),
  },
  {
    table: 'tag',
    said: { things: { thing: { box: { n: { _gte: 1 } } } } },
    names: ['things.thing.box.n'],
    holds: (view, row) =>
      view.listed('tag', row, 'things').some((one) => atLeast(rowOf(view.rows, 'box', rowOf(view.rows, 'thing', one.thing)?.box), 1)),
  },
]
/** The fields of slots' items that conditions name. */
export const namesIn = ({ said }: Condition): readonly (readonly [TableName, string])[] =>
  (['thing', 'tag'] as const).flatMap((to) => {
    const field = new RegExp(`"item:${to}":\\{"(\\w+)"`).exec(JSON.stringify(said))?.[1]
    return field ? [[to, field] as const] : []
  })

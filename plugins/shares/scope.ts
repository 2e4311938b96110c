/**
 * What a share reads: one item, and what relations lead to from there. The rules of its role become rules about those rows alone. Pure.
 *
 * What belongs to an item is gone through on and on. So is what an item points at if a list of it leads back; else, and where it may be of any
 * collection, that is the end of the way. No way goes through a collection twice, and none through what the role does not see.
 */
import type { Rule, Snapshot, Table } from 'plinth'

export interface SharedItem {
  readonly collection: string
  /** Its key as paths have it. */
  readonly item: string
}

type Filter = Readonly<Record<string, unknown>>

/** Relations of the longest way, as many as a query may follow; ways to one collection. What is beyond is not shared. */
const longest = 10
const waysMax = 20

/** Rows of `table` that a way leads to. */
interface Way {
  readonly table: Table
  readonly filter: Filter
  /** The collections that it goes through. */
  readonly through: readonly string[]
  /** The step that would lead back to the very rows that it came from. */
  readonly backwards: string | null
}

/** A relation from rows to others. */
interface Step {
  readonly table: Table
  /** What says, in a filter of those others, where they were come from. */
  readonly back: string
  /** Fields that must be seen here and there. */
  readonly here: readonly string[]
  readonly there: readonly string[]
  readonly further: boolean
}

/** @param rules Of the role; of administrators, see `everyRule`. */
export function sharedRules(snapshot: Snapshot, rules: readonly Rule[], { collection, item }: SharedItem): Rule[] {
  const root = snapshot.tables.get(collection)
  if (!root?.primaryKey.length) return []
  const reading = Map.groupBy(
    rules.filter(({ action, fields }) => action === 'read' && fields?.length),
    (rule) => rule.collection,
  )
  const filter = keyFilter(root, item)
  const reached = new Map([[collection, [filter]]])
  const ways: Way[] = [{ table: root, filter, through: [collection], backwards: null }]
  for (const way of ways) {
    if (!reading.has(way.table.name)) continue
    for (const step of stepsFrom(snapshot, way.table)) {
      if (step.back === way.backwards) continue
      const { name } = step.table
      const here = seen(reading, way.table.name, step.here)
      // A rule is about its own rows anyway.
      const there = step.there.length || !reading.has(name) ? seen(reading, name, step.there) : {}
      const known = reached.get(name) ?? []
      if (!here || !there || known.length >= waysMax) continue
      const rows = all(there, { [step.back]: { _some: all(here, way.filter) } })
      reached.set(name, [...known, rows])
      if (step.further && !way.through.includes(name) && way.through.length < longest)
        ways.push({ table: step.table, filter: rows, through: [...way.through, name], backwards: `$FOLLOW(${name},${step.back})` })
    }
  }
  const narrowed = [...reached].flatMap(([name, filters]) =>
    (reading.get(name) ?? []).map((rule) => ({ ...rule, presets: null, permissions: all(rule.permissions ?? {}, any(filters)) })),
  )
  // That it is there is told also where nothing of it may be read.
  return reading.has(collection) ? narrowed : [bare(collection, filter), ...narrowed]
}

/** What an administrator's role comes to. */
export const everyRule = (snapshot: Snapshot, policy: string): Rule[] =>
  [...snapshot.tables.keys()].map((collection) => ({ ...bare(collection, null), policy, fields: ['*'] }))

const bare = (collection: string, permissions: Filter | null): Rule => ({
  policy: null,
  collection,
  action: 'read',
  permissions,
  validation: null,
  presets: null,
  fields: [],
})

function keyFilter({ primaryKey }: Table, item: string): Filter {
  const parts = primaryKey.length > 1 ? item.split(',').map(decoded) : [item]
  return all(...primaryKey.map((name, i) => ({ [name]: { _eq: parts[i] ?? '' } })))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function stepsFrom(snapshot: Snapshot, table: Table): Step[] {
  const steps: Step[] = []
  for (const other of snapshot.tables.values()) {
    for (const link of other.links.values()) {
      if (link.kind !== 'm2o' || link.target !== table.name) continue
      steps.push({ table: other, back: link.field, here: listOf(link), there: [link.field], further: true })
    }
  }
  for (const link of table.links.values()) {
    const back = `$FOLLOW(${table.name},${link.field})`
    if (link.kind === 'm2o' && link.target !== table.name) {
      const there = listOf(link)
      steps.push({ table: snapshot.tables.get(link.target)!, back, here: [link.field], there, further: there.length > 0 })
    }
    if (link.kind !== 'm2a') continue
    for (const name of link.targets)
      steps.push({ table: snapshot.tables.get(name)!, back, here: [link.field, link.collectionField], there: [], further: false })
  }
  // Names that a filter has no words for lead nowhere.
  return steps.filter((step) => step.table && /^(\$FOLLOW\([^(),]+,[^(),]+\)|[^$(),:]+)$/.test(step.back))
}

/** The field of the other side that lists what leads there. */
const listOf = ({ relation }: { readonly relation: { readonly meta: { readonly one_field: string | null } | null } }): string[] =>
  relation.meta?.one_field ? [relation.meta.one_field] : []

/** The rows of a collection in which all these fields are seen; undefined: none. */
function seen(reading: ReadonlyMap<string, readonly Rule[]>, name: string, fields: readonly string[]): Filter | undefined {
  const rules = reading.get(name)
  if (!rules) return undefined
  const having = (fields.length ? fields : [null]).map((field) =>
    rules.filter((rule) => field === null || rule.fields!.includes('*') || rule.fields!.includes(field)),
  )
  if (having.some((some) => !some.length)) return undefined
  return all(...having.map((some) => any(some.map(({ permissions }) => permissions ?? {}))))
}

const isAll = (filter: Filter): boolean => !Object.keys(filter).length

function all(...filters: Filter[]): Filter {
  const saying = filters.filter((filter) => !isAll(filter))
  return saying.length > 1 ? { _and: saying } : (saying[0] ?? {})
}

const any = (filters: readonly Filter[]): Filter =>
  filters.length === 1 || filters.some(isAll) ? (filters.find(isAll) ?? filters[0]!) : { _or: filters }

/** The schema as somebody may read it: a Snapshot of guarded tables. What is not in it does not exist for them, whatever asks. Pure. */
import type { Link, Rule, Snapshot, Table } from 'plinth'
import { type Conditions, conditionsOf, type Grant, grantsOf } from './grants.ts'
import type { GuardedTable } from './guard.ts'
import { asStored } from './stored.ts'

/**
 * @param rules Those about reading.
 * @param touched Tables of which rows are written only to be read, and undone.
 */
export function seenBy(snapshot: Snapshot, rules: readonly Rule[], touched?: ReadonlySet<string>): Snapshot {
  const granted = new Map<Table, readonly Grant[]>()
  const byName = Map.groupBy(rules, ({ collection }) => collection)
  for (const [name, about] of byName) {
    const table = snapshot.tables.get(name)
    const grants = table ? withoutNested(snapshot, table, grantsOf(table, toldOf(snapshot, table, about, byName)), byName) : []
    if (table && grants.length) granted.set(table, grants)
  }
  const names = new Set([...granted.keys()].map(({ name }) => name))
  const before = touched && asStored(snapshot, touched)
  const tables = new Map([...granted].map(([table, grants]) => [table.name, guarded(snapshot, table, grants, names, before)]))
  return Object.freeze({ ...snapshot, tables })
}

type ByName = ReadonlyMap<string, readonly Rule[]>

/** Collections of which all is seen. */
const wholeIn = (snapshot: Snapshot, byName: ByName): readonly Table[] =>
  [...byName].flatMap(([name, about]) => {
    const table = snapshot.tables.get(name)
    const all = table && !table.tellsOf && grantsOf(table, about).some(({ filter, fields }) => !filter && fields.size === table.fields.size)
    return all ? [table] : []
  })

/** What a payload nests tells of items of another collection: who does not see all of that one does not see the payload. */
function withoutNested(snapshot: Snapshot, table: Table, grants: readonly Grant[], byName: ByName): readonly Grant[] {
  const columns = table.tellsOf?.payloads
  if (!columns) return grants
  const whole = wholeIn(snapshot, byName)
  const seen = new Set(whole.map(({ name }) => name))
  const leadsOut = (link: Link) => (link.kind === 'm2a' ? link.targets : [link.target]).some((name) => !seen.has(name))
  const names = [...new Set(whole.flatMap(({ links }) => [...links.values()].filter(leadsOut).map(({ field }) => field)))].sort()
  if (!names.length) return grants
  return grants.flatMap((grant) => {
    const others = new Set([...grant.fields].filter((name) => !columns.includes(name)))
    if (others.size === grant.fields.size || grant.rules.every(({ policy }) => policy === null)) return grant
    return [...(others.size ? [{ ...grant, fields: others }] : []), { ...grant, bare: { kind: 'bare', columns, names } }]
  })
}

/** Rules about a table whose rows tell of items are about those that are seen; what comes with app access is about one's own deeds. */
function toldOf(snapshot: Snapshot, { tellsOf }: Table, rules: readonly Rule[], byName: ByName): readonly Rule[] {
  if (!tellsOf) return rules
  const told: object[] = []
  const whole: string[] = tellsOf.item ? [] : wholeIn(snapshot, byName).map(({ name }) => name)
  for (const [name, about] of tellsOf.item ? byName : []) {
    const table = snapshot.tables.get(name)
    if (!table || table.tellsOf) continue
    const grants = grantsOf(table, about)
    const [key, ...others] = table.primaryKey
    if (grants.some(({ filter }) => !filter)) whole.push(name)
    else if (grants.length && key !== undefined && !others.length)
      told.push({ [`${tellsOf.item}:${name}`]: { _and: [{ [key]: { _nnull: true } }, { _or: grants.map(({ filter }) => filter) }] } })
  }
  if (whole.length) told.push({ [tellsOf.collection]: { _in: whole } })
  return rules.flatMap((rule) => {
    if (rule.policy === null) return rule
    return told.length ? { ...rule, permissions: { _and: [rule.permissions ?? {}, { _or: told }] } } : []
  })
}

/** A table whose rows tell of items as one that leads there, for conditions to follow. */
function leading(snapshot: Snapshot, table: Table): Table {
  const { collection, item } = table.tellsOf ?? {}
  if (!collection || !item) return table
  const relation = { collection: table.name, field: item, related: null, foreignKey: null, meta: null }
  const link: Link = { kind: 'm2a', field: item, collectionField: collection, targets: [...snapshot.tables.keys()], relation }
  return { ...table, links: new Map([...table.links, [item, link]]) }
}

function guarded(
  snapshot: Snapshot,
  table: Table,
  grants: readonly Grant[],
  readable: ReadonlySet<string>,
  before: Snapshot | undefined,
): GuardedTable {
  const visible = new Set(grants.flatMap(({ fields }) => [...fields]))
  const links = [...table.links.values()].flatMap((link) => seenLink(link, visible, readable))
  // What leads to a table that is not seen may be named: it is left out of the answer, as the API has it.
  const leadsNowhere = (name: string) => table.links.get(name)?.kind === 'o2m' && !links.some(({ field }) => field === name)
  let conditions: Conditions | undefined
  return Object.freeze({
    ...table,
    fields: new Map([...table.fields].filter(([name]) => visible.has(name) || leadsNowhere(name))),
    links: new Map(links.map((link) => [link.field, link])),
    guard: {
      whole: table,
      grants,
      partial: partialFields(grants),
      conditions: () => (conditions ??= conditionsOf(snapshot, leading(snapshot, table), grants)),
      ...(before && {
        stored() {
          const whole = before.tables.get(table.name)!
          return { table: whole, conditions: conditionsOf(before, leading(before, whole), grants) }
        },
      }),
    },
  })
}

/** Links whose other side is not to be read are none, nor are those to any collection where it is not seen which. */
function seenLink(link: Link, visible: ReadonlySet<string>, readable: ReadonlySet<string>): Link[] {
  if (link.kind !== 'm2a') return readable.has(link.target) ? [link] : []
  if (!visible.has(link.collectionField)) return []
  return [{ ...link, targets: link.targets.filter((name) => readable.has(name)) }]
}

const holdsAlways = ({ filter, bare }: Grant): boolean => !filter && !bare

/** A field that each grant has is in every row that is seen, and so is one that a grant of all rows has. */
function partialFields(grants: readonly Grant[]): ReadonlyMap<string, readonly number[]> {
  const partial = new Map<string, readonly number[]>()
  for (const name of new Set(grants.flatMap(({ fields }) => [...fields]))) {
    const having = grants.flatMap(({ fields }, i) => (fields.has(name) ? [i] : []))
    if (having.length < grants.length && !having.some((i) => holdsAlways(grants[i]!))) partial.set(name, having)
  }
  return partial
}

/** The schema as somebody may read it: a Snapshot of guarded tables. What is not in it does not exist for them, whatever asks. Pure. */
import type { Link, Rule, Snapshot, Table } from 'plinth'
import { type Conditions, conditionsOf, type Grant, grantsOf } from './grants.ts'
import type { GuardedTable } from './guard.ts'

/** @param rules Those about reading. */
export function seenBy(snapshot: Snapshot, rules: readonly Rule[]): Snapshot {
  const granted = new Map<Table, readonly Grant[]>()
  const byName = Map.groupBy(rules, ({ collection }) => collection)
  const whole = wholly(snapshot, byName)
  for (const [name, about] of byName) {
    const table = snapshot.tables.get(name)
    const grants = table ? grantsOf(table, toldOf(table, about, whole)) : []
    if (table && grants.length) granted.set(table, grants)
  }
  const names = new Set([...granted.keys()].map(({ name }) => name))
  const tables = new Map([...granted].map(([table, grants]) => [table.name, guarded(snapshot, table, grants, names)]))
  return Object.freeze({ ...snapshot, tables })
}

/** The collections of which every row is seen with every field: none that tells of others, as its rows are held back. */
const wholly = (snapshot: Snapshot, byName: ReadonlyMap<string, readonly Rule[]>): readonly string[] =>
  [...byName].flatMap(([name, about]) => {
    const table = snapshot.tables.get(name)
    const sees = ({ filter, fields }: Grant) => !filter && fields.size === table?.fields.size
    return table && !table.tellsOf && grantsOf(table, about).some(sees) ? name : []
  })

/** Rules about a table whose rows tell of other collections are about those of `whole`; what comes with app access is about one's own deeds. */
function toldOf({ tellsOf }: Table, rules: readonly Rule[], whole: readonly string[]): readonly Rule[] {
  if (!tellsOf) return rules
  return rules.flatMap((rule) => {
    if (rule.policy === null) return rule
    return whole.length ? { ...rule, permissions: { _and: [rule.permissions ?? {}, { [tellsOf]: { _in: whole } }] } } : []
  })
}

function guarded(snapshot: Snapshot, table: Table, grants: readonly Grant[], readable: ReadonlySet<string>): GuardedTable {
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
      conditions: () => (conditions ??= conditionsOf(snapshot, table, grants)),
    },
  })
}

/** Links whose other side is not to be read are none, nor are those to any collection where it is not seen which. */
function seenLink(link: Link, visible: ReadonlySet<string>, readable: ReadonlySet<string>): Link[] {
  if (link.kind !== 'm2a') return readable.has(link.target) ? [link] : []
  if (!visible.has(link.collectionField)) return []
  return [{ ...link, targets: link.targets.filter((name) => readable.has(name)) }]
}

/** A field that each grant has is in every row that is seen, and so is one that a grant of all rows has. */
function partialFields(grants: readonly Grant[]): ReadonlyMap<string, readonly number[]> {
  const partial = new Map<string, readonly number[]>()
  for (const name of new Set(grants.flatMap(({ fields }) => [...fields]))) {
    const having = grants.flatMap(({ fields }, i) => (fields.has(name) ? [i] : []))
    if (having.length < grants.length && !having.some((i) => !grants[i]!.filter)) partial.set(name, having)
  }
  return partial
}

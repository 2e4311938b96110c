/** Rules of one action in one table → grants: sets of fields, each with the rows that it holds for. Pure. */
import { Problem, problems, type Rule, type Snapshot, type Table } from 'plinth'
import { callerValue } from '../caller.ts'
import { parseFilter } from '../parse.ts'
import { type Bare, type Condition, planFilter, type Slot } from '../plan.ts'
import type { Filter } from '../query.ts'

export interface Grant {
  readonly fields: ReadonlySet<string>
  /** The rows as a rule says it; null: all. */
  readonly filter: object | null
  /** Of these rows only such. */
  readonly bare?: Bare
  readonly rules: readonly Rule[]
}

/** What conditions say and compare with: a condition for each grant, null where it holds for all rows. */
export interface Conditions {
  readonly of: readonly (Condition | null)[]
  readonly slots: readonly Slot[]
}

/** Rules of the same rows are one grant, and what holds for all rows need not be granted again for some. A rule without fields grants nothing. */
export function grantsOf(table: Table, rules: readonly Rule[]): readonly Grant[] {
  const grants = new Map<string, { fields: Set<string>; filter: object | null; rules: Rule[] }>()
  for (const rule of rules) {
    const filter = rule.permissions && Object.keys(rule.permissions).length ? rule.permissions : null
    const id = JSON.stringify(filter)
    const grant = grants.get(id) ?? { fields: new Set(), filter, rules: [] }
    for (const name of fieldsOf(table, rule)) grant.fields.add(name)
    grant.rules.push(rule)
    if (grant.fields.size) grants.set(id, grant)
  }
  const always = grants.get('null')
  const sometimes = [...grants.values()].filter(({ filter, fields }) => filter && [...fields].some((name) => !always?.fields.has(name)))
  return always ? [always, ...sometimes] : sometimes
}

const fieldsOf = (table: Table, { fields }: Rule): readonly string[] =>
  fields?.includes('*') ? [...table.fields.keys()] : (fields?.filter((name) => table.fields.has(name)) ?? [])

/** Rules are an administrator's: they may be longer and go deeper than a query. */
export const ruleLimits = { defaultLimit: -1, maxLimit: -1, depth: 20, fields: 1000, filterNodes: 1000, aliases: 0 }

/**
 * What grants say of rows of `table`, told with full rights.
 * @throws INVALID_QUERY for a rule that its table does not take; FORBIDDEN where it compares with what the caller's own row does not have.
 */
export function conditionsOf(snapshot: Snapshot, table: Table, grants: readonly Pick<Grant, 'filter' | 'bare'>[]): Conditions {
  const slots: Slot[] = []
  const of = grants.map(({ filter, bare }) => {
    const said = filter && conditionOf(snapshot, table, filter, slots)
    return said && bare ? ({ kind: 'and', of: [said, bare] } as const) : (bare ?? said)
  })
  return { slots, of }
}

function conditionOf(snapshot: Snapshot, table: Table, said: object, slots: Slot[]): Condition | null {
  const values: unknown[] = []
  const filter = parseFilter('permissions', said, values, ruleLimits)
  if (!filter) return null
  checkCallers(snapshot, filter)
  try {
    return planFilter(snapshot, table, filter, slots, values)
  } catch (thrown) {
    throw thrown instanceof Problem && thrown.code === 'FORBIDDEN' ? unfit(table, thrown) : thrown
  }
}

const unfit = ({ name }: Table, cause: Problem) => problems.INVALID_QUERY(`A rule about "${name}" names what is not there.`, {}, cause)

function checkCallers(snapshot: Snapshot, filter: Filter): void {
  if (filter.kind === 'caller') callerValue(snapshot, filter.of, filter.path)
  else if (filter.kind === 'and' || filter.kind === 'or') for (const inner of filter.of) checkCallers(snapshot, inner)
  else if (filter.kind !== 'compare') checkCallers(snapshot, filter.of)
}

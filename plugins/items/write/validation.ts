/** The rules that fields have in their meta, made ready once for each table. */
import { type Field, type Problem, problems, type Table } from 'plinth'
import type { Item } from '../api.ts'
import { faultsOf, hasPattern, type Stored, variablesIn } from './rules.ts'
import { kept, spelled } from './spelling.ts'

/** What the rule of a field says against an item that stands at `path` in its payload. */
export type Rules = (field: Field, item: Item, path: readonly string[]) => readonly Problem[]

interface TableRules {
  readonly byField: ReadonlyMap<string, unknown>
  /** Names that stand for something of the caller. */
  readonly variables: readonly string[]
  readonly matches: (pattern: string, text: string) => boolean
}

const known = new WeakMap<Table, TableRules | null>()

/** `variable` tells what a name such as `$CURRENT_USER.email` stands for. Undefined without any rule. */
export async function rulesOf(table: Table, variable: (name: string) => Promise<unknown>): Promise<Rules | undefined> {
  const rules = known.get(table) ?? (known.has(table) ? null : await prepare(table))
  if (!rules) return undefined
  const variables = new Map<string, unknown>()
  for (const name of rules.variables) variables.set(name, await variable(name))
  const context = { variables, matches: rules.matches, now: new Date(), stored: storedIn(table) }
  return (field, item, path) => {
    const rule = rules.byField.get(field.name)
    return rule === undefined ? [] : faultsOf(rule, item, context, path)
  }
}

/** How columns of `table` hold values. */
export function storedIn({ fields }: Table): Stored {
  const of = (make: (field: Field, value: unknown) => unknown) => (name: string, value: unknown) => {
    const field = fields.get(name)
    return field?.column ? make(field, value) : value
  }
  return { spelled: of(spelled), kept: of(kept) }
}

/** The same for a rule that belongs to no field, and speaks of nobody. */
export async function faultsOfRule(rule: unknown, item: Item): Promise<readonly Problem[]> {
  const matches = hasPattern(rule) ? await patternMatcher() : () => true
  return faultsOf(rule, item, { variables: new Map(), matches, now: new Date() }, [])
}

async function prepare(table: Table): Promise<TableRules | null> {
  const byField = new Map<string, unknown>()
  for (const { name, meta } of table.fields.values()) {
    const rule = typeof meta?.validation === 'string' ? parsed(meta.validation) : meta?.validation
    if (rule && Object.keys(rule).length) byField.set(name, rule)
  }
  const all = [...byField.values()]
  const rules = byField.size
    ? { byField, variables: [...new Set(all.flatMap(variablesIn))], matches: all.some(hasPattern) ? await patternMatcher() : () => true }
    : null
  known.set(table, rules)
  return rules
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

/** The parser is loaded where a pattern is first met. */
export async function patternMatcher(): Promise<TableRules['matches']> {
  const { compilePattern, PatternError } = await import('./pattern.ts')
  const tests = new Map<string, (text: string) => boolean>()
  return (pattern, text) => {
    try {
      const test = tests.get(pattern) ?? compilePattern(pattern)
      tests.set(pattern, test)
      return test(text)
    } catch (error) {
      throw error instanceof PatternError ? problems.INVALID_PAYLOAD(`A value cannot be checked. ${error.message}`, {}, error) : error
    }
  }
}

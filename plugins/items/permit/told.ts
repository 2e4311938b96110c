/** What rules come to, told: to their owner, and to administrators who wonder why. */
import { type Access, type Host, Problem, problems, type Queryable, quoteTable, type Rule, system } from 'plinth'
import { type Item, type RuleAction, type RulesTold, ruleActions, type TouchedActions } from '../api.ts'
import { bind } from '../bind.ts'
import type { Permits } from '../permit.ts'
import type { Reader } from '../read.ts'
import { ruleTexts } from '../sql/source.ts'
import { Writer } from '../sql/writer.ts'
import { variableOf } from '../write/variables.ts'
import { Check } from './check.ts'
import { writeRules } from './writing.ts'

const rulesOf = (access: Access): readonly Rule[] | null => (access === system || access.admin ? null : access.rights.rules)

export function createTeller(host: Host, permits: Permits, reader: Reader): RulesTold {
  const check = (access: Access, action: RuleAction, collection: string, db: Queryable = host.db): Check | null => {
    const { snapshot } = host.registry
    const permit = permits.of(access, snapshot)
    const table = snapshot.tables.get(collection)
    const rules =
      table &&
      writeRules(
        snapshot,
        table,
        (rulesOf(access) ?? []).filter((rule) => rule.action === action && rule.collection === collection),
      )
    if (!rules) return null
    return new Check({ db, access, snapshot, seen: permit.seen, variable: (name) => variableOf(name, access, reader) }, rules)
  }

  async function summary(access: Access): Promise<Record<string, Record<string, Item>>> {
    const full = { access: 'full', fields: ['*'] }
    const rules = rulesOf(access)
    const names = rules ? new Set(rules.map(({ collection }) => collection)) : host.registry.snapshot.tables.keys()
    const told: Record<string, Record<string, Item>> = Object.create(null)
    for (const collection of names) {
      told[collection] = {}
      for (const action of ruleActions) {
        const about = rules?.filter((rule) => rule.collection === collection && rule.action === action)
        told[collection]![action] = about ? await summed(about, check(access, action, collection)) : full
      }
    }
    return told
  }

  async function touches(access: Access, collection: string, key?: string, db?: Queryable): Promise<TouchedActions> {
    const table = host.registry.snapshot.tables.get(collection)
    const answer: Record<string, Item> = {}
    const keys = table?.singleton && key === undefined ? await keyOfSingleton(collection) : key === undefined ? null : [key]
    for (const action of ['update', 'delete', 'share'] as const) {
      const rules = rulesOf(access)?.filter((rule) => rule.collection === collection && rule.action === action)
      if (!rules) {
        answer[action] = { access: true }
        continue
      }
      const checked = check(access, action, collection, db)
      const may = checked !== null && (keys ? keys.length > 0 && (await covered(checked, keys)) : true)
      const more = may && table?.singleton && action === 'update' ? await summed(rules, checked) : {}
      answer[action] = { ...more, access: may }
    }
    return answer as unknown as TouchedActions
  }

  async function keyOfSingleton(collection: string): Promise<unknown[]> {
    const [name = ''] = host.registry.snapshot.tables.get(collection)?.primaryKey ?? []
    const row: Item = JSON.parse(await reader.list(collection, { fields: [name] }, { access: system })).data
    return row[name] === null || row[name] === undefined ? [] : [row[name]]
  }

  async function explain(access: Access, collection: string, action: RuleAction, key?: string): Promise<Item> {
    const { snapshot } = host.registry
    const table = snapshot.tables.get(collection)
    if (!table) throw problems.FORBIDDEN(`There is no collection "${collection}".`)
    const about = rulesOf(access)?.filter((rule) => rule.collection === collection && rule.action === action)
    if (!about) return { access: 'full', rules: [], condition: null }
    const checked = check(access, action, collection)
    if (!checked) return { access: 'none', rules: [], condition: null }
    const rules = writeRules(snapshot, table, about)!
    const writer = new Writer([], Number.POSITIVE_INFINITY)
    const { seen, joins } = ruleTexts(writer, table, rules.conditions(), 't')
    const text = `select t.* from ${quoteTable(table)} t${joins} where ${seen.join(' or ')}`
    const covering = key === undefined ? null : await checked.covering([key]).catch(refusedAsNone)
    return {
      access: seen.includes('true') ? 'full' : 'partial',
      rules: about.map((rule) => ({
        ...rule,
        ...(covering && { covers: covering.some((grants) => grants?.some((grant) => grant.rules.includes(rule))) }),
      })),
      condition: { text, parameters: bind(writer.done(text), { access }) },
    }
  }

  return { model: (access) => permits.of(access, host.registry.snapshot).told, summary, touches, explain }
}

/** A key that no row can have is one that no rule covers. */
function refusedAsNone(error: unknown): [] {
  if (error instanceof Problem && error.code === 'FORBIDDEN') return []
  throw error
}

async function covered(check: Check, keys: readonly unknown[]): Promise<boolean> {
  const rows = await check.covering(keys).catch(refusedAsNone)
  return rows.length > 0 && rows.every((grants) => grants?.length)
}

/** One rule that is about some rows alone makes it partial, as the API has it. */
async function summed(rules: readonly Rule[], check: Check | null): Promise<Item> {
  if (!rules.length) return { access: 'none' }
  const every = rules.every(({ permissions }) => !permissions || !Object.keys(permissions).length)
  const named = rules.filter(({ fields }) => fields)
  const fields = [...new Set(named.flatMap(({ fields }) => fields!))]
  const presets = (await check?.presets()) ?? {}
  return {
    access: every ? 'full' : 'partial',
    ...(named.length && { fields: fields.includes('*') ? ['*'] : fields }),
    ...(Object.keys(presets).length && { presets }),
  }
}

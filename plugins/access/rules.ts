/**
 * The rights that a set of policies gives: read once, in one statement, and kept until anything that bears rights changes. Equal rules are
 * one object with one fingerprint, so that what was made for them serves all who have them.
 */
import { LRUCache } from 'lru-cache'
import { type Database, type Queryable, type Rights, type Rule, remember } from 'plinth'
import { systemRules } from './system-rules.ts'

interface RuleRow extends Omit<Rule, 'fields'> {
  readonly fields: string | null
}

const statement = `
select coalesce(json_agg(json_build_object('policy', policy, 'collection', collection, 'action', action,
  'permissions', permissions, 'validation', validation, 'presets', presets, 'fields', fields) order by id), '[]'::json) as rules
from directus_permissions where policy = any($1::uuid[])`

export interface RightsOf {
  /**
   * @param app Whether the rules that come with app access are among them.
   * @param from Read anew from there, such as inside a transaction.
   */
  of(policies: readonly string[], app: boolean, from?: Queryable): Promise<Rights>
  /** Forgets what was read, not the fingerprints: rules that are as before keep theirs. */
  clear(): void
}

export function createRights(db: Database): RightsOf {
  const byRules = new LRUCache<string, Rights>({ max: 2000 })
  const bySet = remember(2000, (id) => {
    const [app, ...policies] = JSON.parse(id)
    return load(policies, app, db)
  })
  let made = 0

  async function load(policies: readonly string[], app: boolean, from: Queryable): Promise<Rights> {
    const [row] = policies.length ? await from.query<{ rules: RuleRow[] }>(statement, [policies]) : []
    const rules = [...(row?.rules ?? []).map(toRule), ...(app ? systemRules : [])]
    const id = JSON.stringify(rules)
    const known = byRules.get(id)
    if (known) return known
    const rights = Object.freeze({ fingerprint: `r${++made}`, rules: Object.freeze(rules) })
    byRules.set(id, rights)
    return rights
  }

  return {
    of: async (policies, app, from) => (from ? load(policies, app, from) : (await bySet.get(JSON.stringify([app, ...policies])))!),
    clear: bySet.clear,
  }
}

const toRule = ({ fields, ...row }: RuleRow): Rule => ({
  ...row,
  fields:
    fields
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean) ?? null,
})

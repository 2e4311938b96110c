/**
 * The rights that a set of policies gives: read once, in one statement, and kept until anything that bears rights changes. Equal rules are
 * one object with one fingerprint, so that what was made for them serves all who have them.
 */
import { LRUCache } from 'lru-cache'
import type { Database, Rights, Rule } from 'plinth'
import { systemRules } from './system-rules.ts'

interface RuleRow extends Omit<Rule, 'fields'> {
  readonly fields: string | null
}

const statement = `
select coalesce(json_agg(json_build_object('policy', policy, 'collection', collection, 'action', action,
  'permissions', permissions, 'validation', validation, 'presets', presets, 'fields', fields) order by id), '[]'::json) as rules
from directus_permissions where policy = any($1::uuid[])`

export interface RightsOf {
  /** @param app Whether the rules that come with app access are among them. */
  of(policies: readonly string[], app: boolean): Promise<Rights>
  /** Forgets what was read, not the fingerprints: rules that are as before keep theirs. */
  clear(): void
}

export function createRights(db: Database): RightsOf {
  const bySet = new LRUCache<string, Promise<Rights>>({ max: 2000 })
  const byRules = new LRUCache<string, Rights>({ max: 2000 })
  let made = 0

  async function load(policies: readonly string[], app: boolean): Promise<Rights> {
    const [row] = policies.length ? await db.query<{ rules: RuleRow[] }>(statement, [policies]) : []
    const rules = [...(row?.rules ?? []).map(toRule), ...(app ? systemRules : [])]
    const id = JSON.stringify(rules)
    const known = byRules.get(id)
    if (known) return known
    const rights = Object.freeze({ fingerprint: `r${++made}`, rules: Object.freeze(rules) })
    byRules.set(id, rights)
    return rights
  }

  return {
    of(policies, app) {
      const id = `${app} ${policies.join()}`
      const known = bySet.get(id)
      if (known) return known
      const loading = load(policies, app)
      bySet.set(id, loading)
      loading.catch(() => bySet.peek(id) === loading && bySet.delete(id))
      return loading
    },
    clear: () => bySet.clear(),
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

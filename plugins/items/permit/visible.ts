/** What somebody may read and write of the schema, for those who describe it: types of GraphQL, documents of the API. */
import { type Access, Problem, type Snapshot } from 'plinth'
import type { Visible } from '../api.ts'
import type { Permits } from '../permit.ts'
import { guardOf } from './guard.ts'

export function visibleTo(permits: Permits, snapshot: Snapshot, access: Access): Visible {
  const { fingerprint, seen, writing } = permits.of(access, snapshot)
  return {
    version: snapshot.version,
    fingerprint,
    tables: seen.tables,
    known: snapshot.tables,
    isPartial: (table, field) => guardOf(table)?.partial.has(field) ?? false,
    writable(action, collection) {
      const table = snapshot.tables.get(collection)
      if (!table) return undefined
      try {
        const rules = writing(action, collection)
        if (!rules || rules.grants.some(({ fields }) => !fields)) return { table, fields: null }
        return { table, fields: new Set(rules.grants.flatMap(({ fields }) => [...fields!])) }
      } catch (refusal) {
        if (refusal instanceof Problem) return undefined
        throw refusal
      }
    },
  }
}

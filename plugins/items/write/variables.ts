/** What the names in rules stand for: `$CURRENT_USER`, `$CURRENT_ROLE.name`, `$CURRENT_POLICIES`… */
import { type Access, system, type Transaction } from 'plinth'
import type { Item } from '../api.ts'
import type { Reader } from '../read.ts'

const parts = {
  $CURRENT_USER: { collection: 'directus_users', keys: 'user' },
  $CURRENT_ROLE: { collection: 'directus_roles', keys: 'role' },
  $CURRENT_ROLES: { collection: 'directus_roles', keys: 'roles' },
  $CURRENT_POLICIES: { collection: 'directus_policies', keys: 'policies' },
} as const

/** A key of the caller or a list of keys, or with a path what those rows hold. Read with all rights: the rule's author has chosen it. */
export async function variableOf(name: string, access: Access, reader: Reader, db?: Transaction): Promise<unknown> {
  const [head = '', ...path] = name.split('.')
  const part = parts[head as keyof typeof parts]
  if (!part || access === system) return null
  const keys = access[part.keys]
  if (!path.length) return keys
  const all = [keys ?? []].flat()
  const query = { fields: [path.join('.')], filter: { id: { _in: all } }, limit: -1 }
  const rows: Item[] = all.length ? JSON.parse(await reader.list(part.collection, query, { access: system, ...(db && { db }) })).data : []
  const values = rows.map((row) => path.reduce<unknown>((value, field) => (value as Item | null)?.[field] ?? null, row))
  return Array.isArray(keys) ? values : (values[0] ?? null)
}

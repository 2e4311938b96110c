/** What else belongs to a configuration: roles with their rights, settings, presets. Rows of system tables, without what is one database's own. */
import { quoteName, quoteTable, type Snapshot, type Table } from 'plinth'
import type { Item, Key } from 'plinth/items'
import type { Change } from '../change.ts'
import type { Group } from './extras.ts'

export interface Part {
  readonly name: string
  readonly group: Group
  readonly collection: string
  /** What tells rows apart; those that agree in it are told apart by their order. */
  readonly key: readonly string[]
  /** Fields that stay behind: keys that every database makes up, and what should not stand in a file. */
  readonly without: readonly string[]
}

/** In the order in which rows can be made. Rows that belong to a user are that user's own. */
export const parts: readonly Part[] = [
  { name: 'roles', group: 'access', collection: 'directus_roles', key: ['id'], without: [] },
  { name: 'policies', group: 'access', collection: 'directus_policies', key: ['id'], without: [] },
  { name: 'access', group: 'access', collection: 'directus_access', key: ['policy', 'role'], without: ['id', 'user'] },
  { name: 'permissions', group: 'access', collection: 'directus_permissions', key: ['policy', 'collection', 'action'], without: ['id'] },
  { name: 'presets', group: 'settings', collection: 'directus_presets', key: ['role', 'collection', 'bookmark'], without: ['id', 'user'] },
  {
    name: 'settings',
    group: 'settings',
    collection: 'directus_settings',
    key: [],
    without: ['id', 'project_owner', 'mapbox_key', 'ai_openai_compatible_headers'],
  },
]

/** Rows by the name of their part. */
export type Configuration = Readonly<Record<string, readonly Item[]>>

/** A row as it is stored, and the key that a document may leave out. */
export interface Stored {
  readonly id: Key
  readonly row: Item
}
export type StoredConfiguration = Readonly<Record<string, readonly Stored[]>>

/** The parts of some groups whose tables are there. */
export const partsOf = (snapshot: Snapshot, asked: readonly Group[]): [Part, Table][] =>
  parts.flatMap((part): [Part, Table][] => {
    const table = asked.includes(part.group) ? snapshot.tables.get(part.collection) : undefined
    return table ? [[part, table]] : []
  })

/** Columns that travel: none that is concealed, none of the settings that the server keeps for itself, none that leads to a file. */
export function fieldsOf(table: Table, { name, without }: Part): string[] {
  const leadsToFile = (field: string) => {
    const link = table.links.get(field)
    return link?.kind === 'm2o' && ['directus_files', 'directus_folders'].includes(link.target)
  }
  return [...table.fields.values()]
    .filter(
      ({ name: field, column, concealed, meta }) =>
        column && meta?.system && !concealed && !without.includes(field) && !(name === 'settings' && meta.hidden),
    )
    .map(({ name: field }) => field)
    .filter((field) => !leadsToFile(field))
}

/** In the order of their keys. */
export async function readConfiguration(
  { db, snapshot }: Pick<Change, 'db' | 'snapshot'>,
  asked: readonly Group[],
): Promise<StoredConfiguration> {
  const read: [string, Stored[]][] = []
  for (const [part, table] of partsOf(snapshot, asked)) {
    const fields = fieldsOf(table, part)
    const columns = ['id', ...fields.filter((field) => field !== 'id')].map(quoteName).join(', ')
    const where = part.without.includes('user') ? 'where "user" is null' : ''
    const rows = await db.query<Item & { id: Key }>(
      `select ${columns} from ${quoteTable(table)} ${where} order by ${[...part.key, 'id'].map(quoteName).join(', ')}`,
    )
    const toRow = (row: Item): Item => Object.fromEntries(fields.map((field) => [field, listed(table, field, row[field])]))
    read.push([part.name, rows.map((row) => ({ id: row.id, row: toRow(row) }))])
  }
  return Object.fromEntries(read)
}

/** Lists of words are kept with commas between them. */
function listed(table: Table, field: string, value: unknown): unknown {
  if (table.fields.get(field)?.type !== 'csv' || typeof value !== 'string') return value
  return value === '' ? [] : value.split(',')
}

export const rowsOf = (stored: StoredConfiguration): Configuration =>
  Object.fromEntries(Object.entries(stored).map(([name, rows]) => [name, rows.map(({ row }) => row)]))

/** Roles that users have, and policies that reach users: what a document does not know of must not take their rights. */
export async function inUse({ db, snapshot }: Pick<Change, 'db' | 'snapshot'>): Promise<ReadonlySet<unknown>> {
  const [users, access] = ['directus_users', 'directus_access'].map((name) => snapshot.tables.get(name))
  if (!users || !access) return new Set()
  const roles = `with recursive used as (
    select role as id from ${quoteTable(users)} where role is not null
    union select r.parent from used join ${quoteTable(snapshot.tables.get('directus_roles')!)} r on r.id = used.id where r.parent is not null
  )`
  const rows = await db.query<{ id: string }>(
    `${roles} select id from used union select policy from ${quoteTable(access)} where "user" is not null or role in (select id from used)`,
  )
  return new Set(rows.map(({ id }) => id))
}

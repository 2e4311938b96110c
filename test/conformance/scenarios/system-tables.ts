/** The columns of the system tables that hold users, rights, files and the schema. Only facts of the database are recorded, no texts. */
import type { Json, Scenario } from '../runner.ts'

const tables = [
  ...['users', 'roles', 'policies', 'access', 'permissions', 'settings', 'collections', 'fields', 'relations'],
  ...['activity', 'revisions', 'versions', 'comments', 'files', 'folders'],
]

/** `name: type, data type(length) not null = default → table of this list [special]`. */
function describe({ field, type, schema, meta }: Json): string {
  const column = schema
    ? [
        schema.data_type + (schema.max_length ? `(${schema.max_length})` : ''),
        schema.is_nullable ? '' : 'not null',
        schema.is_primary_key ? 'key' : schema.is_unique ? 'unique' : '',
        schema.default_value === null || field === 'project_name' ? '' : `= ${JSON.stringify(schema.default_value)}`,
        tables.some((table) => schema.foreign_key_table === `directus_${table}`) ? `→ ${schema.foreign_key_table}` : '',
      ]
    : ['no column']
  return [`${field}: ${type},`, ...column, ...(meta?.special ?? []).map((special: string) => `[${special}]`)].filter(Boolean).join(' ')
}

/** What only arranges a form is not recorded. */
const stored = ({ meta }: Json) => !meta?.special?.includes('no-data')

const scenario: Scenario = async (api) => {
  api.proves('design: the same system tables, with the same columns and meanings')
  for (const table of tables)
    await api.get(`/fields/directus_${table}`, { keep: (body: Json) => body.data.filter(stored).map(describe).sort() })
}

export default scenario

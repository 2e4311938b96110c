/** Values that a change would cost: looked for before, so that nothing is cut off, rounded or dropped silently. */
import { type Problem, problems, quoteName, quoteTable } from 'plinth'
import type { StoredField } from './alter.ts'
import type { Change } from './change.ts'
import type { TableName } from './ddl.ts'
import { toSchemaProblem } from './refusals.ts'

/** Types that hold all that others do: https://www.postgresql.org/docs/current/datatype.html. `text` holds anything. */
const wider: Readonly<Record<string, readonly string[]>> = {
  int2: ['smallint', 'integer', 'bigint'],
  int4: ['integer', 'bigint'],
  int8: ['bigint'],
  float4: ['real', 'double precision'],
  float8: ['double precision'],
  json: ['json'],
  jsonb: ['jsonb', 'json'],
  timestamptz: ['timestamptz', 'timestamp', 'timestamp with time zone', 'timestamp without time zone'],
  timestamp: ['timestamptz', 'timestamp', 'timestamp with time zone', 'timestamp without time zone'],
}

/** The problem with giving a column another type, undefined when every value survives. Whatever it casts to and back as it was has. */
export async function lossByType({ db }: Change, table: TableName, { column }: StoredField, type: string): Promise<Problem | undefined> {
  const about = { collection: table.name, field: column.name }
  const name = quoteName(column.name)
  const found = async (condition: string): Promise<boolean> => {
    const rows = await db.query(`select 1 from ${quoteTable(table)} where ${condition} limit 1`).catch((thrown) => {
      throw toSchemaProblem(thrown, about)
    })
    return rows.length > 0
  }
  if (type === 'text' || wider[column.baseType]?.includes(type)) return undefined
  const [, length] = /^(?:varchar|character varying)\((\d+)\)$/.exec(type) ?? []
  if (length !== undefined) {
    if (column.maxLength !== null && column.maxLength <= Number(length)) return undefined
    return (await found(`char_length(${name}::text) > ${length}`))
      ? problems.VALUE_TOO_LONG(advice(`Values of "${column.name}" are longer than ${length} characters`), about)
      : undefined
  }
  return (await found(`(${name}::${type})::${column.sqlType}::text is distinct from ${name}::text`))
    ? problems.INVALID_PAYLOAD(advice(`Values of "${column.name}" would change when they become ${type}`), about)
    : undefined
}

const advice = (what: string) => `${what}: correct them first, or say ?allow_data_loss=true.`

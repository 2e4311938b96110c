/** Fields as JSON Schema 2020-12 says them. Pure. */
import type { Column, Field, FieldType, Link, Table } from 'plinth'

export type JsonSchema = Readonly<Record<string, unknown>>

/** As answers have it. Of large and exact numbers the digits are text. */
const plain: Readonly<Partial<Record<FieldType, JsonSchema>>> = {
  string: { type: 'string' },
  text: { type: 'string' },
  hash: { type: 'string' },
  integer: { type: 'integer' },
  bigInteger: { type: ['integer', 'string'] },
  float: { type: 'number' },
  decimal: { type: ['number', 'string'] },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  time: { type: 'string', format: 'time' },
  dateTime: { type: 'string' },
  timestamp: { type: 'string', format: 'date-time' },
  uuid: { type: 'string', format: 'uuid' },
  csv: { type: 'array', items: { type: 'string' } },
}

function ofColumn(type: FieldType, { maxLength, labels, array }: Column): JsonSchema {
  if (array) return { type: 'array' }
  if (labels) return { type: 'string', enum: labels }
  if (type.startsWith('geometry')) return { type: 'object' }
  const found = plain[type] ?? {}
  return maxLength !== null && found.type === 'string' ? { ...found, maxLength } : found
}

const orNull = (schema: JsonSchema): JsonSchema => (Object.keys(schema).length === 0 ? schema : { anyOf: [schema, { type: 'null' }] })

/** `refTo`: the schema of a collection's items, undefined for one that is not told. */
export function fieldSchema(table: Table, field: Field, refTo: (collection: string) => JsonSchema | undefined): JsonSchema {
  const link = table.links.get(field.name)
  const own = field.column ? ofColumn(field.type, field.column) : {}
  const told = link ? linked(link, own, refTo) : own
  const note = field.column?.comment ? { description: field.column.comment } : {}
  if (!field.column) return { ...told, ...note }
  return { ...(field.column.nullable ? orNull(told) : told), ...note, ...(field.column.generated ? { readOnly: true } : {}) }
}

function linked(link: Link, own: JsonSchema, refTo: (collection: string) => JsonSchema | undefined): JsonSchema {
  const either = (key: JsonSchema, collections: readonly string[]): JsonSchema => {
    const items = collections.map(refTo).filter((one) => one !== undefined)
    return items.length ? { anyOf: [key, ...items] } : key
  }
  if (link.kind === 'm2o') return either(own, [link.target])
  if (link.kind === 'm2a') return either({ type: 'string' }, link.targets)
  return { type: 'array', items: either({ type: ['string', 'integer'] }, [link.target]) }
}

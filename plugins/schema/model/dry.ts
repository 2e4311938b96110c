/** A change that does not happen: it writes down the statements that would make it. */
import { quoteName, quoteTable } from 'plinth'
import type { Key } from 'plinth/items'
import type { Change } from '../change.ts'
import { literal } from '../sql-types.ts'

/** Questions are answered, all else goes to `statements`. */
export function dryChange(change: Pick<Change, 'db' | 'snapshot' | 'schema'>, statements: string[]): Change {
  const tableOf = (collection: string) => {
    const { schema = change.schema, primaryKey = ['id'] } = change.snapshot.tables.get(collection) ?? {}
    return { path: quoteTable({ schema, name: collection }), key: quoteName(primaryKey[0]!) }
  }
  /** Those that have a column, with the literal that goes in. */
  const columnsOf = (collection: string, item: Readonly<Record<string, unknown>>): [name: string, sql: string][] => {
    const fields = change.snapshot.tables.get(collection)?.fields
    return Object.entries(item).flatMap(([name, value]): [string, string][] => {
      const field = fields?.get(name)
      if (!field?.column || value === undefined) return []
      return [[quoteName(name), field.type === 'csv' && Array.isArray(value) ? literal(value.join(',')) : toLiteral(value)]]
    })
  }
  const among = (keys: readonly Key[]) => `in (${keys.map(toLiteral).join(', ')})`
  const add = async (statement: string) => void (statements.includes(statement) || statements.push(statement))

  const rows: Change['rows'] = {
    async create(collection, items) {
      for (const item of items) {
        const columns = columnsOf(collection, item)
        const [names, values] = [0, 1].map((part) => columns.map((column) => column[part]).join(', '))
        await add(`insert into ${tableOf(collection).path} (${names}) values (${values})`)
      }
    },
    async update(collection, keys, patch) {
      const { path, key } = tableOf(collection)
      const values = columnsOf(collection, patch).map(([name, value]) => `${name} = ${value}`)
      if (keys.length && values.length) await add(`update ${path} set ${values.join(', ')} where ${key} ${among(keys)}`)
    },
    follow: (...change) => rows.update(...change),
    async updateEach(collection, changes) {
      for (const { keys, patch } of changes) await rows.update(collection, keys, patch)
    },
    async delete(collection, keys) {
      const { path, key } = tableOf(collection)
      if (keys.length) await add(`delete from ${path} where ${key} ${among(keys)}`)
    },
  }
  return {
    ...change,
    rows,
    async alter(texts) {
      for (const text of texts) await add(text)
    },
  }
}

function toLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return literal(value)
  return literal(JSON.stringify(value))
}

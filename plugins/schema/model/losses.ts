/** What applying a diff would cost: rows of tables, values of columns. Looked up while nobody else can add to them. */
import { quoteName, quoteTable, type Table } from 'plinth'
import { alterColumn } from '../alter.ts'
import type { Change } from '../change.ts'
import { lossByType } from '../loss.ts'
import { columnPatch } from './columns.ts'
import { isEqual } from './compare.ts'
import type { Deltas } from './difference.ts'
import { typesOf } from './types.ts'

/** A line for each loss, none when nothing gets lost. */
export async function lossesOf(change: Change, { collections, fields }: Deltas): Promise<string[]> {
  const { db, snapshot } = change
  const has = async (table: Table, condition = 'true') =>
    (await db.query(`select 1 from ${quoteTable(table)} where ${condition} limit 1`)).length > 0
  const losses: string[] = []
  const dropped = new Set<string>()
  for (const { before, after } of collections) {
    const table = after ? undefined : snapshot.tables.get(before!.collection)
    if (table) dropped.add(table.name)
    if (table?.kind === 'table' && (await has(table))) losses.push(`The rows of "${table.name}" would be removed.`)
  }
  const typeOf = await typesOf(
    change,
    fields.flatMap(({ before, after }) => (before?.schema && after?.schema ? [after] : [])),
  )
  for (const delta of fields) {
    const { before, after } = delta
    const table = snapshot.tables.get(before?.collection ?? '')
    const field = table?.fields.get(before!.field)
    if (!table || !field?.column || table.kind !== 'table' || dropped.has(table.name)) continue
    if (!after?.schema) {
      if (await has(table, `${quoteName(field.name)} is not null`))
        losses.push(`The values of "${table.name}.${field.name}" would be removed.`)
      continue
    }
    const patch = columnPatch(delta, typeOf)
    const stored = { ...field, column: field.column }
    const type = patch && alterColumn(table, stored, after.type, patch).type
    const loss = type && (await lossByType(change, table, stored, type))
    if (loss) losses.push(loss.details.reason as string)
  }
  return losses
}

/** Holds the tables that may lose something until the transaction ends, in one order, so that two changes never wait for each other. */
export async function lockForLosses(change: Change, { collections, fields }: Deltas): Promise<void> {
  const touched = [
    ...collections.filter(({ after }) => !after),
    ...fields.filter(({ before, after }) => before?.schema && !isEqual(before.schema, after?.schema)),
  ]
  const names = [...new Set(touched.map(({ before }) => before!.collection))].sort()
  for (const name of names) {
    const table = change.snapshot.tables.get(name)
    if (table?.kind === 'table') await change.alter([`lock table ${quoteTable(table)} in access exclusive mode`], { collection: name })
  }
}

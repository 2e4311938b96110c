/**
 * CSV: strings and names in quotes, numbers and booleans bare, null empty. Objects are spread over columns with dotted names, lists and empty
 * objects stand as JSON text. Columns come in the order in which rows show them, so all rows are read once before the first line is written
 * where a later row could bring another column. Values are written as they are, also those that a spreadsheet takes for formulas.
 */
import { problems } from 'plinth'
import type { Item } from '../api.ts'
import type { ReadPlan } from '../plan.ts'
import type { Layout } from './layout.ts'

/** Keys of JSON objects become columns: there could be one for each row. */
const mostColumns = 10_000

/** Types by `pg_type.typname` of columns that may hold objects in JSON. */
const nested = new Set(['json', 'jsonb', 'bytea'])

/** Whether every row has the same columns, as none of its values is an object. */
export const hasFlatRows = (plan: ReadPlan): boolean =>
  !plan.grouping &&
  plan.node.selections.every(
    (selection) =>
      selection.kind === 'many' ||
      (selection.kind === 'column' && (selection.place.field.column!.array || !nested.has(selection.place.field.column!.baseType))),
  )

/** `mark` stands before the first line. */
export async function csvLayout(batches: AsyncIterable<readonly Item[]> | Iterable<readonly Item[]>, mark: string): Promise<Layout> {
  const columns = await columnsOf(batches)
  const open = `${mark}${[...columns].map(quoted).join(',')}\n`
  const row = (item: Item): string => {
    const cells = cellsOf(item)
    for (const name of cells.keys()) {
      if (!columns.has(name)) throw new Error(`The column "${name}" appeared while the rows were being exported.`)
    }
    return Array.from(columns, (name) => cells.get(name) ?? '').join(',')
  }
  return { open, between: '\n', close: '', none: '', row, one: (item) => open + row(item) }
}

async function columnsOf(batches: AsyncIterable<readonly Item[]> | Iterable<readonly Item[]>): Promise<ReadonlySet<string>> {
  const columns = new Set<string>()
  for await (const rows of batches) {
    for (const item of rows) for (const name of cellsOf(item).keys()) columns.add(name)
    if (columns.size > mostColumns) {
      throw problems.INVALID_QUERY(`The file would have more than ${mostColumns} columns: select fewer "fields", or take another format.`)
    }
  }
  return columns
}

/** Column → what stands in it. */
function cellsOf(item: Item): Map<string, string> {
  const cells = new Map<string, string>()
  const put = (name: string, value: unknown): void => {
    const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
    if (!members.length) cells.set(name, cellOf(value))
    for (const [key, inner] of members) put(name === '' ? key : `${name}.${key}`, inner)
  }
  put('', item)
  return cells
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'object' ? quoted(JSON.stringify(value)) : String(value)
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

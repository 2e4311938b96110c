/** Rows that no table holds, and that a list tells all the same: they come after those that are stored. */
import { isObject } from 'plinth'
import type { Item, QueryInput } from './api.ts'
import { parseQueryString } from './query-string.ts'
import { faultsOfRule } from './write/validation.ts'

type Params = Readonly<Record<string, unknown>>

const paramsOf = (query: QueryInput): Params => (typeof query === 'string' ? parseQueryString(query) : query)
const isSaid = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

/** Who does not say how many wants all of them, or the `most` that may be asked for, as nobody pages through what is not stored. */
export const unlimited = (query: QueryInput, most: number): QueryInput & object => {
  const params = paramsOf(query)
  return isSaid(params.limit) ? params : { ...params, limit: most }
}

/** `text`, an answer with a list, and the rows beside it. */
export async function withBesides(text: string, query: QueryInput, rows: readonly Item[]): Promise<string> {
  const left = await besidesOf(query, rows)
  if (!left.length) return text
  const answer: { data: Item[] } = JSON.parse(text)
  return JSON.stringify({ ...answer, data: [...answer.data, ...left] })
}

/** The rows that a query's filter leaves; only a whole list of items has them, in no order but their own. */
export async function besidesOf(query: QueryInput, rows: readonly Item[]): Promise<readonly Item[]> {
  const { filter, limit, ...params } = paramsOf(query)
  const parted = ['page', 'offset', 'cursor', 'search', 'aggregate', 'groupBy', 'group'].some((name) => isSaid(params[name]))
  if (parted || (isSaid(limit) && Number(limit) !== -1)) return []
  const said: unknown = typeof filter === 'string' && filter ? JSON.parse(filter) : filter
  const left: Item[] = []
  for (const row of rows) if (isAbout(said, row) && !(await faultsOfRule(said, row)).length) left.push(row)
  return left
}

/** Whether a filter speaks of the row's own fields alone. What is not stored is related to nothing, and has no key. */
function isAbout(filter: unknown, row: Item): boolean {
  if (!isObject(filter)) return true
  return Object.entries(filter).every(([name, said]) => {
    if (name === '_and' || name === '_or') return Array.isArray(said) && said.every((inner) => isAbout(inner, row))
    return Object.hasOwn(row, name) && (!isObject(said) || Object.keys(said).every((operator) => operator.startsWith('_')))
  })
}

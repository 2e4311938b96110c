/** How rows stand in a file, and the formats that need few words: JSON, NDJSON, YAML. Pure. */
import { dump } from 'js-yaml'
import type { Item } from '../api.ts'

export interface Layout {
  readonly open: string
  readonly between: string
  readonly close: string
  /** The whole file when there are no rows. */
  readonly none: string
  row(item: Item): string
  /** The whole file of a single item, which is no list. */
  one(item: Item): string
}

export const json: Layout = {
  open: '[',
  between: ',',
  close: '\n]',
  none: '[]',
  // One level deeper: as it stands in a list, without that list's own brackets.
  row: (item) => JSON.stringify([item], null, '\t').slice(1, -2),
  one: (item) => JSON.stringify(item, null, '\t'),
}

const line = (item: Item): string => `${JSON.stringify(item)}\n`

export const ndjson: Layout = { open: '', between: '', close: '', none: '', row: line, one: line }

const document = (value: unknown): string => dump(value, { noRefs: true })

export const yaml: Layout = { open: '', between: '', close: '', none: document([]), row: (item) => document([item]), one: document }

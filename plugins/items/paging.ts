/** What is selected of a page in edges, taken apart: how the page is told, and what of each row. Pure. */
import type { Paging, Selected } from './api.ts'
import type { EdgePart, PageField, PagePart, PageShape } from './query.ts'

export interface Parted {
  readonly page: PageShape
  /** Of each row: one object for each node. */
  readonly nodes: readonly Selected[]
}

export function partPage(direction: Paging, selected: readonly Selected[]): Parted {
  const nodes: Selected[] = []
  const edgePart = (one: Selected): EdgePart => {
    if (one.kind === 'constant' || one.kind === 'cursor') return one
    if (one.kind !== 'object') throw misplaced(one)
    const column = `${nodes.length}`
    nodes.push({ ...one, key: column })
    return { kind: 'node', key: one.key, column }
  }
  const part = (one: Selected): PagePart => {
    if (one.kind === 'constant' || one.kind === 'total') return one
    if (one.kind === 'edges') return { ...one, of: one.of.map(edgePart) }
    if (one.kind !== 'page') throw misplaced(one)
    return { ...one, of: one.of.map(pagePart) }
  }
  return { page: { direction, parts: selected.map(part) }, nodes }
}

function pagePart(one: Selected) {
  if (one.kind === 'constant') return one
  if (one.kind !== 'field') throw misplaced(one)
  return { kind: 'field', key: one.key, name: one.name as PageField } as const
}

const misplaced = ({ kind, key }: Selected) => new Error(`A "${kind}" has no place in a page, which "${key}" is`)

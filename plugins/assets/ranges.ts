/** Parts of a content: RFC 9110 §14. Pure. */

/** Bytes from 0, both ends included. */
export interface Part {
  readonly start: number
  readonly end: number
}

/** The first range of a header, as it stands there. */
export interface Range {
  readonly start?: number
  readonly end?: number
}

/** Undefined when the header says nothing that we understand, so that the whole is wanted. */
export function parseRange(header: string | null): Range | undefined {
  const [, start = '', end = ''] = /^\s*bytes=(\d*)-(\d*)\s*(?:,.*)?$/i.exec(header ?? '') ?? []
  if (start === '' && end === '') return undefined
  return { ...(start !== '' && { start: Number(start) }), ...(end !== '' && { end: Number(end) }) }
}

/** Of a content of `size` bytes; without a start it is the last ones. Null when there is none of it. */
export function partOf({ start, end }: Range, size: number): Part | null {
  const from = start ?? Math.max(0, size - end!)
  const to = start === undefined || end === undefined ? size - 1 : Math.min(end, size - 1)
  return from <= to ? { start: from, end: to } : null
}

/**
 * Versions of items, for changes that must not overwrite those of others. A version is the number of the transaction that wrote the row last (`xmin`,
 * https://www.postgresql.org/docs/current/ddl-system-columns.html): it costs nothing, and a copy of the database restored from a dump has others, so that
 * what was read from the first is refused by the second. Views have none. Pure.
 */
import { problems, type Table } from 'plinth'

export const hasVersions = (table: Table): boolean => table.kind === 'table'

/** SQL for the version of a row, as text. */
export const versionOf = (row: string): string => `${row}.xmin::text`

/** The header that tells a version: an entity tag, as If-Match takes them. */
export const versionHeader = (version: string): string => `"${version}"`

/**
 * The versions of which an item must be, by `If-Match` (RFC 9110 §13.1.1); undefined without a condition, null for `*`: any, so long as it is there.
 * @throws INVALID_PAYLOAD for what is no list of tags.
 */
export function toVersions(header: string | null): readonly string[] | null | undefined {
  if (header === null) return undefined
  if (header.trim() === '*') return null
  const tags = header.split(',').map((tag) => /^(W\/)?"?([\x21\x23-\x7e]*)"?$/.exec(tag.trim()))
  if (!header.trim() || tags.some((tag) => !tag)) throw problems.INVALID_PAYLOAD('"If-Match" is no list of entity tags.')
  // A weak tag is that of an answer, and matches no version.
  return tags.flatMap((tag) => (tag![1] ? [] : [tag![2]!]))
}

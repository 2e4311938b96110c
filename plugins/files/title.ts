/** Titles from names of files: `api-json_of-bookList.txt` → `API JSON of Book List`. Pure. */

/** Written in capitals wherever they stand. */
const abbreviations = new Set(
  'ID URL API JSON VIP HTML CSS XML CSV PDF SQL HTTP HTTPS FTP SSL TLS DNS IP IT TV UK USA EU UN CEO CTO CFO FAQ GPS RSS SEO SDK UI UX YAML'.split(
    ' ',
  ),
)
/** Kept small but at either end. */
const small = new Set('a an and as at but by for from in into nor of on or the to with'.split(' '))

/** The name without its last extension. A leading dot begins none. */
export const stemOf = (name: string): string => name.replace(/(?<=.)\.[^.]*$/s, '')

/** The extension with its dot, as it is written, where it is a plain word; else nothing. */
export const extensionOf = (name: string): string => /(?<=.)\.[a-z\d]{1,16}$/i.exec(name)?.[0] ?? ''

export const toTitle = (filename: string): string => inTitleCase(stemOf(filename))

export function inTitleCase(text: string): string {
  const words = text.replace(/(\p{Ll})(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$& ').split(/[\s_-]/)
  return words.map((word, i) => toWord(word, i === 0 || i === words.length - 1)).join(' ')
}

function toWord(word: string, atEnd: boolean): string {
  const capitals = word.toUpperCase()
  if (abbreviations.has(capitals)) return capitals
  const lower = word.toLowerCase()
  if (small.has(lower) && !atEnd) return lower
  return lower.replace(/^./u, (first) => first.toUpperCase())
}

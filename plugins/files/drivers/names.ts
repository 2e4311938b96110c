/** Names of contents. They come from a column that others may have written, so whatever could lead elsewhere is none. */
export const isName = (name: string): boolean => /^(?!\.)[^/\\\p{Cc}]{1,255}$/u.test(name)

/** @throws Error */
export function checkedName(name: string): string {
  if (!isName(name)) throw new Error(`${JSON.stringify(name.slice(0, 80))} is no name of a content`)
  return name
}

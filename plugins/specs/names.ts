/** Names of collections as names of types. Pure. */

const pascal = (text: string): string => {
  const words = text
    .normalize('NFKD')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  const name = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
  return /^[A-Za-z]/.test(name) ? name : `T${name}`
}

/** Key → a name of letters and digits that no other key has. */
export function uniqueNames(wanted: Iterable<readonly [key: string, text: string]>, taken: readonly string[] = []): Map<string, string> {
  const used = new Set(taken)
  const names = new Map<string, string>()
  for (const [key, text] of wanted) {
    const name = pascal(text)
    let free = name
    for (let n = 2; used.has(free); n++) free = `${name}${n}`
    used.add(free)
    names.set(key, free)
  }
  return names
}

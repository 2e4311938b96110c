/** Reads the text of a `.env` file. Our own, since the oldest runtimes we support have no reader. Pure. */

const line = /^[ \t\uFEFF]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|`([^`]*)`|([^\r\n]*))/gm
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/** `NAME=value`: quotes keep spaces, `#` and line breaks; double quotes know `\n`; elsewhere ` #` begins a comment; a byte order mark is passed over. Nothing is expanded. */
export function parseDotenv(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [, name, double, single, back, bare] of text.matchAll(line)) {
    values[name!] =
      double?.replace(/\\(.)/gs, (_, c: string) => escapes[c] ?? c) ?? single ?? back ?? bare!.replace(/(^|\s)#.*$/, '').trim()
  }
  return values
}

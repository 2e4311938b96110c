/** The README's list of differences is made from the recorded ones: `node test/conformance/readme.ts` writes it anew, a test compares. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const here = new URL('.', import.meta.url)
const readme = new URL('../../README.md', here)
const [open, close] = ['<!-- differences: made by test/conformance/readme.ts -->', '<!-- end of differences -->']

interface Difference {
  readonly label: string
  readonly why: string
}

/** One line a reason, with how many recorded answers it stands for, most first. */
export async function differencesList(): Promise<string> {
  const counts = new Map<string, number>()
  for (const file of (await readdir(new URL('differences/', here))).filter((name) => name.endsWith('.json')).sort()) {
    const differences: Difference[] = JSON.parse(await readFile(new URL(`differences/${file}`, here), 'utf8'))
    for (const { why } of differences) counts.set(why, (counts.get(why) ?? 0) + 1)
  }
  const lines = [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([why, n]) => `- ${why}${n > 1 ? ` (${n} recorded answers)` : ''}`)
  return `${open}\n${lines.join('\n')}\n${close}`
}

/** The README with the list in its place. @throws Error when the place is not marked. */
export async function readmeWithList(): Promise<{ now: string; wanted: string }> {
  const now = await readFile(readme, 'utf8')
  const [from, to] = [now.indexOf(open), now.indexOf(close)]
  if (from < 0 || to < from) throw new Error('README.md has lost the marks around its list of differences')
  return { now, wanted: now.slice(0, from) + (await differencesList()) + now.slice(to + close.length) }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await writeFile(readme, (await readmeWithList()).wanted)
}

/** The tour in README.md, pasted line by line: each command answers what stands below it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from './host.ts'

const textOf = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

interface Step {
  readonly line: string
  /** Lines printed; none where the tour does not show them. */
  readonly shown: string
}

/** Commands of the tour's shell blocks. */
function stepsIn(tour: string): Step[] {
  const blocks = [...tour.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!)
  return blocks.flatMap((block) => {
    const steps: { line: string; shown: string[] }[] = []
    for (const line of block.split('\n').filter(Boolean)) {
      if (line.startsWith('call ')) steps.push({ line, shown: [] })
      else if (!/^(#|\w+=|call\()/.test(line)) steps.at(-1)!.shown.push(line)
    }
    return steps.map(({ line, shown }) => ({ line, shown: shown.join('\n') }))
  })
}

/** What `call` sends: words as the shell splits them, no quotes within quotes but `\$`. */
function requestOf(line: string): Request {
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => single ?? (double ?? bare!).replaceAll('$API', 'http://localhost').replace(/\\(.)/g, '$1'),
  )
  const option = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
  const body = option('-d')
  return new Request(words.find((word) => word.startsWith('http'))!, {
    method: option('-X') ?? (body === undefined ? 'GET' : 'POST'),
    headers: { authorization: 'Bearer admin-token', 'content-type': 'application/json' },
    body,
  })
}

const readme = textOf('../README.md')
const tour = readme.slice(readme.indexOf('## A tour'), readme.indexOf('\n## ', readme.indexOf('## A tour') + 1))
const [onNothing = '', onChinook = ''] = tour.split(/^On a database that is there already/m)

for (const [where, part, sql, least] of [
  ['an empty database', onNothing, '', 9],
  ['Chinook', onChinook, textOf('fixtures/chinook.sql'), 12],
] as const) {
  describe(`the tour on ${where}`, () => {
    let host: TestHost
    before(async () => {
      host = await startKernel({ sql })
    })
    after(() => host.close())

    const steps = stepsIn(part)
    test('is found', () => assert.ok(steps.length >= least, `${steps.length} commands`))
    for (const { line, shown } of steps) {
      test(line.slice(0, 120), async () => {
        const response = await host.kernel.fetch(requestOf(line))
        const answered = await response.text()
        if (shown) assert.equal(answered, shown)
        else assert.ok(response.ok, answered)
      })
    }
  })
}

/**
 * Server-Timing (https://www.w3.org/TR/server-timing/): how long finding out who asks took, then what came before the first statement, then all statements,
 * which may run at once, then what was done to contents. Only administrators are told the stages: by them others could find out what an answer of any length hides from them.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Host, points } from 'plinth'
import { authenticated } from 'plinth/auth'
import { contentStage } from 'plinth/files'
import { aroundStatements } from './statements.ts'

/** In ms, by `performance.now()` where they are points in time. */
interface Stages {
  readonly start: number
  known?: number
  asked?: number
  database: number
  statements: number
  /** Of work on contents, by its name. */
  readonly contents: Map<string, number>
}

export function tellTimes(host: Host): void {
  const current = new AsyncLocalStorage<Stages>()

  host.hook(points.database, async function timeStatements(event, next) {
    await next()
    event.db = aroundStatements(event.db, async (run, { text }) => {
      const stages = current.getStore()
      if (stages?.known === undefined || text === 'transaction') return run()
      const start = performance.now()
      stages.asked ??= start
      try {
        return await run()
      } finally {
        stages.database += performance.now() - start
        stages.statements++
      }
    })
  })
  host.hook(authenticated, function noteWho(_, next) {
    const stages = current.getStore()
    if (stages) stages.known = performance.now()
    return next()
  })
  host.hook(contentStage, async function timeContents({ name }, next) {
    const start = performance.now()
    try {
      await next()
    } finally {
      const contents = current.getStore()?.contents
      contents?.set(name, (contents.get(name) ?? 0) + performance.now() - start)
    }
  })
  host.hook(points.request, async function timeRequest(request, next) {
    const stages: Stages = { start: performance.now(), database: 0, statements: 0, contents: new Map() }
    await current.run(stages, next)
    request.bear('server-timing', told(stages, request.accountability.admin))
  })
}

function told({ start, known, asked, database, statements, contents }: Stages, all: boolean): string {
  const entry = (name: string, ms: number, more = '') => `${name};dur=${ms.toFixed(2)}${more}`
  const total = entry('total', performance.now() - start)
  if (!all || known === undefined) return total
  const stages = [entry('auth', known - start)]
  if (asked !== undefined)
    stages.push(entry('plan', asked - known), entry('db', database, `;desc="${statements} statement${statements === 1 ? '' : 's'}"`))
  for (const [name, ms] of contents) stages.push(entry(name, ms))
  return [...stages, total].join(', ')
}

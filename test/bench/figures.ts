/** Figures that need no load: memory, reading a large schema, compiling queries. */
import { execFile } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openPostgres } from '../../kernel/database/postgres.ts'
import { createLog } from '../../kernel/log.ts'
import { type Host, system } from '../../kernel/mod.ts'
import { startRegistry } from '../../kernel/schema/registry.ts'
import { createVersions } from '../../kernel/schema/versions.ts'
import { Permits } from '../../plugins/items/permit.ts'
import { Reader } from '../../plugins/items/read.ts'
import { modeller } from '../../plugins/model/modeller.ts'
import { answered, type Server, type Target } from './servers.ts'

const settling = 2000

/** Resident memory of a process that has started and idles, MB. */
export async function memoryOf(server: Server): Promise<number> {
  await setTimeout(settling)
  return memoryNow(server)
}

export async function memoryNow({ pid }: Server): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout) / 1024
}

/** The most resident memory while all articles are exported and thrown away, MB. */
export async function exportPeak(server: Server): Promise<number> {
  let peak = await memoryOf(server)
  let running = true
  const watch = async () => {
    while (running) {
      peak = Math.max(peak, await memoryNow(server))
      await setTimeout(100)
    }
  }
  const watching = watch()
  const { body, ok } = await fetch(`${server.address}/items/articles?fields=id,title,status,views,edited_at&limit=-1&export=ndjson`, {
    headers: server.headers,
  })
  if (!ok) throw new Error('The export failed')
  for await (const _ of body!);
  running = false
  await watching
  return peak
}

/** Milliseconds to make a statement of a query, of each of many new shapes and of one that has been seen. */
export async function compiling(url: string): Promise<{ title: string; fresh: number[]; known: number[] }[]> {
  const db = openPostgres({ url })
  const log = createLog('silent', () => {})
  try {
    const registry = await startRegistry({ db, schemas: ['public'], specs: [], modeller, versions: createVersions(db, log), log })
    const reader = new Reader({ registry, db, hooked: () => false } as unknown as Host, new Permits(), { ...limits })
    const time = (query: string): number => {
      const since = performance.now()
      reader.plan('articles', query, { access: system })
      return performance.now() - since
    }
    return compiled.map(([title, query]) => {
      // Another limit is another shape. The first ones warm the runtime up.
      const fresh = Array.from({ length: 1500 }, (_, n) => time(`${query}&limit=${n + 1}`)).slice(500)
      return { title, fresh, known: fresh.map(() => time(`${query}&limit=1500`)) }
    })
  } finally {
    await db.close()
  }
}

const limits = {
  defaultLimit: 100,
  maxLimit: -1,
  depth: 10,
  fields: 500,
  filterNodes: 200,
  aliases: 50,
  selections: 2000,
  relations: 200,
  response: 1e9,
}

const compiled: readonly [title: string, query: string][] = [
  ['list', 'fields=*'],
  ['filter and sort', 'fields=id,title,rating&filter[status][_eq]=published&filter[views][_gt]=500000&sort=-published_at'],
  ['m2o and o2m', 'fields=*,author.*,comments.*'],
  ['groups', 'aggregate[count]=*&aggregate[avg]=rating&groupBy=status&sort=status'],
  ['filter over relations', 'filter[author][name][_contains]=a&filter[comments][_some][likes][_gt]=3&search=word'],
]

/** Milliseconds from nothing to the first snapshot, the connection open already, of some runs. */
export async function introspection(url: string): Promise<number[]> {
  const db = openPostgres({ url })
  const log = createLog('silent', () => {})
  const times: number[] = []
  try {
    for (let run = 0; run < 5; run++) {
      const versions = createVersions(db, log)
      await db.text('select 1')
      const since = performance.now()
      await startRegistry({ db, schemas: ['public'], specs: [], modeller, versions, log })
      times.push(performance.now() - since)
    }
  } finally {
    await db.close()
  }
  return times
}

/** Milliseconds until a new field is answered for, and until another process serves it, from the same moment; of some fields. */
export async function schemaChanges(changing: Target, other: Target): Promise<{ answered: number[]; served: number[] }> {
  const times = { answered: [] as number[], served: [] as number[] }
  for (let run = 0; run < 20; run++) {
    const field = `added_${run}`
    const since = performance.now()
    const body = JSON.stringify({ field, type: 'string', meta: {} })
    const headers = { ...changing.headers, 'content-type': 'application/json' }
    const made = answered(fetch(`${changing.address}/fields/extra_1`, { method: 'POST', headers, body })).then(
      () => performance.now() - since,
    )
    while (!(await fetch(`${other.address}/fields/extra_1/${field}`, { headers: other.headers })).ok) await setTimeout(20)
    times.served.push(performance.now() - since)
    times.answered.push(await made)
  }
  return times
}

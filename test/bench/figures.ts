/** Figures that need no load: memory, and reading a large schema. */
import { execFile } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openPostgres } from '../../kernel/database/postgres.ts'
import { createLog } from '../../kernel/log.ts'
import { createRegistry } from '../../kernel/schema/registry.ts'
import { createVersions } from '../../kernel/schema/versions.ts'
import { modeller } from '../../plugins/model/modeller.ts'
import type { Server } from './servers.ts'

const settling = 2000

/** Resident memory of a process that has started and idles, MB. */
export async function memoryOf({ pid }: Server): Promise<number> {
  await setTimeout(settling)
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout) / 1024
}

/** Milliseconds from nothing to the first snapshot, the connection open already, of some runs. */
export async function introspection(url: string): Promise<number[]> {
  const db = openPostgres({ url })
  const log = createLog('silent', () => {})
  const times: number[] = []
  try {
    for (let run = 0; run < 5; run++) {
      const registry = createRegistry({ db, schemas: ['public'], specs: [], modeller, versions: createVersions(db, log), log })
      await db.text('select 1')
      const since = performance.now()
      await registry.start()
      times.push(performance.now() - since)
    }
  } finally {
    await db.close()
  }
  return times
}

/** Timed jobs, each run once across processes: whoever first claims a tick in `plinth.schedules` runs it. */
import type { Cron } from 'croner'
import type { Database } from './database/database.ts'
import type { Log } from './log.ts'
import type { TableSpec } from './schema/tables.ts'

export const scheduleTable: TableSpec = {
  name: 'schedules',
  schema: 'plinth',
  columns: { job: 'text', claimed: 'timestamptz not null' },
  primaryKey: 'job',
}

const claim = `insert into plinth.schedules as s (job, claimed) values ($1, $2)
on conflict (job) do update set claimed = excluded.claimed where s.claimed < excluded.claimed returning job`

export interface Scheduler {
  /** `cron` in UTC, with seconds if it has six parts. */
  add(plugin: string, cron: string, job: () => Promise<void>): void
  start(): void
  stop(): void
}

export function createScheduler(db: Database, log: Log): Scheduler {
  const jobs: { name: string; cron: string; job: () => Promise<void> }[] = []
  const running: Cron[] = []
  let stopped = false
  return {
    add: (plugin, cron, job) => jobs.push({ name: `${plugin}:${jobs.length}:${cron}`, cron, job }),
    async start() {
      if (!jobs.length) return
      const { Cron } = await import('croner')
      if (stopped) return
      for (const { name, cron, job } of jobs) {
        running.push(
          new Cron(
            cron,
            { timezone: 'UTC', unref: true, catch: (error) => log.error('a scheduled job failed', { job: name, error }) },
            async (self: Cron) => {
              const tick = new Date(Math.floor((self.currentRun()?.getTime() ?? Date.now()) / 1000) * 1000)
              if ((await db.query(claim, [name, tick.toISOString()])).length) await job()
            },
          ),
        )
      }
    },
    stop() {
      stopped = true
      for (const cron of running) cron.stop()
    },
  }
}

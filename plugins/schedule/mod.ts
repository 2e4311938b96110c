/** Timed jobs, each run once across processes: whoever first claims a tick in `plinth.schedules` runs it. */
import { definePlugin, points, type TableSpec } from 'plinth'

const table: TableSpec = {
  name: 'schedules',
  schema: 'plinth',
  columns: { job: 'text', claimed: 'timestamptz not null' },
  primaryKey: 'job',
}

const claim = `insert into plinth.schedules as s (job, claimed) values ($1, $2)
on conflict (job) do update set claimed = excluded.claimed where s.claimed < excluded.claimed returning job`

export const schedule = definePlugin({
  name: 'schedule',
  tables: [table],
  setup({ db, log, hook, onClose }) {
    hook(points.start, async function startJobs({ jobs }, next) {
      await next()
      if (!jobs.length) return
      const { Cron } = await import('croner')
      for (const [i, { plugin, cron, job }] of jobs.entries()) {
        const name = `${plugin}:${i}:${cron}`
        const timed = new Cron(
          cron,
          { utcOffset: 0, unref: true, catch: (error) => log.error('a scheduled job failed', { job: name, error }) },
          async (self) => {
            const tick = new Date(Math.floor((self.currentRun()?.getTime() ?? Date.now()) / 1000) * 1000)
            if ((await db.query(claim, [name, tick.toISOString()])).length) await job()
          },
        )
        onClose(() => timed.stop())
      }
    })
  },
})

/** Forgets what is older than it has to be kept: a batch a statement, so that nobody waits long for a lock. */
import { type Database, env, type Snapshot } from 'plinth'
import * as v from 'valibot'
import { pathOf } from './place.ts'

/** Ages in ms; null: for ever. Rows a statement. */
export const RetentionOptions = v.object({
  RETENTION_ENABLED: env.boolean(true),
  RETENTION_SCHEDULE: env.matching(/^\s*(\S+\s+){4,5}\S+\s*$/, 'a cron expression such as 0 0 * * *', '0 0 * * *'),
  RETENTION_BATCH: env.integer(500, 1, 100_000),
  ACTIVITY_RETENTION: env.durationOrFalse('90d'),
  REVISIONS_RETENTION: env.durationOrFalse('90d'),
})
export type Retention = v.InferOutput<typeof RetentionOptions>

/** Revisions go with their activity, so they go first: none is left that an activity to be forgotten would take along. */
export async function forget(db: Database, snapshot: Snapshot, retention: Retention): Promise<void> {
  const { ACTIVITY_RETENTION: activity, REVISIONS_RETENTION: revisions, RETENTION_BATCH: batch } = retention
  const ages = [activity, revisions].filter((age) => age !== null)
  if (ages.length) await repeat(db, forgetRevisions(snapshot), Math.min(...ages), batch)
  if (activity !== null) await repeat(db, forgetActivity(snapshot), activity, batch)
}

async function repeat(db: Database, statement: string, age: number, batch: number): Promise<void> {
  const before = new Date(Date.now() - age).toISOString()
  while (Number(await db.text(statement, [before, batch])) === batch);
}

/** Those that stay do without a parent that goes. */
const forgetRevisions = (snapshot: Snapshot): string => {
  const [activity, revisions] = [pathOf(snapshot, 'directus_activity'), pathOf(snapshot, 'directus_revisions')]
  return `with old as (
  select r.id from ${revisions} r join ${activity} a on a.id = r.activity where a.timestamp < $1::timestamptz order by r.id limit $2
), orphaned as (
  update ${revisions} set parent = null where parent in (select id from old) and id not in (select id from old)
), gone as (
  delete from ${revisions} where id in (select id from old) returning id
)
select count(*) from gone`
}

const forgetActivity = (snapshot: Snapshot): string => {
  const activity = pathOf(snapshot, 'directus_activity')
  return `with gone as (
  delete from ${activity} where id in (select id from ${activity} where timestamp < $1::timestamptz order by timestamp limit $2) returning id
)
select count(*) from gone`
}

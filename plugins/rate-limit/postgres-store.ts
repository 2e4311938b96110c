/** Counts in PostgreSQL, for all processes on one database. Unlogged: after a crash counting begins anew. */
import type { Database } from 'plinth'
import type { RateStore } from './limiter.ts'

const table = 'create unlogged table plinth.rate_limits (key text primary key, hits integer not null, ends timestamptz not null)'

/** Times are the database's own, so that clocks of processes need not agree. */
const hit = `
insert into plinth.rate_limits as r (key, hits, ends) values ($1, greatest(0, $3::integer), now() + $2::float8 * interval '1 ms')
on conflict (key) do update set
  hits = greatest(0, $3::integer + case when r.ends > now() then r.hits else 0 end),
  ends = case when r.ends > now() then r.ends else excluded.ends end
returning hits, (extract(epoch from ends - now()) * 1000)::float8 as left`

export async function openPostgresStore(db: Database): Promise<{ store: RateStore; sweep: () => Promise<void> }> {
  await db.transaction(async (tx) => {
    // Several processes may start at once.
    await tx.query(`select pg_advisory_xact_lock(hashtext('plinth.rate_limits'))`)
    const [found] = await tx.query<{ there: boolean }>(`select to_regclass('plinth.rate_limits') is not null as there`)
    if (!found?.there) await tx.execute(table)
  })
  return {
    store: {
      async hit(key, window, by) {
        const [row] = await db.query<{ hits: number; left: number }>(hit, [key, window, by])
        return { hits: row!.hits, ends: Date.now() + row!.left }
      },
    },
    async sweep() {
      await db.query('delete from plinth.rate_limits where ends < now()')
    },
  }
}

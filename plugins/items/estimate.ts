/** How many rows a table has, from what PostgreSQL knows of it already. Pure. */
import type { Table } from 'plinth'

/**
 * SQL for about as many rows as `path` has (a table's quoted name with its schema): those at its last ANALYZE, in proportion to its size now, as the planner
 * reckons; of all its partitions. `exact`, a counting subselect, stands in where there are no statistics: views, foreign tables, what was never analysed.
 */
export function estimatedCount({ kind }: Table, path: string, exact: string): string {
  if (kind === 'view') return exact
  const pages = `pg_relation_size(c.oid) / current_setting('block_size')::integer`
  return `coalesce((
  with recursive part(oid) as (
    select '${path.replaceAll("'", "''")}'::regclass::oid union all select inhrelid from pg_inherits join part on inhparent = oid
  )
  select case when count(*) = count(rows) then round(sum(rows))::bigint end
  from (
    select case when c.relkind = 'f' then null when pg_relation_size(c.oid) = 0 then 0 when c.relpages > 0 then c.reltuples * ${pages} / c.relpages end
    from pg_class c join part using (oid)
  ) known(rows)
), ${exact})`
}

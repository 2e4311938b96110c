/** The triggers that raise version rows: SQL as text, named by their content so that a changed one is noticed by its name. Pure. */
import { type NamedStatement, quoteName, type TableSpec } from 'plinth'

/**
 * Fires at commit, so that the version row is locked for a moment only and never while other rows are still to be locked; once a
 * transaction is enough. Whoever may change the table need not have rights on our schema: the function has its owner's.
 */
export const raiseFunction = `
create or replace function plinth.raise_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into plinth.versions as v (name, version) values (tg_argv[0], 1)
  on conflict (name) do update set version = v.version + 1 where v.xmin <> pg_current_xact_id()::xid;
  perform pg_notify('plinth', tg_argv[0]);
  return null;
end $$`

/** On insert, on delete, on truncate, and on an update that changes one of the columns. Compared as text: json has no equality. */
export function raiseTriggers(
  path: string,
  { version, on, when, inserts = true }: NonNullable<TableSpec['raises']>,
): readonly NamedStatement[] {
  const conditions = [
    ...(on === 'any' ? [] : on.map((name) => `old.${quoteName(name)}::text is distinct from new.${quoteName(name)}::text`)),
    ...(when === undefined ? [] : [when]),
  ]
  const changed = on === 'any' ? '' : ` when (${conditions.join(' or ') || 'false'})`
  const deferred = 'deferrable initially deferred for each row'
  const call = `execute function plinth.raise_version('${version.replaceAll("'", "''")}')`
  const rows = inserts ? 'insert or delete' : 'delete'
  const digest = shortDigest(raiseFunction + version + changed + (inserts ? '' : rows))
  return [
    { event: 'row', create: 'constraint trigger', how: `after ${rows} on ${path} ${deferred} ${call}` },
    { event: 'update', create: 'constraint trigger', how: `after update on ${path} ${deferred}${changed} ${call}` },
    { event: 'truncate', create: 'trigger', how: `after truncate on ${path} for each statement ${call}` },
  ].map(({ event, create, how }) => {
    const name = `plinth_raise_${event}_${digest}`
    return { name, sql: `create ${create} ${name} ${how}` }
  })
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function shortDigest(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

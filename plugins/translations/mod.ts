/** Translations: texts of an app by language and key, at /translations. A pair of both stands once. */
import { arrayLiteral, definePlugin, problems, type TableSpec, type Transaction } from 'plinth'
import { items, itemsCreate, itemsUpdate, type Key } from 'plinth/items'

const table: TableSpec = {
  name: 'directus_translations',
  system: true,
  columns: {
    id: { sql: 'uuid not null', special: ['uuid'], hidden: true },
    language: { sql: 'varchar(255) not null', interface: 'system-language' },
    key: { sql: 'varchar(255) not null', interface: 'input' },
    value: { sql: 'text not null', interface: 'input-multiline' },
  },
  primaryKey: 'id',
  indexes: [['language', 'key']],
}

export const translations = definePlugin({
  name: 'translations',
  needs: [items],
  tables: [table],
  setup(host) {
    host.use(items).crud(host.routes('/translations'), table.name)
    host.hook(itemsCreate, async function keepPairs(event, next) {
      await next()
      if (event.table.name === table.name) await refuseTwins(event.db, event.keys)
    })
    host.hook(itemsUpdate, async function keepPairs(event, next) {
      await next()
      if (event.table.name === table.name)
        await refuseTwins(
          event.db,
          event.changes.flatMap(({ keys }) => keys),
        )
    })
  },
})

/**
 * The table, shared as it is, has no constraint for it. Writers wait for one another, as two could each miss the other's row.
 * @throws INVALID_PAYLOAD
 */
async function refuseTwins(db: Transaction, keys: readonly Key[]): Promise<void> {
  const [, [twin]] = await Promise.all([
    db.query(`select pg_advisory_xact_lock(hashtext('plinth.translations'))`),
    db.query<{ language: string; key: string }>(
      `select t.language, t.key from directus_translations t
       where exists (select from directus_translations n where n.id = any ($1::uuid[]) and (n.language, n.key) = (t.language, t.key))
       group by 1, 2 having count(*) > 1 limit 1`,
      [arrayLiteral(keys)],
    ),
  ])
  if (twin) throw problems.INVALID_PAYLOAD(`"${twin.key}" has a translation to "${twin.language}" already.`)
}

/** Settings: one row about the project, at /settings; its public part is told by /server/info. */
import { type Database, definePlugin, points, problems, type Queryable, quoteTable, remember, type Table } from 'plinth'
import { type Item, items, itemsUpdate, mask } from 'plinth/items'
import { serverInfo } from 'plinth/server'
import { type ProjectSettings, projectSettings } from './api.ts'
import { projectDefaults, settingsTable } from './tables.ts'

type Row = Readonly<Record<string, unknown>>

export const settings = definePlugin({
  name: 'settings',
  needs: [items],
  gives: projectSettings,
  tables: [settingsTable],
  setup(host): ProjectSettings {
    host.use(items).crud(host.routes('/settings'), settingsTable.name, { only: ['list', 'update'] })

    const path = () => quoteTable(host.registry.snapshot.tables.get(settingsTable.name)!)
    host.hook(points.start, async function firstRow(_, next) {
      await ensureRow(host.db, path())
      await next()
    })

    host.hook(itemsUpdate, async function refuseSecrets({ table, changes }, next) {
      if (table.name === settingsTable.name) for (const { patch } of changes) checkSecrets(table, patch)
      await next()
    })

    const row = remember<Row>(1, () => readRow(host.db, path()))
    host.versions.watch('settings', () => row.clear())
    // What a transaction sees may be undone with it: it reads for itself, and leaves nothing behind.
    const current = async (db?: Queryable) => (db ? readRow(db, path()) : (await row.get(''))!)
    host.hook(serverInfo, async function tellProject({ info }, next) {
      info.project = publicPart(await current())
      await next()
    })
    return { current }
  },
})

/** The reference keeps some fields encrypted, for features that we do not have: so that none is ever kept in clear, they are not taken. */
function checkSecrets(table: Table, patch: Item): void {
  for (const [field, value] of Object.entries(patch)) {
    if (value === null || !table.fields.get(field)?.special.includes('encrypt')) continue
    if (value !== mask) throw problems.INVALID_PAYLOAD(`"${field}" cannot be set: nothing here uses it.`, { field })
    delete patch[field]
  }
}

async function readRow(db: Queryable, path: string): Promise<Row> {
  const [found] = await db.query<{ row: Row }>(`select to_jsonb(s) as row from ${path} s limit 1`)
  return found?.row ?? {}
}

/** A database that was made elsewhere may lack columns; then their defaults count. */
const publicPart = (row: Row): Row =>
  Object.fromEntries(Object.entries(projectDefaults).map(([field, value]) => [field, row[field] ?? value]))

/** There must be one row, so that all settings are told, and never two, whoever starts at once. */
async function ensureRow(db: Database, path: string): Promise<void> {
  const [found] = await db.query(`select from ${path} limit 1`)
  if (found) return
  await db.transaction(async (transaction) => {
    await transaction.execute(`lock table ${path} in share row exclusive mode`)
    await transaction.query(`insert into ${path} (project_id) select gen_random_uuid() where not exists (select from ${path})`)
  })
}

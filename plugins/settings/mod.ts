/** Settings: one row about the project, at /settings; its public part is told by /server/info. */
import { type Database, definePlugin, points, problems, quoteName, type Table } from 'plinth'
import { type Item, items, itemsUpdate, mask } from 'plinth/items'
import { serverInfo } from 'plinth/server'
import { projectDefaults, settingsTable } from './tables.ts'

type Project = Readonly<Record<string, unknown>>

/** What a secret reads as; sent back, it changes nothing. */

export const settings = definePlugin({
  name: 'settings',
  needs: [items],
  tables: [settingsTable],
  setup(host) {
    host.use(items).crud(host.routes('/settings'), settingsTable.name, ['list', 'update'])

    const path = () => {
      const { schema, name } = host.registry.snapshot.tables.get(settingsTable.name)!
      return `${quoteName(schema)}.${quoteName(name)}`
    }
    host.hook(points.start, async function firstRow(_, next) {
      await ensureRow(host.db, path())
      await next()
    })

    host.hook(itemsUpdate, async function refuseSecrets({ table, changes }, next) {
      if (table.name === settingsTable.name) for (const { patch } of changes) checkSecrets(table, patch)
      await next()
    })

    let project: Promise<Project> | undefined
    host.versions.watch('settings', () => {
      project = undefined
    })
    host.hook(serverInfo, async function tellProject({ info }, next) {
      const reading = project ?? readProject(host.db, path())
      project = reading
      try {
        info.project = await reading
      } catch (error) {
        if (project === reading) project = undefined
        throw error
      }
      await next()
    })
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

/** A database that was made elsewhere may lack columns; then their defaults count. */
async function readProject(db: Database, path: string): Promise<Project> {
  const [found] = await db.query<{ row: Project }>(`select to_jsonb(s) as row from ${path} s limit 1`)
  return Object.fromEntries(Object.entries(projectDefaults).map(([field, value]) => [field, found?.row[field] ?? value]))
}

/** There must be one row, so that all settings are told, and never two, whoever starts at once. */
async function ensureRow(db: Database, path: string): Promise<void> {
  const [found] = await db.query(`select from ${path} limit 1`)
  if (found) return
  await db.transaction(async (transaction) => {
    await transaction.execute(`lock table ${path} in share row exclusive mode`)
    await transaction.query(`insert into ${path} (project_id) select gen_random_uuid() where not exists (select from ${path})`)
  })
}

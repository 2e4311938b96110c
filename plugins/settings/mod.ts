/** Settings: one row about the project, read at /settings, its public part told by /server/info. */
import { definePlugin, quoteName } from 'plinth'
import { items } from 'plinth/items'
import { serverInfo } from 'plinth/server'
import { projectDefaults, settingsTable } from './tables.ts'

type Project = Readonly<Record<string, unknown>>

export const settings = definePlugin({
  name: 'settings',
  needs: [items],
  tables: [settingsTable],
  setup(host) {
    host.use(items).crud(host.routes('/settings'), settingsTable.name, ['list'])

    let project: Promise<Project> | undefined
    host.versions.watch('settings', () => {
      project = undefined
    })

    /** A database that was made elsewhere may lack columns; then their defaults count. */
    async function readProject(): Promise<Project> {
      const { schema, name } = host.registry.snapshot.tables.get(settingsTable.name)!
      const [found] = await host.db.query<{ row: Project }>(
        `select to_jsonb(s) as row from ${quoteName(schema)}.${quoteName(name)} s limit 1`,
      )
      return Object.fromEntries(Object.entries(projectDefaults).map(([field, value]) => [field, found?.row[field] ?? value]))
    }

    host.hook(serverInfo, async function tellProject({ info }, next) {
      const reading = project ?? readProject()
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

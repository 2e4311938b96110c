/** Example: contents of files in a table, where small ones are part of the database's backups. `STORAGE_<NAME>_DRIVER=table`. */
import { definePlugin } from 'plinth'
import { type StorageDriver, storageDrivers } from 'plinth/files'

const table = 'plinth.contents'

export default definePlugin({
  name: 'table-storage',
  after: ['files'],
  tables: [
    {
      name: 'contents',
      schema: 'plinth',
      columns: {
        location: 'text not null',
        name: 'text not null',
        content: 'bytea not null',
        modified: 'timestamptz not null default current_timestamp',
      },
      primaryKey: ['location', 'name'],
    },
  ],
  setup({ db, hook }) {
    const open = (location: string): StorageDriver => ({
      async put(name, content) {
        const bytes = await new Response(content).bytes()
        await db.query(
          `insert into ${table} (location, name, content) values ($1, $2, $3)
           on conflict (location, name) do update set content = excluded.content, modified = now()`,
          [location, name, bytes],
        )
        return bytes.byteLength
      },
      async get(name, { start, end } = { start: 0 }) {
        const [found] = await db.query<{ part: Uint8Array<ArrayBuffer> }>(
          `select substring(content from $3::int + 1 for coalesce($4::int + 1, length(content)) - $3::int) as part from ${table} where location = $1 and name = $2`,
          [location, name, start, end ?? null],
        )
        return found && new Blob([found.part]).stream()
      },
      async stat(name) {
        const [found] = await db.query<{ size: number; modified: string }>(
          `select length(content) as size, modified from ${table} where location = $1 and name = $2`,
          [location, name],
        )
        return found && { size: found.size, modified: new Date(found.modified) }
      },
      async delete(name) {
        await db.query(`delete from ${table} where location = $1 and name = $2`, [location, name])
      },
      async *list(prefix) {
        const found = await db.query<{ name: string }>(`select name from ${table} where location = $1 and starts_with(name, $2)`, [
          location,
          prefix,
        ])
        for (const { name } of found) yield name
      },
    })
    hook(storageDrivers, async ({ drivers }, next) => {
      drivers.set('table', (_, location) => open(location))
      await next()
    })
  },
})

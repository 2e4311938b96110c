/** Run by lock.test.ts as a process of its own: opens the data folder, prints a line for each row that was confirmed, until it is stopped. */
import { openPGlite } from '../../../plugins/embedded/pglite.node.ts'

const [dataDir, rows] = process.argv.slice(2)

try {
  const db = await openPGlite({ dataDir: dataDir! })
  await db.execute('create table if not exists entry (id serial primary key, pid integer)')
  console.log('open')
  for (let i = 0; i < Number(rows); i++) console.log(await db.text('insert into entry (pid) values ($1) returning id', [process.pid]))
  await db.close()
  console.log('closed')
} catch (error) {
  console.log(`refused: ${(error as Error).message}`)
  process.exit(1)
}

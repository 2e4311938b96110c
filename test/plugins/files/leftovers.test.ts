/** What a process that ended in the middle leaves behind goes in time; what a file has never does. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { definePlugin } from 'plinth'
import { storage } from 'plinth/files'
import { createLeftovers, type Leftovers } from '../../../plugins/files/leftovers.ts'
import { textFile } from '../../form.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { upload } from './library.ts'

let host: TestHost
let leftovers: Leftovers
const spy = definePlugin({
  name: 'spy',
  needs: [storage],
  setup(own) {
    leftovers = createLeftovers(own, own.use(storage))
  },
})
before(async () => {
  host = await startKernel({ plugins: [spy], env: { STORAGE_LOCATIONS: 'main', STORAGE_MAIN_DRIVER: 'memory' } })
})
after(() => host.close())

test('clear() removes what is due, and not what is under way or has a file', async () => {
  const { data } = await upload(host, [['f', textFile('kept')]])
  const place = host.kernel.use(storage).at('main')
  const names = ['crashed.txt', 'crashed__small.webp', 'under-way.txt']
  for (const name of names) await place.put(name, new Response(name).body!)
  await host.kernel.db.query(
    `insert into plinth.file_leftovers (storage, name, file, due) values ('main', 'crashed.txt', gen_random_uuid(), now() - interval '1 second'),
     ('main', 'under-way.txt', gen_random_uuid(), now() + interval '1 hour'), ('main', $1, gen_random_uuid(), now())`,
    [data.filename_disk],
  )
  await leftovers.clear()
  assert.deepEqual((await Array.fromAsync(place.list(''))).sort(), [data.filename_disk, 'under-way.txt'].sort())
  assert.deepEqual(await host.kernel.db.query('select name from plinth.file_leftovers'), [{ name: 'under-way.txt' }])
})

test('claim() announces a name once', async () => {
  const place = { storage: 'main', name: 'new.txt' }
  const file = crypto.randomUUID()
  assert.deepEqual([await leftovers.claim(place, file), await leftovers.claim(place, file)], [true, false])
  await leftovers.abandon(place)
  assert.equal(await leftovers.claim(place, file), true)
})

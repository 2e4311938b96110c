/** The example of a storage, as a user would add it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { storage } from 'plinth/files'
import { textFile } from '../form.ts'
import { startKernel, type TestHost } from '../host.ts'
import { ask, put, quarters, seen } from '../plugins/assets/library.ts'
import { upload } from '../plugins/files/library.ts'

let host: TestHost
before(async () => {
  const env = { STORAGE_LOCATIONS: 'main', STORAGE_MAIN_DRIVER: 'table' }
  host = await startKernel({ change: ['./examples/table-storage.ts'], env })
})
after(() => host.close())

const kept = async () => (await host.kernel.db.query<{ name: string }>('select name from plinth.contents')).map(({ name }) => name).sort()

test('contents are kept, sent whole and in parts, transformed, replaced and removed', async () => {
  const id = await put(host, await (await quarters()).png().toBuffer(), 'p.png', 'image/png')
  assert.equal(await seen((await ask(host, `/assets/${id}`)).bytes), 'png 400x200 rg/by')
  assert.equal((await ask(host, `/assets/${id}`, { headers: { range: 'bytes=1-3' } })).bytes.toString(), 'PNG')
  assert.equal(await seen((await ask(host, `/assets/${id}?width=100`)).bytes), 'png 100x50 rg/by')
  while ((await kept()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5)) // what is made is kept after it has been sent
  const { data } = await upload(host, [['f', textFile('text')]], `/files/${id}`, 'PATCH')
  assert.deepEqual(await kept(), [data.filename_disk])
  assert.equal((await ask(host, `/assets/${id}`)).bytes.toString(), 'text')
  assert.equal((await host.api('GET', '/server/health')).body.checks['storage:main:responseTime'][0].status, 'ok')
  await host.api('DELETE', `/files/${id}`)
  assert.deepEqual([await kept(), await host.kernel.use(storage).at('main').get(data.filename_disk)], [[], undefined])
})

test('whatever it throws is a storage that does not work', async () => {
  await host.kernel.db.query('alter table plinth.contents add check (length(content) < 10)')
  const { status, code } = await upload(host, [['f', textFile('more than ten')]])
  assert.deepEqual([status, code, await kept(), (await host.api('GET', '/files')).data], [503, 'SERVICE_UNAVAILABLE', [], []])
})

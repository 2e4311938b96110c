/** Two processes on one database and one storage: what both are asked for at the same moment is made once. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Database, definePlugin } from 'plinth'
import { type StorageDriver, storage, storageDrivers } from 'plinth/files'
import { openPostgres } from '../../../kernel/database/postgres.ts'
import { freshDatabase, type TestDatabase } from '../../database.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { chooseStorage, type Kind, type Opened, openStorage } from '../../storages.ts'
import { upload } from '../files/library.ts'
import { ask, put, quarters, seen } from './library.ts'

/** Names, as often as they were put. */
const puts: string[] = []
const counting = definePlugin({
  name: 'counting',
  after: ['files'],
  setup(host) {
    host.hook(storageDrivers, async ({ drivers }, next) => {
      for (const [name, open] of [...drivers])
        drivers.set(name, async (...given): Promise<StorageDriver> => {
          const driver = await open(...given)
          const counted: StorageDriver['put'] = (...content) => {
            puts.push(content[0])
            return driver.put(...content)
          }
          return { ...driver, put: counted }
        })
      await next()
    })
  },
})

const madeOf = (id: string) => puts.filter((name) => name.startsWith(`${id}__`))

for (const kind of ['local', 's3'] satisfies Kind[])
  describe(kind, () => {
    let database: TestDatabase
    let contents: Opened
    let one: TestHost
    let two: TestHost
    let second: Database | undefined
    before(async () => {
      chooseStorage(kind)
      contents = await openStorage('main')
      database = await freshDatabase()
      const options = { plugins: [counting], env: { ...contents.env, ASSETS_MEMORY: '0' } }
      second = database.url ? openPostgres({ url: database.url }) : undefined
      one = await startKernel({ ...options, database })
      two = await startKernel({ ...options, database: second ? { ...database, db: second } : database })
    })
    after(async () => {
      await one.close()
      await two.close()
      await database.drop()
      await contents.close()
    })
    const picture = async () => put(one, await (await quarters(1600, 800)).jpeg().toBuffer(), 'p.jpg', 'image/jpeg')
    const claims = () => one.kernel.db.query('select * from plinth.file_leftovers')
    const until = async (holds: () => Promise<boolean>) => {
      for (let waited = 0; !(await holds()); waited += 5) {
        assert.ok(waited < 10_000, String(holds))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }

    test('equal requests to both make one image; all get it', async () => {
      const id = await picture()
      const widths = [30, 32, 34, 30, 32, 34]
      const answers = await Promise.all(
        widths.flatMap((width) => [one, two].map((host) => ask(host, `/assets/${id}?width=${width}&format=webp`))),
      )
      for (const [i, { status, bytes }] of answers.entries()) {
        const width = widths[Math.floor(i / 2)]!
        assert.deepEqual([status, await seen(bytes)], [200, `webp ${width}x${width / 2} rg/by`])
      }
      await until(async () => (await claims()).length === 0)
      assert.equal(madeOf(id).length, 3)
      assert.equal(new Set(madeOf(id)).size, 3)
    })

    test('what cannot be made is refused by both, and nobody waits for it', async () => {
      const id = await put(one, (await (await quarters()).jpeg().toBuffer()).subarray(0, 600), 'cut.jpg', 'image/jpeg')
      const answers = await Promise.all([one, two].map((host) => ask(host, `/assets/${id}?width=9`)))
      assert.deepEqual(
        answers.map(({ code }) => code),
        ['UNPROCESSABLE_CONTENT', 'UNPROCESSABLE_CONTENT'],
      )
      assert.deepEqual([await claims(), madeOf(id)], [[], []])
    })

    test('whoever is asked for what another process is making waits; one that has ended is not waited for', async () => {
      const id = await picture()
      const path = `/assets/${id}?width=40`
      await ask(one, path)
      await until(async () => madeOf(id).length === 1 && (await claims()).length === 0)
      const [name] = madeOf(id) as [string]
      const claim = async (due: string) => {
        await one.kernel.use(storage).at('main').delete(name)
        await one.kernel.db.query(`insert into plinth.file_leftovers values ('main', $1, $2::uuid, now() + $3::interval)`, [name, id, due])
      }
      await claim('1 minute')
      let answered = false
      const asked = ask(two, path).finally(() => {
        answered = true
      })
      await new Promise((resolve) => setTimeout(resolve, 60))
      assert.equal(answered, false)
      await one.kernel.use(storage).release({ storage: 'main', name })
      assert.equal((await asked).status, 200)
      await until(async () => (await claims()).length === 0)

      await claim('-1 second')
      assert.equal((await ask(two, path)).status, 200)
      await until(async () => (await claims()).length === 0)
      assert.equal(madeOf(id).length, 3)
    })

    test('another content, or none, and what was made of the one before is gone', async () => {
      const id = await picture()
      const list = () => Array.fromAsync(one.kernel.use(storage).at('main').list(''))
      const before = (await list()).filter((name) => !name.startsWith(id))
      const path = `/assets/${id}?width=50&format=png`
      assert.equal(await seen((await ask(one, path)).bytes), 'png 50x25 rg/by')
      await until(async () => (await claims()).length === 0)
      const turned = { filename: 'turned.png', type: 'image/png', content: await (await quarters(400, 400)).rotate(180).png().toBuffer() }
      const { data } = await upload(one, [['f', turned]], `/files/${id}`, 'PATCH')
      assert.deepEqual((await list()).sort(), [...before, data.filename_disk].sort())
      for (const host of [two, one]) {
        const { json, bytes } = await ask(host, path)
        assert.equal(json, undefined)
        assert.equal(await seen(bytes), 'png 50x50 yb/gr')
      }
      await until(async () => (await claims()).length === 0)
      assert.equal((await list()).length, before.length + 2)
      assert.equal((await two.api('DELETE', `/files/${id}`)).status, 204)
      assert.deepEqual((await list()).sort(), before.sort())
      assert.deepEqual(await claims(), [])
    })
  })

/** The official SDK's commands for what is kept for apps, for files, and for the server; and what of it no test calls. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as sdk from '@directus/sdk'
import { createDirectus, rest, staticToken, withSearch, withToken } from '@directus/sdk'
import { admin, startKernel, type TestHost } from '../host.ts'
import { asking } from './options.ts'

/** Not offered → why. */
const without: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['createWebhook', 'deleteWebhook', 'readWebhook', 'updateWebhook'].flatMap((name) => [
      [name, 'webhooks are no more'],
      [`${name}s`, 'webhooks are no more'],
    ]),
  ),
  triggerFlow: 'flows do not run yet',
  triggerOperation: 'flows do not run yet',
  updateExtension: 'what is on is said by PLUGINS',
  realtime: 'sockets are to come',
  pong: 'sockets are to come',
}

/** Functions of the SDK that send nothing. */
const silent =
  /^(formatFields|generateUid|getAuthEndpoint|memoryStorage|messageCallback|queryToParams|sleep|throwIf\w+|auth|isDirectusError|isRequestError|withOptions)$/

const called = new Set<string>()
type Command = (...given: any[]) => any
const commands: Readonly<Record<string, Command>> = new Proxy({} as Record<string, Command>, {
  get(_, name: string) {
    called.add(name)
    return (sdk as unknown as Record<string, Command>)[name]
  },
})

describe('@directus/sdk on the system', () => {
  let host: TestHost
  let folder: string
  let user: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plinth-sdk-'))
    host = await startKernel({ env: { DATA_DIR: folder }, sql: 'create table book (id serial primary key, title text)' })
    user = (await host.api('GET', '/users/me?fields=id')).data.id
  })
  after(async () => {
    await host.close()
    await rm(folder, { recursive: true, force: true })
  })
  const client = () => createDirectus('http://plinth.test', asking(host)).with(staticToken(admin.token)).with(rest())
  const ask = (name: string, ...given: unknown[]): Promise<any> => client().request(commands[name]!(...given))

  const kept: [singular: string, plural: string, sample: (n: number) => object, change: object][] = [
    ['Dashboard', 'Dashboards', (n) => ({ name: `d${n}` }), { name: 'other' }],
    ['Flow', 'Flows', (n) => ({ name: `f${n}`, trigger: 'manual' }), { name: 'other' }],
    ['Folder', 'Folders', (n) => ({ name: `f${n}` }), { name: 'other' }],
    ['Notification', 'Notifications', (n) => ({ recipient: user, subject: `s${n}` }), { status: 'archived' }],
    ['Preset', 'Presets', (n) => ({ collection: 'book', bookmark: `b${n}` }), { bookmark: 'other' }],
    ['Translation', 'Translations', (n) => ({ language: 'de-DE', key: `k${n}`, value: 'v' }), { value: 'other' }],
  ]
  const each = async (singular: string, plural: string, sample: (n: number) => object, change: object) => {
    const one = await ask(`create${singular}`, sample(1))
    const more = await ask(`create${plural}`, [sample(2), sample(3)])
    const ids = [one, ...more].map(({ id }) => id)
    assert.equal(new Set(ids).size, 3)
    assert.equal((await ask(`read${singular}`, ids[0], { fields: ['id'] })).id, ids[0])
    assert.equal((await ask(`read${plural}`, { fields: ['id'] })).length, 3)
    const [[field, value]] = Object.entries(change) as [[string, unknown]]
    assert.equal((await ask(`update${singular}`, ids[0], change))[field], value)
    for (const item of await ask(`update${plural}`, ids, change)) assert.equal(item[field], value)
    const batch = await ask(
      `update${plural}Batch`,
      ids.map((id) => ({ id, ...change })),
    )
    assert.equal(batch.length, 3)
    await ask(`delete${singular}`, ids[0])
    await ask(`delete${plural}`, ids.slice(1))
    assert.deepEqual(await ask(`read${plural}`), [])
  }
  for (const [singular, plural, sample, change] of kept) test(plural, () => each(singular, plural, sample, change))

  test('Panels, Operations', async () => {
    const { id: dashboard } = await ask('createDashboard', { name: 'd' })
    const place = { position_x: 1, position_y: 1, width: 1, height: 1, type: 'label' }
    await each('Panel', 'Panels', (n) => ({ dashboard, name: `p${n}`, ...place }), { name: 'other' })
    const { id: flow } = await ask('createFlow', { name: 'f', trigger: 'manual' })
    await each('Operation', 'Operations', (n) => ({ flow, key: `k${n}`, type: 'log', position_x: n, position_y: 1 }), { name: 'other' })
  })

  test('types of GraphQL as text', async () => {
    for (const [scope, root] of [
      ['item', 'book('],
      ['system', 'users('],
    ] as const)
      assert.ok((await new Response((await ask('readGraphqlSdl', scope)).body).text()).includes(root))
  })

  const upload = async (name: string): Promise<string> => {
    const form = new FormData()
    form.append('file', new Blob([`text of ${name}`], { type: 'application/octet-stream' }), name)
    return (await ask('uploadFiles', form)).id
  }

  test('files and their contents', async () => {
    const ids = [await upload('a.bin'), await upload('b.bin'), await upload('c.bin')]
    const [id] = ids
    assert.equal((await ask('readFile', id)).filename_download, 'a.bin')
    assert.equal((await ask('readFiles', { fields: ['id'] })).length, 3)
    assert.equal((await ask('updateFile', id, { title: 'A' })).title, 'A')
    assert.deepEqual(
      (await ask('updateFiles', ids, { title: 'B' })).map(({ title }: any) => title),
      ['B', 'B', 'B'],
    )
    assert.equal((await ask('updateFilesBatch', [{ id, title: 'C' }]))[0].title, 'C')
    assert.equal(new TextDecoder().decode(await ask('readAssetArrayBuffer', id)), 'text of a.bin')
    assert.equal(await (await ask('readAssetBlob', id)).text(), 'text of a.bin')
    assert.equal(await new Response(await ask('readAssetRaw', id)).text(), 'text of a.bin')
    await assert.rejects(ask('importFile', 'http://127.0.0.1:1/x'), 'addresses that are not public are refused')
    await ask('deleteFile', id)
    await ask('deleteFiles', ids.slice(1))
    assert.deepEqual(await ask('readFiles'), [])
  })

  test('imports and exports', async () => {
    const form = new FormData()
    form.append('file', new Blob(['title\na\nb\n'], { type: 'text/csv' }), 'books.csv')
    await ask('utilsImport', 'book', form)
    await ask('utilsExport', 'book', 'csv', { fields: ['title'] }, { title: 'Books' })
    let files: any[] = []
    for (let round = 0; !files.length && round < 100; round++) {
      await sleep(20)
      files = await ask('readFiles', { fields: ['title'] })
    }
    assert.deepEqual(files, [{ title: 'Books' }])
  })

  test('documents of the API, settings, plugins', async () => {
    assert.equal((await ask('readOpenApiSpec')).openapi, '3.1.0')
    assert.equal((await ask('readSettings')).project_name, 'Plinth')
    assert.equal((await ask('updateSettings', { project_name: 'Books' })).project_name, 'Books')
    assert.ok((await ask('readExtensions')).some(({ id }: any) => id === 'specs'))
  })

  test('other ways to ask', async () => {
    const { readItems } = sdk as any
    const found: any = await client().request(withSearch(readItems('book', { filter: { title: { _eq: 'a' } } })))
    assert.equal(found.length, 1)
    await assert.rejects(client().request(withToken('nobody', readItems('book'))))
    const { data } = (await (
      createDirectus('http://plinth.test', asking(host))
        .with(staticToken(admin.token))
        .with(commands.graphql!() as never) as any
    )
      .query('{ book { title } }')
      .then((data: unknown) => ({ data }))) as any
    assert.equal(data.book.length, 2)
  })

  test('every function of it is called by a test, or not offered for a reason', async () => {
    const here = new URL('./', import.meta.url)
    const files = [new URL('../sdk.test.ts', here), ...(await readdir(here)).map((name) => new URL(name, here))]
    const text = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n')
    const missing = Object.entries(sdk)
      .filter(([name, value]) => typeof value === 'function' && !silent.test(name) && !(name in without))
      .map(([name]) => name)
      .filter((name) => !called.has(name) && !new RegExp(`\\b${name}\\(|sdk\\.${name}\\b`).test(text))
    assert.deepEqual(missing, [])
    const gone = Object.keys(without).filter((name) => !(name in sdk))
    assert.deepEqual(gone, [], 'is not offered, and not there to be called either')
    const readme = await readFile(new URL('../../README.md', here), 'utf8')
    const told = /Every function of the SDK works but for these:[^.]*\./.exec(readme)?.[0] ?? ''
    const untold = Object.keys(without).filter((name) => !told.includes(/Webhook/.test(name) ? 'webhooks' : `\`${name}\``))
    assert.deepEqual(untold, [], 'is not offered, and the README does not say so')
  })
})

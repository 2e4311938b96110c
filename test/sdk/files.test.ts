/** The official SDK's commands for files and folders. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  createDirectus,
  createFolder,
  createFolders,
  deleteFile,
  deleteFiles,
  deleteFolder,
  deleteFolders,
  importFile,
  readFile,
  readFiles,
  readFolder,
  readFolders,
  rest,
  staticToken,
  updateFile,
  updateFiles,
  updateFilesBatch,
  updateFolder,
  updateFolders,
  updateFoldersBatch,
  uploadFiles,
} from '@directus/sdk'
import { admin, startKernel, type TestHost } from '../host.ts'
import { startUpstream } from '../upstream.ts'
import { asking } from './options.ts'

describe('@directus/sdk on files', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({
      env: { STORAGE_LOCATIONS: 'main', STORAGE_MAIN_DRIVER: 'memory', IMPORT_IP_DENY_LIST: '169.254.0.0/16' },
    })
  })
  after(() => host.close())
  const client = () => createDirectus('http://plinth.test', asking(host)).with(staticToken(admin.token)).with(rest())

  /** Fields before files. */
  function form(names: readonly string[], fields: Readonly<Record<string, string>> = {}): FormData {
    const data = new FormData()
    for (const [name, value] of Object.entries(fields)) data.append(name, value)
    for (const name of names) data.append('file', new Blob([`content of ${name}`], { type: 'text/plain' }), name)
    return data
  }

  test('files: upload, read, change, replace, remove', async () => {
    const sdk = client()
    const one = await sdk.request(uploadFiles(form(['one.txt'], { title: 'First' })))
    assert.deepEqual([one.title, one.type, one.filename_download], ['First', 'text/plain', 'one.txt'])
    const two = (await sdk.request(uploadFiles(form(['two.txt', 'three.txt'])))) as unknown as { id: string; title: string }[]
    assert.deepEqual(two.map(({ title }) => title).sort(), ['Three', 'Two'])
    assert.equal((await sdk.request(readFile(one.id, { fields: ['title'] }))).title, 'First')
    assert.equal((await sdk.request(readFiles({ filter: { title: { _eq: 'Two' } } }))).length, 1)

    assert.equal((await sdk.request(updateFile(one.id, { title: 'Changed' }))).title, 'Changed')
    assert.equal((await sdk.request(updateFile(one.id, form(['new.txt']) as never))).filename_download, 'new.txt')
    const ids = two.map(({ id }) => id)
    assert.equal((await sdk.request(updateFiles(ids, { description: 'both' }))).length, 2)
    assert.equal((await sdk.request(updateFilesBatch(ids.map((id) => ({ id, title: 'each' }))))).length, 2)
    await sdk.request(deleteFile(one.id))
    await sdk.request(deleteFiles(ids))
    assert.deepEqual(await sdk.request(readFiles()), [])
  })

  test('an import', async () => {
    const upstream = await startUpstream({ '/far_away.txt': (response) => response.end('from elsewhere') })
    try {
      const file = await client().request(importFile(`${upstream.address}/far_away.txt`, { title: 'Imported' }))
      assert.deepEqual([file.title, file.filename_download, file.filesize], ['Imported', 'far_away.txt', '14'])
    } finally {
      await upstream.close()
    }
  })

  test('folders', async () => {
    const sdk = client()
    const press = await sdk.request(createFolder({ name: 'Press' }))
    const [a, b] = await sdk.request(createFolders([{ name: 'A', parent: press.id }, { name: 'B' }]))
    const ids = [a!.id, b!.id]
    assert.equal((await sdk.request(readFolder(press.id))).name, 'Press')
    assert.equal((await sdk.request(readFolders({ filter: { parent: { _eq: press.id } } }))).length, 1)
    assert.equal((await sdk.request(updateFolder(press.id, { name: 'News' }))).name, 'News')
    assert.equal((await sdk.request(updateFolders(ids, { parent: null }))).length, 2)
    assert.equal((await sdk.request(updateFoldersBatch(ids.map((id) => ({ id, name: 'Same' }))))).length, 2)
    await sdk.request(deleteFolder(press.id))
    await sdk.request(deleteFolders(ids))
    assert.deepEqual(await sdk.request(readFolders()), [])
  })
})

/** POST /utils/export: rows become a file among the files. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startKernel, type TestHost } from '../../host.ts'
import { addReader } from '../../readers.ts'

let host: TestHost
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plinth-export-'))
  host = await startKernel({
    env: { DATA_DIR: folder },
    sql: `create table book (id serial primary key, title text); insert into book (title) select 't' || n from generate_series(1, 300) n`,
  })
  await addReader(host, 'reader', 'book')
})
after(async () => {
  await host.close()
  await rm(folder, { recursive: true, force: true })
})

/** What the notifications lead to, when there are so many. */
async function notices(many: number): Promise<any[]> {
  for (let round = 0; round < 100; round++) {
    const { data } = await host.api('GET', '/notifications?fields=*&sort=id')
    if (data.length >= many) return data
    await sleep(20)
  }
  return assert.fail('no notification')
}

test('keeps all rows that are asked for, and tells whoever asked', async () => {
  const body = { format: 'csv', query: { fields: ['title'], sort: ['id'] }, file: { title: 'My "books"' } }
  const made = await host.api('POST', '/utils/export/book', { body })
  assert.deepEqual([made.status, made.body], [204, null])
  const [notice] = await notices(1)
  assert.deepEqual([notice.collection, notice.recipient], ['directus_files', notice.sender])
  const { data: file } = await host.api('GET', `/files/${notice.item}?fields=id,title,type,filename_download`)
  assert.deepEqual([file.title, file.type], ['My "books"', 'text/csv'])
  assert.match(file.filename_download, /^export-book-.*\.csv$/)
  const { body: text } = await host.api('GET', `/assets/${file.id}`)
  assert.equal(text.trim().split('\n').length, 301)
})

test('what goes wrong behind the answer is told too', async () => {
  await host.kernel.db.execute(`insert into directus_folders (id, name) values ('aaaaaaaa-0000-4000-8000-000000000001', 'x')`)
  const folder = 'aaaaaaaa-0000-4000-8000-00000000000f'
  assert.equal((await host.api('POST', '/utils/export/book', { body: { format: 'json', query: {}, file: { folder } } })).status, 204)
  const [, notice] = await notices(2)
  assert.equal(notice.subject, 'The export of "book" has failed')
  assert.ok(notice.message)
  assert.equal(notice.item, null)
})

test('of rows and fields that whoever asked may see', async () => {
  await addReader(host, 'editor', 'book', { id: { _lte: 3 } }, ['title'])
  const { data } = await host.api('GET', '/users?filter[email]=editor@example.com&fields=id,policies.policy')
  const [{ id, policies }] = data
  const rules = ['create', 'read'].map((action) => ({
    policy: policies[0].policy,
    collection: 'directus_files',
    action,
    fields: ['*'],
    permissions: {},
  }))
  await host.api('POST', '/permissions', { body: rules })
  assert.equal((await host.api('POST', '/utils/export/book', { token: 'editor', body: { format: 'json', query: {} } })).status, 204)
  const { item, recipient } = (await notices(3))[2]
  assert.equal(recipient, id)
  assert.deepEqual((await host.api('GET', `/assets/${item}`)).body, [{ title: 't1' }, { title: 't2' }, { title: 't3' }])
})

test('of the system too, without its secrets', async () => {
  const query = { fields: ['email', 'password'], filter: { email: { _eq: 'admin@example.com' } } }
  assert.equal((await host.api('POST', '/utils/export/directus_users', { body: { format: 'json', query } })).status, 204)
  const { item } = (await notices(4))[3]
  assert.deepEqual((await host.api('GET', `/assets/${item}`)).body, [{ email: 'admin@example.com', password: '**********' }])
})

const refused: [why: string, path: string, body: object, token: string | null | undefined, status: number, code: string][] = [
  ['another format', 'book', { format: 'pdf', query: {} }, undefined, 400, 'INVALID_PAYLOAD'],
  ['a query that is none', 'book', { format: 'csv', query: 1 }, undefined, 400, 'INVALID_PAYLOAD'],
  ['no query', 'book', { format: 'csv' }, undefined, 400, 'INVALID_PAYLOAD'],
  ['a wrong query', 'book', { format: 'csv', query: { fields: ['nope'] } }, undefined, 403, 'FORBIDDEN'],
  [
    'a collection of the system that is not read by such a path',
    'directus_sessions',
    { format: 'csv', query: {} },
    undefined,
    403,
    'FORBIDDEN',
  ],
  ['a collection that is not there', 'nope', { format: 'csv', query: {} }, undefined, 403, 'FORBIDDEN'],
  ['who is not signed in', 'book', { format: 'csv', query: {} }, null, 403, 'FORBIDDEN'],
  ['who may make no files', 'book', { format: 'csv', query: {} }, 'reader', 403, 'FORBIDDEN'],
]
for (const [why, path, body, token, status, code] of refused) {
  test(`refuses ${why}`, async () => {
    const answer = await host.api('POST', `/utils/export/${path}`, { body, ...(token === undefined ? {} : { token }) })
    assert.deepEqual([answer.status, answer.code], [status, code])
    assert.equal((await host.api('GET', '/files')).data.length, 3)
  })
}

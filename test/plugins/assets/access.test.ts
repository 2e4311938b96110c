/** Who may have a file: as its row, by public policy, token, share, session and signed address. And archives. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'
import { ask, memory, put, quarters, seen } from './library.ts'

let host: TestHost
const ids: Record<string, string> = {}
let policy: string
const reader = 'reader-token'

const post = async (path: string, body: object) => {
  const { status, data, body: told } = await host.api('POST', path, { body })
  assert.ok(status < 300, JSON.stringify(told))
  return data
}

before(async () => {
  host = await startKernel({ env: { ...memory, ASSETS_ZIP_MAX_FILES: '6', LOGIN_STALL_TIME: '1ms' } })
  const picture = await (await quarters()).png().toBuffer()
  ids.open = await put(host, picture, 'open.png', 'image/png', [['title', 'open']])
  ids.closed = await put(host, picture, 'closed.png', 'image/png', [['title', 'closed']])
  policy = (await post('/policies', { name: 'reader' })).id
  const rule = { policy, collection: 'directus_files', action: 'read', fields: ['id', 'title'], permissions: { title: { _eq: 'open' } } }
  await post('/permissions', rule)
  const user = await post('/users', { email: 'r@example.com', token: reader, password: 'Password123!' })
  await post('/access', { user: user.id, policy })
})
after(() => host.close())

const codeOf = async (path: string, token: string | null, headers = {}) => {
  const { status, code } = await ask(host, path, { token, headers })
  return code ?? status
}

describe('a file is for whoever may read its row', () => {
  test('whatever fields of it the rules show, and no others', async () => {
    for (const query of ['', '?width=20', '?key=system-small-cover']) {
      assert.equal(await codeOf(`/assets/${ids.open}${query}`, reader), 200)
      assert.equal(await codeOf(`/assets/${ids.closed}${query}`, reader), 'FORBIDDEN')
      assert.equal(await codeOf(`/assets/${ids.open}${query}`, null), 'FORBIDDEN')
    }
  })

  test('tokens: in the header, in the query, both, wrong', async () => {
    const path = `/assets/${ids.open}`
    assert.equal(await codeOf(`${path}?access_token=${reader}`, null), 200)
    assert.equal(await codeOf(`${path}?access_token=${reader}`, reader), 'INVALID_PAYLOAD')
    assert.equal(await codeOf(path, 'wrong'), 'INVALID_CREDENTIALS')
    assert.equal(await codeOf(path, null, { cookie: 'directus_session_token=wrong' }), 'INVALID_CREDENTIALS')
  })

  test('a session cookie', async () => {
    const login = { email: 'r@example.com', password: 'Password123!', mode: 'session' }
    const answer = await ask(host, '/auth/login', { method: 'POST', token: null, body: login })
    const cookie = answer.headers.getSetCookie()[0]!.split(';')[0]!
    assert.equal(await codeOf(`/assets/${ids.open}`, null, { cookie }), 200)
    assert.equal(await codeOf(`/assets/${ids.closed}`, null, { cookie }), 'FORBIDDEN')
  })

  test('a share, for the files of what is shared', async () => {
    await post('/collections', { collection: 'page', schema: {}, meta: {}, fields: [{ field: 'cover', type: 'uuid' }] })
    await post('/relations', { collection: 'page', field: 'cover', related_collection: 'directus_files' })
    const role = (await post('/roles', { name: 'Guest' })).id
    const guest = (await post('/policies', { name: 'guest' })).id
    await post('/access', { role, policy: guest })
    for (const collection of ['directus_files', 'page'])
      await post('/permissions', { policy: guest, collection, action: 'read', fields: ['*'] })
    const { id: item } = await post('/items/page', { cover: ids.open })
    const share = await post('/shares', { collection: 'page', item: String(item), role })
    const { access_token: token } = (await ask(host, '/shares/auth', { method: 'POST', token: null, body: { share: share.id } })).json.data
    const answer = await ask(host, `/assets/${ids.open}?width=20`, { token })
    assert.deepEqual([answer.status, answer.headers.get('cache-control')], [200, 'private, max-age=2592000'])
    assert.equal(await codeOf(`/assets/${ids.closed}`, token), 'FORBIDDEN')
  })

  test('the public policy, and then caches on the way may keep it', async () => {
    const { data } = await host.api('GET', '/policies?filter[name][_eq]=$t:public_label&fields=id')
    const rule = await post('/permissions', { policy: data[0].id, collection: 'directus_files', action: 'read', fields: ['id'] })
    const answer = await ask(host, `/assets/${ids.closed}`, { token: null })
    assert.deepEqual([answer.status, answer.headers.get('cache-control')], [200, 'public, max-age=2592000'])
    await host.api('DELETE', `/permissions/${rule.id}`)
    assert.equal(await codeOf(`/assets/${ids.closed}`, null), 'FORBIDDEN')
  })

  test('the pictures of the project itself, as long as they are its own', async () => {
    for (const field of ['project_logo', 'public_foreground', 'public_background', 'public_favicon']) {
      await host.api('PATCH', '/settings', { body: { [field]: ids.closed } })
      assert.equal(await codeOf(`/assets/${ids.closed}?width=20`, null), 200)
      await host.api('PATCH', '/settings', { body: { [field]: null } })
      assert.equal(await codeOf(`/assets/${ids.closed}?width=20`, null), 'FORBIDDEN')
    }
  })
})

describe('signed addresses', () => {
  const sign = (id: string, body: object, token: string | null = reader) => ask(host, `/assets/${id}/sign`, { method: 'POST', token, body })
  const pathOf = (url: string) => new URL(url, 'http://localhost').href.replace(/^https?:\/\/[^/]+/, '')

  test('lend one transform, past the mode of the project, and nothing else', async () => {
    const { status, json } = await sign(ids.open!, { width: 20, transforms: [['flip']], expires: 60 })
    assert.equal(status, 200, JSON.stringify(json))
    const path = pathOf(json.data.url)
    await host.api('PATCH', '/settings', { body: { storage_asset_transform: 'none' } })
    try {
      const answer = await ask(host, path, { token: null })
      assert.equal(await seen(answer.bytes), 'png 20x10 by/rg')
      assert.match(answer.headers.get('cache-control')!, /^public, max-age=(5\d|60)$/, 'no cache lends it for longer')
      assert.equal(await codeOf(`${path}&download`, null), 200)
    } finally {
      await host.api('PATCH', '/settings', { body: { storage_asset_transform: 'all' } })
    }
    for (const other of [path.replace('width=20', 'width=21'), `${path}&height=3`, path.replace(ids.open!, ids.closed!), path.slice(0, -1)])
      assert.equal(await codeOf(other, null), 'FORBIDDEN', other)
    assert.equal(await codeOf(path.replace(ids.open!, ids.closed!), reader), 'FORBIDDEN')
  })

  test('end with their time, and with the rights of who signed', async () => {
    const { data } = await host.api('GET', '/users?filter[email][_eq]=r@example.com&fields=id')
    const path = pathOf((await sign(ids.open!, { expires: 1 })).json.data.url)
    const lasting = pathOf((await sign(ids.open!, { expires: 60 })).json.data.url)
    assert.equal(await codeOf(lasting, null), 200)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    assert.equal(await codeOf(path, null), 'FORBIDDEN')
    await host.api('PATCH', `/users/${data[0].id}`, { body: { status: 'suspended' } })
    assert.equal(await codeOf(lasting, null), 'FORBIDDEN')
    await host.api('PATCH', `/users/${data[0].id}`, { body: { status: 'active' } })
    assert.equal(await codeOf(lasting, null), 200)
  })

  test('are made by those who may see the file, for what it can become', async () => {
    const refused: [string, object, string | null, string][] = [
      [ids.closed!, { expires: 60 }, reader, 'FORBIDDEN'],
      [ids.open!, { expires: 60 }, null, 'FORBIDDEN'],
      [ids.open!, {}, reader, 'INVALID_PAYLOAD'],
      [ids.open!, { expires: 0 }, reader, 'INVALID_PAYLOAD'],
      [ids.open!, { expires: 1e9 }, reader, 'INVALID_PAYLOAD'],
      [ids.open!, { expires: 60, width: -1 }, reader, 'INVALID_QUERY'],
    ]
    for (const [id, body, token, code] of refused) assert.equal((await sign(id, body, token)).code, code, JSON.stringify(body))
  })
})

describe('archives', () => {
  const pack = (path: string, body: object = {}, token?: string | null) =>
    ask(host, path, { method: 'POST', body, ...(token !== undefined && { token }) })
  /** Paths and sizes in the directory of an archive, whose entries begin with PK\x01\x02. */
  function entriesOf(bytes: Buffer): string[] {
    const found: string[] = []
    for (let at = bytes.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 46, 'latin1')) {
      const length = bytes.readUInt16LE(at + 28)
      found.push(`${bytes.subarray(at + 46, at + 46 + length)} ${bytes.readUInt32LE(at + 24)}`)
    }
    return found
  }

  test('a selection: in its order, each once, equal names numbered', async () => {
    const one = await put(host, '1', 'same.txt', 'text/plain')
    const two = await put(host, '22', 'same.txt', 'text/plain')
    const odd = await put(host, '333', 'odd.txt', 'text/plain')
    await host.api('PATCH', `/files/${odd}`, { body: { filename_download: '../../e\u0000vil\\x'.replace('\u0000', '') } })
    const { status, headers, bytes } = await pack('/assets/files', { ids: [two, one, two, odd] })
    assert.equal(status, 200, bytes.toString())
    assert.equal(headers.get('content-type'), 'application/zip')
    assert.match(headers.get('content-disposition')!, /^attachment; filename="files-\d{8}-\d{6}\.zip"$/)
    assert.deepEqual(entriesOf(bytes), ['same.txt 2', 'same.txt (1) 1', '....evilx 3'])
  })

  test('what may not be read is not in it; nothing at all, or nonsense, answers 400', async () => {
    const none = 'aaaaaaaa-0000-4000-8000-000000000000'
    assert.deepEqual(entriesOf((await pack('/assets/files', { ids: [ids.open, ids.closed, none] })).bytes).length, 2)
    for (const body of [{}, { ids: [] }, { ids: 'x' }, { ids: ['x'] }, { ids: [none] }, { ids: Array(7).fill(ids.open) }])
      assert.equal((await pack('/assets/files', body)).code, 'INVALID_PAYLOAD', JSON.stringify(body))
    assert.equal((await pack('/assets/files', { ids: [ids.open] }, null)).code, 'FORBIDDEN')
  })

  test('a folder with those in it, empty ones too', async () => {
    const press = (await post('/folders', { name: 'Press' })).id
    const briefs = (await post('/folders', { name: 'Briefs', parent: press })).id
    const empty = (await post('/folders', { name: 'Empty', parent: press })).id
    for (const [folder, name] of [
      [press, 'a.txt'],
      [briefs, 'b.txt'],
      [briefs, 'b.txt'],
    ] as const)
      await put(host, 'x', name, 'text/plain', [['folder', folder]])
    const { status, headers, bytes } = await pack(`/assets/folder/${press}`)
    assert.equal(status, 200, bytes.toString())
    assert.match(headers.get('content-disposition')!, /^attachment; filename="folder-Press-\d{8}-\d{6}\.zip"$/)
    assert.deepEqual(
      entriesOf(bytes).sort(),
      ['Press/ 0', 'Press/Briefs/ 0', 'Press/Briefs/b.txt (1) 1', 'Press/Briefs/b.txt 1', 'Press/Empty/ 0', 'Press/a.txt 1'].sort(),
    )
    for (const id of [empty, 'aaaaaaaa-0000-4000-8000-000000000000', 'nope'])
      assert.equal((await pack(`/assets/folder/${id}`)).code, 'INVALID_PAYLOAD', id)
    assert.equal((await pack(`/assets/folder/${press}`, {}, reader)).code, 'FORBIDDEN')
  })
})

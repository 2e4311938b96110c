/** Attacks on uploads and imports: each ends in a clear answer, leaves nothing, and the server lives. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { definePlugin } from 'plinth'
import { type StorageDriver, storage, storageDrivers } from 'plinth/files'
import { deniedBy } from '../../plugins/files/addresses.ts'
import { memoryDriver } from '../../plugins/files/drivers/memory.ts'
import { boundary, type FormPart, formBytes, formType, partHead, textFile } from '../form.ts'
import { startKernel, type TestHost } from '../host.ts'
import { send } from '../plugins/files/library.ts'
import { startUpstream, type Upstream } from '../upstream.ts'

/** What the next upload meets. */
let fault: string | undefined

const failing = definePlugin({
  name: 'failing',
  after: ['files'],
  setup(host) {
    host.hook(storageDrivers, async ({ drivers }, next) => {
      drivers.set('failing', (): StorageDriver => {
        const memory = memoryDriver()
        return {
          ...memory,
          async put(name, content, type) {
            if (!fault) return memory.put(name, content, type)
            await content.getReader().read()
            throw Object.assign(new Error(`no ${fault}`), { code: fault })
          },
        }
      })
      await next()
    })
  },
})

let host: TestHost
let upstream: Upstream
before(async () => {
  upstream = await startUpstream({
    '/secret': (response) => response.end('the secret'),
    '/hop': (response) => response.writeHead(302, { location: '/secret' }).end(),
    '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
    '/cut': (response) => {
      response.writeHead(200, { 'content-length': '1000', 'content-type': 'text/plain' })
      response.write('x'.repeat(10))
      setTimeout(() => response.destroy(), 20)
    },
    '/endless': (response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      const more = setInterval(() => response.write('x'.repeat(10_000)), 1)
      response.on('close', () => clearInterval(more))
    },
    '/silent': () => {},
    '/stops': (response) => {
      response.writeHead(200)
      response.write('x')
    },
  })
  host = await startKernel({
    plugins: [failing],
    env: {
      STORAGE_LOCATIONS: 'main',
      STORAGE_MAIN_DRIVER: 'failing',
      FILES_MAX_UPLOAD_SIZE: '50kb',
      FILES_MAX_COUNT: '3',
      MAX_PAYLOAD_SIZE: '10kb',
      IMPORT_TIMEOUT: '300ms',
      IMPORT_IP_DENY_LIST: '169.254.0.0/16',
    },
  })
})
after(async () => {
  await host.close()
  await upstream.close()
})

async function nothing(): Promise<void> {
  assert.deepEqual(await Array.fromAsync(host.kernel.use(storage).at('main').list('')), [])
  assert.deepEqual(await host.kernel.db.query('select * from plinth.file_leftovers'), [])
  assert.deepEqual((await host.api('GET', '/files')).data, [])
}

const bytes = (...parts: (string | Uint8Array)[]) => new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))))
const file: FormPart = ['x', textFile('hello')]
const whole = formBytes([file])
const head = partHead(file)

const bodies: [why: string, body: Uint8Array, status?: number, code?: string, type?: string][] = [
  ['no boundary', whole, 400, 'INVALID_PAYLOAD', 'multipart/form-data'],
  ['another boundary', whole, 400, 'INVALID_PAYLOAD', 'multipart/form-data; boundary=other'],
  ['an empty body', bytes('')],
  ['no part', bytes(`--${boundary}--\r\n`)],
  ['cut off in the head of a part', whole.slice(0, 60)],
  ['cut off after the head', bytes(head)],
  ['cut off in a content', bytes(head, 'hel')],
  ['cut off in a second content', bytes(head, `hello\r\n`, head, 'hel')],
  ['cut off in the last boundary', whole.slice(0, -6)],
  ['no form at all', bytes('x'.repeat(5000))],
  ['a head without end', bytes(`--${boundary}\r\nContent-Disposition: form-data; name="`, 'x'.repeat(200_000))],
  ['too many heads', bytes(`--${boundary}\r\n`, 'x-a: b\r\n'.repeat(20_000))],
  ['too many files', formBytes([file, file, file, file])],
  ['too many fields', formBytes([...Array.from({ length: 1100 }, (_, i): FormPart => [`f${i}`, 'x']), file])],
  ['fields that are too large', formBytes([['title', 'x'.repeat(20_000)], file])],
  ['fields that are too large together', formBytes([...Array.from({ length: 5 }, (_, i): FormPart => [`f${i}`, 'x'.repeat(3000)]), file])],
  ['a file that is too large', formBytes([['x', textFile('x'.repeat(51_201))]]), 413, 'CONTENT_TOO_LARGE'],
  ['a null character in a field', formBytes([['title', 'a\0b'], file])],
  ['a focal point that is no number', formBytes([['focal_point_x', 'x'], file])],
  ['a file named in the place of an id', formBytes([['id', '../../x'], file])],
]

describe('forms', () => {
  for (const [why, body, status = 400, code, type = formType] of bodies)
    test(why, async () => {
      const answer = await send(host, 'POST', '/files', body as never, { headers: { 'content-type': type } })
      assert.equal(answer.status, status, JSON.stringify(answer.body))
      if (code) assert.equal(answer.code, code)
      await nothing()
    })

  test('a client that goes away in the middle', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes(head, 'hel'))
        setTimeout(() => controller.error(new Error('gone')), 20)
      },
    })
    const answer = await send(host, 'POST', '/files', body, { headers: { 'content-type': formType } })
    assert.deepEqual([answer.status, answer.code], [400, 'INVALID_PAYLOAD'])
    await nothing()
  })

  test('an endless content ends at the limit', async () => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes(head)),
      pull(controller) {
        sent += 10_000
        controller.enqueue(bytes('x'.repeat(10_000)))
      },
    })
    const answer = await send(host, 'POST', '/files', body, { headers: { 'content-type': formType } })
    assert.deepEqual([answer.status, answer.code], [413, 'CONTENT_TOO_LARGE'])
    assert.ok(sent < 1_000_000, `${sent} bytes were read`)
    await nothing()
  })

  for (const [why, code] of [
    ['a full disk', 'ENOSPC'],
    ['a storage that has gone', 'EIO'],
  ] as const)
    test(why, async () => {
      fault = code
      const answer = await send(host, 'POST', '/files', whole, { headers: { 'content-type': formType } })
      fault = undefined
      assert.deepEqual([answer.status, answer.code], [503, 'SERVICE_UNAVAILABLE'])
      await nothing()
    })
})

describe('imports', () => {
  const load = (url: string) => host.api('POST', '/files/import', { body: { url } })
  const refused: [why: string, path: string, status?: number][] = [
    ['redirects without end', '/loop'],
    ['an answer that breaks off', '/cut'],
    ['an answer without end', '/endless', 413],
    ['no answer', '/silent'],
    ['an answer that stops', '/stops'],
  ]
  for (const [why, path, status = 503] of refused)
    test(why, async () => {
      const answer = await load(upstream.address + path)
      assert.equal(answer.status, status, JSON.stringify(answer.body))
      await nothing()
    })

  test('by default nothing of this machine or its networks is reached, however it is written, nor by a redirect', async () => {
    const guarded = await startKernel({ env: { STORAGE_LOCATIONS: 'main', STORAGE_MAIN_DRIVER: 'memory' } })
    try {
      const { port } = new URL(upstream.address)
      const names = [
        '127.0.0.1',
        'localhost',
        '127.1',
        '2130706433',
        '0x7f000001',
        '0177.0.0.1',
        '0',
        '[::1]',
        '[::ffff:127.0.0.1]',
        '[::ffff:7f00:1]',
      ]
      const asked = upstream.asked.length
      for (const name of names) {
        const answer = await guarded.api('POST', '/files/import', { body: { url: `http://${name}:${port}/secret` } })
        assert.deepEqual([answer.status, answer.code], [503, 'SERVICE_UNAVAILABLE'], name)
        assert.ok(!JSON.stringify(answer.body).includes('out of bounds'), 'the reason would tell what there is inside')
      }
      assert.equal(upstream.asked.length, asked)
    } finally {
      await guarded.close()
    }
  })

  const addresses: [address: string, denied: boolean][] = [
    ...['10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255'].map(
      (a) => [a, true] as [string, boolean],
    ),
    ...['::1', '::', 'fe80::1', 'fd00::1', '64:ff9b::7f00:1', '2002:7f00:1::', '::7f00:1', 'ff02::1'].map(
      (a) => [a, true] as [string, boolean],
    ),
    ...['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700::1111'].map((a) => [a, false] as [string, boolean]),
  ]
  for (const [address, denied] of addresses)
    test(`${address} is ${denied ? 'out of bounds' : 'public'}`, () => assert.equal(deniedBy(['0.0.0.0'])(address), denied))

  test('what may be reached is: the legitimate twin', async () => {
    const answer = await load(`${upstream.address}/hop`)
    assert.equal(answer.status, 200)
    assert.equal((await host.api('DELETE', `/files/${answer.data.id}`)).status, 204)
    await nothing()
  })
})

describe('contents of others', () => {
  test('who may change a file cannot point it at the content of another one', async () => {
    const { data: secret } = await send(host, 'POST', '/files', whole, { headers: { 'content-type': formType } })
    const { data: policy } = await host.api('POST', '/policies', { body: { name: 'p' } })
    const { data: user } = await host.api('POST', '/users', { body: { email: 'eve@example.com', token: 'eve-token' } })
    await host.api('POST', '/access', { body: { user: user.id, policy: policy.id } })
    const own = { uploaded_by: { _eq: '$CURRENT_USER' } }
    for (const action of ['create', 'read', 'update', 'delete'])
      await host.api('POST', '/permissions', {
        body: { policy: policy.id, collection: 'directus_files', action, fields: ['*'], permissions: action === 'create' ? {} : own },
      })
    const eve = { token: 'eve-token' }
    const { status, data: mine } = await send(host, 'POST', '/files', whole, { ...eve, headers: { 'content-type': formType } })
    assert.equal(status, 200)
    const place = { filename_disk: secret.filename_disk, storage: 'main' }
    assert.equal((await host.api('PATCH', `/files/${mine.id}`, { ...eve, body: place })).code, 'FORBIDDEN')
    const record = { ...place, type: 'text/plain', filename_download: 'a' }
    assert.equal((await host.api('POST', '/files', { ...eve, body: record })).code, 'FORBIDDEN')
    for (const id of [secret.id]) {
      assert.equal((await send(host, 'PATCH', `/files/${id}`, whole, { ...eve, headers: { 'content-type': formType } })).code, 'FORBIDDEN')
      assert.equal((await host.api('DELETE', `/files/${id}`, eve)).code, 'FORBIDDEN')
    }
    assert.equal((await host.api('DELETE', `/files/${mine.id}`, eve)).status, 204)
    assert.equal(await new Response(await host.kernel.use(storage).at('main').get(secret.filename_disk)).text(), 'hello')
    const { data } = await host.api('GET', '/files')
    assert.equal(data.length, 1)
  })
})

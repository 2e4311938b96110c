/** /files/tus, asked as the protocol has it, and by a client that others wrote. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { definePlugin, type Job, points } from 'plinth'
import { type StorageDriver, storage, storageDrivers } from 'plinth/files'
import { type HttpStack, Upload, type UploadOptions } from 'tus-js-client'
import { memoryDriver } from '../../../plugins/files/drivers/memory.ts'
import { freshDatabase } from '../../database.ts'
import { textFile } from '../../form.ts'
import { type Answer, admin, startKernel, type TestHost, type TestOptions } from '../../host.ts'
import { chooseStorage, openStorage } from '../../storages.ts'
import { image, send, upload } from './library.ts'

/** What contents of such names meet when they are put. */
let fault: { readonly code: string; readonly names: RegExp } | undefined
let jobs: readonly Job[] = []
/** Contents that are being read. */
let open = 0

const failing = definePlugin({
  name: 'failing',
  after: ['files'],
  setup(host) {
    host.hook(storageDrivers, async ({ drivers }, next) => {
      drivers.set('failing', (): StorageDriver => {
        const memory = memoryDriver()
        return {
          ...memory,
          async get(name, range) {
            const reader = (await memory.get(name, range))?.getReader()
            if (!reader) return undefined
            open++
            const source = {
              async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
                const { done, value } = await reader.read()
                if (!done) return controller.enqueue(value)
                open--
                controller.close()
              },
              cancel: () => void open--,
            }
            return new ReadableStream<Uint8Array>(source, { highWaterMark: 0 })
          },
          async put(name, content, type) {
            if (!fault?.names.test(name)) return memory.put(name, content, type)
            for await (const _ of content as unknown as AsyncIterable<Uint8Array>) break
            throw Object.assign(new Error(fault.code), { code: fault.code })
          },
        }
      })
      await next()
    })
    host.hook(points.start, async (event, next) => {
      jobs = event.jobs
      await next()
    })
  },
})

const cleanup = '11 4 * * *'
let host: TestHost
before(async () => {
  host = await startKernel({
    plugins: [failing],
    env: {
      TUS_ENABLED: 'true',
      TUS_CHUNK_SIZE: '1kb',
      TUS_CLEANUP_SCHEDULE: cleanup,
      PUBLIC_URL: 'https://api.test/base',
      FILES_MAX_UPLOAD_SIZE: '1mb',
      FILES_MIME_TYPE_ALLOW_LIST: 'text/*,image/*,application/octet-stream',
      STORAGE_LOCATIONS: 'main',
      STORAGE_MAIN_DRIVER: 'failing',
    },
  })
})
after(() => host.close())

const encode = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',')
const text = { filename_download: 'a.txt', type: 'text/plain' }

interface Sending {
  readonly token?: string | null
  readonly headers?: Record<string, string>
  readonly to?: TestHost
}

const ask = (method: string, path: string, body: BodyInit | null, { token, headers, to = host }: Sending = {}) =>
  send(to, method, path, body, { ...(token !== undefined && { token }), headers: { 'tus-resumable': '1.0.0', ...headers } })

const begin = (size: number, fields: Record<string, string> = text, { headers, ...sending }: Sending = {}) =>
  ask('POST', '/files/tus', null, {
    ...sending,
    headers: { 'upload-length': String(size), 'upload-metadata': encode(fields), ...headers },
  })

async function begun(size: number, fields?: Record<string, string>, sending?: Sending): Promise<string> {
  const { status, headers, body } = await begin(size, fields, sending)
  assert.equal(status, 201, JSON.stringify(body))
  const [, path] = /(\/files\/tus\/[0-9a-f]{32})$/.exec(headers.get('location')!)!
  return path!
}

const patch = (path: string, offset: number, body: BodyInit | null, { headers, ...sending }: Sending = {}) =>
  ask('PATCH', path, body, {
    ...sending,
    headers: { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream', ...headers },
  })

const head = (path: string, sending?: Sending) => ask('HEAD', path, null, sending)
const offsetOf = ({ headers }: Answer) => Number(headers.get('upload-offset'))
const kept = async () => (await Array.fromAsync(host.kernel.use(storage).at('main').list(''))).sort()
const contentOf = async (id: string) => (await host.kernel.fetch(assetRequest(id))).text()
const assetRequest = (id: string) => new Request(`http://localhost/assets/${id}`, { headers: { authorization: `Bearer ${admin.token}` } })
const leftovers = () => host.kernel.db.query('select * from plinth.file_leftovers')

/** Bodies that end in an error, as those of lost connections do. */
const broken = (...chunks: string[]) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift()
      if (chunk === undefined) controller.error(new Error('connection reset'))
      else controller.enqueue(new TextEncoder().encode(chunk))
    },
  })

/** Lets the client ask a kernel. `cut`: bytes after which a body of a PATCH breaks off, once each. */
function stackOf(to: TestHost, cut: number[] = []): HttpStack {
  return {
    getName: () => 'kernel',
    createRequest(method, url) {
      const headers: Record<string, string> = {}
      return {
        getMethod: () => method,
        getURL: () => url,
        setHeader: (name, value) => void Object.assign(headers, { [name.toLowerCase()]: value }),
        getHeader: (name) => headers[name.toLowerCase()],
        setProgressHandler() {},
        abort: async () => {},
        getUnderlyingObject: () => null,
        async send(body: Uint8Array | null) {
          const after = method === 'PATCH' ? cut.shift() : undefined
          const sent = after === undefined ? body && new Uint8Array(body) : broken(new TextDecoder().decode(body!.subarray(0, after)))
          const path = new URL(url).pathname.replace('/base', '')
          const request = new Request(`http://localhost${path}`, { method, headers, body: sent, duplex: 'half' } as RequestInit)
          const response = await to.kernel.fetch(request)
          if (after !== undefined) throw new Error('the connection was lost')
          const answered = await response.text()
          return {
            getStatus: () => response.status,
            getHeader: (name) => response.headers.get(name) ?? undefined,
            getBody: () => answered,
            getUnderlyingObject: () => response,
          }
        },
      }
    },
  }
}

const uploadBy = (content: Buffer, options: Partial<UploadOptions>) =>
  new Promise<{ headers: (name: string) => string | undefined; url: string | null }>((resolve, reject) => {
    const client: Upload = new Upload(content, {
      endpoint: 'https://api.test/base/files/tus',
      headers: { authorization: `Bearer ${admin.token}` },
      metadata: text,
      retryDelays: [0, 0, 0],
      ...options,
      onSuccess: ({ lastResponse }) => resolve({ headers: (name) => lastResponse.getHeader(name), url: client.url }),
      onError: reject,
    })
    client.start()
  })

describe('tus-js-client', () => {
  const content = Buffer.from('0123456789'.repeat(500))
  const ways: [why: string, cut: number[], options: Partial<UploadOptions>][] = [
    ['all at once', [], {}],
    ['in pieces', [], { chunkSize: 1999 }],
    ['with the creation', [], { uploadDataDuringCreation: true, chunkSize: 2000 }],
    ['over a connection that is lost twice', [2500, 1200], {}],
  ]
  for (const [why, cut, options] of ways) {
    test(`uploads a file ${why}`, async () => {
      const before = await kept()
      const { headers } = await uploadBy(content, { httpStack: stackOf(host, cut), metadata: { ...text, title: 'Ünïcode' }, ...options })
      const id = headers('directus-file-id')!
      const { data } = await host.api('GET', `/files/${id}?fields=title,type,filesize,filename_disk,uploaded_by.email,tus_id`)
      const said = { title: 'Ünïcode', type: 'text/plain', filesize: '5000', filename_disk: `${id}.txt`, tus_id: null }
      assert.deepEqual(data, { ...said, uploaded_by: { email: admin.email } })
      assert.equal(await contentOf(id), content.toString())
      assert.deepEqual(await kept(), [...before, `${id}.txt`].sort(), 'no part is left')
      assert.deepEqual(await leftovers(), [])
      const { data: told } = await host.api('GET', `/activity?fields=action&filter[item][_eq]=${id}`)
      assert.deepEqual(told, [{ action: 'create' }])
    })
  }

  for (const kind of ['local', 's3'] as const) {
    test(`another process goes on with what one that is gone has kept (${kind})`, async () => {
      chooseStorage(kind)
      const [database, contents] = await Promise.all([freshDatabase(), openStorage('main')])
      const options: TestOptions = {
        database,
        wrap: (db) => ({ ...db, close: async () => {} }), // it is closed when both have gone
        env: { TUS_ENABLED: 'true', TUS_CHUNK_SIZE: '1kb', PUBLIC_URL: 'https://api.test', ...contents.env },
      }
      try {
        const first = await startKernel(options)
        const path = await begun(5000, text, { to: first })
        await patch(path, 0, broken('0123456789'.repeat(150)), { to: first })
        await first.kernel.close()
        const second = await startKernel(options)
        try {
          const { headers } = await uploadBy(content, { httpStack: stackOf(second), uploadUrl: `https://api.test${path}` })
          const names = await Array.fromAsync(second.kernel.use(storage).at('main').list(''))
          assert.deepEqual(names, [`${headers('directus-file-id')}.txt`])
          const { data } = await second.api('GET', `/files/details?ids=${headers('directus-file-id')}`)
          assert.equal(data[0].sha256, createHash('sha256').update(content).digest('hex'))
        } finally {
          await second.kernel.close()
        }
      } finally {
        await database.drop()
        await contents.close()
      }
    })
  }
})

describe('the protocol', () => {
  test('OPTIONS tells what there is, also to nobody', async () => {
    for (const path of ['/files/tus', '/files/tus/x']) {
      const { status, headers } = await ask('OPTIONS', path, null, { token: null })
      const told = ['tus-version', 'tus-extension', 'tus-max-size'].map((name) => headers.get(name))
      assert.deepEqual([status, ...told], [204, '1.0.0', 'creation,creation-with-upload,termination,expiration,checksum', '1048576'])
    }
    const { data } = await host.api('GET', '/server/info')
    assert.deepEqual(data.uploads, { tus: true, chunkSize: 1024 })
  })

  test('an upload tells where it is, and ends as its client wishes', async () => {
    const created = await begin(6)
    assert.match(created.headers.get('location')!, /^https:\/\/api\.test\/base\/files\/tus\/[0-9a-f]{32}$/)
    assert.ok(Math.abs(Date.parse(created.headers.get('upload-expires')!) - Date.now() - 600_000) < 5000)
    const path = new URL(created.headers.get('location')!).pathname.replace('/base', '')
    const first = await patch(path, 0, 'abc')
    assert.deepEqual([first.status, offsetOf(first), first.headers.get('directus-file-id')], [204, 3, null])
    const asked = await head(path)
    const told = ['upload-offset', 'upload-length', 'upload-metadata', 'cache-control'].map((name) => asked.headers.get(name))
    assert.deepEqual([asked.status, ...told], [200, '3', '6', encode(text), 'no-store'])
    assert.equal((await ask('DELETE', path, null)).status, 204)
    assert.deepEqual([(await head(path)).status, (await patch(path, 3, 'def')).status], [404, 404])
    assert.deepEqual(await leftovers(), [])
  })

  test('who did not hear that the file is there hears it by HEAD, and sends nothing again', async () => {
    const path = await begun(3)
    const id = (await patch(path, 0, 'abc')).headers.get('directus-file-id')
    const asked = await head(path)
    assert.deepEqual([offsetOf(asked), asked.headers.get('directus-file-id')], [3, id])
    const again = await patch(path, 3, null)
    assert.deepEqual([again.status, again.headers.get('directus-file-id')], [204, id])
  })

  test('an empty file', async () => {
    const { status, headers } = await begin(0)
    assert.deepEqual([status, await contentOf(headers.get('directus-file-id')!)], [201, ''])
  })

  test('what arrived before a connection was lost is kept, in a part however small', async () => {
    const path = await begun(3000)
    await patch(path, 0, broken('x'.repeat(1500), 'y'))
    assert.equal(offsetOf(await head(path)), 1501)
    const { headers } = await patch(path, 1501, 'z'.repeat(1499))
    assert.equal(await contentOf(headers.get('directus-file-id')!), `${'x'.repeat(1500)}y${'z'.repeat(1499)}`)
  })

  test('of several who go on from the same place one does', async () => {
    const path = await begun(4000)
    const bodies = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(1000))
    const answers = await Promise.all(bodies.map((body) => patch(path, 0, body)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 409, 409, 409])
    assert.deepEqual(answers.find(({ status }) => status === 409)!.code, 'UPLOAD_CONFLICT')
    const rest = await Promise.all(bodies.map((body) => patch(path, 1000, body.repeat(3))))
    assert.ok(
      rest.every(({ status }) => status === 204 || status === 409),
      String(rest.map(({ status }) => status)),
    )
    const done = rest.flatMap(({ headers }) => headers.get('directus-file-id') ?? [])
    assert.equal(done.length, 1)
    const content = await contentOf(done[0]!)
    assert.match(content, /^(.)\1{999}(.)\2{2999}$/)
    assert.deepEqual(await leftovers(), [])
  })

  test('a checksum is of all that is sent: what differs, or is cut off, does not count', async () => {
    const path = await begun(2500)
    const sum = (body: string, algorithm = 'sha1') => ({
      headers: { 'upload-checksum': `${algorithm} ${createHash(algorithm).update(body).digest('base64')}` },
    })
    const body = 'x'.repeat(2000)
    const wrong = await patch(path, 0, body, sum('y'))
    assert.deepEqual([wrong.status, wrong.code], [460, 'CHECKSUM_MISMATCH'])
    assert.equal((await patch(path, 0, broken(body), sum(body))).status, 460)
    assert.equal((await patch(path, 0, body, { headers: { 'upload-checksum': 'crc7 AAAA' } })).status, 400)
    assert.equal((await patch(path, 0, body, { headers: { 'upload-checksum': 'sha1 %' } })).status, 400)
    assert.equal(offsetOf(await head(path)), 0)
    assert.equal(offsetOf(await patch(path, 0, body, sum(body))), 2000)
    assert.equal(offsetOf(await patch(path, 2000, body.slice(0, 500), sum(body.slice(0, 500), 'sha256'))), 2500)
    assert.deepEqual(await leftovers(), [])
  })

  test('one left alone for too long is over, and goes', async () => {
    const path = await begun(10)
    await patch(path, 0, 'abc')
    const before = await kept()
    await host.kernel.db.query(`update plinth.file_uploads set due = now() - interval '1 second' where file is null`)
    const over = await patch(path, 3, 'x')
    assert.deepEqual([over.status, over.code, (await head(path)).status], [410, 'UPLOAD_EXPIRED', 410])
    await jobs.find(({ cron }) => cron === cleanup)!.job()
    assert.equal((await head(path)).status, 404)
    assert.equal((await kept()).length, before.length - 1)
    assert.deepEqual(await leftovers(), [])
  })
})

describe('the file that comes of it', () => {
  test('has the fields of the metadata; unknown ones do not count', async () => {
    const picture = await image('png')
    const fields = {
      filename_download: 'pictures/two_words.png',
      tags: '["a"]',
      description: 'd',
      nope: 'x',
      filename_disk: 'x',
      filesize: '9',
    }
    const { headers } = await patch(await begun(picture.content.length, fields), 0, new Uint8Array(picture.content as Uint8Array))
    const { data } = await host.api('GET', `/files/${headers.get('directus-file-id')}`)
    const { id, title, type, tags, description, width, filename_download, filename_disk, filesize } = data
    assert.deepEqual(
      { title, type, tags, description, width, filename_download, filename_disk, filesize },
      {
        title: 'Two Words.png',
        type: 'image/png',
        tags: ['a'],
        description: 'd',
        width: 20,
        filename_download: 'two_words.png',
        filename_disk: `${id}.png`,
        filesize: String(picture.content.length),
      },
    )
  })

  test('takes the place of the content of the file that `id` names', async () => {
    const { data: old } = await upload(host, [['f', textFile('old', 'old.txt')]])
    const { headers } = await patch(await begun(3, { ...text, id: old.id, filename_download: 'new.md', title: 'ignored' }), 0, 'new')
    assert.equal(headers.get('directus-file-id'), old.id)
    const { data } = await host.api('GET', `/files/${old.id}?fields=title,filename_download,filesize`)
    assert.deepEqual(data, { title: 'Old', filename_download: 'new.md', filesize: '3' })
    assert.equal(await contentOf(old.id), 'new')
    assert.ok(!(await kept()).includes(old.filename_disk))
  })

  test('is a new one where an administrator names an `id` that there is not', async () => {
    const id = crypto.randomUUID()
    const { headers } = await patch(await begun(3, { ...text, id }), 0, 'abc')
    assert.notEqual(headers.get('directus-file-id'), id)
    assert.equal(await contentOf(headers.get('directus-file-id')!), 'abc')
  })

  test('is refused when its content is not what was said: nothing is left', async () => {
    const before = await kept()
    const path = await begun(2000, { filename_download: 'a.png', type: 'image/png' })
    await patch(path, 0, `%PDF-1.4${'x'.repeat(1000)}`)
    const { status, code } = await patch(path, 1008, 'x'.repeat(992))
    assert.deepEqual([status, code, (await head(path)).status], [400, 'INVALID_PAYLOAD', 404])
    assert.deepEqual([await kept(), await leftovers()], [before, []])
  })

  const faults: [what: string, code: string, names: RegExp][] = [
    ['has no room for a part', 'ENOSPC', /^part-/],
    ['has no room for the whole', 'ENOSPC', /^(?!part-)/],
    ['cannot be written', 'EACCES', /^/],
  ]
  for (const [what, code, names] of faults) {
    test(`waits for a storage that ${what}: the client goes on later`, async () => {
      const path = await begun(8000)
      await patch(path, 0, 'x'.repeat(7200))
      fault = { code, names }
      const refused = await patch(path, 7200, 'y'.repeat(800)).finally(() => (fault = undefined))
      assert.deepEqual([refused.status, refused.code, offsetOf(await head(path))], [503, 'SERVICE_UNAVAILABLE', 7200])
      assert.equal(open, 0, 'no part stays open')
      const { headers } = await patch(path, 7200, 'z'.repeat(800))
      assert.equal(await contentOf(headers.get('directus-file-id')!), 'x'.repeat(7200) + 'z'.repeat(800))
      assert.deepEqual(await leftovers(), [])
    })
  }
})

describe('what is refused', () => {
  const creation: [why: string, headers: Record<string, string>, status: number, code: string][] = [
    ['no version', { 'tus-resumable': '' }, 412, 'UNSUPPORTED_VERSION'],
    ['another version', { 'tus-resumable': '0.2.2' }, 412, 'UNSUPPORTED_VERSION'],
    ['a length to come', { 'upload-length': '', 'upload-defer-length': '1' }, 400, 'INVALID_PAYLOAD'],
    ['a negative length', { 'upload-length': '-1' }, 400, 'INVALID_PAYLOAD'],
    ['a length of words', { 'upload-length': 'ten' }, 400, 'INVALID_PAYLOAD'],
    ['a length above the limit', { 'upload-length': '1048577' }, 413, 'CONTENT_TOO_LARGE'],
    ['no metadata', { 'upload-metadata': '' }, 400, 'INVALID_METADATA'],
    ['no name', { 'upload-metadata': encode({ type: 'text/plain' }) }, 400, 'INVALID_METADATA'],
    ['metadata that are none', { 'upload-metadata': 'filename_download %%%' }, 400, 'INVALID_METADATA'],
    ['a key twice', { 'upload-metadata': `${encode(text)},${encode(text)}` }, 400, 'INVALID_METADATA'],
    [
      'a name of 10,000 characters',
      { 'upload-metadata': encode({ ...text, filename_download: 'x'.repeat(10_000) }) },
      400,
      'VALUE_TOO_LONG',
    ],
    ['a type that is not allowed', { 'upload-metadata': encode({ ...text, type: 'application/pdf' }) }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['an unknown folder', { 'upload-metadata': encode({ ...text, folder: crypto.randomUUID() }) }, 400, 'INVALID_FOREIGN_KEY'],
    ['an unknown storage', { 'upload-metadata': encode({ ...text, storage: 'nope' }) }, 400, 'INVALID_PAYLOAD'],
    ['an id that is none', { 'upload-metadata': encode({ ...text, id: '../x' }) }, 403, 'FORBIDDEN'],
  ]
  for (const [why, headers, status, code] of creation) {
    test(`POST with ${why}: ${status}`, async () => {
      const answer = await begin(10, text, { headers })
      assert.deepEqual([answer.status, answer.code, answer.headers.get('tus-resumable')], [status, code, '1.0.0'])
      assert.deepEqual(await leftovers(), [])
    })
  }

  test('PATCH of what does not fit; the upload goes on all the same', async () => {
    const path = await begun(10)
    await patch(path, 0, 'abc')
    const wrong: [sending: Promise<Answer>, status: number][] = [
      [patch(path, 0, 'x'), 409],
      [patch(path, 7, 'x'), 409],
      [patch(path, 3, 'x'.repeat(8)), 413],
      [patch(path, 3, 'x', { headers: { 'content-length': '8' } }), 413],
      [patch(path, 3, 'x', { headers: { 'content-type': 'text/plain' } }), 415],
      [patch(path, 3, 'x', { headers: { 'upload-offset': '' } }), 400],
      [patch(path, 3, 'x', { headers: { 'tus-resumable': '2.0.0' } }), 412],
      [patch(`${path}0`, 3, 'x'), 404],
      [ask('GET', path, null), 404],
    ]
    for (const [sending, status] of wrong) assert.equal((await sending).status, status)
    assert.equal(offsetOf(await head(path)), 3)
    assert.equal((await patch(path, 3, 'x'.repeat(7))).status, 204)
    assert.deepEqual(await leftovers(), [])
  })

  test('whoever may make no files, or did not begin the upload', async () => {
    const make = async (path: string, body: object) => (await host.api('POST', path, { body })).data.id as string
    const policy = await make('/policies', { name: 'uploads' })
    const permission = await make('/permissions', { policy, collection: 'directus_files', action: 'create', fields: ['*'] })
    for (const token of ['writer', 'other']) {
      await make('/access', { policy, user: await make('/users', { email: `${token}@example.com`, token }) })
    }
    await make('/users', { email: 'stranger@example.com', token: 'stranger' })
    for (const token of [null, 'stranger']) {
      const refused = await begin(10, text, { token })
      assert.deepEqual([refused.status, refused.code], [403, 'FORBIDDEN'])
    }
    const { data: file } = await upload(host, [['f', textFile('old', 'old.txt')]])
    for (const id of [file.id, crypto.randomUUID()]) assert.equal((await begin(10, { ...text, id }, { token: 'writer' })).status, 403)

    const path = await begun(10, text, { token: 'writer' })
    assert.equal((await patch(path, 0, 'abc', { token: 'writer' })).status, 204)
    const strangers: [token: string | null, status: number][] = [
      [null, 403],
      ['stranger', 403],
      ['other', 404],
      [admin.token, 404],
    ]
    for (const [token, status] of strangers) {
      const seen = [await head(path, { token }), await patch(path, 3, 'x', { token }), await ask('DELETE', path, null, { token })]
      assert.deepEqual(
        seen.map((answer) => answer.status),
        [status, status, status],
      )
    }
    await host.api('PATCH', `/permissions/${permission}`, { body: { fields: ['title'] } })
    const before = await kept()
    const late = await patch(path, 3, 'x'.repeat(7), { token: 'writer' })
    assert.deepEqual([late.status, late.code], [403, 'FORBIDDEN'])
    assert.equal((await kept()).length, before.length - 1, 'its parts went with it')
    assert.deepEqual(await leftovers(), [])
  })
})

/** A storage that goes away, lies or stops in the middle: each ends in a clear answer, leaves nothing for good, and the server lives. */
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, afterEach, before, describe, test } from 'node:test'
import { definePlugin } from 'plinth'
import { storage } from 'plinth/files'
import { createLeftovers, type Leftovers } from '../../plugins/files/leftovers.ts'
import { type FormPart, textFile } from '../form.ts'
import { admin, startKernel, type TestHost } from '../host.ts'
import { ask, put, quarters } from '../plugins/assets/library.ts'
import { upload } from '../plugins/files/library.ts'
import { type S3, startS3 } from '../s3.ts'

const secret = 'S3RVER'
let s3: S3
let host: TestHost
let leftovers: Leftovers
const spy = definePlugin({
  name: 'spy',
  needs: [storage],
  setup(own) {
    leftovers = createLeftovers(own, own.use(storage))
  },
})
/** Its location and its picture are there in all tests. */
let picture: string
let text: string
before(async () => {
  s3 = await startS3()
  const env = { STORAGE_LOCATIONS: 'main,other', ...s3.variables('main'), ...s3.variables('other') }
  host = await startKernel({ plugins: [spy], env: { ...env, STORAGE_MAIN_SOCKET_TIMEOUT: '600ms', ASSETS_MEMORY: '0' } })
  picture = await put(host, await (await quarters()).jpeg().toBuffer(), 'p.jpg', 'image/jpeg')
  text = await put(host, 'hello', 'a.txt', 'text/plain')
})
after(async () => {
  await host.close()
  await s3.close()
})
afterEach(() => {
  s3.fault = undefined
})

const answer = (response: ServerResponse, status: number, body = ''): true => {
  response.writeHead(status).end(body)
  return true
}
const refused = `<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>${secret}</AWSAccessKeyId></Error>`
const faults: [why: string, fault: NonNullable<S3['fault']>][] = [
  ['it fails', (_, response) => answer(response, 500)],
  ['it refuses', (_, response) => answer(response, 403, refused)],
  ['it hangs up', (_, response) => response.destroy() !== undefined],
  ['it is silent', () => true],
  ['it answers halfway', halfway],
]

function halfway(_: IncomingMessage, response: ServerResponse): true {
  response.writeHead(500, { 'content-length': 1000 }).write('<Error>')
  setTimeout(() => response.destroy(), 5)
  return true
}

const small: FormPart[] = [['f', textFile('small', 'new.txt')]]
const actions: [
  what: string,
  run: () => Promise<{ status: number; code?: string; headers: Headers; json?: any; body?: any }>,
  service: string,
][] = [
  ['an upload', () => upload(host, small), 'files'],
  ['another content', () => upload(host, small, `/files/${text}`, 'PATCH'), 'files'],
  ['a download', () => ask(host, `/assets/${text}`), 'assets'],
  ['a part', () => ask(host, `/assets/${text}`, { headers: { range: 'bytes=1-2' } }), 'assets'],
  ['an image', () => ask(host, `/assets/${picture}?width=10`), 'assets'],
  ['an archive', () => ask(host, '/assets/files', { method: 'POST', body: { ids: [text, picture] } }), 'assets'],
]

const rows = async () =>
  (await host.kernel.db.query('select id, storage, filename_disk from directus_files order by id')).map((row) => ({ ...row }))
const noted = () => host.kernel.db.query('select * from plinth.file_leftovers')

describe('a storage that goes away', () => {
  for (const [why, fault] of faults)
    test(`${why}: 503, rows and contents are as they were, and then all is well again`, async () => {
      const [rowsBefore, objectsBefore] = [await rows(), (await s3.objects()).sort()]
      s3.fault = fault
      await Promise.all(
        actions.map(async ([what, run, service]) => {
          const { status, code, headers, json, body } = await run()
          assert.equal(status, 503, what)
          assert.equal(code, 'SERVICE_UNAVAILABLE', what)
          const [{ extensions }] = (json ?? body).errors
          assert.equal(extensions.service, service, what)
          assert.ok(!JSON.stringify([json ?? body, [...headers]]).includes(secret), what)
        }),
      )
      const head = new Request(`http://localhost/assets/${text}`, { method: 'HEAD', headers: { authorization: `Bearer ${admin.token}` } })
      assert.equal((await host.kernel.fetch(head)).status, 503)
      const health = await host.api('GET', '/server/health')
      assert.deepEqual([health.status, health.body.checks['storage:main:responseTime'][0].status], [503, 'error'])
      assert.ok(!JSON.stringify(health.body).includes(secret))

      s3.fault = undefined
      await leftovers.clear()
      assert.deepEqual([await rows(), (await s3.objects()).sort(), await s3.uploads(), await noted()], [rowsBefore, objectsBefore, [], []])
      assert.equal((await host.api('GET', '/server/health')).body.checks['storage:main:responseTime'][0].status, 'ok')
      assert.equal((await ask(host, `/assets/${text}`)).bytes.toString(), 'hello')
      assert.equal((await ask(host, `/assets/${picture}`)).status, 200)
    })

  test('the log says which one, and tells no secret', () => {
    const told = JSON.stringify(host.logs)
    assert.ok(
      host.logs.some(({ message, storage, action }) => message === 'a storage does not work' && storage === 'main' && action === 'put'),
    )
    assert.ok(!told.includes(secret) && !told.includes('AWS4-HMAC'), 'a secret was logged')
  })

  test('a file is deleted all the same; its content goes when that is possible', async () => {
    const { data } = await upload(host, small)
    s3.fault = (_, response) => answer(response, 500)
    assert.equal((await host.api('DELETE', `/files/${data.id}`)).status, 204)
    s3.fault = undefined
    assert.ok((await s3.objects()).includes(data.filename_disk))
    await leftovers.clear()
    assert.deepEqual([(await s3.objects()).includes(data.filename_disk), await noted()], [false, []])
  })

  test('a large upload whose last part is refused leaves no part, and no row', async () => {
    const before = await rows()
    s3.fault = ({ url }, response) => url!.includes('partNumber=2') && answer(response, 403)
    const { status, code } = await upload(host, [
      ['storage', 'other'], // which is patient
      ['f', textFile('x'.repeat(6 * 1024 ** 2))],
    ])
    s3.fault = undefined
    assert.deepEqual([status, code, await rows(), await s3.uploads(), await noted()], [503, 'SERVICE_UNAVAILABLE', before, [], []])
  })

  test('parts that could not be removed at once are removed later', async () => {
    s3.fault = ({ method, url }, response) => (method === 'DELETE' || url!.includes('partNumber=2')) && answer(response, 500)
    const { status } = await upload(host, [
      ['storage', 'other'],
      ['f', textFile('x'.repeat(6 * 1024 ** 2))],
    ])
    s3.fault = undefined
    assert.deepEqual([status, (await s3.uploads()).length, (await noted()).length], [503, 1, 1])
    await leftovers.clear()
    assert.deepEqual([await s3.uploads(), await noted()], [[], []])
  })

  test('a large upload that is too large in the end, or is cut off, leaves no part', async () => {
    const small = await startKernel({ env: { ...s3.variables('small'), STORAGE_LOCATIONS: 'small', FILES_MAX_UPLOAD_SIZE: '6mb' } })
    try {
      const { status } = await upload(small, [['f', textFile('x'.repeat(6 * 1024 ** 2 + 1))]])
      assert.deepEqual([status, await s3.uploads(), await small.kernel.db.query('select * from plinth.file_leftovers')], [413, [], []])
    } finally {
      await small.close()
    }
  })

  test('a download that breaks off does not end as if it were whole', async () => {
    s3.fault = ({ method }, response) => {
      if (method === 'HEAD') return false
      response.writeHead(200, { 'content-length': 5 }).write('he')
      setTimeout(() => response.destroy(), 5)
      return true
    }
    await assert.rejects(ask(host, `/assets/${text}`))
    assert.equal((await ask(host, `/assets/${picture}?width=11`)).status, 503)
    s3.fault = undefined
    assert.equal((await ask(host, `/assets/${picture}?width=11`)).status, 200)
  })
})

describe('contents that are not there', () => {
  test('one that has gone from its storage is told of as one that nobody may see', async () => {
    const id = await put(host, await (await quarters()).png().toBuffer(), 'gone.png', 'image/png')
    await host.kernel.use(storage).at('main').delete(`${id}.png`)
    for (const query of ['', '?width=10', '?download']) assert.equal((await ask(host, `/assets/${id}${query}`)).code, 'FORBIDDEN', query)
    assert.equal((await ask(host, '/assets/files', { method: 'POST', body: { ids: [id] } })).code, 'FORBIDDEN')
    assert.equal((await host.api('DELETE', `/files/${id}`)).status, 204)
    assert.deepEqual(await noted(), [])
  })

  test('a location that is configured no more answers 503, and its files can be deleted', async () => {
    const id = await put(host, 'lost', 'a.txt', 'text/plain')
    await host.kernel.db.query(`update directus_files set storage = 'former' where id = $1::uuid`, [id])
    assert.deepEqual(
      [(await ask(host, `/assets/${id}`)).code, (await host.api('DELETE', `/files/${id}`)).status],
      ['SERVICE_UNAVAILABLE', 204],
    )
    await host.kernel.db.query('delete from plinth.file_leftovers')
  })
})

describe('locations', () => {
  test('a content that takes the place of another may go to another location, or stays where it is', async () => {
    const { data } = await upload(host, small)
    const moved = await upload(host, [['storage', 'other'], ...small], `/files/${data.id}`, 'PATCH')
    assert.equal(moved.data.storage, 'other')
    assert.equal((await ask(host, `/assets/${data.id}`)).bytes.toString(), 'small')
    assert.deepEqual(await Array.fromAsync(host.kernel.use(storage).at('other').list('')), [moved.data.filename_disk])
    assert.ok(!(await s3.objects()).includes(data.filename_disk))
    assert.equal((await upload(host, small, `/files/${data.id}`, 'PATCH')).data.storage, 'other')
    const refused = await upload(host, [['storage', 'nope'], ...small], `/files/${data.id}`, 'PATCH')
    assert.deepEqual([refused.status, refused.code], [400, 'INVALID_PAYLOAD'])
    assert.equal((await host.api('DELETE', `/files/${data.id}`)).status, 204)
    assert.deepEqual([await Array.fromAsync(host.kernel.use(storage).at('other').list('')), await noted()], [[], []])
  })
})

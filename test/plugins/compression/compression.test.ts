import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { definePlugin } from 'plinth'
import { compress, isCompressible, takesGzip } from '../../../plugins/compression/compress.ts'
import { admin, startKernel, type TestHost } from '../../host.ts'

describe('takesGzip()', () => {
  const cases: [header: string | null, takes: boolean][] = [
    [null, false],
    ['', false],
    ['gzip', true],
    ['br, GZIP;q=0.5', true],
    ['gzip;q=0', false],
    ['*', true],
    ['*, gzip; q=0', false],
    ['br', false],
  ]
  for (const [header, takes] of cases) test(String(header), () => assert.equal(takesGzip(header), takes))
})

describe('isCompressible()', () => {
  const cases: [why: string, response: Response, is: boolean][] = [
    ['JSON', new Response('x', { headers: { 'content-type': 'application/json; charset=utf-8' } }), true],
    ['SCIM', new Response('x', { headers: { 'content-type': 'application/scim+json' } }), true],
    ['a picture', new Response('x', { headers: { 'content-type': 'image/png' } }), false],
    ['events', new Response('x', { headers: { 'content-type': 'text/event-stream' } }), false],
    ['compressed', new Response('x', { headers: { 'content-type': 'text/css', 'content-encoding': 'br' } }), false],
    ['not to be changed', new Response('x', { headers: { 'content-type': 'text/css', 'cache-control': 'no-transform' } }), false],
    ['a part', new Response('x', { status: 206, headers: { 'content-type': 'text/css' } }), false],
    ['nothing', new Response(null, { status: 204 }), false],
  ]
  for (const [why, response, is] of cases) test(why, () => assert.equal(isCompressible(response), is))
})

const unzipped = (body: ReadableStream) => new Response(body.pipeThrough(new DecompressionStream('gzip') as never) as ReadableStream).text()

test('compress() leaves one byte less than its bound, and takes that many', async () => {
  for (const [size, encoding] of [
    [9, null],
    [10, 'gzip'],
  ] as const) {
    const text = 'x'.repeat(size)
    const made = await compress(new Response(text, { headers: { 'content-length': String(size) } }), 10)
    assert.equal(made.headers.get('content-encoding'), encoding)
    assert.equal(made.headers.get('vary'), 'Accept-Encoding')
    assert.equal(encoding ? await unzipped(made.body!) : await made.text(), text)
  }
})

test('compress() keeps what is long, short or comes in pieces', async () => {
  const bound = 10
  const text = (length: number) => Array.from({ length }, (_, i) => String.fromCharCode(97 + ((i * 7) % 26))).join('')
  const inPieces = (...texts: string[]) =>
    new ReadableStream({
      async pull(controller) {
        await new Promise((done) => setTimeout(done, 2))
        const next = texts.shift()
        if (next === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(next))
      },
    })
  const long = text(32_768)
  const bodies: [body: BodyInit | ReadableStream, whole: string, encoded: boolean][] = [
    ['', '', false],
    [long, long, true],
    [`${long}x`, `${long}x`, true],
    [inPieces(long, 'more', long), `${long}more${long}`, true],
    [inPieces('1', long), `1${long}`, false],
    [inPieces(), '', false],
  ]
  for (const [body, whole, encoded] of bodies) {
    const made = await compress(new Response(body as BodyInit), bound)
    assert.equal(made.headers.get('content-encoding'), encoded ? 'gzip' : null)
    assert.equal(encoded ? await unzipped(made.body!) : await made.text(), whole)
  }
})

test('compress() shows small pieces one by one', async () => {
  let send!: (text: string) => void
  const pieces = new ReadableStream({
    start(controller) {
      send = (text) => controller.enqueue(new TextEncoder().encode(text))
    },
  })
  send('a')
  const { body, headers } = await compress(new Response(pieces), 10)
  assert.equal(headers.get('content-encoding'), null)
  const reader = body!.getReader()
  assert.equal((await reader.read()).value!.byteLength, 1)
  send('bc')
  assert.equal((await reader.read()).value!.byteLength, 2)
})

describe('answers', () => {
  let host: TestHost
  let pulled = 0
  let cancelled = false
  const endless = definePlugin({
    name: 'endless',
    setup(kernel) {
      kernel.routes('/endless').get('/', () => {
        const body = new ReadableStream({
          pull(controller) {
            pulled++
            controller.enqueue(crypto.getRandomValues(new Uint8Array(65_536)))
          },
          cancel() {
            cancelled = true
          },
        })
        return new Response(body, { headers: { 'content-type': 'text/csv' } })
      })
    },
  })
  before(async () => {
    host = await startKernel({
      plugins: [endless],
      sql: `create table t (id serial primary key, note text); insert into t (note) select repeat('n', 50) from generate_series(1, 50)`,
    })
  })
  after(() => host.close())
  const ask = (path: string, headers: Record<string, string> = {}) =>
    host.kernel.fetch(
      new Request(`http://localhost${path}`, {
        headers: { authorization: `Bearer ${admin.token}`, 'accept-encoding': 'gzip', ...headers },
      }),
    )

  test('of lists and exports are compressed for those who take it, once', async () => {
    for (const path of ['/items/t', '/items/t?export=csv']) {
      const packed = await ask(path)
      assert.equal(packed.headers.get('content-encoding'), 'gzip')
      const plain = await ask(path, { 'accept-encoding': 'identity' })
      assert.equal(plain.headers.get('content-encoding'), null)
      assert.equal(await unzipped(packed.body!), await plain.text())
      assert.equal(packed.headers.get('etag'), plain.headers.get('etag'))
    }
    assert.equal((await ask('/server/ping')).headers.get('content-encoding'), null)
  })

  test('that somebody leaves are read no further', async () => {
    const response = await ask('/endless')
    const reader = response.body!.getReader()
    await reader.read()
    await reader.cancel()
    for (let i = 0; i < 50 && !cancelled; i++) await new Promise((next) => setTimeout(next, 10))
    assert.ok(cancelled)
    assert.ok(pulled < 50, `${pulled} pieces`)
  })
})

/** JSON bodies, and their bounds. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readJson } from '../../kernel/body.ts'
import { serve } from './serving.ts'

const limit = 1000
const json = 'application/json'
const { ask } = serve(
  ({ routes }) => {
    routes('/echo').post('/', async (c) => {
      const value = await readJson(c)
      return c.json(value === undefined ? { none: true } : { value })
    })
  },
  { maxPayload: limit },
)

const post = (body: BodyInit | null, headers: Record<string, string> = { 'content-type': json }) =>
  ask('POST', '/echo', { body, headers, ...(body instanceof ReadableStream ? { duplex: 'half' } : {}) } as RequestInit)

const outcome = ({ status, body }: { status: number; body: any }) => [status, body.errors ? body.errors[0].extensions.code : body]

describe('readJson()', () => {
  const bytes = (...values: number[]) => new Uint8Array(values)
  const refused = [400, 'INVALID_PAYLOAD']
  const none = [200, { none: true }]
  const object = [200, { value: { a: 1 } }]
  const cases: [why: string, body: BodyInit | null, type: string | null, expected: unknown[]][] = [
    ['an object', '{"a":1}', json, object],
    ['a list', '[1]', json, [200, { value: [1] }]],
    ['no body', null, json, none],
    ['an empty body', '', json, none],
    ['blanks', ' \n ', json, none],
    ['another content type', '{"a":1}', 'text/plain', none],
    ['no content type', new TextEncoder().encode('{"a":1}'), null, none],
    ['broken JSON in another content type', '{', 'text/plain', none],
    ['a content type that only begins alike', '{"a":1}', 'application/json-patch+json', none],
    ['capitals', '{"a":1}', 'Application/JSON', object],
    ['charset utf-8', '{"a":1}', 'application/json; charset=utf-8', object],
    ['charset "UTF-8"', '{"a":1}', 'application/json;charset="UTF-8"', object],
    ['charset utf8', '{"a":1}', 'application/json; charset=utf8', object],
    ['charset us-ascii', '{"a":1}', 'application/json; charset=us-ascii', object],
    ['charset latin1', '{"a":1}', 'application/json; charset=iso-8859-1', refused],
    ['charset utf-16', '{"a":1}', 'application/json; charset=utf-16', refused],
    ['another parameter', '{"a":1}', 'application/json; profile=x', object],
    ['a byte order mark', '\ufeff{"a":1}', json, object],
    ['two byte order marks', '\ufeff\ufeff\ufeff{"a":1}', json, refused],
    ['umlauts', '{"ä":"🌳"}', json, [200, { value: { ä: '🌳' } }]],
    ['bytes that are no UTF-8', bytes(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), json, [200, { value: { '\ufffd': 1 } }]],
    ['a number', '1', json, refused],
    ['text', '"a"', json, refused],
    ['true', 'true', json, refused],
    ['null', 'null', json, refused],
    ['broken JSON', '{"a":', json, refused],
    ['two values', '{}{}', json, refused],
    ['a form', 'a=1', json, refused],
    ['__proto__ as a mere name', '{"__proto__":{"admin":true}}', json, [200, JSON.parse('{"value":{"__proto__":{"admin":true}}}')]],
  ]
  for (const [why, body, type, expected] of cases) {
    test(why, async () => assert.deepEqual(outcome(await post(body, type === null ? {} : { 'content-type': type })), expected))
  }
})

/** `{"a":"xxx"}` of so many bytes. */
const sized = (size: number) => `{"a":"${'x'.repeat(size - 8)}"}`

function chunked(text: string, size: number): ReadableStream {
  const bytes = new TextEncoder().encode(text)
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at + size))
      at += size
    },
  })
}

const compressed = (text: string, format: CompressionFormat) =>
  new Blob([text]).stream().pipeThrough(new CompressionStream(format) as never)

describe('a body of MAX_PAYLOAD_SIZE bytes is taken, one byte more is not', () => {
  const length = (text: string) => ({ 'content-type': json, 'content-length': String(new TextEncoder().encode(text).length) })
  const ways: [why: string, send: (text: string) => ReturnType<typeof post>][] = [
    ['with content-length', (text) => post(text, length(text))],
    ['without', (text) => post(text)],
    ['chunked', (text) => post(chunked(text, 7))],
    ['gzip', (text) => post(compressed(text, 'gzip'), { 'content-type': json, 'content-encoding': 'gzip' })],
    ['deflate', (text) => post(compressed(text, 'deflate'), { 'content-type': json, 'content-encoding': 'Deflate' })],
  ]
  for (const [why, send] of ways) {
    test(why, async () => {
      assert.equal((await send(sized(limit))).status, 200)
      assert.deepEqual(outcome(await send(sized(limit + 1))), [400, 'INVALID_PAYLOAD'])
    })
  }

  test('bytes count, not characters', async () => {
    const text = `{"a":"${'ä'.repeat(limit / 2)}"}`
    assert.ok(text.length < limit)
    for (const [, send] of ways) assert.equal((await send(text)).status, 400)
  })
})

describe('hostile bodies', () => {
  test('an endless one is read no further than its bound', async () => {
    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        sent += 100
        controller.enqueue(new Uint8Array(100).fill(0x20))
      },
    })
    assert.deepEqual(outcome(await post(endless)), [400, 'INVALID_PAYLOAD'])
    assert.ok(sent <= limit + 500, `${sent} bytes were read`)
  })

  test('a gzip bomb is not unpacked far beyond its bound', async () => {
    const bomb = new Uint8Array(await new Response(compressed(' '.repeat(50_000_000), 'gzip')).arrayBuffer())
    assert.ok(bomb.length < 100_000)
    const { DecompressionStream } = globalThis
    let unpacked = 0
    const count = (chunk: Uint8Array, controller: TransformStreamDefaultController) => {
      unpacked += chunk.byteLength
      controller.enqueue(chunk)
    }
    globalThis.DecompressionStream = class {
      readonly readable: ReadableStream
      readonly writable: WritableStream
      constructor(format: CompressionFormat) {
        const { readable, writable } = new DecompressionStream(format)
        this.readable = readable.pipeThrough(new TransformStream({ transform: count }) as never)
        this.writable = writable
      }
    } as never
    try {
      assert.deepEqual(outcome(await post(bomb, { 'content-type': json, 'content-encoding': 'gzip' })), [400, 'INVALID_PAYLOAD'])
    } finally {
      globalThis.DecompressionStream = DecompressionStream
    }
    assert.ok(unpacked > limit && unpacked < 5_000_000, `${unpacked} bytes`)
  })

  const cases: [why: string, body: BodyInit, encoding: string][] = [
    ['gzip that is none', '{"a":1}', 'gzip'],
    ['an unknown encoding', '{"a":1}', 'br'],
    ['two encodings', '{"a":1}', 'gzip, gzip'],
  ]
  for (const [why, body, encoding] of cases) {
    test(why, async () =>
      assert.deepEqual(outcome(await post(body, { 'content-type': json, 'content-encoding': encoding })), [400, 'INVALID_PAYLOAD']),
    )
  }

  test('gzip that ends too soon', async () => {
    const whole = new Uint8Array(await new Response(compressed('{"a":1}', 'gzip')).arrayBuffer())
    assert.deepEqual(outcome(await post(whole.slice(0, -9), { 'content-type': json, 'content-encoding': 'gzip' })), [
      400,
      'INVALID_PAYLOAD',
    ])
  })

  test('a connection that breaks in the middle', async () => {
    const broken = new ReadableStream({
      pull(controller) {
        controller.error(new Error('reset'))
      },
    })
    assert.deepEqual(outcome(await post(broken)), [400, 'INVALID_PAYLOAD'])
  })

  test('nesting as deep as the bound allows', async () => {
    assert.equal((await post('['.repeat(limit / 2) + ']'.repeat(limit / 2))).status, 200)
  })
})

test('an unknown route with a broken body is told of the body, as the API does', async () => {
  const answer = await ask('POST', '/nope', { body: '{', headers: { 'content-type': json } })
  assert.deepEqual(outcome(answer), [400, 'INVALID_PAYLOAD'])
})

/** The one test that opens sockets: the same checks on whichever runtime runs it. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makePlace, startProgram } from './program.ts'

const plugin = fileURLToPath(new URL('./fixtures/runtimes-plugin.ts', import.meta.url))

/** Waits until `check` answers true. */
async function until(check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.fail('waited too long')
}

/** Sends bytes as they are; the answer is what came until the other side closed or fell silent. */
function sendRaw(port: number, parts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write(parts[0]!))
    let answer = ''
    let next = 1
    socket.setTimeout(3000, () => socket.destroy())
    socket.on('data', (bytes) => {
      answer += bytes
      const part = parts[next++]
      if (part) socket.write(part)
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

test('a server on this runtime', { timeout: 120_000 }, async (t) => {
  const place = await makePlace()
  const variables = { ...place.variables, PLUGINS: plugin, MAX_PAYLOAD_SIZE: '4kb' }
  let server = await startProgram({ ...place, variables })
  let port = Number(new URL(server.address).port)
  const url = (path: string) => `${server.address}${path}`
  const counts = async (): Promise<{ begun: number; abandoned: number }> => (await fetch(url('/held/counts'))).json()

  try {
    await t.test('GET /server/ping answers pong', async () => {
      const response = await fetch(url('/server/ping'))
      assert.deepEqual([response.status, await response.text()], [200, 'pong'])
    })

    await t.test('HEAD answers without a body', async () => {
      const response = await fetch(url('/server/ping'), { method: 'HEAD' })
      assert.deepEqual([response.status, await response.text()], [200, ''])
    })

    await t.test('an unknown route answers 404 as JSON', async () => {
      const response = await fetch(url('/nowhere'))
      assert.equal(response.status, 404)
      assert.equal((await response.json()).errors[0].extensions.code, 'ROUTE_NOT_FOUND')
    })

    await t.test('POST with a JSON body reaches its route', async () => {
      const send = (body: string) => fetch(url('/auth/login'), { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      const wrong = await send(JSON.stringify({ email: 'admin@example.com', password: 'wrong' }))
      assert.deepEqual([wrong.status, (await wrong.json()).errors[0].extensions.code], [401, 'INVALID_CREDENTIALS'])
      const broken = await send('{"email":')
      assert.deepEqual([broken.status, (await broken.json()).errors[0].extensions.code], [400, 'INVALID_PAYLOAD'])
    })

    await t.test('a body over MAX_PAYLOAD_SIZE is refused, with its length told or not', async () => {
      const text = JSON.stringify({ email: 'x'.repeat(5000), password: 'x' })
      const streamed = () => new Blob([text]).stream()
      for (const body of [text, streamed]) {
        const response = await fetch(url('/auth/login'), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : body(),
          duplex: 'half',
        } as RequestInit)
        assert.deepEqual([response.status, (await response.json()).errors[0].extensions.code], [400, 'INVALID_PAYLOAD'])
      }
    })

    await t.test('a route that bounds itself gets all of a large body', async () => {
      const response = await fetch(url('/held/length'), { method: 'POST', body: new Uint8Array(3_000_000) })
      assert.equal(await response.json(), 3_000_000)
    })

    await t.test('one connection carries several requests', async () => {
      const request = (close: boolean) => `GET /server/ping HTTP/1.1\r\nHost: x\r\n${close ? 'Connection: close\r\n' : ''}\r\n`
      const answer = await sendRaw(port, [request(false), request(false), request(true)])
      assert.equal(answer.match(/HTTP\/1\.1 200/g)?.length, 3)
    })

    await t.test('HTTP/1.0 without a host is answered, a Host that is no host refused: it says nothing of the path', async () => {
      const ask = (version: string, host: string) => sendRaw(port, [`GET /server/ping HTTP/${version}\r\n${host}Connection: close\r\n\r\n`])
      for (const host of ['', 'Host: health\r\n']) assert.match(await ask('1.0', host), /^HTTP\/1\.[01] 200 [\s\S]*pong/)
      for (const host of ['x/nowhere?', 'x?', 'x#', 'x@y', '[::1', 'x:99999', 'a b']) {
        assert.match(await ask('1.1', `Host: ${host}\r\n`), /^HTTP\/1\.1 400/, host)
      }
    })

    await t.test('an answer streams: its first part is read before the second exists', async () => {
      const reader = (await fetch(url('/held/halves'))).body!.getReader()
      const read = async () => new TextDecoder().decode((await reader.read()).value)
      assert.equal(await read(), 'first ')
      await fetch(url('/held/release'), { method: 'POST' })
      assert.equal(await read(), 'second')
    })

    await t.test('a client that hangs up while it waits is noticed', async () => {
      const before = await counts()
      const gone = new AbortController()
      const answer = fetch(url('/held/wait?ms=10000'), { signal: gone.signal })
      await until(async () => (await counts()).begun === before.begun + 1)
      gone.abort()
      await assert.rejects(answer)
      await until(async () => (await counts()).abandoned === before.abandoned + 1)
    })

    await t.test('bytes that are no request, or half of one, leave the server well', async () => {
      const head = 'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
      const rows: [string, string, RegExp][] = [
        ['a header without a colon', 'GET /server/ping HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n', /^(HTTP\/1\.1 400|$)/],
        ['no HTTP at all', '\x16\x03\x01\x02\x00\r\n\r\n', /^(HTTP\/1\.1 400|$)/],
        ['a length that is no number', `${head}Content-Length: many\r\n\r\n{}`, /^(HTTP\/1\.1 400|$)/],
        ['a header of 100 KB', `GET /server/ping HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`, /^(HTTP\/1\.1 4\d\d|$)/],
      ]
      for (const [why, bytes, expected] of rows) assert.match(await sendRaw(port, [bytes]).catch(() => ''), expected, why)
      const half = connect(port, '127.0.0.1', () => half.write(`${head}Content-Length: 1000\r\n\r\n{"email":`, () => half.destroy()))
      await new Promise((resolve) => half.on('close', resolve))
      assert.equal((await fetch(url('/server/ping'))).status, 200)
    })

    await t.test('a rejection that nobody handles is logged, and the server lives', async () => {
      await fetch(url('/held/fault'), { method: 'POST' })
      await until(async () => server.output.stdout.includes('nobody waits for this'))
      assert.equal((await fetch(url('/server/ping'))).status, 200)
    })

    await t.test('SIGTERM lets a request under way finish, closes idle connections and exits with 0', async () => {
      const before = await counts()
      const answer = fetch(url('/held/wait?ms=800'))
      await until(async () => (await counts()).begun === before.begun + 1)
      server.signal('SIGTERM')
      assert.equal(await (await answer).text(), 'waited')
      assert.equal(await server.ended, 0)
      await assert.rejects(fetch(url('/server/ping')))
    })

    await t.test('a second signal ends it at once, with 1', async () => {
      server = await startProgram({ ...place, variables })
      port = Number(new URL(server.address).port)
      const answer = fetch(url('/held/wait?ms=20000')).catch(() => 'cut')
      await until(async () => (await counts()).begun === 1)
      server.signal('SIGTERM')
      await new Promise((resolve) => setTimeout(resolve, 700))
      server.signal('SIGTERM')
      assert.equal(await server.ended, 1)
      assert.equal(await answer, 'cut')
    })
  } finally {
    server.signal('SIGKILL')
    await server.ended
    await place.remove()
  }
})

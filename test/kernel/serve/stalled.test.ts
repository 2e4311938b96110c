/** Connections that stand still end; slow ones do not. Node alone: the other runtimes have their own servers. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { endStalled } from '../../../kernel/serve/node.ts'

const patience = 200
const head = (length: number) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`

async function drip(socket: Socket, pieces: number): Promise<void> {
  for (let i = 0; i < pieces && !socket.destroyed; i++) {
    socket.write('x')
    await sleep(patience / 5)
  }
}

const length = async (request: IncomingMessage) => {
  let size = 0
  for await (const chunk of request) size += chunk.length
  return size
}

const cases: [
  what: string,
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  send: (socket: Socket) => unknown,
  answered: RegExp | null,
][] = [
  [
    'a body that stops',
    async (request, response) => response.end(String(await length(request))),
    (socket) => socket.write(`${head(9)}x`),
    null,
  ],
  [
    'a body that is slow, and takes longer',
    async (request, response) => response.end(String(await length(request))),
    (socket) => {
      socket.write(head(8))
      return drip(socket, 8)
    },
    /\r\n\r\n8$/,
  ],
  [
    'an answer that is slow',
    async (_, response) => {
      await sleep(patience * 1.2)
      response.end('late')
    },
    (socket) => socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    /late$/,
  ],
]

test('endStalled()', { skip: 'Deno' in globalThis || 'Bun' in globalThis }, async (t) => {
  for (const [what, answer, send, answered] of cases) {
    await t.test(`${answered ? 'waits for' : 'ends'} ${what}`, async (t) => {
      const server = createServer((request, response) => void Promise.resolve(answer(request, response)).catch(() => {}))
      t.after(() => server.close())
      endStalled(server, patience)
      await once(server.listen(0, '127.0.0.1'), 'listening')
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      let got = ''
      socket.on('data', (chunk) => {
        got += chunk
        if (answered?.test(got)) socket.end()
      })
      const closed = once(socket, 'close')
      await send(socket)
      await closed
      assert.match(got, answered ?? /^$/)
    })
  }

  await t.test('ends an answer that nobody reads', async (t) => {
    const server = createServer((_, response) => response.write(Buffer.alloc(50_000_000)))
    t.after(() => server.close())
    endStalled(server, patience)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.pause()
    const [, accepted] = await Promise.all([
      once(socket, 'connect').then(() => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')),
      once(server, 'connection').then(([connection]) => connection as Socket),
    ])
    await once(accepted, 'close')
    socket.destroy()
  })
})

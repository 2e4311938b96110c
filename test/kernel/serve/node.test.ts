/** What a request says and what an answer bears, by the short ways that Node's server takes. The other runtimes have their own servers. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { Peer } from '../../../kernel/context.ts'
import { serve } from '../../../kernel/serve/node.ts'

type Fetch = (request: Request, peer?: Peer) => Response | Promise<Response>

/** The whole answer to `lines`, as it travels, with its headers by their names in lower case. */
async function exchange(fetch: Fetch, ...lines: string[]): Promise<{ status: number; headers: [string, string][]; body: string }> {
  const { address, stop } = await serve({ fetch }, { host: '127.0.0.1', port: 0 })
  try {
    const { port, hostname } = new URL(address)
    const socket = connect(Number(port), hostname).setEncoding('latin1')
    let text = ''
    socket.on('data', (piece) => {
      text += piece
    })
    socket.write(`${lines.join('\r\n')}\r\nHost: x\r\nConnection: close\r\n\r\n`)
    await once(socket, 'close')
    const [head = '', ...rest] = text.split('\r\n\r\n')
    const [first = '', ...fields] = head.split('\r\n')
    const headers = fields.map((field): [string, string] => {
      const [name = '', value = ''] = field.split(/: (.*)/)
      return [name.toLowerCase(), value]
    })
    return { status: Number(first.split(' ')[1]), headers, body: rest.join('\r\n\r\n') }
  } finally {
    await stop(0)
  }
}

const nodeOnly = { skip: 'Deno' in globalThis || 'Bun' in globalThis }

test('a header is told whatever its case, several of a name together, and none as null', nodeOnly, async () => {
  let told: unknown[] = []
  await exchange(
    (_, peer) => {
      told = ['authorization', 'x-two', 'x-empty', 'cookie', 'toString'.toLowerCase()].map((name) => peer!.header!(name))
      return new Response('x')
    },
    'GET / HTTP/1.1',
    'AUTHORIZATION: Bearer a',
    'X-Two: 1',
    'x-two:  2 ',
    'X-Empty:',
  )
  assert.deepEqual(told, ['Bearer a', '1, 2', '', null, null])
})

test('an answer bears what it is given, unless it says otherwise itself, in whatever case', nodeOnly, async () => {
  const bearing =
    (make: () => Response | Promise<Response>): Fetch =>
    (_, peer) => {
      peer!.bear!('x-frame', 'usual')
      peer!.bear!('x-other', 'usual')
      peer!.bear!('set-cookie', 'usual=1')
      return make()
    }
  const own = { 'X-Frame': 'own', 'set-cookie': 'own=1' }
  const made: [what: string, make: () => Response | Promise<Response>, body: RegExp][] = [
    ['a text, at once', () => new Response('text', { headers: own }), /^text$/],
    ['a text, later', async () => new Response('text', { headers: own }), /^text$/],
    ['with Headers', () => new Response('text', { headers: new Headers(own) }), /^text$/],
    ['a stream', () => new Response(new Blob(['a', 'b']).stream(), { headers: own }), /a\r\n1\r\nb/],
    ['nothing', () => new Response(null, { status: 204, headers: own }), /^$/],
  ]
  for (const [what, make, expected] of made) {
    const { headers, body } = await exchange(bearing(make), 'GET / HTTP/1.1')
    const of = (name: string) => headers.flatMap(([one, value]) => (one === name ? value : []))
    assert.deepEqual([of('x-frame'), of('x-other'), of('set-cookie')], [['own'], ['usual'], ['own=1']], what)
    assert.match(body, expected, what)
    assert.ok(of('content-length').length < 2, what)
  }
  const several = bearing(() => {
    const headers = new Headers({ 'x-a': '1' })
    headers.append('set-cookie', 'a=1')
    headers.append('set-cookie', 'b=2')
    return new Response('x', { headers })
  })
  const { headers } = await exchange(several, 'GET / HTTP/1.1')
  assert.deepEqual(
    headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
    ['a=1', 'b=2'],
  )
  const bare = await exchange(
    bearing(() => new Response('x')),
    'GET / HTTP/1.1',
  )
  assert.ok(bare.headers.some(([name, value]) => name === 'x-frame' && value === 'usual'))
})

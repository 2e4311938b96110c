/** A TCP proxy in front of a database, to play the server that goes away. Also the tests' waiting. */
import assert from 'node:assert/strict'
import net from 'node:net'

export interface TestProxy {
  /** The same database through the proxy. */
  readonly url: string
  /** Connections that were accepted so far. */
  readonly accepted: () => number
  /** `open` forwards; `refuse` has no listener; `slam` accepts and closes at once; `silent` swallows what both sides send. */
  become(mode: 'open' | 'refuse' | 'slam' | 'silent'): Promise<void>
  /** Breaks the present connections. */
  cut(): void
  close(): Promise<void>
}

export async function startProxy(url: string): Promise<TestProxy> {
  const target = new URL(url)
  const sockets = new Set<net.Socket>()
  let mode: Parameters<TestProxy['become']>[0] = 'open'
  let accepted = 0

  const server = net.createServer((client) => {
    accepted++
    if (mode === 'slam') return void client.destroy()
    const upstream = net.connect(Number(target.port || 5432), target.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (mode !== 'silent') to.write(chunk)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })

  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }

  await listen(0)
  const { port } = server.address() as net.AddressInfo
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    accepted: () => accepted,
    async become(next) {
      if (next === 'refuse' && mode !== 'refuse') {
        const stopped = stop()
        cut()
        await stopped
      }
      if (next !== 'refuse' && mode === 'refuse') await listen(port)
      mode = next
    },
    cut,
    async close() {
      if (mode === 'refuse') return
      const stopped = stop()
      cut()
      await stopped
    },
  }
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export async function until(condition: () => boolean | Promise<boolean>, ms = 5000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`waited ${ms} ms in vain`)
    await sleep(10)
  }
}

/** For tests that wait for timeouts or processes: Bun gives a test 5 s otherwise. */
export const slow = { timeout: 60_000 }

/** Serves a kernel on Node, through Hono's adapter: its light Request and Response cost half of what Node's own do. */
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type Server, type ServerOptions, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Peer } from '../context.ts'
import { addressOf, type Serve } from './listen.ts'

/** Milliseconds. Slow headers hold a connection for 20 s, bodies as long as they go on; idle connections outlive a load balancer's usual 60 s. */
const limits: ServerOptions = {
  headersTimeout: 20_000,
  requestTimeout: 0,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5000,
}

/** After so many ms without a byte a connection ends whose client sends no more of a body, or reads no more of an answer; a slow answer is waited for. */
export function endStalled(server: Server, patience = 120_000): void {
  server.timeout = patience
  server.on('request', (incoming, outgoing) => {
    outgoing.on('timeout', () => {
      if (!incoming.complete || outgoing.writableNeedDrain) incoming.socket.destroy()
    })
  })
}

/** Gathers what an answer is to bear, and writes it with the rest: by Node's `setHeader` it would cost more than all that we do. */
class BearingResponse extends ServerResponse {
  readonly borne: OutgoingHttpHeaders = {}

  override writeHead(status: number, headers?: any): this {
    for (const name in headers) this.borne[name.toLowerCase()] = headers[name]
    return super.writeHead(status, this.borne)
  }
}

/** HTTP/1.0 need not say a host; 1.1 is refused without one before it comes here. */
const forOldClients = { hostname: 'localhost' }

class NodePeer implements Peer {
  readonly ip: string | null
  readonly incoming: IncomingMessage
  readonly outgoing: BearingResponse

  constructor(incoming: IncomingMessage, outgoing: BearingResponse) {
    this.ip = incoming.socket.remoteAddress ?? null
    this.incoming = incoming
    this.outgoing = outgoing
  }

  header(name: string): string | null {
    const { rawHeaders: raw } = this.incoming
    let found: string | null = null
    for (let i = 0; i < raw.length; i += 2)
      if (raw[i]!.length === name.length && raw[i]!.toLowerCase() === name) found = found === null ? raw[i + 1]! : `${found}, ${raw[i + 1]}`
    return found
  }

  bear(name: string, value: string): void {
    this.outgoing.borne[name] = value
  }

  gone(): boolean {
    return this.outgoing.destroyed
  }
}

export const serve: Serve = async (kernel, listen) => {
  const answer = getRequestListener((request, env) => {
    const { incoming, outgoing } = env as { incoming: IncomingMessage; outgoing: BearingResponse }
    return kernel.fetch(request, new NodePeer(incoming, outgoing))
  }, forOldClients)
  const server = createServer({ ...limits, ServerResponse: BearingResponse }, answer)
  endStalled(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port, listen.host, resolve)
  })
  return {
    address: addressOf({ host: listen.host, port: (server.address() as AddressInfo).port }),
    stop: (grace) =>
      new Promise((resolve) => {
        // Connections turn idle one by one, as their answers leave.
        const sweep = setInterval(() => server.closeIdleConnections(), 20)
        const limit = setTimeout(() => server.closeAllConnections(), grace)
        server.close(() => {
          clearInterval(sweep)
          clearTimeout(limit)
          resolve()
        })
      }),
  }
}

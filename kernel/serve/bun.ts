/** Serves a kernel on Bun. */
import { addressOf, hasPlainHost, type Serve } from './listen.ts'

interface BunServer {
  readonly port: number
  readonly pendingRequests: number
  requestIP(request: Request): { address: string } | null
  stop(force: boolean): Promise<void>
}

/** What we use of https://bun.com/docs/api/http */
declare const Bun: {
  serve(options: {
    hostname: string
    port: number
    idleTimeout: number
    maxRequestBodySize: number
    fetch(request: Request, server: BunServer): Response | Promise<Response>
  }): BunServer
}

export const serve: Serve = async (kernel, listen) => {
  const server = Bun.serve({
    hostname: listen.host,
    port: listen.port,
    // Seconds. Bun counts a slow answer as idle, so it must outlast the longest statement.
    idleTimeout: 240,
    // The kernel bounds bodies, by route.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch(incoming, server) {
      // HTTP/1.0 need not say a host.
      const request = incoming.headers.get('host') ? incoming : new Request(new URL(incoming.url, 'http://localhost'), incoming)
      if (!hasPlainHost(request)) return new Response(null, { status: 400 })
      return kernel.fetch(request, { ip: server.requestIP(incoming)?.address ?? null, gone: () => incoming.signal.aborted })
    },
  })
  return {
    address: addressOf({ host: listen.host, port: server.port }),
    async stop(grace) {
      const closed = server.stop(false)
      const limit = Date.now() + grace
      while (server.pendingRequests > 0 && Date.now() < limit) await new Promise((resolve) => setTimeout(resolve, 20))
      // What is left is idle, or out of time.
      await Promise.all([closed, server.stop(true)])
    },
  }
}

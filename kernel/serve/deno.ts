/** Serves a kernel on Deno. */
import { addressOf, hasPlainHost, type Serve } from './listen.ts'

/** What we use of https://docs.deno.com/api/deno/~/Deno.serve */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen(): void },
    handler: (request: Request, info: { remoteAddr: { hostname?: string } }) => Response | Promise<Response>,
  ): { addr: { port: number }; shutdown(): Promise<void> }
}

export const serve: Serve = async (kernel, listen) => {
  const server = Deno.serve({ hostname: listen.host, port: listen.port, onListen() {} }, (request, info) =>
    hasPlainHost(request)
      ? kernel.fetch(request, { ip: info.remoteAddr.hostname ?? null, gone: () => request.signal.aborted })
      : new Response(null, { status: 400 }),
  )
  return {
    address: addressOf({ host: listen.host, port: server.addr.port }),
    async stop(grace) {
      const outOfTime = Promise.withResolvers<void>()
      const limit = setTimeout(outOfTime.resolve, grace)
      // What is still under way then ends with the process: aborting after a shutdown throws inside Deno.
      await Promise.race([server.shutdown(), outOfTime.promise])
      clearTimeout(limit)
    },
  }
}

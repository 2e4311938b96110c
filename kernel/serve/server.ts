/** The choice between the three servers. */
import type { Program, Served } from '../plugin.ts'
import { listenFault, type Serve } from './listen.ts'

const servers: Readonly<Record<Program['runtime']['name'], () => Promise<Serve>>> = {
  node: async () => (await import('./node.ts')).serve,
  deno: async () => (await import('./deno.ts')).serve,
  bun: async () => (await import('./bun.ts')).serve,
}

/** Only the server of the runtime that we are on is loaded. @throws StartError when the address cannot be listened on. */
export async function serveOn(runtime: Program['runtime']['name'], ...[kernel, listen]: Parameters<Serve>): Promise<Served> {
  const serve = await servers[runtime]()
  return serve(kernel, listen).catch((error) => {
    throw listenFault(error, listen)
  })
}

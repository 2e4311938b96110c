/** The pipeline alone, without a kernel or a database: plugins' routers and handlers of the `request` point in, answers out. */
import { Hono } from 'hono'
import type { Env, Peer, RequestContext } from '../../kernel/context.ts'
import { createLog, type Level } from '../../kernel/log.ts'
import { createPipeline, type Mount } from '../../kernel/pipeline.ts'
import type { Handler, RouteOptions } from '../../kernel/plugin.ts'

export interface Wiring {
  routes(prefix: string, options?: RouteOptions, plugin?: string): Hono<Env>
  hook(handler: Handler<RequestContext>): void
}

export interface ServingOptions {
  readonly maxPayload?: number
  readonly level?: Level
  readonly current?: () => Promise<void> | undefined
}

export interface Serving {
  readonly logs: any[]
  /** Status and parsed body, or its text. */
  ask(method: string, path: string, init?: RequestInit, peer?: Peer): Promise<{ status: number; headers: Headers; body: any }>
}

export function serve(wire: (wiring: Wiring) => void, { maxPayload = 1000, level = 'info', current }: ServingOptions = {}): Serving {
  const mounts: Mount[] = []
  const handlers: Handler<RequestContext>[] = []
  const logs: any[] = []
  wire({
    routes(prefix, options, plugin = 'test') {
      const router = new Hono<Env>()
      mounts.push({ ...options, plugin, prefix, router })
      return router
    },
    hook: (handler) => handlers.push(handler),
  })
  const fetch = createPipeline({
    mounts,
    handlers,
    log: createLog(level, (line) => logs.push(JSON.parse(line))),
    maxPayload,
    current: current ?? (() => undefined),
  })
  return {
    logs,
    async ask(method, path, init, peer) {
      const response = await fetch(new Request(`http://localhost${path}`, { method, ...init }), peer)
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.startsWith('application/json')
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
    },
  }
}

/** What the three servers have in common: one shape, one form of fault, and the choice between them. */
import { StartError } from '../config.ts'
import type { Peer } from '../context.ts'
import type { RuntimeName } from './environment.ts'

export interface Served {
  /** Where it answers, such as `http://localhost:8055`. */
  readonly address: string
  /** No new connections; requests under way get `grace` milliseconds, idle connections none. */
  stop(grace: number): Promise<void>
}

/** The part of a kernel that a server needs. */
export interface Answers {
  fetch(request: Request, peer: Peer): Response | Promise<Response>
}

export interface Listen {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

/** @throws StartError when the address cannot be listened on. */
export type Serve = (kernel: Answers, listen: Listen) => Promise<Served>

const servers: Readonly<Record<RuntimeName, () => Promise<Serve>>> = {
  node: async () => (await import('./node.ts')).serve,
  deno: async () => (await import('./deno.ts')).serve,
  bun: async () => (await import('./bun.ts')).serve,
}

/** Only the server of the runtime that we are on is loaded. */
export const loadServer = (runtime: RuntimeName): Promise<Serve> => servers[runtime]()

/** The address a person can open: all addresses of a machine are `localhost` on it. */
export function addressOf({ host, port }: Listen): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

const wrongHost = ({ host }: Listen) => `HOST is "${host}", which is no address of this machine. Set it to 127.0.0.1 or 0.0.0.0.`

const advice: Readonly<Record<string, (listen: Listen) => string>> = {
  EADDRINUSE: ({ host, port }) => `Port ${port} on ${host} is in use. Stop the program that has it, or set PORT to a free one.`,
  EACCES: ({ port }) => `There is no permission to listen on port ${port}. Set PORT to one from 1024 on.`,
  EADDRNOTAVAIL: wrongHost,
  ENOTFOUND: wrongHost,
  EAI_AGAIN: wrongHost,
}

/** The fault of a listen call as a line that says what to do. */
export function listenFault(error: unknown, listen: Listen): StartError {
  const { code, message } = error as { code?: string; message: string }
  const line =
    advice[code ?? '']?.(listen) ??
    `Cannot listen on ${listen.host}:${listen.port} (${message}). Set HOST and PORT to a free address of this machine.`
  return new StartError(line, { cause: error })
}

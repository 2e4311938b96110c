/** What the three servers have in common: one shape, an address for people, one form of fault. */
import { type KernelConfig, StartError } from '../config.ts'
import type { Program } from '../plugin.ts'

export type Listen = Pick<KernelConfig, 'host' | 'port'>

/** Rejects with the runtime's own error when the address cannot be listened on. A port of 0 is any free one. */
export type Serve = Program['serve']

/** The address a person can open: all addresses of a machine are `localhost` on it. */
export function addressOf({ host, port }: Listen): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

/** Whether `Host` names a host and nothing more (RFC 9112 §3.2): some runtimes take all of it, paths too, into the address of a request. */
export const hasPlainHost = ({ headers, url }: Request): boolean =>
  /^([\w.-]*|\[[\da-f:.]+\])(:\d*)?$/i.test(headers.get('host') ?? '') && URL.canParse(url)

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

/** What other plugins may import of mail, as `plinth/mail`. */
import { service } from 'plinth'

/** Plain text; lines end with `\n`. */
export interface Letter {
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface Mail {
  /** Hands a letter over and returns at once, so that nobody can tell by the time whether there was one. That it cannot be sent is logged. */
  post(letter: Letter): void
}

export const mail = service<Mail>('mail')

/** The text of a letter, with whom it is from below. */
export const signed = (lines: readonly string[], project: string): string => [...lines, '', '--', project, ''].join('\n')

/** What our own address is: never what a request says, as anybody could send somebody a letter that leads elsewhere. */
export function ownAddress({
  publicUrl,
  host,
  port,
}: {
  readonly publicUrl: string
  readonly host: string
  readonly port: number
}): string {
  if (/^https?:/.test(publicUrl)) return publicUrl
  const reachable = /^(0\.0\.0\.0|::)$/.test(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${reachable}:${port}${publicUrl}`
}

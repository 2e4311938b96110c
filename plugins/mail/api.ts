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

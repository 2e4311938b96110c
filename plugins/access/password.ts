/** Passwords: argon2 hashes made and checked off the event loop, few at a time, each taking tens of megabytes while it runs. */
import { problems } from 'plinth'

/** What the reference stores: 64 MiB, three passes, four lanes. */
const cost = { memoryCost: 65_536, timeCost: 3, parallelism: 4 }

/** Of a password that nobody has, so that checking costs the same where there is no hash. */
const nobodys = '$argon2id$v=19$m=65536,t=3,p=4$W1jDfkx4iqstj5/QKLxGGQ$fXSL9pCHmon2bylGebdo9QMFH1XgRpmvxCNdGQqfac8'

export interface Passwords {
  hash(text: string): Promise<string>
  verify(hash: string | null, text: string): Promise<boolean>
  stamp(hash: string | null): Promise<string>
}

/** `atOnce` run, `waiting` more wait, what comes on top is refused. */
export function createPasswords(atOnce = Math.min(4, navigator.hardwareConcurrency || 2), waiting = 200): Passwords {
  const turn = createTurnstile(atOnce, waiting)
  return {
    hash: (text) => turn(async () => (await import('@node-rs/argon2')).hash(text, cost)),
    verify: (hash, text) =>
      turn(async () => {
        const known = hash?.startsWith('$argon2') ? hash : nobodys
        return (await (await import('@node-rs/argon2')).verify(known, text)) && known === hash
      }),
    async stamp(hash) {
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(hash ?? ''))
      return Array.from(new Uint8Array(digest, 0, 12), (byte) => byte.toString(16).padStart(2, '0')).join('')
    },
  }
}

/** @throws SERVICE_UNAVAILABLE when the line is full. */
export function createTurnstile(atOnce: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  const line: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= atOnce) {
      if (line.length >= waiting)
        throw problems.SERVICE_UNAVAILABLE('Too many passwords are being checked; try again.', { service: 'passwords' })
      await new Promise<void>((enter) => line.push(enter))
    } else {
      running++
    }
    try {
      return await work()
    } finally {
      // The place is handed over, not freed: nobody can slip in between.
      const next = line.shift()
      if (next) next()
      else running--
    }
  }
}

/** Signed addresses of images: they lend what their signer may see, for a time, to whoever has them, and bear exactly one transform. */
import { isUuid } from 'plinth'
import type { Values } from './parameters.ts'

export interface Signer {
  /** The value of `sign=`: until `expires` (ms), with the rights of `user`. */
  sign(file: string, values: Values, user: string, expires: number): Promise<string>
  /** Undefined when it is not genuine, for something else, or over. */
  verify(sign: string, file: string, values: Values, now: number): Promise<Loan | undefined>
}

export interface Loan {
  /** Whose rights count. */
  readonly user: string
  /** ms */
  readonly expires: number
}

/** `user.expires.mark`: `expires` in seconds, base 36; the mark an HMAC of all that it stands for. */
export function createSigner(secret: string): Signer {
  let key: Promise<CryptoKey> | undefined
  const text = new TextEncoder()
  const keyOf = () => {
    key ??= crypto.subtle.importKey('raw', text.encode(`assets:${secret}`), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
    return key
  }
  const message = (file: string, values: Values, user: string, expires: string) =>
    text.encode(JSON.stringify([file.toLowerCase(), Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)), user, expires]))

  return {
    async sign(file, values, user, expires) {
      const until = Math.floor(expires / 1000).toString(36)
      const mark = new Uint8Array(await crypto.subtle.sign('HMAC', await keyOf(), message(file, values, user, until)))
      return `${user}.${until}.${toHex(mark)}`
    },
    async verify(sign, file, values, now) {
      const [user = '', until = '', mark = '', ...more] = sign.split('.')
      if (more.length || !isUuid(user) || !/^[0-9a-z]{1,9}$/.test(until) || !/^([0-9a-f]{2}){32}$/.test(mark)) return undefined
      const bytes = Uint8Array.from(mark.match(/../g)!, (pair) => Number.parseInt(pair, 16))
      const genuine = await crypto.subtle.verify('HMAC', await keyOf(), bytes, message(file, values, user, until))
      const expires = Number.parseInt(until, 36) * 1000
      return genuine && expires > now ? { user, expires } : undefined
    },
  }
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

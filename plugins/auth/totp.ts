/** One-time codes from a shared secret and the time: RFC 6238, with the 30 seconds, six digits and SHA-1 that every authenticator app takes. Pure but for chance. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const period = 30

/** The period that a moment (ms since 1970) falls into, counted from 1970. */
export const stepAt = (ms: number): number => Math.floor(ms / 1000 / period)

/** 80 random bits, 16 characters of base32 (RFC 4648). */
export const newSecret = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => alphabet[byte & 31]).join('')

/** Undefined when `text` is no base32, or too little to keep anything secret. */
export function decodeSecret(text: string): Uint8Array<ArrayBuffer> | undefined {
  const plain = text.replace(/=+$/, '').toUpperCase()
  if (plain.length < 16 || plain.length > 255 || !/^[A-Z2-7]+$/.test(plain)) return undefined
  const bytes = new Uint8Array(Math.floor((plain.length * 5) / 8))
  let held = 0
  let bits = 0
  let at = 0
  for (const character of plain) {
    held = ((held << 5) | alphabet.indexOf(character)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = held >>> bits
  }
  return bytes
}

/** The code of one period, six digits (RFC 4226 §5.3). */
export async function codeOf(secret: Uint8Array<ArrayBuffer>, step: number): Promise<string> {
  const counter = new DataView(new ArrayBuffer(8))
  counter.setBigUint64(0, BigInt(step))
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign'])
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter.buffer))
  const offset = mac.getUint8(19) & 15
  return String((mac.getUint32(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** What an authenticator app reads from a QR code. */
export function otpauthUrl(secret: string, account: string, issuer: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  return `otpauth://totp/${label}?secret=${secret}&period=${period}&digits=6&algorithm=SHA1&issuer=${encodeURIComponent(issuer)}`
}

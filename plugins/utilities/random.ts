/** Random text that nobody can guess, for keys and tokens. */

/** 64 characters that need no escape in a URL: 6 bits each, so that every one is equally likely. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export function randomString(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => alphabet[byte & 63]).join('')
}

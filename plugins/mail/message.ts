/** A letter as it travels: RFC 5322, with MIME's (RFC 2045, 2047) forms for what is not ASCII. Pure. */
import type { Letter } from './api.ts'

export interface Envelope {
  readonly from: string
  /** Unique, without angle brackets. */
  readonly id: string
  readonly date: Date
}

/** @throws Error for a line break in an address: it would begin a header of its own. */
export function toMessage({ to, subject, text }: Letter, { from, id, date }: Envelope): string {
  for (const address of [from, to]) if (/\p{Cc}/u.test(address)) throw new Error('An address holds control characters')
  const headers = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${encodeWords(subject.replace(/\p{Cc}+/gu, ' '))}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ]
  return `${headers.join('\r\n')}\r\n\r\n${text.trimEnd().replace(/\r?\n/g, '\r\n')}\r\n`
}

/** A word may have 75 characters; 10 code points of at most four bytes stay below that. */
function encodeWords(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  const points = [...text]
  const words: string[] = []
  for (let at = 0; at < points.length; at += 10) words.push(`=?utf-8?B?${base64(points.slice(at, at + 10).join(''))}?=`)
  return words.join('\r\n ')
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

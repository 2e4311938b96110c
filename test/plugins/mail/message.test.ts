/** Letters as they travel. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toMessage } from '../../../plugins/mail/message.ts'

const envelope = { from: 'no-reply@example.com', id: 'x@plinth', date: new Date('2026-01-02T03:04:05Z') }
const letter = { to: 'ann@example.com', subject: 'Hello', text: 'One\nTwo\n' }

test('toMessage() writes headers, a blank line and the text, lines ended by CR LF', () => {
  assert.equal(
    toMessage(letter, envelope),
    [
      'From: no-reply@example.com',
      'To: ann@example.com',
      'Subject: Hello',
      'Date: Fri, 02 Jan 2026 03:04:05 +0000',
      'Message-ID: <x@plinth>',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      'One',
      'Two',
      '',
    ].join('\r\n'),
  )
})

test('toMessage() encodes a subject that is not ASCII, in words of at most 75 characters', () => {
  const subject = 'Ärger mit 🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊 und mehr'
  const [, header] = /\r\nSubject: ([\s\S]*?)\r\nDate/.exec(toMessage({ ...letter, subject }, envelope))!
  const words = header!.split('\r\n ')
  for (const word of words) assert.ok(word.length <= 75, word)
  const bytes = words.map((word) => Uint8Array.from(atob(/^=\?utf-8\?B\?(.*)\?=$/.exec(word)![1]!), (c) => c.charCodeAt(0)))
  assert.equal(bytes.map((part) => new TextDecoder('utf-8', { fatal: true }).decode(part)).join(''), subject)
})

test('toMessage() lets nobody write headers', () => {
  assert.throws(() => toMessage({ ...letter, to: 'a@example.com\r\nBcc: b@example.com' }, envelope))
  assert.match(toMessage({ ...letter, subject: 'Hi\r\nBcc: b@example.com' }, envelope), /\r\nSubject: Hi Bcc: b@example.com\r\nDate/)
})

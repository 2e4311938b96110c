/** Rows before they are written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Field, Table } from 'plinth'
import { checkEmail, sealSecrets } from '../../../plugins/access/guard.ts'

const fields: Pick<Field, 'name' | 'special' | 'concealed'>[] = [
  { name: 'password', special: ['hash', 'conceal'], concealed: true },
  { name: 'token', special: ['conceal'], concealed: true },
  { name: 'code', special: ['hash'], concealed: false },
  { name: 'email', special: [], concealed: false },
]
const users = { name: 'directus_users', fields: new Map(fields.map((field) => [field.name, field])) } as unknown as Table
const hash = async (text: string) => `#${text}`
const mask = '**********'

const rows: [why: string, row: Record<string, unknown>, sealed: Record<string, unknown>][] = [
  ['hashes plain values', { password: 'a', code: 'b', token: 'c', email: 'd' }, { password: '#a', code: '#b', token: 'c', email: 'd' }],
  ['hashes what looks like a hash: nobody brings their own', { password: '$argon2id$x' }, { password: '#$argon2id$x' }],
  ['drops masks', { password: mask, token: mask, email: mask }, { email: mask }],
  ['takes ten asterisks as a value where nothing is concealed', { code: mask }, { code: `#${mask}` }],
  ['empties', { password: '', code: null }, { password: null, code: null }],
  ['hashes values that are no text as JSON', { code: 5, password: { a: 1 } }, { code: '#5', password: '#{"a":1}' }],
  ['leaves absent fields absent', {}, {}],
]
for (const [why, row, sealed] of rows) {
  test(`sealSecrets() ${why}`, async () => {
    await sealSecrets(users, row, hash)
    assert.deepEqual(row, sealed)
  })
}

const emails: [email: unknown, fine: boolean][] = [
  ['a@example.com', true],
  ["o'neil+x@mail.example.co.uk", true],
  ['ä@exämple.de', true],
  [null, true],
  [undefined, true],
  ['', false],
  ['foo', false],
  ['a@localhost', false],
  ['a b@example.com', false],
  ['a@b@example.com', false],
  [5, false],
]
for (const [email, fine] of emails) {
  test(`checkEmail() ${fine ? 'takes' : 'refuses'} ${JSON.stringify(email)}`, () => {
    const check = () => checkEmail(users, { email })
    if (fine) check()
    else
      assert.throws(check, {
        code: 'FAILED_VALIDATION',
        details: { reason: '"email" must be an email address.', field: 'email', type: 'email', path: [] },
      })
  })
}
test('checkEmail() minds users alone', () => checkEmail({ ...users, name: 'letters' }, { email: 'foo' }))

/** /utils/hash. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost
before(async () => {
  host = await startKernel()
})
after(() => host.close())

const post = (path: string, body: unknown, token?: string | null) =>
  host.api('POST', `/utils/hash/${path}`, { body, ...(token !== undefined && { token }) })

test('what was made of a text is recognised, and of no other', async () => {
  const { status, data: hash } = await post('generate', { string: 'hello' })
  assert.equal(status, 200)
  assert.match(hash, /^\$argon2id\$v=19\$/)
  assert.deepEqual(
    [(await post('verify', { string: 'hello', hash })).data, (await post('verify', { string: 'Hello', hash })).data],
    [true, false],
  )
})

const salt = 'c29tZXNhbHRzb21l'
const cases: [why: string, path: string, body: unknown][] = [
  ['no text', 'generate', {}],
  ['an empty text', 'generate', { string: '' }],
  ['a number', 'generate', { string: 5 }],
  ['a list', 'generate', ['x']],
  ['no hash', 'verify', { string: 'x' }],
  ['no text beside a hash', 'verify', { hash: 'x' }],
  ['what is no hash', 'verify', { string: 'x', hash: 'x' }],
  ['a hash that would take gigabytes', 'verify', { string: 'x', hash: `$argon2id$v=19$m=4194304,t=3,p=4$${salt}$${salt}` }],
  ['a hash that would take minutes', 'verify', { string: 'x', hash: `$argon2id$v=19$m=65536,t=9999,p=4$${salt}$${salt}` }],
  ['a hash without passes', 'verify', { string: 'x', hash: `$argon2id$v=19$m=65536,t=0,p=4$${salt}$${salt}` }],
]
for (const [why, path, body] of cases) {
  test(`${why} answers 400`, async () =>
    assert.deepEqual([(await post(path, body)).status, (await post(path, body)).code], [400, 'INVALID_PAYLOAD']))
}

test('nobody is let in who is not signed in', async () => {
  assert.equal((await post('generate', { string: 'x' }, null)).code, 'FORBIDDEN')
  assert.equal((await post('verify', { string: 'x', hash: 'x' }, null)).code, 'FORBIDDEN')
})

/** Passwords: hashes that are shared with the reference, and the bound on how many are made at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPasswords, createTurnstile } from '../../../plugins/access/password.ts'

const passwords = createPasswords()

test('hash() makes what verify() takes, with the cost of the reference', async () => {
  const hash = await passwords.hash('Pässword 1')
  assert.match(hash, /^\$argon2id\$v=19\$m=65536,t=3,p=4\$/)
  assert.notEqual(hash, await passwords.hash('Pässword 1'), 'salted')
  assert.equal(await passwords.verify(hash, 'Pässword 1'), true)
  assert.equal(await passwords.verify(hash, 'Pässword 2'), false)
})

/** Of the password `secret`, at another cost than ours. */
const foreign: [kind: string, hash: string][] = [
  ['argon2id', '$argon2id$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$OHc9SRN0/XEiuUUihEOCXBYjZ7cbpwHqG3uM3/Rhr/w'],
  ['argon2i', '$argon2i$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$sE9wk9qNxdkKRYQqRxBH0F2WQHhJfQ46y5XO6NBO/9o'],
  ['argon2d', '$argon2d$v=19$m=1024,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$2MVRdzq4YEy+MRk+eBHrF3Cn5vc6s2E+B4riiI0r0X8'],
]
for (const [kind, hash] of foreign) {
  test(`verify() takes ${kind}`, async () => {
    assert.equal(await passwords.verify(hash, 'secret'), true)
    assert.equal(await passwords.verify(hash, 'Secret'), false)
  })
}

test('verify() says no, and takes its time, where there is no hash', async () => {
  const took = async (hash: string | null) => {
    const began = performance.now()
    assert.equal(await passwords.verify(hash, 'x'), false)
    return performance.now() - began
  }
  const real = await took(await passwords.hash('y'))
  for (const none of [null, '', 'plain']) assert.ok((await took(none)) > real / 5, String(none))
})

test('stamp() differs by password and tells nothing of it', async () => {
  const [a, b, none] = await Promise.all(['$argon2id$a', '$argon2id$b', null].map(passwords.stamp))
  assert.equal(new Set([a, b, none]).size, 3)
  assert.match(a!, /^[\da-f]{24}$/)
})

test('createTurnstile() lets a few in, makes some wait, refuses the rest', async () => {
  const turn = createTurnstile(2, 3)
  const open: (() => void)[] = []
  let most = 0
  let inside = 0
  const enter = () =>
    turn(async () => {
      most = Math.max(most, ++inside)
      await new Promise<void>((resolve) => open.push(resolve))
      inside--
    })
  const five = [enter(), enter(), enter(), enter(), enter()]
  await assert.rejects(enter(), { code: 'SERVICE_UNAVAILABLE' })
  while (open.length) {
    open.shift()!()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(five)
  assert.equal(most, 2)
  const late = enter()
  await new Promise((resolve) => setTimeout(resolve, 5))
  open.shift()!()
  await late
})

test('createTurnstile() goes on after a failure', async () => {
  const turn = createTurnstile(1, 1)
  await assert.rejects(
    turn(async () => {
      throw new Error('no')
    }),
    /no/,
  )
  assert.equal(await turn(async () => 'yes'), 'yes')
})

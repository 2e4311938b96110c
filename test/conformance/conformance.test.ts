/** Plays every scenario to our kernel and compares its answers with what the reference answered. `differences/` holds what is meant to differ. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hash } from '@node-rs/argon2'
import { admin, startKernel } from '../host.ts'
import { compare, type NewUser, pending, play, readDifferences, readGolden, scenarioNames, type Target } from './runner.ts'

const SECRET = 'a-secret-for-conformance-0123456789abcdef'

/** As the reference was started for the recordings, and quicker: what takes its time elsewhere is tested elsewhere. */
const env = {
  SECRET,
  LOGIN_STALL_TIME: '1ms',
  REGISTER_STALL_TIME: '1ms',
  PASSWORD_RESET_URL_ALLOW_LIST: 'http://good.test/reset',
  USER_INVITE_URL_ALLOW_LIST: 'http://good.test/invite',
  USER_REGISTER_URL_ALLOW_LIST: 'http://good.test/register',
  RATE_LIMITER_REGISTRATION_POINTS: '50',
}

async function startTarget(): Promise<Target & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-conformance-'))
  const { kernel, close } = await startKernel({ env: { ...env, DATA_DIR: folder } })
  return {
    base: 'http://plinth.test',
    secret: SECRET,
    admin,
    fetch: (request) => kernel.fetch(request),
    async addUser({ email, password, token, status = 'active', tfa_secret }: NewUser) {
      const id = randomUUID()
      const values = [id, email, password ? await hash(password) : null, token ?? null, status, tfa_secret ?? null]
      await kernel.db.query(
        'insert into directus_users (id, email, password, token, status, tfa_secret) values ($1, $2, $3, $4, $5, $6)',
        values,
      )
      return id
    },
    async close() {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const names = await scenarioNames()
for (const name of names.filter((name) => !pending.includes(name))) {
  test(`conformance: ${name}`, async (t) => {
    const target = await startTarget()
    try {
      const { points, crash } = await play(name, target)
      for (const { label, wrong } of compare(await readGolden(name), points, await readDifferences(name))) {
        await t.test(label, () => assert.deepEqual(wrong, []))
      }
      assert.ifError(crash)
    } finally {
      await target.close()
    }
  })
}

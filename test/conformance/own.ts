/** Our kernel as a target: started as the reference was for the recordings, and quicker: what takes its time elsewhere is tested elsewhere. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import { admin, startKernel, type TestHost, type TestOptions } from '../host.ts'
import type { NewUser, Target } from './runner.ts'

const SECRET = 'a-secret-for-conformance-0123456789abcdef'

const env = {
  SECRET,
  LOGIN_STALL_TIME: '1ms',
  REGISTER_STALL_TIME: '1ms',
  PASSWORD_RESET_URL_ALLOW_LIST: 'http://good.test/reset',
  USER_INVITE_URL_ALLOW_LIST: 'http://good.test/invite',
  USER_REGISTER_URL_ALLOW_LIST: 'http://good.test/register',
  RATE_LIMITER_REGISTRATION_POINTS: '50',
  FILES_MIME_TYPE_ALLOW_LIST: 'image/*,text/*,application/octet-stream,application/gzip',
  FILES_MAX_UPLOAD_SIZE: '100kb',
  IMPORT_IP_DENY_LIST: '169.254.169.254',
  ASSETS_TRANSFORM_TIMEOUT: '2m', // however busy the machine is
}

/** What a scenario needs beside that. */
const more: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'files-tus': { TUS_ENABLED: 'true' },
  'system-cors': {
    CORS_ENABLED: 'true',
    CORS_ORIGIN: 'http://one.test,http://two.test',
    // What the reference has by itself: our own lists are longer.
    CORS_METHODS: 'GET,POST,PATCH,DELETE',
    CORS_ALLOWED_HEADERS: 'Content-Type,Authorization',
    IMPORT_MAX_FILE_SIZE: '1kb',
  },
  'system-export': { FILES_MIME_TYPE_ALLOW_LIST: '*/*' },
}

export async function startTarget(scenario: string, wrap?: TestOptions['wrap']): Promise<Target & Pick<TestHost, 'close' | 'settled'>> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-conformance-'))
  const { kernel, close, settled } = await startKernel({ env: { ...env, ...more[scenario], DATA_DIR: folder }, ...(wrap && { wrap }) })
  return {
    base: 'http://plinth.test',
    secret: SECRET,
    admin,
    fetch: async (request) => kernel.fetch(request),
    async addUser({ email, password, token, status = 'active', tfa_secret }: NewUser) {
      const id = randomUUID()
      const values = [id, email, password ? await hash(password) : null, token ?? null, status, tfa_secret ?? null]
      await kernel.db.query(
        'insert into directus_users (id, email, password, token, status, tfa_secret) values ($1, $2, $3, $4, $5, $6)',
        values,
      )
      return id
    },
    execute: (sql) => kernel.db.execute(sql),
    settled,
    async close() {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

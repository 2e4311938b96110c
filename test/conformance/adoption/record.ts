/**
 * Makes the adoption fixture on a fresh reference server that signs with the SECRET of data.ts, and records what it answers:
 *
 *   TARGET_URL=http://127.0.0.1:8055 DATABASE_URL=postgres://… node test/conformance/adoption/record.ts
 *
 * The dump is plain INSERTs without psql's own commands, so that any driver can run it. Names of migrations, words and network
 * addresses that the server wrote by itself are left out.
 */
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { makeApi, printPoints, type Target } from '../runner.ts'
import { makeData, readData, SECRET } from './data.ts'

const { TARGET_URL, DATABASE_URL } = process.env
if (!TARGET_URL || !DATABASE_URL) throw new Error('Set TARGET_URL to a fresh reference server and DATABASE_URL to its database.')

const target: Target = {
  base: TARGET_URL,
  secret: SECRET,
  admin: { token: 'admin-token', email: 'admin@example.com', password: 'Password123!' },
  fetch: (request) => fetch(request),
  addUser: () => Promise.reject(new Error('The fixture makes its own users.')),
  execute: async () => {},
}

const forget = [
  `update directus_migrations set name = version`,
  `update directus_roles set description = null`,
  `update directus_policies set description = null`,
  `delete from directus_revisions`,
  `delete from directus_activity`,
  `delete from directus_sessions`,
]

const api = makeApi(target)
await makeData(api)
await readData(api)
await writeFile(new URL('golden.json', import.meta.url), printPoints(api.points))
execFileSync('psql', ['-q', '-d', DATABASE_URL, ...forget.flatMap((statement) => ['-c', statement])])
const dump = execFileSync(
  'pg_dump',
  ['--no-owner', '--no-privileges', '--no-comments', '--inserts', '--rows-per-insert=50', DATABASE_URL],
  {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  },
)
const statements = dump
  .split('\n')
  .filter((line) => !/^(--|\\|SET |SELECT pg_catalog\.set_config|CREATE SCHEMA|$)/.test(line))
  .join('\n')
await writeFile(new URL('../../fixtures/adopted.sql', import.meta.url), `${statements}\n`)
console.log(`recorded ${api.points.length} points, a dump of ${statements.length} characters`)

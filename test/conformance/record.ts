/**
 * Records what a reference server answers: `TARGET_URL=http://127.0.0.1:8055 node test/conformance/record.ts [scenario…]` writes
 * golden/NAME.json. With --check it writes nothing and prints how the server's answers differ from the recordings. With --labels it asks our own
 * kernel and no reference: answers stay as they were recorded, only what they prove is written anew.
 * ADMIN_TOKEN, ADMIN_EMAIL, ADMIN_PASSWORD and SECRET are those of that server; TARGET_DATABASE_URL, its database, is for scenarios that run SQL. Give it a database of its own: scenarios write.
 */
import { writeFile } from 'node:fs/promises'
import { startTarget } from './own.ts'
import { compare, goldenFile, type NewUser, play, printPoints, readGolden, scenarioNames, type Target } from './runner.ts'

const {
  TARGET_URL,
  TARGET_DATABASE_URL,
  ADMIN_TOKEN = 'admin-token',
  ADMIN_EMAIL = 'admin@example.com',
  ADMIN_PASSWORD = 'Password123!',
  SECRET = '',
} = process.env

function reference(): Target {
  if (!TARGET_URL) throw new Error('Set TARGET_URL to the address of a reference server.')
  return {
    base: TARGET_URL.replace(/\/$/, ''),
    secret: SECRET,
    admin: { token: ADMIN_TOKEN, email: ADMIN_EMAIL, password: ADMIN_PASSWORD },
    fetch: (request) => fetch(request),
    addUser,
    execute,
  }
}

async function execute(sql: string): Promise<void> {
  if (!TARGET_DATABASE_URL) throw new Error('Set TARGET_DATABASE_URL to the database of the reference server.')
  const { openPostgres } = await import('../../kernel/database/postgres.ts')
  const db = openPostgres({ url: TARGET_DATABASE_URL })
  await db.execute(sql).finally(() => db.close())
}

/** An earlier run's user of that address is replaced. */
async function addUser(user: NewUser): Promise<string> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const earlier = JSON.stringify({ query: { filter: { email: { _eq: user.email } } } })
  await fetch(`${TARGET_URL}/users`, { method: 'DELETE', headers, body: earlier })
  const response = await fetch(`${TARGET_URL}/users`, { method: 'POST', headers, body: JSON.stringify(user) })
  const body = await response.json()
  if (!response.ok) throw new Error(`POST /users answered ${response.status}: ${JSON.stringify(body)}`)
  return body.data.id
}

async function record(name: string): Promise<void> {
  const { points, crash } = await play(name, reference())
  if (crash) throw crash
  await writeFile(goldenFile(name), printPoints(points))
  console.log(`${name}: recorded ${points.length} points`)
}

async function check(name: string): Promise<void> {
  const { points, crash } = await play(name, reference())
  const misses = compare(await readGolden(name), points, []).filter(({ wrong }) => wrong.length > 0)
  console.log(`${name}: ${points.length} points, ${misses.length} differ${crash ? `, stopped: ${crash}` : ''}`)
  for (const { label, wrong } of misses) console.log(`  ${label}\n    ${wrong.join('\n    ')}`)
  if (misses.length > 0 || crash) process.exitCode = 1
}

async function relabel(name: string): Promise<void> {
  const target = await startTarget(name)
  const { points, crash } = await play(name, target).finally(() => target.close())
  if (crash) throw crash
  const labels = new Map(points.map((point) => [point.label, point.contract]))
  const golden = await readGolden(name)
  await writeFile(goldenFile(name), printPoints(golden.map((point) => ({ ...point, contract: labels.get(point.label) ?? point.contract }))))
}

const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const run = options.includes('--labels') ? relabel : options.includes('--check') ? check : record
for (const name of named.length > 0 ? named : await scenarioNames()) await run(name)

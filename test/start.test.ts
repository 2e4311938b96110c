/** What a start costs, counted: times differ from machine to machine, modules and statements do not. */
import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { freshDatabase, serverUrl } from './database.ts'
import { startKernel } from './host.ts'
import { makePlace, type Place, runProgram, startProgram } from './program.ts'
import { createRecorder } from './recorded.ts'

/** Only Node tells what it loads, and what that is with PostgreSQL. */
const skip = Boolean(process.versions.deno ?? process.versions.bun) || serverUrl === null

describe('before its first answer the program has loaded', { skip }, () => {
  let place: Place
  /** Paths below our own folder, or below node_modules. */
  let own: string[]
  let packages: string[]
  before(async () => {
    place = await makePlace('postgres')
    const root = new URL('../', import.meta.url).href
    const tell = new URL('fixtures/loaded-modules.js', import.meta.url).href
    await runProgram(['bootstrap'], place.folder, place.variables) // what only the first start does
    const server = await startProgram({ folder: place.folder, variables: { ...place.variables, NODE_OPTIONS: `--import ${tell}` } })
    assert.equal((await fetch(`${server.address}/server/ping`)).status, 200)
    const loaded = [...server.output.stderr.matchAll(/^loaded (file:.*)$/gm)].map(([, url]) => url!)
    server.signal('SIGTERM')
    assert.equal(await server.ended, 0)
    packages = [...new Set(loaded.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))].sort()
    own = loaded.filter((url) => url.startsWith(root) && !url.includes('/node_modules/')).map((url) => url.slice(root.length))
  })
  after(() => place.remove())

  test('these packages, and no others', () => {
    assert.deepEqual(packages, ['@hono/node-server', 'croner', 'hono', 'ipaddr.js', 'lru-cache', 'postgres', 'valibot'])
  })

  test('an entry that need not be stripped of types: at that time no cache is on, and the stripper takes longer than all else', () => {
    assert.equal(own[0], 'kernel/serve/main.js')
  })

  test('nothing that changes the model, writes files, shows a page, traces or runs a command', () => {
    const late =
      /^plugins\/(schema\/(changes|input|model\/(desk|answers|exchange))|items\/export|doctor\/doctor\.node|mail\/files\.node|assets\/(handlers|transform|zip)|files\/(uploads|multipart|describe|sniff|drivers\/(memory|s3))|pages\/(html|packages)|docs\/page|graphql\/explorer|trace\/(spans|timing|traced|statements))/
    assert.deepEqual(
      own.filter((path) => late.test(path)),
      [],
    )
  })

  test('at most 270 files of our own', () => assert.ok(own.length <= 270, `${own.length} files`))
})

test('a start on a database where nothing is missing sends five statements', async () => {
  const recorder = createRecorder()
  const database = await freshDatabase()
  try {
    await startKernel({ database })
    await startKernel({ database, wrap: recorder.wrap })
    const sent = recorder.take().map(({ text }) => text)
    const expected: [what: string, form: RegExp][] = [
      ['the version of the schema', /^select version::text from plinth\.versions/],
      ['the catalogue', /pg_class/],
      ['the meta tables', /directus_collections/],
      ['whether there are settings', /from "public"\."directus_settings"/],
      ['whether there is anybody', /from directus_users/],
    ]
    assert.equal(sent.length, expected.length, sent.join('\n'))
    for (const [i, [what, form]] of expected.entries()) assert.match(sent[i]!, form, what)
  } finally {
    await database.drop()
  }
})

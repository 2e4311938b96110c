/** The command line as a person meets it: a process, its exit code and what it prints. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testDrivers } from '../../database.ts'
import { makePlace, type Place, runProgram, type Server, startProgram, type Variables } from '../../program.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
const timeout = 600_000

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-main-'))
  await work(folder).finally(() => rm(folder, { recursive: true, force: true }))
}

async function withPlace(driver: (typeof testDrivers)[number], work: (place: Place) => Promise<void>): Promise<void> {
  const place = await makePlace(driver)
  await work(place).finally(() => place.remove())
}

async function stop(server: Server): Promise<void> {
  server.signal('SIGTERM')
  assert.equal(await server.ended, 0, server.output.stderr)
}

/** Asks as the admin. */
async function ask(server: Server, method: string, path: string, body?: unknown): Promise<{ status: number; data: any }> {
  const response = await fetch(server.address + path, {
    method,
    headers: { authorization: 'Bearer admin-token', 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  return { status: response.status, data: response.status === 204 ? null : (await response.json()).data }
}

const notes = {
  collection: 'notes',
  meta: {},
  schema: {},
  fields: [
    { field: 'id', type: 'integer', meta: {}, schema: { is_primary_key: true, has_auto_increment: true } },
    { field: 'number', type: 'integer', meta: {}, schema: {} },
  ],
}

test('plinth prints what was asked for and exits with 0', { timeout }, async (t) => {
  await withFolder(async (folder) => {
    const rows: [why: string, words: string[], expected: RegExp][] = [
      ['nothing', [], /Usage: plinth <command>[\s\S]*doctor/],
      ['help', ['help'], /Usage: plinth <command>/],
      ['--help', ['--help'], /Usage: plinth <command>/],
      ['help of a command', ['help', 'start'], /Usage: plinth start/],
      ["help of a plugin's command", ['help', 'users'], /Usage: plinth users create/],
      ['a command with --help', ['bootstrap', '--help'], /Usage: plinth bootstrap/],
      ['version', ['version'], /^plinth \d+\.\d+\.\d+ \((node|deno|bun) \d/],
      ['--version', ['--version'], /^plinth \d/],
    ]
    for (const [why, words, expected] of rows) {
      await t.test(why, async () => {
        const { code, stdout, stderr } = await runProgram(words, folder)
        assert.deepEqual([code, stderr], [0, ''])
        assert.match(stdout, expected)
      })
    }
    await t.test('and leaves nothing in the folder', async () => assert.deepEqual(await readdir(folder), []))
  })
})

test('plinth ends with 1 and a line a fault that says what to do', { timeout }, async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const port = String((taken.address() as AddressInfo).port)
  const unreachable = 'postgres://someone:hidden@127.0.0.1:1/app'

  await withFolder(async (folder) => {
    await writeFile(join(folder, 'broken.ts'), 'export const x: = 1')
    await writeFile(join(folder, 'empty.ts'), 'export const x = 1')
    const rows: [why: string, words: string[], variables: Variables, ...lines: RegExp[]][] = [
      ['an unknown command', ['strat'], {}, /^There is no command "strat"\. See "plinth help"\.$/],
      ['help on an unknown command', ['help', 'strat'], {}, /no command "strat"/],
      ['an unknown option', ['start', '--fast'], {}, /--fast.*plinth help start/],
      ['a word too many', ['start', 'now'], {}, /takes no "now"/],
      ['a wrong value', ['start'], { PORT: 'abc' }, /^PORT is "abc"; it may hold a whole number/],
      ['two wrong values', ['start'], { PORT: '70000', LOG_LEVEL: 'loud' }, /^PORT is "70000"/, /^LOG_LEVEL is "loud".*debug/],
      ['a database that is not PostgreSQL', ['start'], { DATABASE_URL: 'mysql://localhost/x' }, /^DATABASE_URL .*may hold .*postgres:/],
      [
        'an unreachable database',
        ['start'],
        { DATABASE_URL: unreachable },
        /^The database at 127\.0\.0\.1:1 cannot be reached.*DATABASE_URL/,
      ],
      ['an unreachable database in boot', ['boot'], { DATABASE_URL: unreachable }, /cannot be reached/],
      ['a missing plugin', ['start'], { PLUGINS: './missing.ts' }, /"\.\/missing\.ts" of PLUGINS could not be loaded/],
      ['a plugin that cannot be parsed', ['start'], { PLUGINS: './broken.ts' }, /"\.\/broken\.ts" of PLUGINS could not be loaded/],
      ['a module without a plugin', ['start'], { PLUGINS: './empty.ts' }, /exports no plugin/],
      ['a plugin to leave out that is not there', ['start'], { PLUGINS: '-nothing' }, /no plugin "nothing" to leave out/],
    ]
    for (const [why, words, variables, ...lines] of rows) {
      await t.test(why, async () => {
        const { code, stdout, stderr } = await runProgram(words, folder, variables)
        const printed = stderr.trimEnd().split('\n')
        assert.deepEqual([code, stdout, printed.length], [1, '', lines.length], stderr)
        for (const [i, line] of lines.entries()) assert.match(printed[i]!, line)
        assert.ok(!stderr.includes('hidden'), 'a password is printed')
      })
    }
    await t.test('none of which made a data folder', () => assert.ok(!existsSync(join(folder, 'data'))))

    await t.test('LOG_LEVEL=debug adds the stack and its causes', async () => {
      const { stderr } = await runProgram(['start'], folder, { DATABASE_URL: unreachable, LOG_LEVEL: 'debug' })
      assert.match(stderr, /cannot be reached[\s\S]*\n +at [\s\S]*caused by/)
      assert.ok(!stderr.includes('hidden'))
    })

    for (const [why, text, line] of [
      ['a config file that cannot be parsed', 'export default {{', /^plinth\.config\.ts cannot be loaded: /],
      ['a config file without a default export', 'export const x = 1', /^plinth\.config\.ts has no default export/],
    ] as const) {
      await t.test(why, async () => {
        await writeFile(join(folder, 'plinth.config.ts'), text)
        const { code, stderr } = await runProgram(['start'], folder)
        await rm(join(folder, 'plinth.config.ts'))
        assert.equal(code, 1)
        assert.match(stderr, line)
        assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
      })
    }
  })

  await withPlace(testDrivers[0]!, async ({ folder, variables }) => {
    await t.test('a port in use', async () => {
      const { code, stderr } = await runProgram(['start'], folder, { ...variables, PORT: port })
      assert.deepEqual(
        [code, stderr],
        [1, `Port ${port} on 127.0.0.1 is in use. Stop the program that has it, or set PORT to a free one.\n`],
      )
    })
    await t.test('an address of another machine', async () => {
      const { code, stderr } = await runProgram(['start'], folder, { ...variables, HOST: '192.0.2.1' })
      assert.equal(code, 1)
      assert.match(stderr, /^HOST is "192\.0\.2\.1", which is no address of this machine.*\n$/)
    })
    await t.test('a plugin that throws', async () => {
      const { code, stderr } = await runProgram(['start'], folder, { ...variables, PLUGINS: fixture('throwing-plugin.ts') })
      assert.deepEqual([code, stderr], [1, 'Plugin "thrower" failed to start: the moon is missing\n'])
    })
    await t.test('an unknown command, where plugins could have it', async () => {
      const { code, stderr } = await runProgram(['greet'], folder, variables)
      assert.deepEqual([code, stderr], [1, 'There is no command "greet". See "plinth help".\n'])
    })
  })
  taken.close()
})

test('settings come from .env, and the environment wins over it', { timeout }, async () => {
  await withFolder(async (folder) => {
    await writeFile(join(folder, '.env'), 'PORT=from-file\nLOG_LEVEL="from file"\n')
    const { stderr } = await runProgram(['start'], folder, { PORT: 'from-environment' })
    assert.match(stderr, /PORT is "from-environment"/)
    assert.match(stderr, /LOG_LEVEL is "from file"/)
  })
})

test('commands that report', { timeout }, async (t) => {
  await withPlace(testDrivers[0]!, async ({ folder, variables }) => {
    const withCommand = { ...variables, PLUGINS: fixture('command-plugin.ts') }

    await t.test('doctor, before the first start', async () => {
      const { code, stdout, stderr } = await runProgram(['doctor'], folder, variables)
      assert.deepEqual([code, stderr], [0, ''], stdout)
      assert.match(stdout, /^ok +(node|deno|bun) /)
      assert.match(stdout, /^ok +PostgreSQL 1\d/m)
      assert.match(stdout, /^ok +notifications arrive$/m)
    })
    await t.test('bootstrap, twice', async () => {
      for (const _ of [1, 2]) {
        const { code, stdout } = await runProgram(['bootstrap'], folder, variables)
        assert.equal(code, 0)
        assert.match(stdout, /^Ready: /m)
      }
    })
    await t.test('boot', async () => {
      const { code, stdout } = await runProgram(['boot'], folder, withCommand)
      assert.equal(code, 0)
      for (const line of [/^\d+\. items$/m, /^ {5}GET \/server\/ping$/m, /^ {5}directus_users$/m, /^ {5}greet$/m])
        assert.match(stdout, line)
    })
    await t.test('a command of a plugin, with its arguments and exit code', async () => {
      assert.deepEqual(await runProgram(['greet', 'Ada'], folder, withCommand), { code: 0, stdout: 'Hello Ada on port 0\n', stderr: '' })
      assert.equal((await runProgram(['greet'], folder, withCommand)).code, 3)
      assert.match((await runProgram(['greet', '--help'], folder, withCommand)).stdout, /^Usage: plinth greet <name>/)
    })
    await t.test('doctor with faults', async () => {
      const { code, stdout } = await runProgram(['doctor'], folder, { DATABASE_URL: 'postgres://x@127.0.0.1:1/x' })
      assert.equal(code, 1)
      assert.match(stdout, /^warn +SECRET is not set/m)
      assert.match(stdout, /^fail +The database at 127\.0\.0\.1:1 cannot be reached/m)
      assert.match((await runProgram(['doctor'], folder, { PORT: 'abc' })).stdout, /^fail +PORT is "abc"/m)
      const below = await runProgram(['doctor'], folder, { DATA_DIR: fileURLToPath(new URL('below', `${import.meta.url}/`)) })
      assert.match(below.stdout, /^fail +The data folder .* cannot be created/m)
    })
  })
})

for (const driver of testDrivers) {
  test(`start on ${driver}`, { timeout }, async (t) => {
    await withPlace(driver, async (place) => {
      let server = await startProgram(place)

      await t.test('prints where it answers and where the data is, then logs as JSON', async () => {
        const [head, logs] = server.output.stdout.split('\n\n')
        assert.match(head!, new RegExp(`address +${server.address}`))
        assert.match(head!, driver === 'postgres' ? /PostgreSQL database "plinth_test_\w+" on / : /embedded PostgreSQL in /)
        assert.match(head!, /curl .*\/users\/me/)
        assert.equal(JSON.parse(logs!.split('\n')[0]!).message, 'started')
      })

      await t.test('a second start finds the data of the first', async () => {
        assert.equal((await ask(server, 'POST', '/collections', notes)).status, 200)
        assert.equal((await ask(server, 'POST', '/items/notes', { number: 7 })).status, 200)
        await stop(server)
        server = await startProgram(place)
        assert.deepEqual((await ask(server, 'GET', '/items/notes')).data, [{ id: 1, number: 7 }])
      })

      if (driver === 'pglite') {
        await t.test('a second process on the same folder stops with one line that names the first', async () => {
          const { code, stderr } = await runProgram(['start'], place.folder, place.variables)
          assert.equal(code, 1)
          assert.match(stderr, new RegExp(`in use by process ${server.child.pid}\\b.*\n$`))
        })
      }

      await t.test('killed in the middle of writes it has lost nothing that it answered', async () => {
        const answered: number[] = []
        const write = async (first: number) => {
          for (let number = first; ; number += 4) {
            const { status } = await ask(server, 'POST', '/items/notes', { number })
            if (status !== 200) return
            if (answered.push(number) === 100) server.signal('SIGKILL')
          }
        }
        await Promise.allSettled([1000, 1001, 1002, 1003].map(write))
        assert.notEqual(await server.ended, 0)
        server = await startProgram(place)
        const { data } = await ask(server, 'GET', '/items/notes?limit=-1&fields=number')
        const kept = new Set(data.map(({ number }: { number: number }) => number))
        assert.ok(answered.length >= 100)
        assert.deepEqual(
          answered.filter((number) => !kept.has(number)),
          [],
        )
      })
      await stop(server)
    })
  })
}

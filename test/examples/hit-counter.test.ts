/** A stranger's plugin, loaded in each of the three ways: through PLUGINS, through plinth.config.ts, in code. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { StartError } from 'plinth'
import { loadPlugins } from '../../plugins/mod.ts'
import { startKernel, type TestHost } from '../host.ts'
import { makePlace, type Place, runProgram, startProgram } from '../program.ts'
import { hitCounter } from './hit-counter.ts'

const here = new URL('./', import.meta.url)
const tables = `create table article (id serial primary key, title text, hits integer); create table note (id serial primary key, body text);`

describe('loaded through PLUGINS', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({ change: ['./examples/hit-counter.ts'], env: { HIT_COUNTER_START: '10' }, sql: tables })
  })
  after(() => host.close())
  const hits = (method: string, page: string, token: string | null = null) => host.api(method, `/hits/${page}`, { token })

  test('it counts in a table of its own, for everybody, also at once', async () => {
    assert.deepEqual((await hits('POST', 'home')).data, { hits: 11 })
    await Promise.all(Array.from({ length: 5 }, () => hits('POST', 'home')))
    assert.deepEqual((await hits('GET', 'home')).data, { hits: 16 })
    assert.deepEqual((await hits('POST', 'a%20b%2Fc')).data, { hits: 11 })
    assert.deepEqual((await hits('GET', 'A%20b%2Fc')).status, 404)
  })

  test('its own problem is answered in the usual form', async () => {
    const { status, body } = await hits('GET', 'nobody')
    assert.equal(status, 404)
    assert.deepEqual(body, {
      errors: [
        {
          message: 'Nobody has visited this page yet.',
          extensions: { hint: 'POST to the same address to be the first.', code: 'PAGE_NOT_VISITED' },
        },
      ],
    })
  })

  test('it knows who asks', async () => {
    await hits('POST', 'gone')
    assert.deepEqual([(await hits('DELETE', 'gone')).code, (await hits('DELETE', 'gone', 'admin-token')).status], ['FORBIDDEN', 204])
    assert.equal((await hits('GET', 'gone')).status, 404)
  })

  test('its hook fills in new items where a table has the column, and leaves others alone', async () => {
    const { data } = await host.api('POST', '/items/article', {
      body: [{ title: 'a' }, { title: 'b', hits: 5 }, { title: 'c', hits: null }],
    })
    assert.deepEqual(
      data.map((row: any) => row.hits),
      [10, 5, 10],
    )
    assert.deepEqual((await host.api('POST', '/items/note', { body: { body: 'x' } })).data, { id: 1, body: 'x' })
  })

  test('its table is an ordinary collection', async () => {
    assert.deepEqual((await host.api('GET', '/items/page_hits?filter[page][_eq]=home')).data, [{ page: 'home', hits: 16 }])
    assert.equal((await host.api('GET', '/items/page_hits', { token: null })).status, 403)
  })

  test('the boot report tells what it brought along', () => {
    assert.deepEqual(
      host.kernel.plugins.find(({ name }) => name === 'hit-counter'),
      {
        name: 'hit-counter',
        routes: ['GET /hits/:page', 'POST /hits/:page', 'DELETE /hits/:page'],
        hooks: ['items.create'],
        tables: ['page_hits'],
        commands: [],
      },
    )
  })
})

/** The plugin of that name, and all of the default ones that cannot be without it. */
async function dependentsOf(name: string): Promise<string[]> {
  const plugins = await loadPlugins([], here.href)
  const gone = new Set([name])
  const isMissing = ({ id }: { id: string }) => plugins.some((plugin) => gone.has(plugin.name) && plugin.gives?.id === id)
  for (let before = 0; before < gone.size; ) {
    before = gone.size
    for (const plugin of plugins) if (plugin.needs?.some(isMissing)) gone.add(plugin.name)
  }
  return [...gone]
}

describe('loading', () => {
  test('adds it behind the default plugins', async () => {
    const plugins = await loadPlugins(['-auth', './hit-counter.ts'], here.href)
    assert.equal(plugins.at(-1), hitCounter)
    assert.ok(!plugins.some(({ name }) => name === 'auth'))
  })

  test('without items it still counts: its hook is inert', async () => {
    const host = await startKernel({
      change: [...(await dependentsOf('items')).map((name) => `-${name}`), './examples/hit-counter.ts'],
    })
    assert.deepEqual((await host.api('POST', '/hits/home')).data, { hits: 1 })
    assert.equal((await host.api('GET', '/items/page_hits')).status, 404)
    await host.close()
  })

  test('twice is a fault with one line', async () => {
    await assert.rejects(startKernel({ change: ['./examples/hit-counter.ts'], plugins: [hitCounter] }), (error) => {
      assert.ok(error instanceof StartError)
      assert.match(error.message.split('\n')[0]!, /^Two plugins are called "hit-counter"/)
      return true
    })
  })

  test('a wrong option is a fault that names its variable', async () => {
    await assert.rejects(startKernel({ plugins: [hitCounter], env: { HIT_COUNTER_START: 'many' } }), {
      message: `HIT_COUNTER_START is "many"; it may hold a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`,
    })
  })
})

describe('as a program', () => {
  const folder = (name: string) => fileURLToPath(new URL(name, here))
  let place: Place
  before(async () => {
    place = await makePlace()
  })
  after(() => place.remove())

  test('PLUGINS names a file relative to the working folder', { timeout: 120_000 }, async () => {
    const { code, stdout, stderr } = await runProgram(['boot'], folder('./'), { ...place.variables, PLUGINS: './hit-counter.ts' })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /\d+\. hit-counter\n {3}routes\n {5}GET \/hits\/:page\n/)
  })

  test('plinth.config.ts adds it, with its options; the environment wins', { timeout: 120_000 }, async () => {
    for (const [variables, expected] of [
      [{}, 101],
      [{ HIT_COUNTER_START: '7' }, 8],
    ] as const) {
      const server = await startProgram({ folder: folder('site/'), variables: { ...place.variables, ...variables } })
      const response = await fetch(`${server.address}/hits/page-${expected}`, { method: 'POST' })
      assert.deepEqual(await response.json(), { data: { hits: expected } })
      server.signal('SIGTERM')
      assert.equal(await server.ended, 0, server.output.stderr)
    }
  })
})

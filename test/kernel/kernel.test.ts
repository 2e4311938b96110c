/** Boot: what plugins bring along becomes one whole, or one message that says why not. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as v from 'valibot'
import { type ConfigFile, type Environment, env, StartError } from '../../kernel/config.ts'
import type { Database } from '../../kernel/database/database.ts'
import { createKernel, type Kernel, points } from '../../kernel/kernel.ts'
import { createLog } from '../../kernel/log.ts'
import { definePlugin, type Host, hookPoint, type Plugin, service } from '../../kernel/plugin.ts'
import { model } from '../../plugins/model/mod.ts'
import { tables } from '../../plugins/tables/mod.ts'
import { freshDatabase, type TestDatabase } from '../database.ts'

let database: TestDatabase
before(async () => {
  database = await freshDatabase()
})
after(() => database.drop())

interface Booted {
  readonly kernel: Kernel
  readonly logs: any[]
  /** How often the kernel closed its database, which in truth stays open for the next test. */
  readonly closed: () => number
}

async function boot(plugins: readonly Plugin[], environment: Environment = {}, configFile?: ConfigFile): Promise<Booted> {
  const logs: any[] = []
  const { db, closed } = staying(database.db)
  const log = createLog('info', (line) => logs.push(JSON.parse(line)))
  return { kernel: await createKernel({ plugins, environment, configFile, database: db, log }), logs, closed }
}

function staying(db: Database): { db: Database; closed: () => number } {
  let count = 0
  return { db: { ...db, close: async () => void count++ }, closed: () => count }
}

const wiring = (name: string, setup: (host: Host) => void, more: Partial<Plugin> = {}): Plugin => ({ name, setup, ...more })

/** The lines of the StartError that this boot ends with. */
async function faultsOf(...plugins: Plugin[]): Promise<string[]> {
  const { db, closed } = staying(database.db)
  const log = createLog('silent', () => {})
  const error = await createKernel({ plugins, database: db, log }).then(
    async (kernel) => {
      await kernel.close()
      assert.fail('it booted')
    },
    (thrown) => thrown,
  )
  assert.ok(error instanceof StartError, String(error?.stack ?? error))
  if (closed()) assert.equal(closed(), 1)
  return error.message.split('\n')
}

/** A kernel, and the host that a plugin called "bell" was given. */
async function bootHost(...plugins: Plugin[]): Promise<{ kernel: Kernel; host: Host }> {
  const hosts: Host[] = []
  const bell = wiring('bell', (host) => void hosts.push(host))
  const { kernel } = await boot([...plugins, bell])
  return { kernel, host: hosts[0]! }
}

const Number_ = service<number>('number')
const Text_ = service<string>('text')

describe('services', () => {
  test('what setup returns reaches those who need it, in time', async () => {
    const seen: unknown[] = []
    const { kernel } = await boot([
      definePlugin({
        name: 'reader',
        needs: [Number_, Text_],
        setup(host) {
          seen.push(host.use(Number_), host.use(Text_))
        },
      }),
      definePlugin({ name: 'text', needs: [Number_], gives: Text_, setup: (host) => `number ${host.use(Number_)}` }),
      definePlugin({ name: 'number', gives: Number_, setup: async () => 7 }),
    ])
    await kernel.close()
    assert.deepEqual(seen, [7, 'number 7'])
    assert.deepEqual(
      kernel.plugins.map(({ name }) => name),
      ['number', 'text', 'reader'],
    )
  })

  test('maybe() finds a service that is there, and undefined else', async () => {
    const seen: unknown[] = []
    const reader = definePlugin({
      name: 'reader',
      after: ['number'],
      setup(host) {
        seen.push(host.maybe(Number_))
      },
    })
    await (await boot([reader])).kernel.close()
    await (await boot([reader, definePlugin({ name: 'number', gives: Number_, setup: () => 7 })])).kernel.close()
    assert.deepEqual(seen, [undefined, 7])
  })
})

describe('boot stops with a line a fault', () => {
  const cases: [why: string, plugins: Plugin[], ...lines: RegExp[]][] = [
    [
      'services that nobody gives',
      [wiring('a', () => {}, { needs: [Number_, Text_] })],
      /^Plugin "a" needs the service "number"/,
      /^Plugin "a" needs the service "text"/,
    ],
    [
      'use() of what is not in needs',
      [wiring('a', () => {}, { gives: Number_ }), wiring('b', (host) => host.use(Number_))],
      /^Plugin "b" uses the service "number" without naming it in "needs"/,
    ],
    [
      'a setup that throws',
      [
        wiring('a', () => {
          throw new TypeError('the moon is missing')
        }),
      ],
      /^Plugin "a" failed to start: the moon is missing$/,
    ],
    ['a setup that rejects', [{ name: 'a', setup: () => Promise.reject('no reason') }], /^Plugin "a" failed to start: no reason$/],
    [
      'the same route twice, from two plugins',
      [
        wiring('a', (host) => void host.routes('/x').get('/:id/y', (c) => c.text('a'))),
        wiring('b', (host) => void host.routes('/x').get('/:key/y', (c) => c.text('b'))),
      ],
      /^Route "GET \/x\/:key\/y" is registered twice, by "a" and by "b"/,
    ],
    [
      'the same route twice, below different prefixes',
      [
        wiring('a', (host) => void host.routes('/x').get('/y', (c) => c.text('a'))),
        wiring('b', (host) => void host.routes('/x/y').get('/', (c) => c.text('b'))),
      ],
      /^Route "GET \/x\/y" is registered twice, by "a" and by "b"/,
    ],
    [
      'a command twice',
      ['a', 'b'].map((name) => wiring(name, () => {}, { commands: { go: { summary: '', run: async () => {} } } })),
      /^Plugins "a" and "b" both have the command "go": leave out one/,
    ],
    [
      'wrong options of several plugins',
      [
        wiring('a', () => {}, { options: v.object({ depth: v.number('a number') }) }),
        wiring('b', () => {}, { options: v.object({ B_URL: v.string() }) }),
      ],
      /^A_DEPTH is not set; it needs a value\.$/,
      /^B_URL is not set; it needs a value\.$/,
    ],
    [
      'SQL that the database refuses in a setup',
      [{ name: 'a', setup: async (host) => void (await host.db.query('select nonsense')) }],
      /^The database refused to work: .*nonsense/,
    ],
  ]
  for (const [why, plugins, ...expected] of cases) {
    test(why, async () => {
      const lines = await faultsOf(...plugins)
      assert.equal(lines.length, expected.length, lines.join('\n'))
      for (const [i, line] of expected.entries()) assert.match(lines[i]!, line)
    })
  }

  test('and leaves nothing open', async () => {
    const closed: string[] = []
    const { db, closed: databaseClosed } = staying(database.db)
    const plugins = [
      wiring('a', (host) => host.onClose(() => void closed.push('a'))),
      wiring('b', (host) => {
        host.onClose(() => void closed.push('b'))
        throw new Error('no')
      }),
      wiring('c', () => void closed.push('never')),
    ]
    await assert.rejects(createKernel({ plugins, database: db, log: createLog('silent', () => {}) }), StartError)
    assert.deepEqual([closed, databaseClosed()], [['b', 'a'], 1])
  })
})

test('one plugin may say a route with a middleware of its own, and share a prefix with others', async () => {
  const { kernel } = await boot([
    wiring('a', (host) => {
      const routes = host.routes('/x')
      routes.use('*', async (_, next) => next())
      routes.get(
        '/y',
        async (_, next) => next(),
        (c) => c.text('a'),
      )
    }),
    wiring('b', (host) => void host.routes('/x').post('/y', (c) => c.text('b'))),
  ])
  const ask = async (method: string) => (await kernel.fetch(new Request('http://h/x/y', { method }))).text()
  assert.deepEqual([await ask('GET'), await ask('POST')], ['a', 'b'])
  await kernel.close()
})

test('after boot a host is sealed', async () => {
  const { kernel, host: kept } = await bootHost()
  const calls: [what: string, call: () => unknown][] = [
    ['routes', () => kept.routes('/late')],
    ['hook', () => kept.hook(points.request, () => {})],
    ['schedule', () => kept.schedule('* * * * *', async () => {})],
  ]
  for (const [what, call] of calls) assert.throws(call, new RegExp(`Plugin "bell" called ${what} after boot`))
  await kernel.close()
})

describe('hooks', () => {
  const ring = hookPoint<string[]>('bell.ring')

  test('run in boot order, not in the order of the list', async () => {
    const seen: string[] = []
    const ringer = (name: string, more: Partial<Plugin> = {}) =>
      wiring(
        name,
        (host) =>
          host.hook(ring, async (event, next) => {
            event.push(name)
            await next()
          }),
        more,
      )
    const { kernel, host: owner } = await bootHost(ringer('late', { after: ['early'] }), ringer('early', { after: ['bell'] }))
    assert.equal(owner.hooked(ring), true)
    await owner.run(ring, seen, (event) => void event.push('action'))
    assert.deepEqual(seen, ['early', 'late', 'action'])
    await kernel.close()
  })

  test('are inert when the owner of their point is off', async () => {
    const { kernel, logs } = await boot([wiring('a', (host) => host.hook(ring, () => assert.fail('it rang')))])
    assert.equal((await kernel.fetch(new Request('http://h/'))).status, 404)
    await kernel.close()
    assert.deepEqual(
      logs.filter(({ level }) => level !== 'info'),
      [],
    )
  })

  test('a point without handlers runs its action alone', async () => {
    const { kernel, host: owner } = await bootHost()
    const seen: string[] = []
    assert.equal(owner.hooked(ring), false)
    await owner.run(ring, seen, (event) => void event.push('action'))
    await owner.run(ring, seen)
    assert.deepEqual(seen, ['action'])
    await kernel.close()
  })

  test('start runs once before boot ends; one that throws stops the start and closes', async () => {
    const seen: string[] = []
    const starter = wiring('a', (host) => {
      host.hook(points.start, async (_, next) => {
        seen.push('start')
        await next()
      })
      host.onClose(() => void seen.push('close'))
    })
    const { kernel } = await boot([starter])
    assert.deepEqual(seen, ['start'])
    await kernel.close()
    const failing = wiring('b', (host) => host.hook(points.start, () => Promise.reject(new StartError('not today'))))
    assert.deepEqual(await faultsOf(starter, failing), ['not today'])
    assert.deepEqual(seen, ['start', 'close', 'start', 'close'])
  })
})

describe('close()', () => {
  test('runs stop, then what plugins left to close in reverse, then closes the database, all once', async () => {
    const seen: string[] = []
    const closer = (name: string) =>
      wiring(name, (host) => {
        host.hook(points.stop, async (_, next) => {
          seen.push(`${name} stops`)
          await next()
        })
        host.onClose(async () => {
          await Promise.resolve()
          seen.push(`${name} closes`)
        })
      })
    const { kernel, closed } = await boot([closer('a'), closer('b')])
    await Promise.all([kernel.close(), kernel.close()])
    assert.deepEqual(seen, ['a stops', 'b stops', 'b closes', 'a closes'])
    assert.equal(closed(), 1)
  })

  test('goes on when one of them fails, and logs it', async () => {
    const seen: string[] = []
    const { kernel, logs, closed } = await boot([
      wiring('a', (host) => host.onClose(() => void seen.push('a'))),
      wiring('b', (host) => {
        host.hook(points.stop, () => {
          throw new Error('stop fails')
        })
        host.onClose(() => {
          throw new Error('close fails')
        })
      }),
    ])
    await kernel.close()
    assert.deepEqual([seen, closed()], [['a'], 1])
    assert.deepEqual(
      logs.filter(({ level }) => level === 'error').map(({ error }) => error.message),
      ['stop fails', 'close fails'],
    )
  })
})

test('a plugin gets its options, its own log, the configuration, tables that exist, and says a line to whoever starts it', async () => {
  let options: unknown
  const { kernel, logs } = await boot(
    [
      tables,
      model,
      definePlugin({
        name: 'note-taker',
        options: v.object({ prefix: env.text('n') }),
        commands: { notes: { summary: 'notes', run: async () => {} } },
        tables: [{ name: 'notes', columns: { id: 'serial', body: "text not null default 'empty'" }, primaryKey: 'id' }],
        async setup(host, own) {
          options = own
          host.log.warn('hello')
          host.announce(`on port ${host.config.port}`)
          await host.db.query('insert into notes default values')
          host.routes('/notes').get('/', async (c) => c.json(await host.db.query('select id, body from notes')))
          host.hook(points.request, async (_, next) => next())
        },
      }),
    ],
    { NOTE_TAKER_PREFIX: 'x' },
    { options: { PORT: 99 } },
  )
  assert.deepEqual(options, { prefix: 'x' })
  assert.deepEqual(kernel.announcements, ['on port 99'])
  assert.ok(logs.some(({ plugin, message }) => plugin === 'note-taker' && message === 'hello'))
  const taker = { name: 'note-taker', routes: ['GET /notes'], hooks: ['request'], tables: ['notes'], commands: ['notes'] }
  assert.deepEqual(kernel.plugins.at(-1), taker)
  const answer = await kernel.fetch(new Request('http://h/notes'))
  assert.deepEqual(await answer.json(), [{ id: 1, body: 'empty' }])
  await kernel.close()
})

test('a handler of the database point puts something around the database of each plugin that starts later', async () => {
  const asked: string[] = []
  const spy = wiring('spy', (host) =>
    host.hook(points.database, async (event, next) => {
      await next()
      const { db, plugin } = event
      event.db = {
        ...db,
        text(text, ...more) {
          asked.push(`${plugin}: ${text}`)
          return db.text(text, ...more)
        },
      }
    }),
  )
  const asker = (name: string): Plugin => ({ name, setup: async (host) => void (await host.db.text(`select '${name}'`)) })
  const { kernel } = await boot([asker('early'), spy, asker('late')])
  await kernel.close()
  assert.deepEqual(asked, [`late: select 'late'`])
})

test('a plugin opens the database where none is named, and without one that does the start ends', async () => {
  const { db, drop } = await freshDatabase()
  const folders: string[] = []
  const embedded: Plugin = {
    name: 'own-database',
    embedded: async ({ dataDir }) => {
      folders.push(dataDir)
      return db
    },
    setup() {},
  }
  const kernel = await createKernel({ plugins: [embedded], environment: { DATA_DIR: '/kept/here' } })
  assert.equal(kernel.db, db)
  await kernel.close()
  await drop()
  assert.deepEqual(folders, ['/kept/here'])
  await assert.rejects(
    createKernel({ plugins: [] }),
    (error) => error instanceof StartError && /DATABASE_URL is not set/.test(error.message),
  )
})

test('the kernel hands out what plugins give', async () => {
  const number = service<number>('number')
  const { kernel } = await boot([{ name: 'giver', gives: number, setup: () => 7 }])
  assert.equal(kernel.use(number), 7)
  assert.throws(() => kernel.use(service('other')), /No plugin gives the service "other"/)
  await kernel.close()
})

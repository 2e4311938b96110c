import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DatabaseError, definePlugin } from 'plinth'
import { healthChecks, serverInfo } from 'plinth/server'
import { startKernel, type TestHost } from '../../host.ts'

let isWell = true
const neighbour = definePlugin({
  name: 'neighbour',
  setup(host) {
    host.hook(healthChecks, async ({ checks }, next) => {
      checks.push({
        name: 'neighbour:mood',
        componentType: 'component',
        async run() {
          if (!isWell) throw new Error('out of sorts')
        },
      })
      await next()
    })
    host.hook(serverInfo, async ({ info, accountability }, next) => {
      if (accountability.user) info.neighbour = true
      await next()
    })
  },
})

let host: TestHost
const user = 'user-token'

before(async () => {
  // Nothing is slow, however busy the machine is.
  const env = { DB_HEALTHCHECK_THRESHOLD: '5s', STORAGE_LOCAL_HEALTHCHECK_THRESHOLD: '6000' }
  host = await startKernel({ plugins: [neighbour], env })
  const made = await host.api('POST', '/users', { body: { email: 'user@example.com', token: user } })
  assert.equal(made.status, 200, JSON.stringify(made.body))
})
after(() => host.close())

test('GET /server/ping answers everybody', async () => {
  const { status, body, headers } = await host.api('GET', '/server/ping', { token: null })
  assert.deepEqual([status, body, headers.get('content-type')], [200, 'pong', 'text/html; charset=utf-8'])
})

const project = {
  project_name: 'Plinth',
  project_descriptor: null,
  project_logo: null,
  project_color: '#6644FF',
  default_appearance: 'auto',
  default_theme_light: null,
  default_theme_dark: null,
  theme_light_overrides: null,
  theme_dark_overrides: null,
  default_language: 'en-US',
  public_foreground: null,
  public_background: null,
  public_favicon: null,
  public_note: null,
  custom_css: null,
  public_registration: false,
  public_registration_verify_email: true,
}

test('GET /server/info tells the public of the project alone', async () => {
  const { status, data } = await host.api('GET', '/server/info', { token: null })
  assert.deepEqual([status, data], [200, { project }])
})

test('GET /server/info tells users and administrators the same', async () => {
  const [asUser, asAdmin] = [await host.api('GET', '/server/info', { token: user }), await host.api('GET', '/server/info')]
  assert.deepEqual(asUser.data, asAdmin.data)
  assert.deepEqual(asUser.data.project, project)
  assert.match(asUser.data.version, /^\d+\.\d+\.\d+/)
  assert.equal(asUser.data.neighbour, true)
})

test('GET /extensions lists plugins, for administrators', async () => {
  const { status, data } = await host.api('GET', '/extensions')
  assert.equal(status, 200)
  const found = new Map(data.map(({ id, schema }: any) => [id, schema]))
  assert.deepEqual(found.get('server'), { name: 'server', type: 'endpoint', local: true })
  assert.deepEqual(found.get('neighbour'), { name: 'neighbour', type: 'hook', local: true })
  for (const token of [user, null]) assert.equal((await host.api('GET', '/extensions', { token })).status, 403)
})

test('GET /server/health tells the public nothing', async () => {
  const { status, code } = await host.api('GET', '/server/health', { token: null })
  assert.deepEqual([status, code], [403, 'FORBIDDEN'])
})

test('GET /server/health tells users whether all is well', async () => {
  const { status, body, headers } = await host.api('GET', '/server/health', { token: user })
  assert.deepEqual([status, body, headers.get('content-type')], [200, { status: 'ok' }, 'application/health+json; charset=utf-8'])
})

test('GET /server/health tells administrators of each component', async () => {
  const { status, body } = await host.api('GET', '/server/health')
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body), ['status', 'releaseId', 'serviceId', 'checks'])
  const told = Object.entries<any>(body.checks).map(([name, [{ status, componentType, observedUnit, threshold }]]) => [
    [name, status, componentType],
    [observedUnit, threshold],
  ])
  assert.deepEqual(told.sort(), [
    [
      ['email:connection', 'ok', 'email'],
      [undefined, undefined],
    ],
    [
      ['neighbour:mood', 'ok', 'component'],
      ['ms', undefined],
    ],
    [
      ['pg:connectionsAvailable', 'ok', 'datastore'],
      [undefined, undefined],
    ],
    [
      ['pg:connectionsUsed', 'ok', 'datastore'],
      [undefined, undefined],
    ],
    [
      ['pg:responseTime', 'ok', 'datastore'],
      ['ms', 5000],
    ],
    [
      ['storage:local:responseTime', 'ok', 'objectstore'],
      ['ms', 6000],
    ],
  ])
  const [[used], [available]] = [body.checks['pg:connectionsUsed'], body.checks['pg:connectionsAvailable']]
  assert.ok(used.observedValue >= 0 && available.observedValue > 0)
})

test('what takes longer than its threshold is a warning, to users too', async () => {
  const slow = await startKernel({ env: { DB_HEALTHCHECK_THRESHOLD: '0' } })
  try {
    const { status, body } = await slow.api('GET', '/server/health')
    assert.deepEqual([status, body.status, body.checks['pg:responseTime'][0].status], [200, 'warn', 'warn'])
  } finally {
    await slow.close()
  }
})

test('letters that cannot be written are an error', async () => {
  const broken = await startKernel({ env: { DATA_DIR: '/dev/null' } })
  try {
    const { status, body } = await broken.api('GET', '/server/health')
    assert.deepEqual([status, body.checks['email:connection'][0].status], [503, 'error'])
  } finally {
    await broken.close()
  }
})

for (const [variable, value] of [
  ['DB_HEALTHCHECK_THRESHOLD', 'soon'],
  ['STORAGE_LOCAL_HEALTHCHECK_THRESHOLD', '-1'],
]) {
  test(`${variable}=${value} stops the start`, () =>
    assert.rejects(startKernel({ env: { [variable!]: value! } }), new RegExp(`${variable} is "${value}"; it may hold a`)))
}

test('GET /server/health looks once for all who ask at the same time', async () => {
  let looks = 0
  const counter = definePlugin({
    name: 'counter',
    setup(own) {
      own.hook(healthChecks, async (_, next) => {
        looks++
        await next()
      })
    },
  })
  const counted = await startKernel({ plugins: [counter] })
  try {
    await Promise.all(Array.from({ length: 20 }, () => counted.api('GET', '/server/health')))
    assert.ok(looks < 20, `${looks}`)
  } finally {
    await counted.close()
  }
})

test('GET /server/health answers 503 when a component fails, and says which to administrators alone', async () => {
  isWell = false
  try {
    const asAdmin = await host.api('GET', '/server/health')
    assert.deepEqual([asAdmin.status, asAdmin.body.status, asAdmin.body.checks['neighbour:mood'][0].output], [503, 'error', 'out of sorts'])
    const asUser = await host.api('GET', '/server/health', { token: user })
    assert.deepEqual([asUser.status, asUser.body], [503, { status: 'error' }])
  } finally {
    isWell = true
  }
})

test('without plugin settings /server/info tells of no project', async () => {
  const bare = await startKernel({ change: ['-settings'] })
  try {
    const { status, data } = await bare.api('GET', '/server/info', { token: null })
    assert.deepEqual([status, data], [200, {}])
    assert.equal((await bare.api('GET', '/settings')).status, 404)
  } finally {
    await bare.close()
  }
})

test('GET /server/ping answers while the database is away, other routes say so', async () => {
  let away = false
  let lost = () => {}
  const host = await startKernel({
    wrap: (db) => ({
      ...db,
      query: (...asked) => (away ? Promise.reject(new DatabaseError('gone', '08006')) : db.query(...asked)),
      async listen(channel, listener) {
        lost = listener.lost
        return db.listen(channel, listener)
      },
    }),
  })
  away = true
  lost()
  assert.equal((await host.api('GET', '/server/ping')).body, 'pong')
  assert.equal((await host.api('GET', '/server/info')).code, 'SERVICE_UNAVAILABLE')
  await host.close()
})

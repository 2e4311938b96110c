/** The way of a request, and the one place where errors become answers. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DatabaseError } from '../../kernel/database/database.ts'
import type { Renderer } from '../../kernel/plugin.ts'
import { defineProblems, problems } from '../../kernel/problem.ts'
import { serve } from './serving.ts'

const thrower = (thrown: unknown) =>
  serve(({ routes }) => {
    routes('/it').get('/', () => {
      throw thrown
    })
  })

describe('what a route throws', () => {
  const own = defineProblems({ NO_TEA: { status: 418, message: 'There is no tea.' } })
  const cases: [why: string, thrown: unknown, status: number, codes: string[], logged: number][] = [
    ['a problem', problems.FORBIDDEN('Not you.'), 403, ['FORBIDDEN'], 0],
    ["a plugin's own problem", own.NO_TEA(), 418, ['NO_TEA'], 0],
    ['several problems', new AggregateError([problems.FAILED_VALIDATION(), own.NO_TEA()]), 400, ['FAILED_VALIDATION', 'NO_TEA'], 0],
    ['problems and something else', new AggregateError([own.NO_TEA(), new Error('hidden')]), 500, ['INTERNAL_SERVER_ERROR'], 1],
    ['an error', new Error('hidden'), 500, ['INTERNAL_SERVER_ERROR'], 1],
    ['text', 'hidden', 500, ['INTERNAL_SERVER_ERROR'], 1],
    ['nothing', undefined, 500, ['INTERNAL_SERVER_ERROR'], 1],
    ['a circle', Object.assign(new Error('hidden'), { own: globalThis }), 500, ['INTERNAL_SERVER_ERROR'], 1],
    ['the database is away', new DatabaseError('hidden', '08006'), 503, ['SERVICE_UNAVAILABLE'], 1],
    ['the database shuts down', new DatabaseError('hidden', '57P01'), 503, ['SERVICE_UNAVAILABLE'], 1],
    ['the database has no room', new DatabaseError('hidden', '53300'), 503, ['SERVICE_UNAVAILABLE'], 1],
    ['a statement that took too long', new DatabaseError('hidden', '57014'), 503, ['SERVICE_UNAVAILABLE'], 1],
    ['a serialization failure beyond all retries', new DatabaseError('hidden', '40001'), 503, ['SERVICE_UNAVAILABLE'], 1],
    ['a value that does not fit', new DatabaseError('hidden', '22P02'), 400, ['INVALID_QUERY'], 0],
    ['a table that the database role may not read', new DatabaseError('hidden', '42501'), 403, ['FORBIDDEN'], 0],
    ['wrong SQL', new DatabaseError('hidden', '42601'), 500, ['INTERNAL_SERVER_ERROR'], 1],
  ]
  for (const [why, thrown, status, codes, logged] of cases) {
    test(`${why}: ${status}`, async () => {
      const { ask, logs } = thrower(thrown)
      const { status: found, body, headers } = await ask('GET', '/it')
      assert.equal(found, status)
      assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
      assert.deepEqual(
        body.errors.map((error: any) => error.extensions.code),
        codes,
      )
      assert.ok(!JSON.stringify(body).includes('hidden'))
      assert.equal(logs.length, logged)
    })
  }

  test('an error is logged with its stack, its cause and the id that the client was told', async () => {
    const { ask, logs } = thrower(new Error('the reason', { cause: new TypeError('below') }))
    const { body } = await ask('GET', '/it?access_token=secret-1')
    const [line] = logs
    assert.deepEqual([line.level, line.message, line.method], ['error', 'the reason', 'GET'])
    assert.equal(line.request, body.errors[0].extensions.request)
    assert.match(line.error.stack, /pipeline\.test/)
    assert.equal(line.error.cause.message, 'below')
    assert.equal(line.url, 'http://localhost/it?access_token=***')
  })
})

describe('paths', () => {
  const { ask } = serve(({ routes }) => {
    const items = routes('/items')
    items.get('/', (c) => c.text('all'))
    items.get('/:collection', (c) => c.text(`list ${c.req.param('collection')}`))
    items.get('/:collection/:key', (c) => c.text(`one ${c.req.param('collection')} ${c.req.param('key')}`))
    items.post('/:collection/sort', (c) => c.text(`sort ${c.req.param('collection')}`))
    routes('/users').get('/me', (c) => c.text('me'))
    routes('/users', undefined, 'other').get('/me/tfa', (c) => c.text('tfa'))
  })
  const found: [method: string, path: string, text: string][] = [
    ['GET', '/items', 'all'],
    ['GET', '/items/', 'all'],
    ['GET', '/items/a', 'list a'],
    ['GET', '/items/a/', 'list a'],
    ['GET', '/items//a/', 'list a'],
    ['GET', '/items///a', 'list a'],
    ['GET', '/items/a/1?x=//A/', 'one a 1'],
    ['GET', '/ITEMS/Articles', 'list Articles'],
    ['GET', '/Items/Articles/Key-A', 'one Articles Key-A'],
    ['GET', '/items/Items', 'list Items'],
    ['POST', '/Items/Articles/SORT', 'sort Articles'],
    ['GET', '/Users/ME', 'me'],
    ['GET', '/users/me/TFA/', 'tfa'],
    ['GET', '/items/a%20b/c%2Fd', 'one a b c/d'],
    ['GET', '/items/%C3%A4', 'list ä'],
  ]
  for (const [method, path, text] of found) {
    test(`${method} ${path} → ${text}`, async () => {
      const { status, body } = await ask(method, path)
      assert.deepEqual([status, body], [200, text])
    })
  }

  const missing: [method: string, path: string][] = [
    ['GET', '/'],
    ['GET', '/nope'],
    ['GET', '/NOPE/'],
    ['GET', '/items/a/1/more'],
    ['PUT', '/items/a'],
    ['GET', '/itemsx'],
    ['GET', '/users'],
    ['GET', '//items/a'],
    ['GET', '/items/a//'],
  ]
  for (const [method, path] of missing) {
    test(`${method} ${path} is not found`, async () => {
      const { status, body } = await ask(method, path)
      assert.equal(status, 404)
      assert.deepEqual(body.errors[0].extensions, { path, code: 'ROUTE_NOT_FOUND' })
    })
  }

  test('a broken percent-encoding is a 400', async () => {
    for (const path of ['/items/%', '/items/%zz', '/%E0%A4%A', '/nope/%']) {
      const { status, body } = await ask('GET', path)
      assert.deepEqual([path, status, body.errors[0].extensions.code], [path, 400, 'INVALID_QUERY'])
    }
  })

  test('HEAD answers as GET does, without a body', async () => {
    const { status, body } = await ask('HEAD', '/items/a')
    assert.deepEqual([status, body], [200, ''])
  })
})

describe('a prefix with an error form of its own', () => {
  const form =
    (name: string): Renderer =>
    (list) =>
      new Response(`${name}: ${list.map(({ code }) => code)}`, { status: list[0]!.status })
  const { ask, logs } = serve(({ routes, hook }) => {
    hook(async function doorkeeper({ request }, next) {
      if (request.headers.has('x-stranger')) throw problems.INVALID_CREDENTIALS()
      await next()
    })
    routes('/scim', { render: form('outer') })
    routes('/scim/v2', { render: form('inner') }).get('/fail', () => {
      throw new AggregateError([problems.FORBIDDEN(), problems.INVALID_QUERY()])
    })
    routes('/scim/v2').get('/bug', () => {
      throw new Error('hidden')
    })
  })
  const cases: [why: string, path: string, headers: Record<string, string>, status: number, body: string][] = [
    ['an error', '/scim/v2/fail', {}, 403, 'inner: FORBIDDEN,INVALID_QUERY'],
    ['a bug, in another plugin that shares the prefix', '/scim/v2/bug', {}, 500, 'inner: INTERNAL_SERVER_ERROR'],
    ['404 below the longest prefix', '/scim/v2/nope', {}, 404, 'inner: ROUTE_NOT_FOUND'],
    ['404 of the prefix itself', '/scim/v2', {}, 404, 'inner: ROUTE_NOT_FOUND'],
    ['404 below the shorter prefix', '/scim/v3', {}, 404, 'outer: ROUTE_NOT_FOUND'],
    ['401', '/scim/v2/fail', { 'x-stranger': '1' }, 401, 'inner: INVALID_CREDENTIALS'],
    ['another spelling of the path', '/Scim//V2/nope/', {}, 404, 'inner: ROUTE_NOT_FOUND'],
  ]
  for (const [why, path, headers, status, body] of cases) {
    test(why, async () => {
      const answer = await ask('GET', path, { headers })
      assert.deepEqual([answer.status, answer.body], [status, body])
    })
  }
  test('others keep the usual form', async () => {
    for (const path of ['/scimx', '/other/scim/v2']) assert.equal((await ask('GET', path)).body.errors.length, 1)
  })
  test('only the bug was logged', () =>
    assert.deepEqual(
      logs.map(({ message }) => message),
      ['hidden'],
    ))
})

describe('handlers of the request point', () => {
  test('those further out see the answer of one that throws, and may change it', async () => {
    const seen: unknown[] = []
    const { ask } = serve(({ hook, routes }) => {
      hook(async function cors(event, next) {
        await next()
        seen.push(event.response?.status)
        event.response?.headers.set('x-outer', 'was here')
      })
      hook(function guard() {
        throw problems.INVALID_TOKEN()
      })
      routes('/a').get('/', (c) => {
        seen.push('route')
        return c.text('x')
      })
    })
    const { status, headers } = await ask('GET', '/a')
    assert.deepEqual([status, headers.get('x-outer'), seen], [403, 'was here', [403]])
  })

  test("those further out see the answer of a route that throws, and one's own answer stands", async () => {
    const { ask } = serve(({ hook }) => {
      hook(async (event, next) => {
        await next()
        assert.equal(event.response?.status, 404)
        event.response = new Response('mine', { status: 207 })
      })
    })
    const { status, body } = await ask('GET', '/nope')
    assert.deepEqual([status, body], [207, 'mine'])
  })

  test('one that throws on its way out replaces the answer', async () => {
    const { ask } = serve(({ hook, routes }) => {
      hook(async (_, next) => {
        await next()
        throw problems.REQUESTS_EXCEEDED()
      })
      routes('/a').get('/', (c) => c.text('x'))
    })
    assert.equal((await ask('GET', '/a')).status, 429)
  })

  test('one that answers by itself ends the request there', async () => {
    const { ask } = serve(({ hook }) => {
      hook((event) => {
        event.response = new Response('cached')
      })
    })
    assert.equal((await ask('GET', '/a')).body, 'cached')
  })

  test('one that neither answers nor goes on is a fault that is logged', async () => {
    const { ask, logs } = serve(({ hook }) => hook(() => {}))
    assert.equal((await ask('GET', '/a')).status, 500)
    assert.match(logs[0].message, /neither called next\(\) nor set a response/)
  })

  test('one that calls next() twice is a fault, and names itself in the log', async () => {
    let runs = 0
    const { ask, logs } = serve(({ hook, routes }) => {
      hook(async function hasty(_, next) {
        await next()
        await next()
      })
      routes('/a').get('/', (c) => c.text(String(++runs)))
    })
    assert.equal((await ask('GET', '/a')).status, 500)
    assert.match(logs[0].message, /"hasty" called next\(\) twice/)
    assert.equal(runs, 1)
  })

  test('what they leave in the context reaches the route', async () => {
    const { ask } = serve(({ hook, routes }) => {
      hook(async (event, next) => {
        event.accountability = { ...event.accountability, user: 'me' }
        await next()
      })
      routes('/a').get('/', (c) => c.json({ user: c.env.accountability.user, ip: c.env.ip, gone: c.env.gone(), id: c.env.id }))
    })
    const peer = { ip: '1.2.3.4', gone: () => true }
    const { body } = await ask('GET', '/a', {}, peer)
    const { body: next } = await ask('GET', '/a')
    assert.deepEqual([body.user, body.ip, body.gone], ['me', '1.2.3.4', true])
    assert.deepEqual([next.ip, next.gone], [null, false])
    assert.notEqual(body.id, next.id)
  })
})

test('a request waits until caches are current; when they cannot be, it is answered 503, but for a live route', async () => {
  let current = false
  const { ask } = serve(({ routes }) => void routes('/a').get('/', (c) => c.text(String(current))), {
    current: () =>
      current
        ? undefined
        : Promise.resolve().then(() => {
            current = true
          }),
  })
  assert.equal((await ask('GET', '/a')).body, 'true')
  const away = serve(({ routes }) => void routes('/live', { live: true }).get('/', (c) => c.text('well')), {
    current: () => Promise.reject(new DatabaseError('gone', '08006')),
  })
  assert.equal((await away.ask('GET', '/a')).status, 503)
  for (const path of ['/live', '/LIVE/?x=1']) assert.equal((await away.ask('GET', path)).body, 'well')
  assert.equal((await away.ask('GET', '/live/more')).status, 503)
})

test('what says which pages may read answers does so also while caches are not current', async () => {
  let routed = false
  const { ask } = serve(
    ({ routes, hook }) => {
      routes('/a').get('/', (c) => {
        routed = true
        return c.text('x')
      })
      hook(async (context, next) => {
        await next()
        context.response?.headers.set('access-control-allow-origin', '*')
      })
    },
    { current: () => Promise.reject(new DatabaseError('gone', '08006')) },
  )
  const { status, headers } = await ask('GET', '/a')
  assert.deepEqual([status, headers.get('access-control-allow-origin'), routed], [503, '*', false])
})

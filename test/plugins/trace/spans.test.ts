/** OpenTelemetry, through a provider, a context manager and a propagator that stand in for an SDK's. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { after, before, describe, test } from 'node:test'
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { definePlugin } from 'plinth'
import { routeFinder } from '../../../plugins/trace/route-finder.ts'
import { startKernel, type TestHost } from '../../host.ts'

interface Kept {
  readonly name: string
  readonly parent: SpanContext | undefined
  readonly own: SpanContext
  readonly attributes: Attributes
  failed: boolean
  ended: boolean
}

const spans: Kept[] = []
let count = 0

function startSpan(name: string, { attributes = {} }: SpanOptions = {}, from: Context = context.active()): Span {
  const parent = trace.getSpanContext(from)
  const id = (++count).toString(16)
  const own = { traceId: parent?.traceId ?? id.padStart(32, '0'), spanId: id.padStart(16, '0'), traceFlags: 1 }
  const kept: Kept = { name, parent, own, attributes: { ...attributes }, failed: false, ended: false }
  spans.push(kept)
  const span: Span = {
    spanContext: () => own,
    setAttribute(key, value) {
      kept.attributes[key] = value
      return span
    },
    setAttributes: (more) => Object.entries(more).reduce((_, [key, value]) => span.setAttribute(key, value!), span),
    addEvent: () => span,
    addLink: () => span,
    addLinks: () => span,
    setStatus({ code }) {
      kept.failed = code === SpanStatusCode.ERROR
      return span
    },
    updateName: () => span,
    end() {
      kept.ended = true
    },
    isRecording: () => true,
    recordException() {},
  }
  return span
}

const tracer = {
  startSpan,
  startActiveSpan(name: string, options: SpanOptions, work: (span: Span) => unknown) {
    const span = startSpan(name, options)
    return context.with(trace.setSpan(context.active(), span), () => work(span))
  },
} as unknown as Tracer

const storage = new AsyncLocalStorage<Context>()
const manager: ContextManager = {
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (active, work, self, ...given) => storage.run(active, () => work.call(self as never, ...given)),
  bind: (_, target) => target,
  enable: () => manager,
  disable: () => manager,
}

before(() => {
  trace.setGlobalTracerProvider({ getTracer: () => tracer })
  context.setGlobalContextManager(manager)
  propagation.setGlobalPropagator({
    inject() {},
    extract(from, carrier, { get }) {
      const [, traceId, spanId] = /^00-(\w{32})-(\w{16})-01$/.exec(String(get(carrier, 'traceparent'))) ?? []
      return traceId && spanId ? trace.setSpanContext(from, { traceId, spanId, traceFlags: 1, isRemote: true }) : from
    },
    fields: () => ['traceparent'],
  })
})
after(() => {
  trace.disable()
  context.disable()
  propagation.disable()
})

const broken = definePlugin({
  name: 'broken',
  setup(host) {
    host.routes('/broken').get('/:what', (c) => host.db.query(`select ${c.req.param('what')}`).then(() => c.text('')))
  },
})

const taken = () => spans.splice(0)
const parentOf = (all: readonly Kept[], { parent }: Kept) => all.find(({ own }) => own.spanId === parent?.spanId)?.name

describe('with OTEL_ENABLED', () => {
  let host: TestHost
  before(async () => {
    host = await startKernel({
      plugins: [broken],
      env: { OTEL_ENABLED: 'true' },
      sql: 'create table book (id serial primary key, title text)',
    })
    await host.api('GET', '/items/book')
    taken()
  })
  after(() => host.close())

  test('a request is a span, and so is each of its statements', async () => {
    await host.api('POST', '/items/book', { body: { title: 'a secret title' }, headers: { 'user-agent': 'a test' } })
    const all = taken()
    assert.ok(all.every(({ ended, failed }) => ended && !failed))
    const [request] = all
    assert.deepEqual(
      [request!.name, request!.parent, request!.attributes],
      [
        'POST /items/:collection',
        undefined,
        {
          'http.request.method': 'POST',
          'http.route': '/items/:collection',
          'http.response.status_code': 200,
          'url.path': '/items/book',
          'url.scheme': 'http',
          'server.address': 'localhost',
          'user_agent.original': 'a test',
        },
      ],
    )
    const transaction = all.find(({ name }) => name === 'TRANSACTION')!
    assert.equal(parentOf(all, transaction), request!.name)
    const insert = all.find(({ name }) => name === 'INSERT')!
    assert.equal(parentOf(all, insert), 'TRANSACTION')
    assert.deepEqual(insert.attributes, { 'db.system.name': 'postgresql', 'db.operation.name': 'INSERT', 'plinth.plugin': 'items' })
    assert.equal(new Set(all.map(({ own }) => own.traceId)).size, 1)
    assert.doesNotMatch(JSON.stringify(all), /a secret title|insert into/i)
  })

  test('the trace of whoever asks goes on', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    await host.api('GET', '/items/book?access_token=x', { token: null, headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } })
    const all = taken()
    assert.deepEqual([all[0]!.parent?.spanId, all[0]!.own.traceId], ['00f067aa0ba902b7', traceId])
    assert.equal(all[0]!.attributes['http.response.status_code'], 401)
    assert.doesNotMatch(JSON.stringify(all), /access_token/)
  })

  test('faults of ours are told, those of others are answers', async () => {
    await host.api('GET', '/broken/nothing_of_that_name')
    const [request, statement] = taken()
    assert.deepEqual([request!.name, request!.failed, request!.attributes['error.type']], ['GET /broken/:what', true, '500'])
    assert.deepEqual([statement!.failed, statement!.attributes['error.type']], [true, '42703'])
    await host.api('GET', '/items/nothing')
    assert.deepEqual(
      taken().map(({ name, failed }) => [name, failed]),
      [['GET /items/:collection', false]],
    )
  })

  test('names stay few', async () => {
    for (const [method, path] of [
      ['GET', '/nothing/here'],
      ['PROPFIND', '/items/book'],
      ['HEAD', '/items/book/1'],
      ['GET', '/users/me/'],
    ] as const)
      await host.api(method, path)
    const names = taken().flatMap(({ name, attributes }) => ('url.path' in attributes ? [name] : []))
    assert.deepEqual(names, ['GET', 'HTTP', 'HEAD /items/:collection/:key', 'GET /users/me'])
  })
})

test('without OTEL_ENABLED there are none', async () => {
  const host = await startKernel()
  await host.api('GET', '/users/me')
  await host.close()
  assert.deepEqual(taken(), [])
})

test('routeFinder()', () => {
  const find = routeFinder([
    'ALL /items/*',
    'GET /users/me',
    'GET /users/:id',
    'SEARCH /items/:collection',
    'GET /files/:id{[a-f]+}',
    'ALL /any',
  ])
  for (const [method, path, route] of [
    ['GET', '/users/me', '/users/me'],
    ['GET', '/users/1', '/users/:id'],
    ['POST', '/users/1', undefined],
    ['SEARCH', '/items/book', '/items/:collection'],
    ['GET', '/items/book', undefined],
    ['GET', '/files/abc', '/files/:id{[a-f]+}'],
    ['GET', '/files/xyz', undefined],
    ['PUT', '/any', '/any'],
    ['GET', '/', undefined],
  ] as const)
    assert.equal(find(method, path), route, `${method} ${path}`)
})

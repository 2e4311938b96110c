/** The OpenAPI document beside what is served: nothing in it is missing there, nothing there is missing in it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

type Operations = Readonly<Record<string, { summary?: string; tags: string[]; parameters?: any[]; requestBody?: any; responses: any }>>

let host: TestHost
let document: { paths: Record<string, Operations>; components: any }
before(async () => {
  host = await startKernel({
    env: { SCIM_ENABLED: 'true', METRICS_ENABLED: 'true', TUS_ENABLED: 'true' },
    sql: 'create table author (id serial primary key, name text)',
  })
  document = (await host.api('GET', '/server/specs/oas')).body
})
after(() => host.close())

/** Why a route is no operation of the document. */
const leftOut: readonly (readonly [reason: string, routes: RegExp])[] = [
  ['every collection has its own paths', /^\w+ \/items\/:/],
  ['OpenAPI 3.1 knows no SEARCH', /^SEARCH /],
  ['part of a page for browsers', /^GET \/(docs\/files|graphql\/explorer)\/\*$/],
  ['around other routes, or only for a 405', /^ALL /],
  ['says which methods there are', /^(PUT|PATCH|DELETE) \/graphql(\/system)?$/],
  ['TUS has a protocol of its own', /^\w+ \/files\/tus/],
]

const plain = (path: string) => path.replace(/:\w+(\{[^}]*\})?\??|\{\w+\}/g, ':')

test('every route that is served stands in it, but for those that are left out for a reason', () => {
  const told = new Set(
    Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${plain(path)}`),
    ),
  )
  const served = host.kernel.plugins.flatMap(({ routes }) => routes)
  const missing = served.filter((route) => !told.has(plain(route)) && !leftOut.some(([, pattern]) => pattern.test(route)))
  assert.deepEqual(missing, [])
  for (const [reason, pattern] of leftOut)
    assert.ok(
      served.some((route) => pattern.test(route)),
      `${reason}: nothing is left out`,
    )
})

test('every operation is served, and says what it does', async () => {
  const wrong: string[] = []
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { summary }] of Object.entries(operations)) {
      const name = `${method.toUpperCase()} ${path}`
      if (!summary) wrong.push(`${name} has no summary`)
      const address = path.replace(/\{\w+\}/g, '3f2b8c1e-0000-4000-8000-000000000000')
      const sent = method === 'get' ? {} : { text: '[', headers: { 'content-type': 'application/json' } }
      const { status, code } = await host.api(method.toUpperCase(), address, sent)
      if (status === 405 || code === 'INTERNAL_SERVER_ERROR' || code === 'ROUTE_NOT_FOUND') wrong.push(`${name} answers ${status} ${code}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('what is sent has a body in it', () => {
  const bare = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).flatMap((method) =>
      ['post', 'put', 'patch'].includes(method) && !operations[method]!.requestBody ? `${method.toUpperCase()} ${path}` : [],
    ),
  )
  assert.deepEqual(bare, [
    'POST /assets/folder/{id}',
    'POST /users/{id}/tfa/disable',
    'POST /utils/cache/clear',
    'POST /utils/revert/{revision}',
  ])
})

test('images are told with their parameters, and answers that are no JSON', () => {
  const { parameters = [], responses } = document.paths['/assets/{id}']!.get!
  const byName = new Map(parameters.map((one) => [one.name, one]))
  for (const name of ['id', 'width', 'height', 'fit', 'quality', 'format', 'key', 'transforms', 'focal_point_x', 'download', 'sign'])
    assert.ok(byName.has(name), name)
  assert.deepEqual(byName.get('fit').schema.enum, ['cover', 'contain', 'inside', 'outside', 'fill'])
  assert.deepEqual([byName.get('width').schema.maximum, byName.get('width').required], [6000, false])
  assert.ok(responses[200].content['image/webp'])
  assert.ok(document.paths['/assets/{id}/{filename}'], 'the name at the end may be left out')
  assert.deepEqual(Object.keys(document.paths['/assets/files']!.post!.responses[200].content), ['application/zip'])
})

test('files are taken as forms, besides JSON', () => {
  for (const [path, method] of [
    ['/files', 'post'],
    ['/files/{id}', 'patch'],
  ] as const) {
    const { content } = document.paths[path]![method]!.requestBody
    assert.deepEqual(Object.keys(content), ['application/json', 'multipart/form-data'])
    assert.ok(content['multipart/form-data'].schema.properties.file)
  }
})

test('oneself is told as a user is', () => {
  const { get, patch } = document.paths['/users/me']!
  assert.deepEqual(get!.responses[200].content['application/json'].schema.properties.data, { $ref: '#/components/schemas/Users' })
  assert.deepEqual(patch!.requestBody.content['application/json'].schema, { $ref: '#/components/schemas/UsersChange' })
  assert.ok(get!.parameters!.some(({ $ref }) => $ref === '#/components/parameters/fields'))
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { definePlugin } from 'plinth'
import { type Page, pages } from 'plinth/pages'
import { startKernel, type TestHost } from '../../host.ts'

const page: Page = {
  title: 'A page',
  packages: 'valibot hono',
  files: { 'valibot.js': 'valibot/dist/index.mjs', 'hono.js': 'hono/dist/index.js' },
  script: 'console.log(1)',
}
const absent: Page = { ...page, packages: '@nobody/has-this@1', files: { 'x.js': '@nobody/has-this/x.js' } }

const shown = definePlugin({
  name: 'shown',
  needs: [pages],
  setup(host) {
    const routes = host.routes('/shown')
    const answer = host.use(pages).open(host.routes, '/shown/files', async () => page)
    for (const path of ['/', '/system']) routes.get(path, answer)
    host.routes('/absent').get(
      '/',
      host.use(pages).open(host.routes, '/absent/files', async () => absent),
    )
  },
})

let host: TestHost
before(async () => {
  host = await startKernel({ plugins: [shown] })
})
after(() => host.close())

const get = (path: string, headers?: Record<string, string>) => host.api('GET', path, { token: null, headers })
const addresses = (html: string) => [...html.matchAll(/src="([^"]+)"/g)].map(([, address]) => address!)

test('a page runs its files and its script, and nothing else', async () => {
  const { status, headers, body } = await get('/shown')
  assert.equal(status, 200)
  assert.match(headers.get('content-type')!, /^text\/html/)
  assert.equal(headers.get('cache-control'), 'no-store')
  const policy = Object.fromEntries(
    headers
      .get('content-security-policy')!
      .split('; ')
      .map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]),
  )
  const nonces = [...body.matchAll(/<script nonce="([^"]+)"/g)].map(([, nonce]) => nonce)
  assert.equal(nonces.length, 3)
  assert.deepEqual([...new Set(nonces)], [policy['script-src'].replace(/^'nonce-(.{22})'$/, '$1')])
  assert.deepEqual([policy['default-src'], policy['connect-src'], policy['frame-ancestors']], ["'none'", "'self'", "'none'"])
  assert.doesNotMatch(headers.get('content-security-policy')!, /https?:|\*|unsafe/)
  assert.notEqual((await get('/shown')).headers.get('content-security-policy'), headers.get('content-security-policy'))
})

for (const path of ['/shown', '/shown/', '/shown/system', '/shown/system/']) {
  test(`the addresses in ${path} lead to the files, which may be kept for ever`, async () => {
    const found = addresses((await get(path)).body).map((address) => new URL(address, `http://localhost${path}`))
    assert.deepEqual(
      found.map(({ pathname }) => pathname),
      ['/shown/files/valibot.js', '/shown/files/hono.js'],
    )
    for (const { pathname, search } of found) {
      const { status, headers } = await get(pathname + search)
      assert.deepEqual(
        [status, headers.get('content-type'), headers.get('cache-control'), headers.get('x-content-type-options')],
        [200, 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable', 'nosniff'],
      )
    }
  })
}

test('a file by itself is asked for again, and not sent twice', async () => {
  const first = await get('/shown/files/valibot.js')
  assert.deepEqual([first.status, first.headers.get('cache-control')], [200, 'no-cache'])
  assert.match(first.body, /export/)
  const etag = first.headers.get('etag')!
  for (const known of [etag, `"x", ${etag}`]) {
    const again = await get('/shown/files/valibot.js', { 'if-none-match': known })
    assert.deepEqual([again.status, again.body, again.headers.get('etag')], [304, null, etag])
  }
  assert.equal((await get('/shown/files/valibot.js', { 'if-none-match': '"x"' })).status, 200)
})

for (const [accepted, encoding] of [
  ['gzip, deflate, br', 'gzip'],
  ['br;q=1, gzip;q=0.5', 'gzip'],
  ['identity', null],
  ['gzip;q=0, br', null],
  ['gzip;q=0.0', null],
] as const) {
  test(`whoever takes ${accepted} gets ${encoding ?? 'it as it is'}`, async () => {
    const asked = new Request('http://localhost/shown/files/valibot.js', { headers: { 'accept-encoding': accepted } })
    const { headers, body } = await host.kernel.fetch(asked)
    assert.deepEqual([headers.get('content-encoding'), headers.get('vary')], [encoding, 'Accept-Encoding'])
    const text = await new Response(encoding ? body!.pipeThrough(new DecompressionStream('gzip')) : body).text()
    assert.equal(text, (await get('/shown/files/valibot.js')).body)
  })
}

for (const name of [
  'package.json',
  'valibot',
  'toString',
  '__proto__',
  'valibot.js%00',
  '..%2f..%2fpackage.json',
  '%2e%2e%2fvalibot.js',
  '..%5cvalibot.js',
  'valibot/dist/index.mjs',
  'deeper/valibot.js',
  '',
]) {
  test(`what a page does not name is not served: ${name}`, async () => {
    const { status, code } = await get(`/shown/files/${name}`)
    assert.deepEqual([status, code], [404, 'ROUTE_NOT_FOUND'])
  })
}

for (const path of ['/absent', '/absent/files/x.js']) {
  test(`GET ${path} without its package says which one to install`, async () => {
    const { status, code, body } = await get(path)
    assert.deepEqual([status, code], [501, 'PACKAGE_NOT_INSTALLED'])
    assert.match(body.errors[0].message, /npm install @nobody\/has-this@1"/)
  })
}

test('files of pages are no part of the documented API', async () => {
  const { body } = await host.api('GET', '/server/specs/oas')
  const paths = Object.keys(body.paths).filter((path) => /shown|absent|docs|explorer/.test(path))
  assert.deepEqual(paths, ['/absent', '/docs', '/shown', '/shown/system'])
})

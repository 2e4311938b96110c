import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePlugin } from 'plinth'
import { startKernel } from '../../host.ts'

const page = definePlugin({
  name: 'page',
  setup(host) {
    host.routes('/page').get('/', () => new Response('x', { headers: { 'content-security-policy': "default-src 'self'" } }))
  },
})

test('all answers bear the usual headers and an id; a route that says otherwise is left alone', async () => {
  const host = await startKernel({ plugins: [page], env: { HSTS_ENABLED: 'true', HSTS_MAX_AGE: '2s' } })
  try {
    const ids = new Set<string | null>()
    for (const path of ['/server/ping', '/nope', '/users']) {
      const { headers } = await host.api('GET', path)
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.equal(headers.get('referrer-policy'), 'no-referrer')
      assert.equal(headers.get('content-security-policy'), "default-src 'none'; frame-ancestors 'none'")
      assert.equal(headers.get('strict-transport-security'), 'max-age=2')
      ids.add(headers.get('x-request-id'))
    }
    assert.equal(ids.size, 3)
    assert.ok(!ids.has(null))
    assert.equal((await host.api('GET', '/page')).headers.get('content-security-policy'), "default-src 'self'")
  } finally {
    await host.close()
  }
})

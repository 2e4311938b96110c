import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePlugin } from 'plinth'
import { metricsPoint } from 'plinth/metrics'
import { startKernel } from '../../host.ts'

const neighbour = definePlugin({
  name: 'neighbour',
  setup(host) {
    host.hook(metricsPoint, async ({ metrics }, next) => {
      metrics.push({ name: 'mood', help: 'How it is.', type: 'gauge', values: [{ labels: { of: 'a "b"\\' }, value: 3 }] })
      await next()
    })
  },
})

test('GET /metrics is not there unless wanted', async () => {
  const host = await startKernel()
  assert.equal((await host.api('GET', '/metrics')).status, 404)
  await host.close()
})

test('GET /metrics tells administrators, and who has a token, in the form of Prometheus', async () => {
  const host = await startKernel({ plugins: [neighbour], env: { METRICS_ENABLED: 'true', METRICS_TOKENS: 'first,second' } })
  try {
    await host.api('GET', '/server/ping', { token: null })
    await host.api('GET', '/nope')
    const asked = [
      [{}, 200],
      [{ token: null, headers: { authorization: 'Metrics second' } }, 200],
      [{ token: null, headers: { authorization: 'Metrics third' } }, 403],
      [{ token: null }, 403],
    ] as const
    for (const [how, status] of asked) assert.equal((await host.api('GET', '/metrics', how)).status, status)
    const { body, headers } = await host.api('GET', '/metrics')
    assert.equal(headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    assert.match(body, /^# TYPE plinth_http_requests_total counter\nplinth_http_requests_total\{method="GET",status="200"\} 3$/m)
    assert.match(body, /^plinth_http_requests_total\{method="GET",status="403"\} 2$/m)
    assert.match(body, /^mood\{of="a \\"b\\"\\\\"\} 3$/m)
    assert.match(body, /^plinth_http_request_duration_seconds_bucket\{le="\+Inf"\} 6$/m)
    assert.match(body, /^plinth_http_request_duration_seconds_count 6$/m)
    assert.match(body, /^process_resident_memory_bytes \d+$/m)
  } finally {
    await host.close()
  }
})

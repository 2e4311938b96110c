/** What the page looks like is for test/browser to see. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startKernel } from '../../host.ts'

for (const [why, env, change, served] of [
  ['is on by itself', {}, [], true],
  ['is off when told so', { DOCS_ENABLED: 'false' }, [], false],
  ['is off with its plugin', {}, ['-docs'], false],
] as const) {
  test(`/docs ${why}`, async () => {
    const host = await startKernel({ env, change })
    try {
      for (const path of ['/docs', '/docs/files/scalar.js']) {
        const { status, code } = await host.api('GET', path, { token: null })
        // Its package need not be there.
        if (served) assert.ok(status === 200 || code === 'PACKAGE_NOT_INSTALLED', `${status}`)
        else assert.deepEqual([status, code], [404, 'ROUTE_NOT_FOUND'])
      }
    } finally {
      await host.close()
    }
  })
}

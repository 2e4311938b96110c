/** What the page looks like is for test/browser to see. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startKernel } from '../../host.ts'

const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

for (const [why, env, change, served] of [
  ['is there for browsers', {}, [], true],
  ['is not there in production', { NODE_ENV: 'production' }, [], false],
  ['is there in production when it is asked for', { NODE_ENV: 'production', GRAPHQL_EXPLORER: 'true' }, [], true],
  ['is not there when it is switched off', { GRAPHQL_EXPLORER: 'false' }, [], false],
  ['is not there without pages', {}, ['-pages', '-docs'], false],
] as const) {
  test(`the explorer ${why}`, async () => {
    const host = await startKernel({ env, change })
    try {
      for (const path of ['/graphql', '/graphql/system']) {
        const { status, code } = await host.api('GET', path, { token: null, headers: { accept } })
        // Its packages need not be there.
        if (served) assert.ok(status === 200 || code === 'PACKAGE_NOT_INSTALLED', `${status}`)
        else assert.deepEqual([status, code], [400, 'INVALID_PAYLOAD'])
        assert.equal((await host.api('HEAD', path, { headers: { accept } })).status, status)
        const asked = await host.api('GET', `${path}?query={__typename}`, { headers: { accept } })
        assert.deepEqual([asked.status, asked.body], [200, { data: { __typename: 'Query' } }])
        for (const other of [undefined, '*/*', 'text/html;q=0', 'application/json, text/html;q=0.5'])
          assert.equal((await host.api('GET', path, { headers: other ? { accept: other } : {} })).code, 'INVALID_PAYLOAD', 'for programs')
      }
      assert.equal((await host.api('GET', '/graphql/explorer/react.js')).status === 404, !served)
    } finally {
      await host.close()
    }
  })
}

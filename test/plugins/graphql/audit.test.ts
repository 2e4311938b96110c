/** GraphQL over HTTP, as the audits of graphql-http look at it (https://graphql.github.io/graphql-over-http/draft/). */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { serverAudits } from 'graphql-http'
import { admin, startKernel, type TestHost } from '../../host.ts'

let host: TestHost
before(async () => {
  host = await startKernel({ sql: 'create table notes (id serial primary key)' })
})
after(() => host.close())

/** What the API has otherwise: a document that is wrong is answered by 400 in both media types. */
const ours = ['572B', 'FDE2', '7B9B']

const fetchFn = (url: string, init?: RequestInit) => {
  const headers = new Headers(init?.headers)
  headers.set('authorization', `Bearer ${admin.token}`)
  return host.kernel.fetch(new Request(url, { ...init, headers }))
}
for (const { id, name, fn } of serverAudits({ url: 'http://localhost/graphql', fetchFn })) {
  test(`${id} ${name}`, async () => {
    const result = await fn()
    const wanted = name.startsWith('MUST') || !(ours.includes(id) || name.startsWith('MAY'))
    if (wanted) assert.equal(result.status, 'ok', 'reason' in result ? String(result.reason) : '')
  })
}

test('a list that fails leaves no data: absent in the older media type, null in the newer one', async () => {
  const ask = (accept: string) => host.api('POST', '/graphql', { body: { query: '{ notes(limit: -2) { id } }' }, headers: { accept } })
  const [older, newer] = [await ask('application/json'), await ask('application/graphql-response+json, application/json;q=0.9')]
  assert.deepEqual([older.status, Object.keys(older.body)], [200, ['errors']])
  assert.deepEqual([newer.status, Object.keys(newer.body), newer.data], [200, ['errors', 'data'], null])
  assert.match(newer.headers.get('content-type')!, /^application\/graphql-response\+json/)
})

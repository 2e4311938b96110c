import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost

before(async () => {
  host = await startKernel()
})
after(() => host.close())

const told = async () => (await host.api('GET', '/server/info', { token: null })).data.project.project_name

test('GET /settings tells administrators all, from the first start on', async () => {
  const { status, data } = await host.api('GET', '/settings')
  assert.equal(status, 200)
  assert.deepEqual([data.project_name, data.auth_login_attempts, data.project_url, data.mcp_enabled], ['Plinth', 25, null, false])
  assert.match(data.project_id, /^[\da-f-]{36}$/)
})

test('GET /settings takes fields', async () => {
  const { data } = await host.api('GET', '/settings?fields=project_name')
  assert.deepEqual(data, { project_name: 'Plinth' })
})

const refused: [why: string, method: string, path: string, token: string | null | undefined, status: number][] = [
  ['the public may not read', 'GET', '/settings', null, 403],
  ['the public may not write', 'PATCH', '/settings', null, 403],
  ['nothing is created', 'POST', '/settings', undefined, 404],
  ['nothing is deleted', 'DELETE', '/settings', undefined, 404],
]
test('/settings refuses', async (t) => {
  for (const [why, method, path, token, status] of refused) {
    await t.test(why, async () => {
      const answer = await host.api(method, path, { token, body: method === 'GET' ? undefined : { project_name: 'X' } })
      assert.equal(answer.status, status)
    })
  }
})

test('PATCH /settings shows at once in /server/info', async () => {
  assert.equal(await told(), 'Plinth')
  const { status, data } = await host.api('PATCH', '/settings?fields=project_name', { body: { project_name: 'Shop', unknown: 1 } })
  assert.deepEqual([status, data], [200, { project_name: 'Shop' }])
  assert.equal(await told(), 'Shop')
})

test('a change made with SQL shows in /server/info', async () => {
  await host.kernel.db.query("update directus_settings set project_name = 'By hand'")
  for (let i = 0; i < 100 && (await told()) !== 'By hand'; i++) await new Promise((done) => setTimeout(done, 20))
  assert.equal(await told(), 'By hand')
})

test('secrets of features that are not here are not taken', async () => {
  const { status, code } = await host.api('PATCH', '/settings', { body: { ai_openai_api_key: 'sk-1' } })
  assert.deepEqual([status, code], [400, 'INVALID_PAYLOAD'])
})

test('secrets that the reference kept are masked, and the mask changes nothing', async () => {
  await host.kernel.db.query("update directus_settings set ai_openai_api_key = 'cipher'")
  const mask = '**********'
  assert.equal((await host.api('GET', '/settings?fields=ai_openai_api_key')).data.ai_openai_api_key, mask)
  assert.equal((await host.api('PATCH', '/settings', { body: { ai_openai_api_key: mask } })).status, 200)
  assert.equal(await host.kernel.db.text('select ai_openai_api_key from directus_settings'), 'cipher')
  assert.equal((await host.api('PATCH', '/settings', { body: { ai_openai_api_key: null } })).status, 200)
  assert.equal(await host.kernel.db.text('select ai_openai_api_key from directus_settings'), null)
})

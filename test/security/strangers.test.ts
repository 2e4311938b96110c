/** Who is nobody, and who has no rights, is allowed nothing: every route there is refuses them, but for those that are named here. Administrators are the twin. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { admin, startKernel, type TestHost } from '../host.ts'

const forAll = [
  'GET /auth',
  'GET /policies/me/globals',
  'GET /server/info',
  'GET /server/ping',
  'GET /server/specs/graphql',
  'GET /server/specs/graphql/items',
  'GET /server/specs/graphql/system',
  'GET /server/specs/oas',
  'GET /server/specs/ts',
  'GET /utils/random/string',
]
const forSignedIn = [
  ...forAll,
  ...['users/me', 'users/me/sessions', 'roles/me', 'permissions/me', 'permissions/me/note/$key', 'server/health'].map(
    (path) => `GET /${path}`,
  ),
  'DELETE /users/me/sessions',
]
const key = 'aaaaaaaa-0000-4000-8000-00000000000a'

describe('every route', () => {
  let host: TestHost
  let routes: [method: string, path: string][]
  before(async () => {
    host = await startKernel({
      sql: 'create table note (id uuid primary key, word text)',
      // The page of /docs is for everybody, where its package is installed, and holds nothing but what the document tells the caller.
      env: { LOGIN_STALL_TIME: '1ms', REGISTER_STALL_TIME: '1ms', DOCS_ENABLED: 'false' },
    })
    await host.kernel.db.execute(`insert into note values ('${key}', 'x')`)
    assert.equal((await host.api('POST', '/users', { body: { email: 'stranger@example.com', token: 'stranger' } })).status, 200)
    routes = host.kernel.plugins
      .flatMap((plugin) => plugin.routes)
      .map((route) => route.split(' ') as [string, string])
      .filter(([method]) => method !== 'ALL')
      .map(([method, path]) => [
        method,
        path
          .replace(':collection', 'note')
          .replaceAll(/:\w+(\{[^}]*\})?\??/g, key)
          .replaceAll('*', 'x'),
      ])
    assert.ok(routes.length > 150)
  })
  after(() => host.close())

  const state = () =>
    host.kernel.db.text(`select json_build_array((select json_agg(n) from note n), (select json_agg(json_build_array(id, email, password, status, role, token)) from directus_users),
      (select count(*) from directus_activity), (select count(*) from directus_collections), (select count(*) from directus_permissions))::text`)

  for (const [who, token, allowed] of [
    ['nobody', null, forAll],
    ['somebody without rights', 'stranger', forSignedIn],
  ] as const) {
    test(`${who} is refused`, async () => {
      const before = await state()
      const open: string[] = []
      for (const [method, path] of routes) {
        for (const body of method === 'GET' ? [undefined] : [{}, { keys: [key], data: { word: 'y' } }, [key], { query: { limit: -1 } }]) {
          const { status } = await host.api(method, path, { token, body })
          assert.ok(status < 500, `${method} ${path} ${status}`)
          if (status < 400) open.push(`${method} ${path.replaceAll(key, '$key')}`)
        }
      }
      assert.deepEqual([...new Set(open)].sort(), [...allowed].sort())
      assert.equal(await state(), before)
    })
  }

  test('administrators are not', async () => {
    for (const [method, path] of routes) {
      if (method !== 'GET' || path.includes(key) || /graphql|verify-email/.test(path)) continue
      const { status, body } = await host.api(method, path, { token: admin.token })
      assert.ok(status !== 401 && status !== 403, `${path} ${status} ${JSON.stringify(body)}`)
    }
  })
})

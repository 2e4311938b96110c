/** Who sends a request: static and access tokens, by header and by query, good ones and bad ones of every kind. */
import type { Scenario } from '../runner.ts'
import { readToken, signToken, unsignedToken } from '../tokens.ts'

const scenario: Scenario = async (api) => {
  const { admin, secret } = api.target
  await api.user({ email: 'static@example.com', token: 'static-token-of-a-user' })
  const suspended = await api.user({ email: 'asleep@example.com', token: 'static-token-of-a-suspended', status: 'suspended' })
  const login = await api.post('/auth/login', { email: admin.email, password: admin.password }, { setup: true, token: null })
  const access: string = login.data.access_token
  const claims = readToken(access)
  const me = '/users/me?fields=email'
  const withHeader = (label: string, authorization: string, path = me) => api.get(path, { label, token: null, headers: { authorization } })

  api.proves('access: token-transport')
  await api.get(me, { label: 'a static token' })
  await api.get(me, { label: 'an access token', token: access })
  await api.get(`${me}&access_token=${admin.token}`, { label: 'a static token in the query', token: null })
  await api.get(`${me}&access_token=${access}`, { label: 'an access token in the query', token: null })
  await withHeader('lower-case bearer', `bearer ${admin.token}`)
  await withHeader('upper-case BEARER', `BEARER ${admin.token}`)
  await withHeader('a bare token', admin.token)
  await withHeader('Basic', `Basic ${btoa('admin@example.com:Password123!')}`)
  await withHeader('Bearer without token', 'Bearer')
  await withHeader('Bearer with two words', `Bearer ${admin.token} more`)
  await api.get(`${me}&access_token=`, { label: 'an empty query token', token: null })
  await api.get(`${me}&access_token=${admin.token}&access_token=x`, { label: 'two query tokens', token: null })

  api.proves('access: two-tokens')
  await api.get(`${me}&access_token=${admin.token}`, { label: 'both' })
  await api.get(`/server/ping?access_token=${admin.token}`, { label: 'both on ping' })
  await api.get(`/server/ping?access_token=bad`, { label: 'both on ping, a bad one' })

  api.proves('access: bad-signature', 'access: unknown-token')
  const bad: [string, string][] = [
    ['an unknown static token', 'nobody-has-this-token'],
    ['a wrong signature', await signToken('another-secret-0123456789abcdef0123456789', claims)],
    ['alg none', unsignedToken(claims)],
    ['a truncated token', access.slice(0, -10)],
    ['a token without signature', access.split('.').slice(0, 2).join('.')],
    ['a changed payload', `${access.split('.')[0]}.${unsignedToken({ ...claims, more: true }).split('.')[1]}.${access.split('.')[2]}`],
    ['another issuer', await signToken(secret, claims, { issuer: 'somebody' })],
    ['an expired token', await signToken(secret, claims, { lifetime: -10 })],
    ['a token of nobody', await signToken(secret, { ...claims, id: 'aaaaaaaa-0000-4000-8000-00000000000c' })],
    ['a token without claims', await signToken(secret, {})],
    ['a suspended user', 'static-token-of-a-suspended'],
    [
      'an access token of a suspended user',
      await signToken(secret, { ...claims, id: suspended, role: null, admin_access: false, app_access: false }),
    ],
    ['three words with dots', 'a.b.c'],
    ['eyJ but no token', 'eyJhbGciOiJIUzI1NiJ9'],
  ]
  for (const [label, token] of bad) {
    await api.get(me, { label, token })
    await api.get(`${me}&access_token=${encodeURIComponent(token)}`, { label: `${label}, in the query`, token: null })
  }

  api.proves('access: ping-token')
  await api.get('/server/ping', { label: 'ping with a bad token', token: 'nobody-has-this-token' })
  await api.get('/server/ping', { label: 'ping with an expired token', token: await signToken(secret, claims, { lifetime: -10 }) })
  await api.get('/server/info', { label: 'info with a bad token', token: 'nobody-has-this-token' })
  await api.get('/nothing', { label: 'an unknown route with a bad token', token: 'nobody-has-this-token' })
  await api.post(
    '/auth/login',
    { email: admin.email, password: admin.password },
    { label: 'login with a bad token', token: 'nobody-has-this-token' },
  )
  await api.get('/items/c_missing', { label: 'items with a bad token', token: 'nobody-has-this-token' })

  api.proves('access: me')
  await api.get('/users/me', { label: 'anonymous', token: null })
  await api.get('/users/me', { label: 'without a read rule', token: 'static-token-of-a-user' })
  await api.get('/users/me?fields=email', { label: 'a forbidden field', token: 'static-token-of-a-user' })
  await api.get('/users/me?fields=id', { label: 'the own id', token: 'static-token-of-a-user' })
  const own = ['data.first_name', 'data.last_name', 'data.last_page', 'data.language', 'data.last_access']
  await api.get('/users/me', { label: 'an admin', mask: own })
  await api.get('/users/me?fields=id,email,status,role.name', { label: 'an admin, some fields', mask: ['data.role.name'] })
  await api.get('/users/me?fields=password,token,tfa_secret', { label: 'an admin, concealed fields' })
  await api.get('/users/me?fields=missing', { label: 'an admin, an unknown field' })
  await api.get('/Users/Me?fields=email', { label: 'upper case' })

  api.proves('access: missing-or-forbidden')
  await api.table('c_guarded', [{ field: 'name', type: 'string', schema: {}, meta: {} }])
  await api.seed('c_guarded', [{ name: 'one' }])
  for (const [who, token] of [
    ['a user', 'static-token-of-a-user'],
    ['the public', null],
  ] as const) {
    await api.get('/items/c_guarded', { label: `${who}, list`, token })
    await api.get('/items/c_guarded/1', { label: `${who}, by key`, token })
    await api.get('/items/c_guarded/999', { label: `${who}, a missing key`, token })
    await api.get('/items/c_missing', { label: `${who}, a missing collection`, token })
    await api.get('/items/c_guarded?fields=missing', { label: `${who}, a missing field`, token })
    await api.get('/items/c_guarded?limit=abc', { label: `${who}, a bad limit`, token })
    await api.get('/items/c_guarded?meta=*', { label: `${who}, counts`, token })
    await api.search('/items/c_guarded', { query: {} }, { label: `${who}, SEARCH`, token })
    await api.post('/items/c_guarded', { name: 'x' }, { label: `${who}, POST`, token })
    await api.patch('/items/c_guarded/1', { name: 'x' }, { label: `${who}, PATCH`, token })
    await api.patch('/items/c_guarded', { keys: [1], data: { name: 'x' } }, { label: `${who}, PATCH keys`, token })
    await api.patch('/items/c_guarded', { query: {}, data: { name: 'x' } }, { label: `${who}, PATCH query`, token })
    await api.delete('/items/c_guarded/1', { label: `${who}, DELETE`, token })
    await api.delete('/items/c_guarded', { label: `${who}, DELETE keys`, token, body: [1] })
    await api.delete('/items/c_guarded', { label: `${who}, DELETE query`, token, body: { query: {} } })
    await api.post('/collections', { collection: 'c_never', schema: {}, meta: {} }, { label: `${who}, POST /collections`, token })
    await api.delete('/collections/c_guarded', { label: `${who}, DELETE /collections`, token })
    await api.get('/collections/c_guarded', { label: `${who}, GET /collections by name`, token })
    await api.get('/fields/c_guarded', { label: `${who}, GET /fields`, token })
    await api.post('/fields/c_guarded', { field: 'x', type: 'string', schema: {}, meta: {} }, { label: `${who}, POST /fields`, token })
    await api.get('/relations/c_guarded', { label: `${who}, GET /relations`, token })
    await api.post(
      '/relations',
      { collection: 'c_guarded', field: 'name', related_collection: 'c_guarded' },
      { label: `${who}, POST /relations`, token },
    )
    await api.post('/utils/cache/clear', {}, { label: `${who}, cache clear`, token })
  }
  await api.get('/items/c_guarded', { label: 'nothing has changed' })
}

export default scenario

/** What requests come to whoever sends them: tokens, cookies, methods, paths, pages, and mistakes that are the client's. */
import { cookiesFrom, sendCookies } from '../cookies.ts'
import { autoKey, field } from '../fields.ts'
import type { Scenario } from '../runner.ts'
import { signToken } from '../tokens.ts'

const password = 'Visitor-Password-1'

const scenario: Scenario = async (api) => {
  const { admin, secret } = api.target
  const visitor = await api.user({ email: 'guest@example.com', password, token: 'token-of-a-guest' })
  const mine = '/users/me?fields=id'
  await api.table('c_asked', [autoKey(), field('name', 'string'), field('count', 'integer'), field('parent', 'integer')])
  await api.relate('c_asked', 'parent', 'c_asked')
  await api.seed('c_asked', [{ name: 'one' }, { name: 'two' }, { name: 'three' }])

  api.proves('access: two-tokens')
  await api.get(mine, { label: 'in the header', token: 'token-of-a-guest' })
  await api.get(`${mine}&access_token=token-of-a-guest`, { label: 'in the query', token: null })
  await api.get(`${mine}&access_token=token-of-a-guest`, { label: 'in both, the same', token: 'token-of-a-guest' })

  const signIn = (label: string, body: object) =>
    api.post('/auth/login', { email: 'guest@example.com', password, ...body }, { label, token: null, headersKept: ['set-cookie'] })
  api.proves('access: login-cookie')
  await signIn('sign-in, json', {})
  await signIn('sign-in, cookie', { mode: 'cookie' })

  api.proves('access: static-in-cookie')
  const byCookie = (label: string, path: string, token: string) =>
    api.get(path, { label, token: null, headers: sendCookies({ directus_session_token: token }), headersKept: ['set-cookie'] })
  await byCookie('a static token in the cookie', mine, 'token-of-a-guest')
  await byCookie('an administrator’s in the cookie', '/users/me?fields=email', admin.token)

  api.proves('access: bad-cookie')
  const session = cookiesFrom(
    await api.post('/auth/login', { email: 'guest@example.com', password, mode: 'session' }, { setup: true, token: null }),
  )
  await byCookie('a good cookie', mine, session.directus_session_token!)
  await byCookie('a good cookie on ping', '/server/ping', session.directus_session_token!)
  await byCookie('a bad cookie', mine, await signToken('another-secret-0123456789abcdef0123456789', { id: visitor, role: null }))

  api.proves('access: tfa-enforced')
  await signIn('a wrong password', { password: 'x' })

  api.proves('access: password-reset')
  const letter = (scope: string, more = {}) => signToken(secret, { email: 'invited@example.com', scope, ...more })
  await api.user({ email: 'invited@example.com', status: 'invited' })
  const accept = async (label: string, body: object) => api.post('/users/invite/accept', body, { label, token: null })
  await accept('a letter for something else', { token: await letter('password-reset'), password })
  await accept('a letter', { token: await letter('invite'), password })
  await accept('the letter again', { token: await letter('invite'), password: 'Another-Password-1' })

  api.proves('access: required-members')
  const made: string[] = []
  const make = async (path: string, body: object, fields: string) => {
    const { data } = await api.post(`${path}?fields=id,${fields}`, body, { label: `${path} with what it needs`, mask: ['data.id'] })
    made.unshift(`${path}/${data.id}`)
    return data.id as string
  }
  await make('/roles', { name: 'R' }, 'name')
  const policy = await make('/policies', { name: 'P' }, 'name,admin_access,app_access')
  await make('/access', { policy, user: visitor }, 'policy')
  await make('/permissions', { policy, collection: 'c_asked', action: 'read', permissions: {}, fields: ['*'] }, 'collection,action')

  api.proves('access: role-delete')
  const role = (await api.post('/roles', { name: 'short' }, { setup: true })).data.id
  await api.patch(`/users/${visitor}`, { role }, { setup: true })
  await api.get(mine, { label: 'with a role', token: 'token-of-a-guest' })
  await api.delete(`/roles/${role}`, { label: 'the role goes' })
  await api.get(mine, { label: 'suspended with the role', token: 'token-of-a-guest' })
  await api.get(`/users/${visitor}?fields=role,status`, { label: 'whose role has gone' })

  api.proves('access: status')
  await api.patch(`/users/${visitor}?fields=status`, { status: 'anything' }, { label: 'a status of one’s own' })
  await api.get(mine, { label: 'any other than active', token: 'token-of-a-guest' })
  await api.patch(`/users/${visitor}?fields=status`, { status: 'active' }, { label: 'active' })
  await api.get(mine, { label: 'active again', token: 'token-of-a-guest' })

  api.proves('access: token-filter')
  await api.get('/users?filter[token][_null]=true&fields=email', { label: 'by what is concealed' })
  await api.get('/users?filter[email][_eq]=guest@example.com&fields=email,token', { label: 'by an address' })

  api.proves('access: paging')
  for (const query of ['limit=0', 'limit=', 'limit=2', 'page=0&limit=2', 'page=1&limit=2', 'page=2&limit=2', 'limit=-1'])
    await api.get(`/items/c_asked?fields=id&sort=id&${query}`)
  for (const query of ['limit=-2', 'limit=abc', 'limit=1.5', 'page=-1', 'page=x', 'offset=-1'])
    await api.get(`/items/c_asked?fields=id&sort=id&${query}`)

  api.proves('access: wrong-method')
  await api.call('PUT', '/items/c_asked/1', { body: { name: 'x' } })
  await api.call('PATCH', '/server/ping', { body: {} })
  await api.call('DELETE', '/users/me/track/page')
  await api.get('/items/c_asked/1?fields=name', { label: 'the right one' })
  await api.patch('/items/c_nowhere/1', { name: 'x' }, { label: 'PATCH of an item of a missing collection' })

  api.proves('access: path-case')
  await api.get('/Items/c_asked/1?fields=name', { label: 'a path in other case' })
  await api.get('/USERS/Me?fields=email', { label: 'another one' })
  await api.get('/items/C_Asked/1?fields=name', { label: 'a collection in other case' })

  api.proves('access: options')
  await api.call('OPTIONS', '/items/c_asked', { token: null, keep: () => 'OPTIONS', headersKept: ['access-control-allow-origin'] })
  const headers = { origin: 'http://elsewhere.test' }
  await api.get('/items/c_asked/1?fields=name', { label: 'a page of elsewhere', headers, headersKept: ['access-control-allow-origin'] })

  api.proves('access: client-mistakes')
  await api.post('/items/c_asked', { count: 'many' }, { label: 'text into an integer' })
  await api.post('/items/c_asked', { count: 2 ** 40 }, { label: 'a number out of range' })
  await api.get('/items/c_asked/99999999999999', { label: 'a key out of range' })
  await api.patch('/items/c_asked/99999999999999', { name: 'x' }, { label: 'PATCH of a key out of range' })
  await api.get('/items/c_asked?filter[id][_eq]=99999999999999', { label: 'a filter out of range' })

  for (const path of made) await api.delete(path, { setup: true })
}

export default scenario

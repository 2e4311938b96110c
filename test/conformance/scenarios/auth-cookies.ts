/** Signing in by cookie: a refresh token in one, or a whole session in one. */
import { cookiesFrom, sendCookies } from '../cookies.ts'
import type { Json, Scenario } from '../runner.ts'
import { readToken, signToken } from '../tokens.ts'

const scenario: Scenario = async (api) => {
  const { admin, secret } = api.target
  const { email, password } = admin
  await api.user({ email: 'tabs@example.com', password: 'Tabs-Password-1' })
  const headersKept = ['set-cookie']
  const me = '/users/me?fields=email'

  const signIn = (mode: string, label?: string) =>
    api.post('/auth/login', { email, password, mode }, label ? { label, token: null, headersKept } : { setup: true, token: null })
  const jar = async (mode: string) => cookiesFrom(await signIn(mode))
  const ask = (label: string, method: string, path: string, cookies: Record<string, string>, body?: unknown) =>
    api.call(method, path, { label, token: null, body, headersKept, headers: sendCookies(cookies) })

  api.proves('access: login-cookie')
  const cookie = cookiesFrom(await signIn('cookie', 'login, mode cookie'))

  api.proves('access: login-session')
  const session = cookiesFrom(await signIn('session', 'login, mode session'))
  const claims = ({ directus_session_token: token = '' }: Record<string, string>) => {
    const { iat, exp, session: own, ...rest } = readToken(token) as { iat: number; exp: number; session: string }
    return { ...rest, lifetime: exp - iat, session: own.length }
  }
  const inside = claims(session)
  await api.get('/server/ping', { label: 'claims of a session', keep: () => inside })
  await ask('me, by session cookie', 'GET', me, session)
  await api.get(me, { label: 'me, the session token as bearer', token: session.directus_session_token })
  await api.get(`${me}&access_token=${session.directus_session_token}`, { label: 'me, the session token in the query', token: null })
  await ask('me, by refresh cookie alone', 'GET', me, cookie)

  api.proves('access: refresh')
  const second = cookiesFrom(await ask('refresh, mode cookie', 'POST', '/auth/refresh', cookie, { mode: 'cookie' }))
  await ask('refresh, mode cookie, spent', 'POST', '/auth/refresh', cookie, { mode: 'cookie' })
  await ask('refresh, cookie without body', 'POST', '/auth/refresh', second)
  const fresh = await jar('cookie')
  await ask('refresh, cookie with another mode', 'POST', '/auth/refresh', fresh, { mode: 'json' })
  await ask('refresh, cookie of the wrong kind', 'POST', '/auth/refresh', fresh, { mode: 'session' })
  await ask('refresh, cookie with a mode that does not exist', 'POST', '/auth/refresh', fresh, { mode: 'nowhere' })
  await ask('refresh, no cookie, mode cookie', 'POST', '/auth/refresh', {}, { mode: 'cookie' })
  await ask('refresh, no cookie, mode session', 'POST', '/auth/refresh', {}, { mode: 'session' })
  await ask('refresh, neither cookie nor body', 'POST', '/auth/refresh', {})
  await ask('refresh, rubbish in the refresh cookie', 'POST', '/auth/refresh', { directus_refresh_token: 'rubbish' }, { mode: 'cookie' })
  const byBody = await api.post('/auth/login', { email, password }, { setup: true, token: null })
  await api.post(
    '/auth/refresh',
    { refresh_token: byBody.data.refresh_token, mode: 'cookie' },
    { label: 'refresh, body with mode cookie', token: null },
  )
  await api.post(
    '/auth/refresh',
    { refresh_token: byBody.data.refresh_token, mode: 'session' },
    { label: 'refresh, body with mode session', token: null },
  )
  await ask('refresh, a session cookie without mode', 'POST', '/auth/refresh', session)

  api.proves('access: session-grace')
  const renewed = cookiesFrom(await ask('refresh, mode session', 'POST', '/auth/refresh', session, { mode: 'session' }))
  await ask('me, by the old session', 'GET', me, session)
  await ask('me, by the new session', 'GET', me, renewed)
  const tab = cookiesFrom(await ask('refresh, the old session again', 'POST', '/auth/refresh', session, { mode: 'session' }))
  const same = readToken(tab.directus_session_token!).session === readToken(renewed.directus_session_token!).session
  await api.get('/server/ping', { label: 'parallel tabs get one session', keep: () => same })

  api.proves('access: logout-cookie')
  const left = await jar('cookie')
  await ask('logout, mode cookie', 'POST', '/auth/logout', left, { mode: 'cookie' })
  await ask('refresh after logout', 'POST', '/auth/refresh', left, { mode: 'cookie' })
  await ask('logout by cookie without body', 'POST', '/auth/logout', await jar('cookie'))
  const gone = await jar('session')
  await ask('logout, a session without mode', 'POST', '/auth/logout', gone)
  await ask('me, still', 'GET', me, gone)
  await ask('logout, mode session', 'POST', '/auth/logout', gone, { mode: 'session' })
  await ask('logout, no cookie, mode cookie', 'POST', '/auth/logout', {}, { mode: 'cookie' })
  await ask('logout, no cookie, mode session', 'POST', '/auth/logout', {}, { mode: 'session' })

  api.proves('access: bad-cookie')
  await ask('me, an ended session', 'GET', me, gone)
  await ask('ping, an ended session', 'GET', '/server/ping', gone)
  await ask('an unknown route, an ended session', 'GET', '/nothing', gone)
  const kept = (directus_session_token: string) => ({ directus_session_token })
  await ask('me, a truncated token', 'GET', me, kept(renewed.directus_session_token!.slice(0, -5)))
  await ask('me, rubbish', 'GET', me, kept('rubbish'))
  await ask('me, rubbish with dots', 'GET', me, kept('a.b.c'))
  await ask('me, an empty cookie', 'GET', me, kept(''))
  await ask('info, rubbish', 'GET', '/server/info', kept('rubbish'))
  await ask('login, rubbish', 'POST', '/auth/login', kept('rubbish'), { email, password })
  const about = readToken(renewed.directus_session_token!)
  await ask('me, another issuer', 'GET', me, kept(await signToken(secret, about, { issuer: 'somebody' })))
  await ask('me, a session that is not known', 'GET', me, kept(await signToken(secret, { ...about, session: 'x'.repeat(64) })))

  api.proves('access: token-transport')
  await api.get(me, { label: 'bearer beside rubbish', headersKept, headers: sendCookies(kept('rubbish')) })
  await api.get(`${me}&access_token=${admin.token}`, {
    label: 'query beside rubbish',
    token: null,
    headersKept,
    headers: sendCookies(kept('rubbish')),
  })
  await api.get(me, { label: 'rubbish beside a good cookie', token: 'rubbish', headersKept, headers: sendCookies(renewed) })

  api.proves('access: static-in-cookie')
  await ask('me, a static token', 'GET', me, kept(admin.token))
  await ask('me, a JSON access token', 'GET', me, kept(byBody.data.access_token))

  api.proves('access: current-rights')
  const tabs = { email: 'tabs@example.com', password: 'Tabs-Password-1' }
  const own = cookiesFrom(await api.post('/auth/login', { ...tabs, mode: 'session' }, { setup: true, token: null }))
  const id = (await api.call('GET', '/users/me?fields=id', { setup: true, token: null, headers: sendCookies(own) })).data.id
  const other = await api.post('/auth/login', tabs, { setup: true, token: null })
  await api.patch(`/users/${id}`, { title: 'Dr' }, { label: 'a title', keep: (body: Json) => Object.keys(body) })
  await ask('me, after a title', 'GET', '/users/me?fields=id', own)
  await api.patch(
    `/users/${id}`,
    { password: 'Tabs-Password-2' },
    { label: 'a password, by an admin', keep: (body: Json) => Object.keys(body) },
  )
  await ask('me, after a password by an admin', 'GET', '/users/me?fields=id', own)
  await api.post('/auth/refresh', { refresh_token: other.data.refresh_token }, { label: 'refresh after a password', token: null })
  const mine = await jar('session')
  const theirs = await api.post('/auth/login', { email, password }, { setup: true, token: null })
  await ask('a password, by oneself', 'PATCH', '/users/me?fields=email', mine, { password })
  await ask('me, after a password by oneself', 'GET', me, mine)
  await api.post('/auth/refresh', { refresh_token: theirs.data.refresh_token }, { label: 'refresh elsewhere after that', token: null })
  const byToken = await api.post('/auth/login', { email, password }, { setup: true, token: null })
  await api.patch('/users/me?fields=email', { password }, { label: 'a password, by access token', token: byToken.data.access_token })
  await api.post('/auth/refresh', { refresh_token: byToken.data.refresh_token }, { label: 'refresh here after that', token: null })

  api.proves('issue: GET /auth tells the ways to sign in')
  await api.get('/auth', { token: null })
  await api.get('/auth?sessionOnly', { token: null })
}

export default scenario

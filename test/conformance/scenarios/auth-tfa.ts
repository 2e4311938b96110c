/** The second factor, and logins that fail too often. Every code is used once: with us it works no second time. */
import { codeOf, decodeSecret, stepAt } from '../../../plugins/auth/totp.ts'
import type { Json, Scenario } from '../runner.ts'
import { readToken } from '../tokens.ts'

const secret = 'GEZDGNBVGY3TQOJQ'
const codeIn = (periods: number) => codeOf(decodeSecret(secret)!, stepAt(Date.now()) + periods)

/** Codes must still be right when they arrive. */
async function early(): Promise<void> {
  const left = 30_000 - (Date.now() % 30_000)
  if (left < 4000) await new Promise((resolve) => setTimeout(resolve, left + 50))
}

const scenario: Scenario = async (api) => {
  const { role } = (await api.get('/users/me?fields=role', { setup: true })).data
  const password = 'Tfa-Password-1'
  const boss = async (name: string, more = {}) => {
    const id = await api.user({ email: `${name}@example.com`, password, token: `token-of-${name}`, ...more })
    await api.patch(`/users/${id}`, { role }, { setup: true })
    return id
  }
  const first = await boss('tfa-first')
  const second = await boss('tfa-second', { tfa_secret: secret })
  await api.user({ email: 'tfa-plain@example.com', password, token: 'token-of-tfa-plain' })
  await api.user({ email: 'tfa-login@example.com', password, tfa_secret: secret })
  const post = (label: string, token: string | null, path: string, body: unknown, keep?: (body: Json) => unknown) =>
    api.post(path, body, { label, token: token && `token-of-${token}`, keep })
  const generate = (label: string, token: string | null, body: unknown, keep?: (body: Json) => unknown) =>
    post(label, token, '/users/me/tfa/generate', body, keep)

  api.proves('access: tfa-secret')
  const shape = (body: Json) => ({
    secret: /^[A-Z2-7]{16}$/.test(body.data.secret),
    url: body.data.otpauth_url.replaceAll(body.data.secret, '<secret>').replaceAll(/Directus|Plinth/g, '<project>'),
  })
  await generate('generate', 'tfa-first', { password }, shape)
  await generate('generate, without rights', 'tfa-plain', { password }, shape)
  await generate('generate, anonymous', null, { password })
  await generate('generate, no password', 'tfa-first', {})
  await generate('generate, a wrong password', 'tfa-first', { password: 'x' })
  await generate('generate, a number', 'tfa-first', { password: 5 })
  await generate('generate, already enabled', 'tfa-second', { password })

  api.proves('access: tfa')
  const enable = (label: string, token: string | null, body: unknown) => post(label, token, '/users/me/tfa/enable', body)
  await early()
  await enable('enable, without rights', 'tfa-plain', { secret, otp: await codeIn(0) })
  await enable('enable, anonymous', null, { secret, otp: await codeIn(0) })
  await enable('enable, nothing', 'tfa-first', {})
  await enable('enable, no code', 'tfa-first', { secret })
  await enable('enable, no secret', 'tfa-first', { otp: await codeIn(0) })
  await enable('enable, a wrong code', 'tfa-first', { secret, otp: '000000' })
  await enable('enable, a code of another time', 'tfa-first', { secret, otp: await codeIn(-4) })
  await enable('enable, a secret that is none', 'tfa-first', { secret: 'xx', otp: await codeIn(0) })
  await enable('enable', 'tfa-first', { secret, otp: await codeIn(0) })
  await enable('enable, again', 'tfa-first', { secret, otp: await codeIn(0) })
  await api.get('/users/me?fields=tfa_secret', { label: 'concealed', token: 'token-of-tfa-first' })
  const disable = (label: string, token: string | null, body: unknown) => post(label, token, '/users/me/tfa/disable', body)
  await early()
  await disable('disable, nothing', 'tfa-second', {})
  await disable('disable, a wrong code', 'tfa-second', { otp: '000000' })
  await disable('disable, anonymous', null, { otp: '000000' })
  await disable('disable, where there is none', 'tfa-plain', { otp: '000000' })
  await disable('disable', 'tfa-second', { otp: await codeIn(0) })
  await api.get('/users/me?fields=tfa_secret', { label: 'none any more', token: 'token-of-tfa-second' })
  await post('taken away, by a user', 'tfa-plain', `/users/${first}/tfa/disable`, {})
  await api.post(`/users/${first}/tfa/disable`, {}, { label: 'taken away, by an administrator' })
  await api.post('/users/aaaaaaaa-0000-4000-8000-00000000000f/tfa/disable', {}, { label: 'taken away, of nobody' })
  await api.get('/users/me?fields=tfa_secret', { label: 'taken away', token: 'token-of-tfa-first' })

  api.proves('access: tfa')
  const tokens = (body: Json) => (body.data ? Object.keys(body.data).sort() : body.errors.map((error: Json) => error.extensions.code))
  const login = (label: string, body: object, keep = tokens) =>
    api.post('/auth/login', { email: 'tfa-login@example.com', password, ...body }, { label, token: null, keep })
  await login('login, no code', {})
  await login('login, an empty code', { otp: '' })
  await login('login, a number', { otp: 123456 })
  await login('login, a wrong code', { otp: '000000' })
  await login('login, a wrong password with no code', { password: 'x' })
  await early()
  await login('login, a wrong password with a right code', { password: 'x', otp: await codeIn(0) })
  await login('login, a code of the time before', { otp: await codeIn(-1) })
  await login('login, a code of the time to come', { otp: await codeIn(1) })
  await login('login', { otp: await codeIn(0) })
  await login('login, the same code again', { otp: await codeIn(0) })

  api.proves('access: tfa-enforced')
  const policy = (await api.call('POST', '/policies', { setup: true, body: { name: 'Strict', enforce_tfa: true } })).data.id
  const strict = await api.user({ email: 'tfa-strict@example.com', password })
  const strictRole = (await api.call('POST', '/roles', { setup: true, body: { name: 'Strict' } })).data.id
  await api.call('POST', '/access', { setup: true, body: { policy, role: strictRole } })
  await api.patch(`/users/${strict}`, { role: strictRole }, { setup: true })
  const claim = (body: Json) => readToken(body.data.access_token).enforce_tfa ?? 'no claim'
  const answer = await login('login, demanded', { email: 'tfa-strict@example.com' }, claim)
  await api.get('/users/me?fields=id', { label: 'me, demanded', token: answer.data.access_token })
  await api.get('/policies/me/globals', { label: 'globals, demanded', token: answer.data.access_token })
  await api.patch(`/users/${strict}`, { role: null }, { setup: true })
  await api.call('POST', '/access', { setup: true, body: { policy, user: strict } })
  await login('login, demanded of the user alone', { email: 'tfa-strict@example.com' }, claim)
  await login('login, not demanded', { email: 'tfa-plain@example.com' }, claim)

  // Demanded by a role above, of everybody, from elsewhere; and of somebody who has come in before.
  const make = async (path: string, body: object): Promise<string> => (await api.call('POST', path, { setup: true, body })).data.id
  const below = await make('/roles', { name: 'Below', parent: strictRole })
  const calm = await make('/roles', { name: 'Calm' })
  const member = (role: string | null) => api.patch(`/users/${strict}`, { role }, { setup: true })
  for (const { id } of (await api.get(`/access?filter[user][_eq]=${strict}`, { setup: true })).data)
    await api.delete(`/access/${id}`, { setup: true })
  await member(below)
  await login('login, demanded by the role above', { email: 'tfa-strict@example.com' }, claim)
  await member(calm)
  const before = await login('login, not yet demanded', { email: 'tfa-strict@example.com' }, claim)
  const tie = await make('/access', { policy, role: calm })
  const again = (label: string, token: string) => api.post('/auth/refresh', { refresh_token: token }, { label, token: null, keep: claim })
  const after = await again('refreshed, demanded meanwhile', before.data.refresh_token)
  await api.get('/users/me?fields=id', { label: 'me, demanded meanwhile', token: before.data.access_token })
  await api.patch('/users/me', { title: 'x' }, { label: 'written without rights, demanded', token: after.data.access_token })
  await early()
  const code = await codeIn(0)
  const asked = (label: string, path: string, body: unknown) =>
    api.post(`/users/me/tfa/${path}`, body, { label, token: after.data.access_token })
  await asked('enable without rights, demanded', 'enable', { secret, otp: code })
  await asked('disable what is not there, demanded', 'disable', { otp: code })
  await api.patch(`/policies/${policy}`, { ip_access: ['10.99.0.1'] }, { setup: true })
  await login('login, demanded elsewhere', { email: 'tfa-strict@example.com' }, claim)
  await api.patch(`/policies/${policy}`, { ip_access: null }, { setup: true })
  await api.delete(`/access/${tie}`, { setup: true })
  const everybodys = await make('/access', { policy })
  await login('login, demanded of everybody', { email: 'tfa-strict@example.com' }, claim)
  await api.get('/policies/me/globals', { label: 'globals, demanded of everybody', token: 'token-of-tfa-plain' })
  await api.get('/policies/me/globals', { label: 'globals, demanded of everybody, anonymous', token: null })
  await api.delete(`/access/${everybodys}`, { setup: true })

  // An administrator may still write.
  const bosses = await make('/access', { policy, role })
  const boss2 = await login('login, demanded of administrators', { email: 'tfa-first@example.com' }, claim)
  await api.patch('/users/me?fields=title', { title: 'x' }, { label: 'written, demanded', token: boss2.data.access_token })
  await api.get('/users/me?fields=title', { label: 'static token, demanded', token: 'token-of-tfa-first' })
  api.proves('access: tfa-by-hand')
  await api.call('PATCH', `/roles/${calm}`, { label: 'a secret by hand, nested', body: { users: [{ id: first, tfa_secret: secret }] } })
  await api.post(
    '/graphql/system',
    { query: `mutation { update_users_item(id: "${first}", data: { tfa_secret: "${secret}" }) { id } }` },
    { label: 'a secret by hand, in GraphQL', keep: (body) => [body.data, body.errors[0].extensions.code] },
  )
  await api.delete(`/access/${bosses}`, { setup: true })
  for (const id of [below, calm]) await api.delete(`/roles/${id}`, { setup: true })

  api.proves('access: attempts')
  await api.patch('/settings', { auth_login_attempts: 2 }, { setup: true })
  const often = await api.user({ email: 'often@example.com', password })
  const statusNow = (label: string) => api.get(`/users/${often}?fields=status`, { label })
  const attempt = (label: string, given: string) => login(label, { email: 'often@example.com', password: given })
  for (const n of [1, 2]) await attempt(`wrong, ${n} of 2`, 'x')
  await statusNow('still active')
  await attempt('right, after 2 of 2', password)
  for (const n of [1, 2, 3]) await attempt(`wrong, ${n} of 2, again`, 'x')
  await statusNow('suspended')
  await attempt('right, when suspended', password)
  await api.patch(`/users/${often}?fields=status`, { status: 'active' }, { label: 'active again' })
  await attempt('right, when active again', password)
  await api.patch('/settings', { auth_login_attempts: 25 }, { setup: true })

  for (const id of [first, second, strict, often]) await api.delete(`/users/${id}`, { setup: true })
  for (const path of [`/policies/${policy}`, `/roles/${strictRole}`]) await api.delete(path, { setup: true })
}

export default scenario

/** Login, refresh, logout with JSON tokens. */
import type { Json, Scenario } from '../runner.ts'
import { readToken } from '../tokens.ts'

const scenario: Scenario = async (api) => {
  const { email, password } = api.target.admin
  await api.user({ email: 'plain@example.com', password: 'Plain-Password-1' })
  await api.user({ email: 'suspended@example.com', password: 'Plain-Password-1', status: 'suspended' })
  await api.user({ email: 'invited@example.com', password: 'Plain-Password-1', status: 'invited' })
  await api.user({ email: 'archived@example.com', password: 'Plain-Password-1', status: 'archived' })
  await api.user({ email: 'no-password@example.com' })
  await api.user({ email: 'Mixed.Case@example.com', password: 'Plain-Password-1' })
  const login = (label: string, body: unknown, path = '/auth/login') => api.post(path, body, { label, token: null })

  api.proves('access: login-json')
  await login('admin', { email, password })
  await login('mode json', { email, password, mode: 'json' })
  await login('a user without role', { email: 'plain@example.com', password: 'Plain-Password-1' })
  const claims = (body: Json) => {
    const { iat, exp, ...rest } = readToken(body.data.access_token) as { iat: number; exp: number }
    return { ...rest, lifetime: exp - iat, refreshLength: body.data.refresh_token.length }
  }
  await api.post('/auth/login', { email, password }, { label: 'claims of an admin', token: null, keep: claims })
  const plain = { email: 'plain@example.com', password: 'Plain-Password-1' }
  await api.post('/auth/login', plain, { label: 'claims of a user without role', token: null, keep: claims })
  await login('the provider route', { email, password }, '/auth/login/default')
  await login('a provider that does not exist', { email, password }, '/auth/login/nowhere')
  await login('upper-case route', { email, password }, '/AUTH/LOGIN')

  api.proves('access: email')
  await login('an email in upper case', { email: email.toUpperCase(), password })
  await login('an email in other case', { email: 'mixed.case@EXAMPLE.com', password: 'Plain-Password-1' })
  await login('an email with a blank before', { email: ` ${email}`, password })
  await login('an email with a blank after', { email: `${email} `, password })

  api.proves('access: login-malformed')
  await login('nothing', {})
  await login('no password', { email })
  await login('no email', { password })
  await login('an email that is none', { email: 'admin', password })
  await login('an empty password', { email, password: '' })
  await login('a number as password', { email, password: 5 })
  await login('null as password', { email, password: null })
  await login('a list', [])
  await login('an object as email', { email: { _neq: 'x' }, password })
  await login('a list as email', { email: [email], password })
  await login('a mode that does not exist', { email, password, mode: 'nowhere' })
  await login('an extra key', { email, password, extra: 1 })
  await api.call('POST', '/auth/login', { label: 'no body', token: null })
  await api.call('POST', '/auth/login', {
    label: 'broken JSON',
    token: null,
    text: '{"email"',
    headers: { 'content-type': 'application/json' },
  })
  await api.get('/auth/login', { token: null })

  api.proves('access: login-wrong')
  await login('a wrong password', { email, password: 'wrong' })
  await login('a password in other case', { email, password: password.toUpperCase() })
  await login('a password with a blank', { email, password: `${password} ` })
  await login('an unknown user', { email: 'nobody@example.com', password })
  await login('a suspended user', { email: 'suspended@example.com', password: 'Plain-Password-1' })
  await login('a suspended user, wrong password', { email: 'suspended@example.com', password: 'wrong' })
  await login('an invited user', { email: 'invited@example.com', password: 'Plain-Password-1' })
  await login('an archived user', { email: 'archived@example.com', password: 'Plain-Password-1' })
  await login('a user without password', { email: 'no-password@example.com', password: 'x' })
  await login('an otp that nobody asked for', { email, password, otp: '123456' })

  api.proves('access: refresh')
  const first = (await login('login to refresh', { email, password })).data
  const second = (await api.post('/auth/refresh', { refresh_token: first.refresh_token }, { label: 'refresh', token: null })).data
  await api.get('/users/me?fields=email', { label: 'the new token works', token: second.access_token })
  await api.get('/users/me?fields=email', { label: 'the old access token still works', token: first.access_token })
  const third = (
    await api.post('/auth/refresh', { refresh_token: second.refresh_token, mode: 'json' }, { label: 'refresh, mode json', token: null })
  ).data
  await api.post('/auth/refresh', { refresh_token: first.refresh_token }, { label: 'a spent refresh token', token: null })
  await api.post('/auth/refresh', {}, { label: 'no refresh token', token: null })
  await api.post('/auth/refresh', { refresh_token: 'unknown' }, { label: 'an unknown refresh token', token: null })
  await api.post('/auth/refresh', { refresh_token: 5 }, { label: 'a number as refresh token', token: null })
  await api.post('/auth/refresh', { refresh_token: '' }, { label: 'an empty refresh token', token: null })
  await api.post('/auth/refresh', { refresh_token: third.access_token }, { label: 'an access token as refresh token', token: null })

  api.proves('access: logout')
  await api.post('/auth/logout', { refresh_token: third.refresh_token }, { label: 'logout', token: null })
  await api.post('/auth/refresh', { refresh_token: third.refresh_token }, { label: 'refresh after logout', token: null })
  await api.post('/auth/logout', { refresh_token: third.refresh_token }, { label: 'logout again', token: null })
  await api.post('/auth/logout', { refresh_token: 'unknown' }, { label: 'logout, unknown token', token: null })
  await api.post('/auth/logout', {}, { label: 'logout, no token', token: null })
  await api.post('/auth/logout', { refresh_token: 5 }, { label: 'logout, a number', token: null })
}

export default scenario

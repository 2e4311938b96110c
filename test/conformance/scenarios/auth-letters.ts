/** Forgotten passwords, invitations and registrations: what is answered. What letters hold is not recorded; their tokens are signed here. */
import type { Json, Scenario } from '../runner.ts'
import { signToken } from '../tokens.ts'

const registration = (base: string) =>
  new Request(`${base}/users/register`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })

const scenario: Scenario = async (api) => {
  const { admin, secret } = api.target
  await api.user({ email: 'known@example.com', password: 'Known-Password-1' })
  await api.user({ email: 'asleep@example.com', password: 'Known-Password-1', status: 'suspended' })
  await api.user({ email: 'plain@example.com', token: 'token-of-plain' })
  const access = (await api.post('/auth/login', { email: admin.email, password: admin.password }, { setup: true, token: null })).data
    .access_token
  const role = (await api.call('POST', '/roles', { setup: true, body: { name: 'Guest' } })).data.id
  const post = (label: string, path: string, body: unknown, token: string | null = null) => api.post(path, body, { label, token })
  const found = (label: string, email: string) =>
    api.get(`/users?filter[email][_eq]=${encodeURIComponent(email)}&fields=email,status,role.name,password,first_name,provider`, { label })

  api.proves('access: password-request')
  const request = (label: string, body: unknown) => post(`request, ${label}`, '/auth/password/request', body)
  await request('a known address', { email: 'known@example.com' })
  await request('a known address in other case', { email: 'KNOWN@example.com' })
  await request('an unknown address', { email: 'nobody@example.com' })
  await request('a suspended user', { email: 'asleep@example.com' })
  await request('no address', {})
  await request('a number', { email: 5 })
  await request('no email address', { email: 'foo' })
  await request('an extra member', { email: 'known@example.com', extra: 1 })
  for (const [label, reset_url] of [
    ['listed', 'http://good.test/reset'],
    ['listed, with a query', 'http://good.test/reset?x=1'],
    ['listed, with a hash', 'http://good.test/reset#x'],
    ['a longer path', 'http://good.test/reset/more'],
    ['another site', 'http://evil.test/reset'],
    ['another site with ours as user', 'http://good.test@evil.test/reset'],
    ['a script', 'javascript:alert(1)'],
    ['a number', 5],
    ['empty', ''],
  ] as const) {
    await request(`address: ${label}`, { email: 'known@example.com', reset_url })
  }
  await request('address: another site, for nobody', { email: 'nobody@example.com', reset_url: 'http://evil.test' })

  api.proves('access: password-reset')
  const reset = (label: string, body: unknown) => post(`reset, ${label}`, '/auth/password/reset', body)
  const letter = (scope: string, email: string, more = {}, lifetime = 600) => signToken(secret, { email, scope, ...more }, { lifetime })
  await reset('nothing', {})
  await reset('no password', { token: 'x' })
  await reset('a number as password', { token: 'x', password: 5 })
  await reset('a number as token', { token: 5, password: 'x' })
  await reset('rubbish', { token: 'rubbish', password: 'x' })
  await reset('an access token', { token: access, password: 'x' })
  await reset('a static token', { token: admin.token, password: 'x' })
  await reset('a letter of another kind', { token: await letter('invite', 'known@example.com'), password: 'x' })
  await reset('a letter that is too old', { token: await letter('password-reset', 'known@example.com', { hash: 'x' }, -10), password: 'x' })
  await reset('a letter for another password', { token: await letter('password-reset', 'known@example.com', { hash: 'x' }), password: 'x' })
  await reset('a letter for nobody', { token: await letter('password-reset', 'nobody@example.com', { hash: 'x' }), password: 'x' })
  await api.get('/users/me', { label: 'a letter is no way in', token: await letter('password-reset', 'known@example.com', { hash: 'x' }) })

  api.proves('access: invite', 'system: invite')
  const invite = (label: string, body: unknown, token: string | null = admin.token) =>
    post(`invite, ${label}`, '/users/invite', body, token)
  await invite('by nobody', { email: 'i1@example.com', role }, null)
  await invite('by whoever may not', { email: 'i2@example.com', role }, 'token-of-plain')
  await api.get('/users?filter[email][_starts_with]=i&fields=email', { label: 'nobody made' })
  await invite('nothing', {})
  await invite('no role', { email: 'i3@example.com' })
  await invite('null as role', { email: 'i3@example.com', role: null })
  await invite('a role that is none', { email: 'i3@example.com', role: 'x' })
  await invite('a missing role', { email: 'i3@example.com', role: 'aaaaaaaa-0000-4000-8000-00000000000f' })
  await invite('no email address', { email: 'foo', role })
  await invite('a list with one that is none', { email: ['i4@example.com', 'foo'], role })
  await invite('an extra member', { email: 'i3@example.com', role, extra: 1 })
  await invite('a strange address', { email: 'i3@example.com', role, invite_url: 'http://evil.test' })
  await invite('an empty list', { email: [], role })
  await invite('one', { email: 'Invited@example.com', role })
  await invite('one again', { email: 'invited@example.com', role })
  await invite('two', { email: ['i5@example.com', 'i6@example.com'], role, invite_url: 'http://good.test/invite?a=b' })
  await invite('somebody who is there', { email: 'KNOWN@example.com', role })
  for (const email of ['Invited@example.com', 'i4@example.com', 'i5@example.com', 'i6@example.com', 'known@example.com'])
    await found(`made: ${email}`, email)
  const accept = (label: string, body: unknown) => post(`accept, ${label}`, '/users/invite/accept', body)
  const token = await letter('invite', 'Invited@example.com')
  await accept('nothing', {})
  await accept('no password', { token })
  await accept('an empty password', { token, password: '' })
  await accept('a number', { token, password: 5 })
  await accept('rubbish', { token: 'rubbish', password: 'x' })
  await accept('an access token', { token: access, password: 'x' })
  await accept('an extra member', { token, password: 'Chosen-1', first_name: 'x' })
  await accept('an invitation', { token, password: 'Chosen-1' })
  await accept('an invitation again', { token, password: 'Chosen-2' })
  await accept('somebody who was not invited', { token: await letter('invite', 'known@example.com'), password: 'x' })
  await accept('nobody', { token: await letter('invite', 'nobody@example.com'), password: 'x' })
  await found('accepted', 'Invited@example.com')
  const tokens = (body: Json) => (body.data ? Object.keys(body.data).sort() : body.errors.map((error: Json) => error.extensions.code))
  const login = (label: string, email: string, password: string) =>
    api.post('/auth/login', { email, password }, { label, token: null, keep: tokens })
  await login('login with the password chosen', 'invited@example.com', 'Chosen-1')

  api.proves('access: register', 'system: invite')
  const settings = (body: object) => api.patch('/settings', body, { setup: true })
  const register = (label: string, body: unknown) => post(`register, ${label}`, '/users/register', body)
  const r = (name: string, more: object = {}) => ({ email: `${name}@example.com`, password: 'Chosen-1', ...more })
  await register('closed', r('r1'))
  await settings({ public_registration: true, public_registration_role: role })
  await register('open', r('R2', { first_name: 'F', last_name: 'L' }))
  await register('the same again', r('r2'))
  await register('somebody who is there', r('known'))
  await register('an extra member', r('r3', { role }))
  await register('null as name', r('r3', { first_name: null }))
  await register('nothing', {})
  await register('no password', { email: 'r3@example.com' })
  await register('an empty password', r('r3', { password: '' }))
  await register('no email address', { email: 'foo', password: 'x' })
  await register('a strange address', r('r3', { verification_url: 'http://evil.test' }))
  await register('a listed address', r('r4', { verification_url: 'http://good.test/register?a=b' }))
  await found('registered', 'R2@example.com')
  await found('registered with a listed address', 'r4@example.com')
  await login('login before the address is confirmed', 'r2@example.com', 'Chosen-1')
  const verify = (label: string, end: string) =>
    api.get(`/users/register/verify-email${end}`, {
      label: `verify, ${label}`,
      token: null,
      keep: (body) => (body?.errors ? body.errors[0].extensions.code : 'moved'),
    })
  await verify('nothing', '')
  await verify('rubbish', '?token=rubbish')
  await verify('an access token', `?token=${access}`)
  await verify('nobody', `?token=${await letter('pending-registration', 'nobody@example.com')}`)
  const confirmed = await letter('pending-registration', 'R2@example.com')
  await verify('a registration', `?token=${confirmed}`)
  await verify('a registration again', `?token=${confirmed}`)
  await login('login after that', 'r2@example.com', 'Chosen-1')
  await settings({ public_registration_verify_email: false, public_registration_email_filter: { email: { _ends_with: '@good.com' } } })
  await register('filtered', r('r5'))
  await register('through the filter', { email: 'r5@good.com', password: 'Chosen-1' })
  await settings({ public_registration_email_filter: null, auth_password_policy: '/^.{20,}$/' })
  await register('a weak password', r('r6'))
  await register('a weak password for somebody who is there', r('known'))
  await settings({ auth_password_policy: null })
  await found('active at once', 'r5@good.com')
  // The limit of both servers is set to 50 a minute; the reference counts requests that are not valid as well.
  const statuses: number[] = []
  while (statuses.at(-1) !== 429 && statuses.length < 60) statuses.push((await api.target.fetch(registration(api.target.base))).status)
  await api.get('/server/ping', { label: 'register, up to the limit', keep: () => statuses.length })
  await register('beyond the limit', r('r8'))
  await settings({ public_registration: false, public_registration_role: null, public_registration_verify_email: true })
}

export default scenario

/** Users, roles, policies and what ties them: what may be written, what is refused, what follows. */
import type { Json, Scenario } from '../runner.ts'

const missing = 'aaaaaaaa-0000-4000-8000-00000000000f'

const scenario: Scenario = async (api) => {
  const { admin } = api.target
  const makes = async (path: string, body: object): Promise<string> => (await api.call('POST', path, { setup: true, body })).data.id
  const drop = (path: string) => api.call('DELETE', path, { setup: true })
  const me = (await api.get('/users/me?fields=id,role', { setup: true })).data
  const [tie] = (await api.get(`/access?filter[role][_eq]=${me.role}`, { setup: true })).data
  const plain = await api.user({ email: 'plain@example.com', token: 'token-of-plain' })
  const codes = (body: Json) => body?.errors?.map((error: Json) => error.extensions.code) ?? 'no error'

  api.proves('access: required-members', 'access: missing-target')
  await api.post('/roles', {}, { label: 'a role without name' })
  await api.post('/roles', { name: null }, { label: 'a role with null as name' })
  await api.post('/roles', { name: 'x', parent: missing }, { label: 'a role below one that is missing' })
  await api.post('/policies', {}, { label: 'a policy without name' })
  await api.post('/access', {}, { label: 'a tie without policy' })
  await api.post('/access', { policy: missing }, { label: 'a tie to a missing policy' })
  const policy = await makes('/policies', { name: 'P' })
  await api.post('/access', { policy, role: missing }, { label: 'a tie to a missing role' })
  await api.post('/access', { policy, user: missing }, { label: 'a tie to a missing user' })
  await api.post('/users?fields=id', { role: missing }, { label: 'a user of a missing role' })

  api.proves('access: role-parents')
  const a = await makes('/roles', { name: 'A' })
  const b = await makes('/roles', { name: 'B', parent: a })
  await api.patch(`/roles/${a}`, { parent: b }, { label: 'a circle of two' })
  await api.patch(`/roles/${a}`, { parent: a }, { label: 'a circle of one' })
  await api.patch('/roles', { keys: [a], data: { parent: b } }, { label: 'a circle, several keys' })
  await api.patch(`/roles/${b}`, { children: [a] }, { label: 'a circle by children' })
  await api.patch(`/roles/${b}?fields=name,parent.name`, { parent: a }, { label: 'no circle' })
  await api.post(
    '/roles?fields=name',
    { id: 'aaaaaaaa-0000-4000-8000-0000000000aa', name: 'S', parent: 'aaaaaaaa-0000-4000-8000-0000000000aa' },
    { label: 'a new role below itself' },
  )

  api.proves('access: missing-rows')
  for (const path of ['users', 'roles', 'policies', 'access']) {
    await api.patch(`/${path}/${missing}`, {}, { label: `PATCH of one of ${path} that is missing` })
    await api.delete(`/${path}/${missing}`, { label: `DELETE of one of ${path} that is missing` })
    await api.get(`/${path}/${missing}`, { label: `GET of one of ${path} that is missing` })
  }
  await api.delete('/permissions/9999', { label: 'DELETE of a missing permission' })
  await api.patch(`/policies/${policy}?fields=name`, { nothing: 1 }, { label: 'an unknown field of a policy' })
  await api.patch(`/policies/${policy}?fields=name`, { name: null }, { label: 'null as name of a policy' })
  await api.patch(`/policies/${policy}?fields=ip_access`, { ip_access: ['nonsense'] }, { label: 'addresses that are none' })
  await api.patch(
    `/policies/${policy}?fields=ip_access`,
    { ip_access: ['1.2.3.4', '10.0.0.0/8', '10.1.1.1-10.1.1.9', '::1'] },
    { label: 'addresses' },
  )

  api.proves('access: status', 'access: token-filter')
  await api.patch(`/users/${plain}?fields=status`, { status: 'whatever' }, { label: 'a status of its own' })
  await api.patch(`/users/${plain}?fields=status`, { status: 'active' }, { label: 'back' })
  await api.get('/users?filter[token][_eq]=admin-token', { label: 'a filter on a token' })

  api.proves('issue: users have addresses that differ by more than case, and tokens of their own')
  await api.post('/users?fields=id', { email: 'PLAIN@example.com' }, { label: 'an address in other case' })
  await api.patch(`/users/${plain}?fields=id`, { email: admin.email.toUpperCase() }, { label: 'the address of another user' })
  await api.patch(`/users/${plain}?fields=email`, { email: 'plain@EXAMPLE.com' }, { label: 'the own address in other case' })
  await api.patch(`/users/${plain}?fields=email`, { email: 'foo' }, { label: 'an address that is none' })
  await api.patch(`/users/${plain}?fields=email`, { token: admin.token }, { label: 'the token of another user' })
  await api.post('/users?fields=email,status,provider', {}, { label: 'a user of nothing' })

  api.proves('access: tfa-by-hand')
  await api.patch(`/users/${plain}`, { tfa_secret: 'ABC' }, { label: 'a second factor by hand' })
  await api.patch(`/users/${plain}`, { tfa_secret: null }, { label: 'no second factor by hand' })
  await api.patch('/users/me', { tfa_secret: '**********' }, { label: 'the mask of a second factor' })
  await api.post('/users?fields=tfa_secret', { tfa_secret: 'ABC' }, { label: 'a new user with a second factor' })
  await api.patch(
    `/users/${plain}?fields=last_access,title`,
    { last_access: '2001-01-01T00:00:00Z', title: 'x' },
    { label: 'a time of last access' },
  )

  api.proves('issue: passwords are as the project wants them')
  await api.patch('/settings', { auth_password_policy: '/^.{8,}$/' }, { setup: true })
  await api.patch(`/users/${plain}?fields=id`, { password: 'short' }, { label: 'a weak password' })
  await api.post('/users?fields=id', { password: 'short' }, { label: 'a new user with a weak password' })
  await api.patch(`/users/${plain}?fields=password`, { password: 'long enough' }, { label: 'a strong password' })
  await api.patch(`/users/${plain}?fields=password`, { password: null }, { label: 'no password' })
  await api.patch('/settings', { auth_password_policy: '(((' }, { setup: true })
  await api.patch(`/users/${plain}?fields=id`, { password: 'anything' }, { label: 'a rule that is none' })
  await api.patch('/settings', { auth_password_policy: null }, { setup: true })

  api.proves('access: last-admin')
  const last: [label: string, method: string, path: string, body?: unknown][] = [
    ['suspended', 'PATCH', `/users/${me.id}`, { status: 'suspended' }],
    ['suspended by oneself', 'PATCH', '/users/me', { status: 'suspended' }],
    ['archived by keys', 'PATCH', '/users', { keys: [me.id], data: { status: 'archived' } }],
    ['archived in a list', 'PATCH', '/users', [{ id: me.id, status: 'archived' }]],
    ['archived by query', 'PATCH', '/users', { query: { filter: { id: { _eq: me.id } } }, data: { status: 'archived' } }],
    ['without role', 'PATCH', `/users/${me.id}`, { role: null }],
    ['in a new role', 'PATCH', `/users/${me.id}`, { role: { name: 'new' } }],
    ['deleted', 'DELETE', `/users/${me.id}`],
    ['deleted by keys', 'DELETE', '/users', [me.id]],
    ['deleted by query', 'DELETE', '/users', { query: { filter: { id: { _eq: me.id } } } }],
    ['role deleted', 'DELETE', `/roles/${me.role}`],
    ['roles deleted', 'DELETE', '/roles', [me.role]],
    ['role without policies', 'PATCH', `/roles/${me.role}`, { policies: [] }],
    ['role without users', 'PATCH', `/roles/${me.role}`, { users: [] }],
    ['taken out of the role', 'PATCH', `/roles/${me.role}`, { users: { create: [], update: [], delete: [me.id] } }],
    ['policy without right', 'PATCH', `/policies/${tie.policy}`, { admin_access: false }],
    ['policies without right', 'PATCH', '/policies', { keys: [tie.policy], data: { admin_access: false } }],
    ['policy deleted', 'DELETE', `/policies/${tie.policy}`],
    ['policy without roles', 'PATCH', `/policies/${tie.policy}`, { roles: [] }],
    ['tie deleted', 'DELETE', `/access/${tie.id}`],
    ['ties deleted', 'DELETE', '/access', [tie.id]],
    ['tie without role', 'PATCH', `/access/${tie.id}`, { role: null }],
    ['tie to another policy', 'PATCH', `/access/${tie.id}`, { policy }],
  ]
  for (const [label, method, path, body] of last) await api.call(method, path, { label: `last admin: ${label}`, body })
  await api.get('/users/me?fields=status', { label: 'last admin: still there' })
  api.proves('access: last-admin', 'access: ip-access')
  await api.patch(`/policies/${tie.policy}?fields=ip_access`, { ip_access: ['10.99.0.1'] }, { label: 'last admin: shut out by an address' })
  await api.target.execute(`update directus_policies set ip_access = null where id = '${tie.policy}'`)
  await api.get('/users/me?fields=status', { label: 'last admin: in again' })

  api.proves('access: role-delete')
  await api.patch(`/users/${plain}`, { role: a }, { setup: true })
  const invited = await makes('/users', { email: 'invited@example.com', role: a, status: 'invited' })
  await api.delete(`/roles/${a}`, { label: 'a role with users and a role below' })
  await api.get(`/users/${plain}?fields=role,status`, { label: 'its user' })
  await api.get(`/users/${invited}?fields=role,status`, { label: 'its invited user' })
  await api.get(`/roles/${b}?fields=name,parent`, { label: 'the role below' })
  await api.patch(`/users/${plain}`, { status: 'active' }, { setup: true })

  api.proves('access: policies-me')
  for (const [who, token] of [
    ['admin', admin.token],
    ['a user', 'token-of-plain'],
    ['anonymous', null],
  ] as const) {
    await api.get('/policies/me/globals', { label: `globals, ${who}`, token })
    await api.get('/roles/me?fields=name', { label: `roles/me, ${who}`, token })
  }
  await api.patch(`/users/${plain}`, { role: b }, { setup: true })
  await api.get('/roles/me', {
    label: 'roles/me, of a role that may not be seen',
    token: 'token-of-plain',
    keep: (body: Json) => body.data.map(Object.keys),
  })

  api.proves('access: me')
  await api.patch('/users/me', { title: 'x' }, { label: 'PATCH users/me, anonymous', token: null })
  await api.patch('/users/me', { title: 'x' }, { label: 'PATCH users/me, without rights', token: 'token-of-plain' })
  await api.patch('/users/me?fields=title', { title: 'Dr' }, { label: 'PATCH users/me, admin' })
  await api.patch('/users/me?fields=title', { title: null }, { label: 'PATCH users/me, back' })
  await api.delete('/users/me', { label: 'DELETE users/me' })
  await api.patch('/users/me/track/page', { last_page: '/x' }, { label: 'page, without rights', token: 'token-of-plain' })
  await api.patch('/users/me/track/page', {}, { label: 'page, empty' })
  await api.patch('/users/me/track/page', { last_page: '/x' }, { label: 'page, anonymous', token: null })
  await api.get(`/users/${plain}?fields=last_page`, { label: 'the page' })

  api.proves('access: missing-or-forbidden')
  for (const [who, token] of [
    ['a user', 'token-of-plain'],
    ['anonymous', null],
  ] as const) {
    for (const path of ['users', 'roles', 'policies', 'access']) {
      await api.get(`/${path}`, { label: `${who}, GET ${path}`, token, keep: codes })
      await api.post(`/${path}`, { name: 'x' }, { label: `${who}, POST ${path}`, token, keep: codes })
      await api.patch(`/${path}/${missing}`, { name: 'x' }, { label: `${who}, PATCH ${path}`, token, keep: codes })
      await api.delete(`/${path}/${missing}`, { label: `${who}, DELETE ${path}`, token, keep: codes })
    }
  }

  for (const path of [`/roles/${b}`, `/policies/${policy}`, `/users/${invited}`, `/users/${plain}`]) await drop(path)
}

export default scenario

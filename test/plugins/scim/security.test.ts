/** What a provider never reaches, tokens and their scopes, administrators, and that whoever is let go is out at once. Each attack with its legitimate twin. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { scimTokens } from 'plinth/scim'
import { scopes } from '../../../plugins/scim/api.ts'
import { serveTokens } from '../../../plugins/scim/command.ts'
import { admin } from '../../host.ts'
import { type Provider, startProvider, urns } from './provider.ts'

let provider: Provider
before(async () => {
  provider = await startProvider({
    env: { SCIM_GROUPS: 'Engineering=Editor, Bosses=Chief, Crew=Sailor, Night=Watchman', SCIM_ADMIN_ROLES: 'Chief' },
  })
})
after(() => provider?.close())
const scim: Provider['scim'] = (...words) => provider.scim(...words)
const api = (...words: Parameters<Provider['host']['api']>) => provider.host.api(...words)
const query = (text: string, parameters: any[] = []) => provider.host.kernel.db.query<any>(text, parameters)
const tokenOf = async (body: object) => (await api('POST', '/scim/tokens', { body: { name: 't', ...body } })).data

describe('tokens', () => {
  test('are kept as a hash and told once', async () => {
    const made = await tokenOf({ name: 'okta', expires: '2099-01-01T00:00:00Z' })
    assert.match(made.token, /^scim_[\w-]{43}$/)
    const stored = JSON.stringify(await query('select * from plinth.scim_tokens'))
    assert.ok(!stored.includes(made.token.slice(5)))
    const { data } = await api('GET', '/scim/tokens')
    assert.deepEqual(
      data.find(({ id }: any) => id === made.id),
      { id: made.id, name: 'okta', scopes, created: made.created, expires: '2099-01-01T00:00:00.000Z', last_used: null },
    )
    assert.equal((await scim('GET', '/Users', undefined, { token: made.token })).status, 200)
    assert.ok((await api('GET', '/scim/tokens')).data.find(({ id }: any) => id === made.id).last_used)
  })

  test('that are over, or revoked, are refused at once', async () => {
    const over = await tokenOf({ expires: '2001-01-01T00:00:00Z' })
    assert.equal((await scim('GET', '/Users', undefined, { token: over.token })).status, 401)
    const { id, token } = await tokenOf({})
    assert.equal((await scim('GET', '/Users', undefined, { token })).status, 200)
    assert.equal((await api('DELETE', `/scim/tokens/${id}`)).status, 204)
    assert.equal((await scim('GET', '/Users', undefined, { token })).status, 401)
    assert.equal((await api('DELETE', `/scim/tokens/${id}`)).status, 403)
  })

  test('reach no further than their scopes', async () => {
    const user = await provider.user('scoped')
    const { token } = await tokenOf({ scopes: ['users:read'] })
    const calls: [method: string, path: string, body: object | undefined, status: number][] = [
      ['GET', '/Users', undefined, 200],
      ['GET', `/Users/${user.id}`, undefined, 200],
      ['GET', '/Schemas', undefined, 200],
      ['POST', '/Users/.search', {}, 200],
      ['POST', '/Users', { userName: 'x' }, 403],
      ['PUT', `/Users/${user.id}`, { userName: 'x' }, 403],
      ['PATCH', `/Users/${user.id}`, { Operations: [{ op: 'remove', path: 'title' }] }, 403],
      ['DELETE', `/Users/${user.id}`, undefined, 403],
      ['GET', '/Groups', undefined, 403],
      ['POST', '/.search', {}, 403],
      ['POST', '/Groups', { displayName: 'x' }, 403],
    ]
    for (const [method, path, body, status] of calls)
      assert.equal((await scim(method, path, body, { token })).status, status, `${method} ${path}`)
    const bulk = await scim('POST', '/Bulk', { Operations: [{ method: 'DELETE', path: `/Users/${user.id}` }] }, { token })
    assert.equal(bulk.body.Operations[0].status, '403')
  })

  test('that may only write need not read', async () => {
    const user = await provider.user('written')
    const { token } = await tokenOf({ scopes: ['users:write'] })
    const calls: [method: string, body: object | undefined, status: number][] = [
      ['GET', undefined, 403],
      ['PATCH', { Operations: [{ op: 'add', path: 'title', value: 'T' }] }, 200],
      ['PUT', { userName: 'written' }, 200],
      ['DELETE', undefined, 204],
    ]
    for (const [method, body, status] of calls)
      assert.equal((await scim(method, `/Users/${user.id}`, body, { token })).status, status, method)
  })

  test('are good for nothing else', async () => {
    for (const path of [
      '/users',
      '/users/me',
      '/items/directus_users',
      '/roles',
      '/scim/tokens',
      '/server/info',
      '/activity',
      '/scim/V2/Users',
      '/graphql?query={__typename}',
    ])
      assert.equal((await api('GET', path, { token: provider.token })).status, 401, path)
    assert.equal((await api('POST', '/users', { token: provider.token, body: { email: 'x@x.org' } })).status, 401)
    const [{ hash }] = await query('select hash from plinth.scim_tokens limit 1')
    assert.equal((await scim('GET', '/Users', undefined, { token: hash })).status, 401)
  })

  test('are made by administrators', async () => {
    const { data: role } = await api('POST', '/roles', { body: { name: 'Reader' } })
    await api('POST', '/users', { body: { email: 'reader@x.org', token: 'reader-token', role: role.id } })
    for (const token of [null, 'reader-token']) {
      assert.equal((await api('GET', '/scim/tokens', { token })).status, 403)
      assert.equal((await api('POST', '/scim/tokens', { token, body: { name: 'x' } })).status, 403)
    }
    assert.equal((await scim('GET', '/Users', undefined, { token: 'reader-token' })).status, 403)
    assert.equal((await scim('GET', '/Users', undefined, { token: null })).status, 401)
    assert.equal((await scim('GET', '/Users', undefined, { token: admin.token })).status, 200)
  })

  for (const body of [
    {},
    { name: '' },
    { name: 'x'.repeat(101) },
    { name: 'x', scopes: [] },
    { name: 'x', scopes: ['all'] },
    { name: 'x', expires: 'soon' },
    { name: 'x', hash: 'y' },
  ])
    test(`${JSON.stringify(body).slice(0, 50)} makes none`, async () =>
      assert.equal((await api('POST', '/scim/tokens', { body })).status, 400))

  test('are made, listed and revoked by command', async () => {
    const tokens = provider.host.kernel.use(scimTokens)!
    const lines: string[] = []
    const run = (...args: string[]) => serveTokens(tokens, args, (line) => lines.push(line))
    assert.equal(await run('token', 'create', 'By hand', '--scopes=users:read,groups:read', '--days=30'), 0)
    const [, token] = /: (scim_\S+)$/.exec(lines[0]!)!
    assert.equal((await scim('GET', '/Users', undefined, { token: token! })).status, 200)
    assert.equal(await run('token', 'list'), 0)
    const line = lines.find((one) => one.includes('By hand'))!
    assert.match(line, /users:read,groups:read {2}expires 20/)
    assert.equal(await run('token', 'revoke', line.split(' ')[0]!), 0)
    assert.equal((await scim('GET', '/Users', undefined, { token: token! })).status, 401)
    for (const wrong of [
      [],
      ['token'],
      ['token', 'create'],
      ['token', 'create', 'x', '--days=no'],
      ['token', 'create', 'x', '--scopes=all'],
      ['token', 'revoke', 'nope'],
    ])
      assert.equal(await run(...wrong), 1, wrong.join(' '))
  })
})

describe('OAuth 2 client credentials', () => {
  const ask = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    api('POST', '/scim/oauth/token', {
      token: null,
      text: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })

  test('bring an access token that ends with the client', async () => {
    const { id, token } = await tokenOf({ scopes: ['users:read'] })
    const basic = { authorization: `Basic ${btoa(`${id}:${token}`)}` }
    const granted = [
      await ask({ grant_type: 'client_credentials', client_id: id, client_secret: token }),
      await ask({ grant_type: 'client_credentials' }, basic),
    ]
    for (const { status, body, headers } of granted) {
      assert.deepEqual([status, body.token_type, body.expires_in, headers.get('cache-control')], [200, 'Bearer', 3600, 'no-store'])
      assert.equal(headers.get('pragma'), 'no-cache')
      assert.equal((await scim('GET', '/Users', undefined, { token: body.access_token })).status, 200)
      assert.equal((await scim('POST', '/Users', { userName: 'x' }, { token: body.access_token })).status, 403)
      assert.equal((await api('GET', '/users', { token: body.access_token })).status, 401)
      const [head, , signature] = body.access_token.split('.')
      const forged = [head, btoa(JSON.stringify({ iss: 'plinth-scim', sub: id, exp: 9e9 })).replaceAll('=', ''), signature].join('.')
      assert.equal((await scim('GET', '/Users', undefined, { token: forged })).status, 401)
    }
    await api('DELETE', `/scim/tokens/${id}`)
    assert.equal((await scim('GET', '/Users', undefined, { token: granted[0]!.body.access_token })).status, 401)
  })

  const refused: [why: string, form: Record<string, string>, status: number, error: string][] = [
    ['no grant', {}, 400, 'invalid_request'],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['no client', { grant_type: 'client_credentials' }, 401, 'invalid_client'],
    ['an unknown client', { grant_type: 'client_credentials', client_id: 'x', client_secret: 'scim_x' }, 401, 'invalid_client'],
  ]
  for (const [why, form, status, error] of refused)
    test(`are refused: ${why}`, async () => {
      const answer = await ask(form)
      assert.deepEqual([answer.status, answer.body], [status, { error }])
      assert.equal(answer.headers.get('www-authenticate'), status === 401 ? 'Basic realm="SCIM"' : null)
    })
})

describe('users', () => {
  const columns = (id: string) => query('select * from directus_users where id = $1', [id]).then(([row]) => row)

  test('get nothing that is not a provider’s to say', async () => {
    const { data: role } = await api('POST', '/roles', { body: { name: 'Wanted' } })
    const attack = {
      password: 'Stolen123!',
      token: 'stolen',
      role: role.id,
      status: 'active',
      provider: 'x',
      tfa_secret: 'x',
      auth_data: {},
      external_identifier: 'x',
      policies: ['x'],
      groups: [{ value: role.id }],
      roles: [{ value: role.id }],
      id: role.id,
      email: 'stolen@x.org',
    }
    const { id } = await provider.user('mass', attack)
    await scim('PUT', `/Users/${id}`, { userName: 'mass', ...attack })
    await provider.patch(`/Users/${id}`, { op: 'replace', value: attack })
    const row = await columns(id)
    assert.notEqual(id, role.id)
    assert.deepEqual(
      [row.password, row.token, row.role, row.provider, row.tfa_secret, row.auth_data, row.external_identifier, row.email],
      [null, null, null, 'default', null, null, null, null],
    )
    for (const path of ['password', 'token', 'role', 'auth_data', 'tfa_secret', 'provider', '__proto__', 'constructor'])
      assert.equal((await scim('GET', `/Users?filter=${encodeURIComponent(`${path} pr`)}`)).body.scimType, 'invalidFilter', path)
  })

  test('texts that look like SQL are texts', async () => {
    const nasty = `x'); drop table directus_users; --"\\ $1 \${a}`
    const { id } = await provider.user(nasty, { displayName: nasty, [urns.enterprise]: { department: nasty } })
    for (const path of ['userName', 'displayName', 'department']) {
      for (const op of ['eq', 'co', 'sw', 'ew'])
        assert.deepEqual(await provider.found(`/Users?filter=${encodeURIComponent(`${path} ${op} ${JSON.stringify(nasty)}`)}`), [id])
    }
    assert.equal((await scim('GET', `/Users?sortBy=${encodeURIComponent(`userName' desc; --`)}`)).status, 400)
    assert.equal((await scim('GET', `/Users?attributes=${encodeURIComponent(`userName'`)}`)).status, 200)
  })

  test('that are let go are out at once, and may come back', async () => {
    const user = await provider.user('leaver@x.org', { emails: [{ value: 'leaver@x.org', type: 'work', primary: true }] })
    await api('PATCH', `/users/${user.id}`, { body: { password: 'Leaving123!', token: 'leaver-token' } })
    const body = { email: 'leaver@x.org', password: 'Leaving123!' }
    const { data } = await api('POST', '/auth/login', { token: null, body })
    for (const token of [data.access_token, 'leaver-token']) assert.equal((await api('GET', '/users/me', { token })).status, 200)
    await provider.patch(`/Users/${user.id}`, { op: 'Replace', path: 'active', value: 'False' })
    for (const token of [data.access_token, 'leaver-token']) assert.equal((await api('GET', '/users/me', { token })).status, 401)
    assert.equal(
      (await api('POST', '/auth/refresh', { token: null, body: { refresh_token: data.refresh_token, mode: 'json' } })).status,
      401,
    )
    assert.equal((await api('POST', '/auth/login', { token: null, body })).status, 401)
    assert.equal((await scim('GET', `/Users/${user.id}`)).body.active, false)
    await provider.patch(`/Users/${user.id}`, { op: 'replace', path: 'active', value: true })
    assert.equal((await api('POST', '/auth/login', { token: null, body })).status, 200)
  })

  test('that are let go before they ever came in stay out', async () => {
    for (const status of ['invited', 'unverified']) {
      const { data } = await api('POST', '/users', { body: { email: `${status}@x.org`, status } })
      const now = async () => (await api('GET', `/users/${data.id}?fields=status`)).data.status
      await provider.patch(`/Users/${data.id}`, { op: 'replace', path: 'title', value: 'T' })
      await scim('PUT', `/Users/${data.id}`, { userName: `${status}@x.org` })
      assert.equal(await now(), status)
      await provider.patch(`/Users/${data.id}`, { op: 'replace', path: 'active', value: 'False' })
      assert.equal(await now(), 'suspended')
    }
  })

  test('of a group that is removed stay', async () => {
    const user = await provider.user('member of what goes')
    const { id } = await provider.group('Short-lived', [user.id])
    assert.equal((await scim('DELETE', `/Groups/${id}`)).status, 204)
    const { active, groups } = (await scim('GET', `/Users/${user.id}`)).body
    assert.deepEqual([active, groups], [true, undefined])
  })

  test('that rows point at are not removed', async () => {
    const { id } = await provider.user('author')
    await query('create table authored (author uuid references directus_users (id))')
    await query('insert into authored values ($1::uuid)', [id])
    const refused = await scim('DELETE', `/Users/${id}`)
    assert.deepEqual([refused.status, refused.body.schemas], [409, [urns.error]])
    await query('drop table authored')
    assert.equal((await scim('DELETE', `/Users/${id}`)).status, 204)
  })

  test('are told of in the activity log, with who it was', async () => {
    const { id } = await provider.user('logged', { name: { givenName: 'A' } })
    await provider.patch(`/Users/${id}`, { op: 'replace', path: 'name.givenName', value: 'B' })
    await provider.patch(`/Users/${id}`, { op: 'replace', path: 'nickName', value: 'kept aside' })
    await api('DELETE', `/scim/v2/Users/${id}`)
    const { data } = await api('GET', `/activity?filter[item][_eq]=${id}&fields=action,origin,user.email&sort=id`)
    const told = (action: string, origin = 'SCIM: test', email: string | null = null) => ({ action, origin, user: email && { email } })
    assert.deepEqual(data, [told('create'), told('update'), told('update'), told('delete', 'SCIM', admin.email)])
  })
})

describe('administrators', () => {
  let chief: string
  let first: string
  let firstRole: string
  before(async () => {
    const { data: me } = await api('GET', '/users/me?fields=id,role')
    first = me.id
    firstRole = me.role
    chief = (await api('POST', '/roles', { body: { name: 'Chief' } })).data.id
    const { data: policy } = await api('POST', '/policies', { body: { name: 'all', admin_access: true } })
    await api('POST', '/access', { body: { role: chief, policy: policy.id } })
    await api('POST', '/roles', { body: { name: 'Editor' } })
  })

  test('are not made by SCIM', async () => {
    const { id } = await provider.user('climber')
    const add = { op: 'add', path: 'members', value: [{ value: id }] }
    const attacks = [
      await provider.patch(`/Groups/${firstRole}`, add),
      await scim('PUT', `/Groups/${firstRole}`, { displayName: 'Administrator', members: [{ value: id }, { value: first }] }),
      await scim('PATCH', `/Groups/${firstRole}`, { Operations: [add] }, { token: admin.token }),
      await provider.patch(`/Groups/${firstRole}`, { op: 'replace', path: 'displayName', value: 'Chief' }),
      await scim('DELETE', `/Groups/${firstRole}`),
    ]
    assert.deepEqual(
      attacks.map(({ status }) => status),
      attacks.map(() => 403),
    )
    assert.equal((await scim('GET', `/Users/${id}`)).body.groups, undefined)
    assert.deepEqual(
      (await scim('GET', `/Groups/${firstRole}`)).body.members.map(({ value }: any) => value),
      [first],
    )
  })

  test('are made where a setting names their role', async () => {
    const { id } = await provider.user('chief-to-be')
    assert.equal((await provider.patch(`/Groups/${chief}`, { op: 'add', path: 'members', value: [{ value: id }] })).status, 204)
    assert.equal((await scim('GET', `/Users/${id}`)).body.groups[0].display, 'Bosses')
    await scim('DELETE', `/Users/${id}`)
  })

  test('are not taken over', async () => {
    const refused = [
      await provider.patch(`/Users/${first}`, { op: 'replace', path: 'userName', value: 'mine@evil.org' }),
      await provider.patch(`/Users/${first}`, { op: 'replace', path: 'emails', value: [{ value: 'mine@evil.org', primary: true }] }),
      await scim('PUT', `/Users/${first}`, { userName: 'mine@evil.org' }),
    ]
    assert.deepEqual(
      refused.map(({ status }) => status),
      [403, 403, 403],
    )
    assert.equal((await provider.patch(`/Users/${first}`, { op: 'replace', path: 'title', value: 'Boss' })).status, 200)
  })

  test('may go, but not the last one', async () => {
    const last = [
      await provider.patch(`/Users/${first}`, { op: 'replace', path: 'active', value: false }),
      await scim('DELETE', `/Users/${first}`),
      await provider.patch(`/Groups/${firstRole}`, { op: 'remove', path: 'members' }),
      await scim('POST', '/Groups', { displayName: 'Elsewhere', members: [{ value: first }] }),
    ]
    assert.deepEqual(
      last.map(({ status, body }) => [status, body.schemas]),
      last.map(() => [403, [urns.error]]),
    )
    assert.equal((await api('GET', '/users/me?fields=role')).data.role, firstRole)
    const { data: second } = await api('POST', '/users', { body: { email: 'second@x.org', role: firstRole } })
    assert.equal((await provider.patch(`/Users/${second.id}`, { op: 'replace', path: 'active', value: false })).status, 200)
    assert.equal((await provider.patch(`/Users/${second.id}`, { op: 'replace', path: 'active', value: true })).status, 403)
    assert.equal((await scim('DELETE', `/Users/${second.id}`)).status, 204)
  })

  test('groups that settings map keep their names and their roles', async () => {
    const [{ id }] = (await scim('GET', '/Groups?filter=displayName%20eq%20%22engineering%22')).body.Resources
    const user = await provider.user('engineer')
    assert.equal((await provider.patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: user.id }] })).status, 204)
    assert.equal((await api('GET', `/users/${user.id}?fields=role.name`)).data.role.name, 'Editor')
    assert.equal(
      (await provider.patch(`/Groups/${id}`, { op: 'replace', path: 'displayName', value: 'Other' })).body.scimType,
      'mutability',
    )
    assert.equal((await scim('DELETE', `/Groups/${id}`)).status, 403)
    assert.equal((await scim('POST', '/Groups', { displayName: 'ENGINEERING' })).status, 409)
    assert.equal((await scim('PUT', `/Groups/${id}`, { displayName: 'Engineering', externalId: 'e' })).status, 200)
    assert.equal((await api('GET', `/users/${user.id}?fields=role`)).data.role, null)
  })

  test('no group takes the name of a role that stands for another', async () => {
    const other = await provider.group('Other')
    const rename = (value: string) => provider.patch(`/Groups/${other.id}`, { op: 'replace', path: 'displayName', value })
    for (const refused of [await scim('POST', '/Groups', { displayName: 'Editor' }), await rename('Editor'), await rename('engineering')])
      assert.deepEqual([refused.status, refused.body.scimType], [409, 'uniqueness'])
    assert.equal((await provider.found('/Groups?filter=displayName%20eq%20%22Engineering%22')).length, 1)
  })

  test('a group that settings keep does not end a bulk request that cannot close a circle', async () => {
    const post = (bulkId: string, path: string, data: object) => ({ method: 'POST', path, bulkId, data })
    const { status, body } = await scim('POST', '/Bulk', {
      Operations: [
        post('u', '/Users', { userName: 'in a circle', [urns.enterprise]: { manager: { value: 'bulkId:g' } } }),
        post('g', '/Groups', { displayName: 'Night', members: [{ value: 'bulkId:u' }, { value: '0a6c4d2e-0000-4000-8000-00000000000a' }] }),
      ],
    })
    assert.deepEqual([status, body.Operations?.map((one: any) => one.status)], [200, ['201', '400']])
  })

  test('a group that settings map makes the role that it stands for', async () => {
    const { id, displayName } = await provider.group('crew')
    assert.equal(displayName, 'Crew')
    assert.equal((await api('GET', `/roles/${id}?fields=name`)).data.name, 'Sailor')
    assert.equal((await scim('POST', '/Groups', { displayName: 'Crew' })).status, 409)
  })
})

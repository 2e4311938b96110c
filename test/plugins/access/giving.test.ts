/** Whoever may write users, roles, policies and rules, but is no administrator, gives nobody more than they have: least of all themselves. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Rule } from 'plinth'
import { isWithin } from '../../../plugins/access/giving.ts'
import { startKernel, type TestHost } from '../../host.ts'

type Call = readonly [method: string, path: string, body?: unknown]
type Case = readonly [why: string, code: string | number, way: () => Call]

describe('giving', () => {
  let host: TestHost
  const ids: Record<string, string> = {}
  const at = (name: string) => ids[name]!
  const call = (token: string | undefined, [method, path, body]: Call) => host.api(method, path, { body, token })
  const made = async (path: string, body: object): Promise<string> => {
    const answer = await call(undefined, ['POST', path, body])
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    return answer.data.id ?? answer.data[0]?.id
  }
  const rule = (policy: string, collection: string, action: string, more: object = {}) => ({
    policy,
    collection: `directus_${collection}`,
    action,
    fields: ['*'],
    ...more,
  })
  let reset: () => Promise<void>

  before(async () => {
    host = await startKernel()
    const [{ id: boss, role }] = (await host.api('GET', '/users?fields=id,role')).data
    const [{ policy: all }] = (await host.api('GET', `/access?filter[role][_eq]=${role}`)).data
    Object.assign(ids, { boss, bossRole: role, all })
    ids.desk = await made('/policies', { name: 'desk' })
    ids.tie = (await host.api('GET', `/access?filter[policy][_eq]=${all}`)).data[0].id
    const tables = ['users', 'roles', 'policies', 'access', 'permissions', 'settings']
    await made(
      '/permissions',
      tables.flatMap((table) => ['create', 'read', 'update', 'delete'].map((action) => rule(at('desk'), table, action))),
    )
    await made('/permissions', [rule(at('desk'), 'presets', 'read', { fields: ['id', 'user'], permissions: { role: { _null: true } } })])
    ids.other = await made('/policies', { name: 'other' })
    ids.otherRule = await made('/permissions', rule(at('other'), 'presets', 'delete'))
    ids.otherRole = await made('/roles', { name: 'other' })
    await made('/access', { role: at('otherRole'), policy: at('other') })
    ids.under = await made('/roles', { name: 'under', parent: at('otherRole') })
    ids.plainRole = await made('/roles', { name: 'plain' })
    ids.deskRole = await made('/roles', { name: 'desk' })
    await made('/access', { role: at('deskRole'), policy: at('desk') })
    ids.eve = await made('/users', { email: 'eve@example.com', token: 'token-of-eve' })
    ids.eveTie = await made('/access', { user: at('eve'), policy: at('desk') })
    ids.bob = await made('/users', { email: 'bob@example.com', token: 'token-of-bob' })
    ids.colleague = await made('/users', { email: 'colleague@example.com', role: at('deskRole') })
    ids.ann = await made('/users', { email: 'ann@example.com', role: at('under') })
    const [open] = (await host.api('GET', '/access?filter[role][_null]=true&filter[user][_null]=true')).data
    ids.open = open.policy
    const keep = { role: null, title: null }
    reset = async () => {
      for (const id of [at('eve'), at('bob')]) await call(undefined, ['PATCH', `/users/${id}`, keep])
    }
  })
  after(() => host.close())

  const forbidden: readonly Case[] = [
    ['a role of administrators for oneself', 'FORBIDDEN', () => ['PATCH', '/users/me', { role: at('bossRole') }]],
    ['for another', 'FORBIDDEN', () => ['PATCH', `/users/${at('bob')}`, { role: at('bossRole') }]],
    ['for several', 'FORBIDDEN', () => ['PATCH', '/users', { keys: [at('bob'), at('eve')], data: { role: at('bossRole') } }]],
    ['for some', 'FORBIDDEN', () => ['PATCH', '/users', [{ id: at('eve'), role: at('otherRole') }]]],
    ['by query', 'FORBIDDEN', () => ['PATCH', '/users', { query: { filter: { id: { _eq: at('eve') } } }, data: { role: at('bossRole') } }]],
    ['a role of others', 'FORBIDDEN', () => ['PATCH', '/users/me', { role: at('otherRole') }]],
    ['a role below one of others', 'FORBIDDEN', () => ['PATCH', '/users/me', { role: at('under') }]],
    ['a new role below', 'FORBIDDEN', () => ['PATCH', '/users/me', { role: { name: 'x', parent: at('bossRole') } }]],
    ['a new role with policies', 'FORBIDDEN', () => ['PATCH', '/users/me', { role: { name: 'x', policies: [{ policy: at('all') }] } }]],
    ['a new user with a role', 'FORBIDDEN', () => ['POST', '/users', { email: 'x@example.com', role: at('bossRole') }]],
    ['with a policy', 'FORBIDDEN', () => ['POST', '/users', { email: 'x@example.com', policies: [{ policy: at('all') }] }]],
    [
      'users of a role',
      'FORBIDDEN',
      () => ['PATCH', `/roles/${at('bossRole')}`, { users: { create: [], update: [{ id: at('eve') }], delete: [] } }],
    ],
    ['a parent of a role', 'FORBIDDEN', () => ['PATCH', `/roles/${at('plainRole')}`, { parent: at('bossRole') }]],
    ['children of a role', 'FORBIDDEN', () => ['PATCH', `/roles/${at('bossRole')}`, { children: [at('plainRole')] }]],
    ['a role of those who register', 'FORBIDDEN', () => ['PATCH', '/settings', { public_registration_role: at('bossRole') }]],
    ['a policy', 'FORBIDDEN', () => ['PATCH', '/users/me', { policies: { create: [{ policy: at('other') }], update: [], delete: [] } }]],
    ['a tie', 'FORBIDDEN', () => ['POST', '/access', { user: at('eve'), policy: at('all') }]],
    ['a tie of everybody', 'FORBIDDEN', () => ['POST', '/access', { policy: at('other') }]],
    ['a tie to another policy', 'FORBIDDEN', () => ['PATCH', `/access/${at('eveTie')}`, { policy: at('all') }]],
    ['a tie to another user', 'FORBIDDEN', () => ['PATCH', `/access/${at('tie')}`, { user: at('eve') }]],
    ['a tie to another role', 'FORBIDDEN', () => ['PATCH', `/access/${at('tie')}`, { role: at('plainRole') }]],
    [
      'users of a policy',
      'FORBIDDEN',
      () => ['PATCH', `/policies/${at('all')}`, { users: { create: [{ user: at('eve') }], update: [], delete: [] } }],
    ],
    ['a policy of administrators', 'FORBIDDEN', () => ['POST', '/policies', { name: 'x', admin_access: true }]],
    ['of oneself', 'FORBIDDEN', () => ['PATCH', `/policies/${at('desk')}`, { admin_access: true }]],
    ['a nested one', 'FORBIDDEN', () => ['POST', '/access', { user: at('eve'), policy: { name: 'x', admin_access: 1 } }]],
    ['app access', 'FORBIDDEN', () => ['PATCH', `/policies/${at('desk')}`, { app_access: true }]],
    ['addresses of a policy', 'FORBIDDEN', () => ['PATCH', `/policies/${at('desk')}`, { ip_access: null }]],
    ['a demand for a second factor', 'FORBIDDEN', () => ['PATCH', `/policies/${at('desk')}`, { enforce_tfa: false }]],
    ['a rule about what one may not', 'FORBIDDEN', () => ['POST', '/permissions', rule(at('desk'), 'collections', 'read')]],
    ['more rows', 'FORBIDDEN', () => ['POST', '/permissions', rule(at('desk'), 'presets', 'read', { fields: ['id'] })]],
    [
      'more fields',
      'FORBIDDEN',
      () => ['POST', '/permissions', rule(at('desk'), 'presets', 'read', { permissions: { role: { _null: true } } })],
    ],
    ['another action', 'FORBIDDEN', () => ['POST', '/permissions', rule(at('desk'), 'presets', 'share')]],
    [
      'nested in a policy',
      'FORBIDDEN',
      () => [
        'PATCH',
        `/policies/${at('desk')}`,
        { permissions: { create: [{ collection: 'directus_flows', action: 'create' }], update: [], delete: [] } },
      ],
    ],
    ['a rule of another policy', 'FORBIDDEN', () => ['PATCH', `/permissions/${at('otherRule')}`, { policy: at('desk') }]],
    ['a rule made wider', 'FORBIDDEN', () => ['PATCH', `/permissions/${at('otherRule')}`, { action: 'create' }]],
    ['the password of an administrator', 'FORBIDDEN', () => ['PATCH', `/users/${at('boss')}`, { password: 'Mine12345!' }]],
    ['the token', 'FORBIDDEN', () => ['PATCH', `/users/${at('boss')}`, { token: 'mine' }]],
    ['the address', 'FORBIDDEN', () => ['PATCH', `/users/${at('boss')}`, { email: 'mine@example.com' }]],
    ['the token of one who has more', 'FORBIDDEN', () => ['PATCH', `/users/${at('ann')}`, { token: 'mine' }]],
    ['along with others', 'FORBIDDEN', () => ['PATCH', '/users', { keys: [at('bob'), at('ann')], data: { password: 'Mine12345!' } }]],
    ['nested in a role', 'FORBIDDEN', () => ['PATCH', `/roles/${at('under')}`, { users: [{ id: at('ann'), token: 'mine' }] }]],
    ['the way that somebody signs in', 'INVALID_PAYLOAD', () => ['PATCH', `/users/${at('bob')}`, { provider: 'x' }]],
    ['who that is there', 'INVALID_PAYLOAD', () => ['PATCH', `/users/${at('bob')}`, { external_identifier: 'x' }]],
    ['what is known of it', 'INVALID_PAYLOAD', () => ['PATCH', '/users/me', { auth_data: {} }]],
    ['for a new user', 'INVALID_PAYLOAD', () => ['POST', '/users', { email: 'x@example.com', provider: 'x' }]],
    ['a second factor', 'INVALID_PAYLOAD', () => ['PATCH', `/users/${at('bob')}`, { tfa_secret: null }]],
  ]
  for (const [why, code, way] of forbidden) {
    test(`what is refused: ${why}`, async () => {
      const answer = await call('token-of-eve', way())
      assert.equal(answer.code, code, JSON.stringify(answer.body))
    })
  }

  test('nothing of it has been kept', async () => {
    const [{ n }] = (await host.kernel.db.query<{ n: number }>(
      `select (select count(*) from directus_users where email = 'x@example.com' or token = 'mine')::int
        + (select count(*) from directus_policies where name = 'x')::int + (select count(*) from directus_roles where name = 'x')::int as n`,
    )) as [{ n: number }]
    assert.equal(n, 0)
    const eve = await host.api('GET', '/users/me?fields=role,policies.policy', { token: 'token-of-eve' })
    assert.deepEqual(eve.data, { role: null, policies: [{ policy: at('desk') }] })
    assert.equal((await host.api('GET', '/schema/snapshot', { token: 'token-of-eve' })).status, 403)
  })

  const fine: readonly Case[] = [
    ['a role that brings nothing', 200, () => ['PATCH', '/users/me', { role: at('plainRole') }]],
    ['a role of one’s own policies', 200, () => ['PATCH', `/users/${at('bob')}`, { role: at('deskRole') }]],
    ['no role', 200, () => ['PATCH', `/users/${at('bob')}`, { role: null }]],
    [
      'a new user',
      200,
      () => ['POST', '/users', { email: 'new@example.com', password: 'Theirs123!', token: 'theirs', role: at('deskRole') }],
    ],
    ['the password of a colleague', 200, () => ['PATCH', `/users/${at('colleague')}`, { password: 'Theirs123!', email: 'c@example.com' }]],
    ['one’s own password', 200, () => ['PATCH', '/users/me', { password: 'Mine12345!', token: 'token-of-eve' }]],
    ['the title of an administrator', 200, () => ['PATCH', `/users/${at('boss')}`, { title: 'Dr' }]],
    ['a policy that says nothing', 200, () => ['POST', '/policies', { name: 'harmless', ip_access: ['10.0.0.1'], enforce_tfa: true }]],
    ['the name of a policy', 200, () => ['PATCH', `/policies/${at('other')}`, { name: 'others', admin_access: false }]],
    ['one’s own policy for another', 200, () => ['POST', '/access', { user: at('bob'), policy: at('desk') }]],
    [
      'a rule like one’s own',
      200,
      () => [
        'POST',
        '/permissions',
        rule(at('other'), 'users', 'read', { fields: ['id', 'email'], permissions: { id: { _nnull: true } } }),
      ],
    ],
    [
      'the same rows and fewer fields',
      200,
      () => ['POST', '/permissions', rule(at('other'), 'presets', 'read', { fields: ['id'], permissions: { role: { _null: true } } })],
    ],
  ]
  for (const [why, code, way] of fine) {
    test(`what is not: ${why}`, async () => {
      const answer = await call('token-of-eve', way())
      assert.equal(answer.status, code, JSON.stringify(answer.body))
      await reset()
    })
  }

  test('a policy of administrators that is everybody’s is nobody’s to give', async () => {
    await call(undefined, ['PATCH', `/policies/${at('open')}`, { admin_access: true }])
    const answer = await call('token-of-eve', ['POST', '/access', { user: at('eve'), policy: at('open') }])
    await call(undefined, ['PATCH', `/policies/${at('open')}`, { admin_access: false }])
    assert.equal(answer.code, 'FORBIDDEN')
  })

  test('an administrator gives everything', async () => {
    const ways: Call[] = [
      ['PATCH', `/users/${at('bob')}`, { role: at('bossRole'), provider: 'x' }],
      ['PATCH', `/users/${at('ann')}`, { token: 'hers' }],
      ['POST', '/access', { user: at('bob'), policy: at('other') }],
      ['PATCH', `/policies/${at('desk')}`, { app_access: true, ip_access: null, enforce_tfa: false }],
      ['POST', '/permissions', rule(at('desk'), 'collections', 'read')],
      ['PATCH', '/settings', { public_registration_role: at('otherRole') }],
    ]
    for (const way of ways) assert.equal((await call(undefined, way)).status, 200, JSON.stringify(way))
  })
})

test('isWithin() knows what one rule says beyond others', () => {
  const rule = (more: Partial<Rule> = {}): Rule => ({
    policy: 'p',
    collection: 'c',
    action: 'read',
    permissions: null,
    validation: null,
    presets: null,
    fields: ['*'],
    ...more,
  })
  const own = { a: { _eq: 1 } }
  const cases: [why: string, given: Rule, mine: Rule[], within: boolean][] = [
    ['no rule at all', rule(), [], false],
    ['the same', rule(), [rule()], true],
    ['another collection', rule({ collection: 'd' }), [rule()], false],
    ['another action', rule({ action: 'update' }), [rule()], false],
    ['fewer rows', rule({ permissions: own }), [rule()], true],
    ['the same rows', rule({ permissions: own }), [rule({ permissions: own })], true],
    ['all rows', rule(), [rule({ permissions: own })], false],
    ['an empty condition is none', rule({ permissions: {} }), [rule({ permissions: own })], false],
    ['other rows', rule({ permissions: { a: { _eq: 2 } } }), [rule({ permissions: own })], false],
    ['fields of two rules', rule({ fields: ['a', 'b'] }), [rule({ fields: ['a'] }), rule({ fields: ['b'] })], true],
    [
      'fields of a rule of other rows',
      rule({ fields: ['a', 'b'] }),
      [rule({ fields: ['a'] }), rule({ fields: ['b'], permissions: own })],
      false,
    ],
    ['all fields', rule(), [rule({ fields: ['a'] })], false],
    ['no field', rule({ fields: [] }), [rule({ fields: ['a'] })], true],
    ['a preset of a field that is not in the list', rule({ fields: ['a'], presets: { b: 1 } }), [rule({ fields: ['a'] })], false],
    ['a preset of one that is', rule({ fields: [], presets: { a: 1 } }), [rule({ fields: ['a'] })], true],
    ['no validation', rule(), [rule({ validation: own })], false],
    ['the same validation', rule({ validation: own }), [rule({ validation: own })], true],
    ['one more validation', rule({ validation: own }), [rule()], true],
  ]
  for (const [why, given, mine, within] of cases) assert.equal(isWithin(given, mine), within, why)
})

/** Users and their rights, as a client sees them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { definePlugin, type Peer } from 'plinth'
import { type Items, items } from 'plinth/items'
import { createDesk } from '../../../plugins/access/command.ts'
import { ensureFirstAdmin } from '../../../plugins/access/first-admin.ts'
import { admin, startKernel, type TestHost } from '../../host.ts'

describe('access', () => {
  let host: TestHost
  let engine: Items
  const witness = definePlugin({
    name: 'witness',
    needs: [items],
    setup(wiring) {
      engine = wiring.use(items)
    },
  })
  before(async () => {
    host = await startKernel({ plugins: [witness] })
  })
  after(() => host.close())

  test('an empty database gets an administrator and the policy of everybody, and no second time', async () => {
    const { data: policies } = await host.api('GET', '/policies?fields=name,icon,admin_access,app_access&sort=name')
    assert.deepEqual(policies, [
      { name: '$t:public_label', icon: 'public', admin_access: false, app_access: false },
      { name: 'Administrator', icon: 'verified', admin_access: true, app_access: true },
    ])
    const { data: users } = await host.api('GET', '/users?fields=email,first_name,last_name,status,role.name')
    assert.deepEqual(users, [
      { email: admin.email, first_name: 'Admin', last_name: 'User', status: 'active', role: { name: 'Administrator' } },
    ])
    assert.equal((await host.api('GET', '/access')).data.length, 2)
    assert.deepEqual(
      host.kernel.announcements.filter((line) => line.includes(admin.password) || line.includes(admin.token)),
      [],
    )
  })

  test('GET /users/me conceals what is secret', async () => {
    const { status, data } = await host.api('GET', '/users/me')
    assert.equal(status, 200)
    assert.deepEqual([data.email, data.password, data.token, data.tfa_secret], [admin.email, '**********', '**********', null])
  })

  test('GET /users/me takes a query', async () => {
    assert.deepEqual((await host.api('GET', '/users/me?fields=email,role.name')).data, {
      email: admin.email,
      role: { name: 'Administrator' },
    })
  })

  test('a user is made, changed, found and deleted by an administrator', async () => {
    const made = await host.api('POST', '/users', { body: { email: 'ann@example.com', password: 'pw', token: 't-ann' } })
    assert.deepEqual([made.status, made.data.email, made.data.password, made.data.status], [200, 'ann@example.com', '**********', 'active'])
    const [stored] = await host.kernel.db.query<{ password: string }>('select password from directus_users where id = $1', [made.data.id])
    assert.match(stored!.password, /^\$argon2id\$/)
    const changed = await host.api('PATCH', `/users/${made.data.id}?fields=title`, { body: { title: 'Dr', password: '' } })
    assert.deepEqual(changed.data, { title: 'Dr' })
    assert.equal((await host.api('GET', `/users/${made.data.id}`)).data.password, null, 'an empty password is none')
    assert.equal((await host.api('DELETE', `/users/${made.data.id}`)).status, 204)
    assert.equal((await host.api('GET', '/users/me', { token: 't-ann' })).status, 401)
  })

  test('an address is found by an index, however it is written', async () => {
    const plan = await host.kernel.db.transaction(async (db) => {
      await db.query('set local enable_seqscan = off')
      return db.query<{ 'QUERY PLAN': string }>('explain select id from directus_users where lower(email) = lower($1)', ['Ann@Example.com'])
    })
    assert.match(plan.map((line) => line['QUERY PLAN']).join(), /Index Cond: \(lower/)
  })

  test('whoever is no administrator sees their own id and no more', async () => {
    const { data } = await host.api('POST', '/users', { body: { email: 'bob@example.com', token: 't-bob' } })
    assert.deepEqual((await host.api('GET', '/users/me?fields=*', { token: 't-bob' })).body, { data: { id: data.id } })
    for (const token of ['t-bob', null]) {
      for (const path of ['/users', '/roles', '/policies', '/access', '/permissions', `/users/${data.id}`]) {
        assert.deepEqual([path, (await host.api('GET', path, { token })).code], [path, 'FORBIDDEN'])
      }
      for (const [method, path] of [
        ['PATCH', `/users/${data.id}`],
        ['POST', '/access'],
        ['DELETE', '/users'],
      ] as const) {
        const body = method === 'DELETE' ? [data.id] : { role: null }
        assert.deepEqual([path, (await host.api(method, path, { token, body })).code], [path, 'FORBIDDEN'])
      }
    }
  })

  test('plinth users makes somebody who can sign in, and gives them another password', async () => {
    const printed: string[] = []
    const users = createDesk(host.kernel.db, engine, (line) => printed.push(line))
    const login = async () => {
      const body = { email: 'hal@example.com', password: printed.at(-1)!.split(' ').at(-1) }
      const { data } = await host.api('POST', '/auth/login', { token: null, body })
      return (await host.api('GET', '/users', { token: data.access_token })).status
    }
    assert.equal(await users(['create', 'hal@example.com', '--admin']), 0)
    assert.equal(await login(), 200)
    assert.equal(await users(['passwd', 'HAL@example.com']), 0)
    assert.equal(await login(), 200)
    assert.notEqual(printed[0], printed[1])
    for (const args of [
      [],
      ['create'],
      ['create', 'x'],
      ['create', 'a@example.com', '--boss'],
      ['drop', 'a@example.com'],
      ['passwd', 'a@example.com'],
    ]) {
      assert.deepEqual([args, await users(args)], [args, 1])
    }
  })

  describe('rights', () => {
    const made = async (path: string, body: object): Promise<string> => {
      const answer = await host.api('POST', path, { body: { ...body } })
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      return answer.data.id
    }
    const isAdmin = async (token: string, ip: string | null = null) => {
      const peer: Peer = { ip, gone: () => false }
      const request = new Request('http://localhost/users', { headers: { authorization: `Bearer ${token}` } })
      return (await host.kernel.fetch(request, peer)).status === 200
    }

    test('come from policies of the user, the role and its ancestors, and change at once', async () => {
      const grandparent = await made('/roles', { name: 'Grandparent' })
      const parent = await made('/roles', { name: 'Parent', parent: grandparent })
      const role = await made('/roles', { name: 'Child', parent })
      const user = await made('/users', { email: 'cy@example.com', token: 't-cy', role })
      const policy = await made('/policies', { name: 'All', admin_access: true })
      for (const target of [{ role: grandparent }, { role: parent }, { role }, { user }]) {
        assert.equal(await isAdmin('t-cy'), false)
        const link = await made('/access', { policy, ...target })
        assert.equal(await isAdmin('t-cy'), true, JSON.stringify(target))
        assert.equal((await host.api('DELETE', `/access/${link}`)).status, 204)
      }
      await made('/access', { policy, role: grandparent })
      assert.equal(await isAdmin('t-cy'), true)
      await host.api('PATCH', `/roles/${parent}`, { body: { parent: null } })
      assert.equal(await isAdmin('t-cy'), false, 'cut off from its ancestor')
      await host.api('PATCH', `/roles/${parent}`, { body: { parent: grandparent } })
      await host.api('PATCH', `/policies/${policy}`, { body: { admin_access: false } })
      assert.equal(await isAdmin('t-cy'), false, 'the policy has changed')
    })

    test('survive roles that are their own ancestors', async () => {
      const a = await made('/roles', { name: 'A' })
      const b = await made('/roles', { name: 'B', parent: a })
      await host.kernel.db.query('update directus_roles set parent = $1 where id = $2', [b, a])
      await made('/users', { email: 'dot@example.com', token: 't-dot', role: b })
      assert.equal((await host.api('GET', '/users/me', { token: 't-dot' })).status, 200)
    })

    test('of a policy with addresses hold from these alone', async () => {
      const user = await made('/users', { email: 'fay@example.com', token: 't-fay' })
      const policy = await made('/policies', {
        name: 'Office',
        admin_access: true,
        ip_access: ['10.1.0.0/16', '192.168.0.5-192.168.0.9', '2001:db8::/32'],
      })
      await made('/access', { policy, user })
      const cases: [ip: string | null, admin: boolean][] = [
        ['10.1.2.3', true],
        ['10.2.2.3', false],
        ['::ffff:10.1.2.3', true],
        ['192.168.0.9', true],
        ['192.168.0.10', false],
        ['2001:db8::1', true],
        ['2001:db9::1', false],
        [null, false],
      ]
      for (const [ip, expected] of cases) assert.deepEqual([ip, await isAdmin('t-fay', ip)], [ip, expected])
      assert.equal((await host.api('PATCH', `/policies/${policy}`, { body: { ip_access: ['nonsense'] } })).code, 'INVALID_PAYLOAD')
      await host.kernel.db.query(`update directus_policies set ip_access = 'nonsense' where id = $1`, [policy])
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.equal(await isAdmin('t-fay', '10.1.2.3'), false, 'a list of nothing admits nobody')
      await host.api('PATCH', `/policies/${policy}`, { body: { ip_access: null } })
      assert.equal(await isAdmin('t-fay', '10.2.2.3'), true)
    })

    test('never make an administrator of everybody', async () => {
      const [link] = (await host.api('GET', '/access?filter[role][_null]=true&filter[user][_null]=true')).data
      await host.api('PATCH', `/policies/${link.policy}`, { body: { admin_access: true } })
      await made('/users', { email: 'gus@example.com', token: 't-gus' })
      assert.deepEqual([await isAdmin('t-gus'), (await host.api('GET', '/users', { token: null })).status], [false, 403])
      await host.api('PATCH', `/policies/${link.policy}`, { body: { admin_access: false } })
    })
  })
})

describe('the first administrator', () => {
  const noAdmin = { ADMIN_EMAIL: '', ADMIN_PASSWORD: '', ADMIN_TOKEN: '' }

  test('gets what is not given made up, announced and not logged', async () => {
    const host = await startKernel({ env: noAdmin })
    try {
      const told = host.kernel.announcements.join('\n')
      const [, password, token] = /password[^:]*: (\S+)[\s\S]*token[^:]*: (\S+)/.exec(told) ?? []
      assert.match(told, /admin@example\.com/)
      const body = { email: 'admin@example.com', password }
      assert.equal((await host.api('POST', '/auth/login', { token: null, body })).status, 200)
      assert.equal((await host.api('GET', '/users/me', { token })).status, 200)
      assert.ok(!JSON.stringify(host.logs).includes(password!))
    } finally {
      await host.close()
    }
  })

  test('is made once when several processes start at once', async () => {
    const host = await startKernel()
    try {
      const { db } = host.kernel
      await db.execute('delete from directus_users; delete from directus_access; delete from directus_policies; delete from directus_roles')
      const told: string[] = []
      const options = { ADMIN_EMAIL: admin.email, ADMIN_PASSWORD: admin.password, ADMIN_TOKEN: undefined }
      const start = () => ensureFirstAdmin(db, { options, hash: async (text) => text, announce: (line) => told.push(line) })
      await Promise.all([start(), start(), start(), start()])
      await start()
      const counts = await Promise.all(['users', 'roles', 'policies', 'access'].map((table) => db.query(`select from directus_${table}`)))
      assert.deepEqual(
        counts.map(({ length }) => length),
        [1, 1, 2, 2],
      )
      assert.equal(told.filter((line) => line.includes('token')).length, 1, told.join('\n'))
    } finally {
      await host.close()
    }
  })

  test('is not made where ADMIN_EMAIL is none', async () => {
    await assert.rejects(startKernel({ env: { ADMIN_EMAIL: 'somebody' } }), /ADMIN_EMAIL/)
  })
})

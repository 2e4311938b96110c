/** What may not be written of users, roles and policies, whoever asks and by whatever way. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { admin, startKernel, type TestHost } from '../../host.ts'

describe('guards', () => {
  let host: TestHost
  let me: { id: string; role: string }
  let policy: string
  let link: string
  const call = (method: string, path: string, body?: unknown, token?: string) => host.api(method, path, { body, token })
  const made = async (path: string, body: object): Promise<string> => {
    const answer = await call('POST', path, body)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    return answer.data.id
  }
  const codeOf = async (answer: Promise<{ status: number; code: string | undefined }>) => {
    const { status, code } = await answer
    return code ?? status
  }
  const sql = (text: string, values: string[] = []) => host.kernel.db.query<Record<string, unknown>>(text, values)

  before(async () => {
    host = await startKernel()
    me = (await call('GET', '/users/me?fields=id,role')).data
    ;[{ id: link, policy }] = (await call('GET', `/access?filter[role][_eq]=${me.role}`)).data
  })
  after(() => host.close())

  describe('the last administrator stays', () => {
    const ways: [why: string, way: () => [method: string, path: string, body?: unknown]][] = [
      ['suspended', () => ['PATCH', `/users/${me.id}`, { status: 'suspended' }]],
      ['suspended by oneself', () => ['PATCH', '/users/me', { status: 'suspended' }]],
      ['archived with others', () => ['PATCH', '/users', { keys: [me.id], data: { status: 'archived' } }]],
      ['in a list', () => ['PATCH', '/users', [{ id: me.id, status: 'draft' }]]],
      ['by query', () => ['PATCH', '/users', { query: {}, data: { status: 'draft' } }]],
      ['without role', () => ['PATCH', `/users/${me.id}`, { role: null }]],
      ['deleted', () => ['DELETE', `/users/${me.id}`]],
      ['deleted with others', () => ['DELETE', '/users', [me.id]]],
      ['deleted by query', () => ['DELETE', '/users', { query: { filter: { id: { _eq: me.id } } } }]],
      ['the role deleted', () => ['DELETE', `/roles/${me.role}`]],
      ['the roles deleted', () => ['DELETE', '/roles', [me.role]]],
      ['the role without policies', () => ['PATCH', `/roles/${me.role}`, { policies: [] }]],
      ['the role without users', () => ['PATCH', `/roles/${me.role}`, { users: [] }]],
      ['taken out of the role', () => ['PATCH', `/roles/${me.role}`, { users: { create: [], update: [], delete: [me.id] } }]],
      ['the policy without its right', () => ['PATCH', `/policies/${policy}`, { admin_access: false }]],
      ['the policies without their right', () => ['PATCH', '/policies', { keys: [policy], data: { admin_access: false } }]],
      ['the policy deleted', () => ['DELETE', `/policies/${policy}`]],
      ['the policy without roles', () => ['PATCH', `/policies/${policy}`, { roles: [] }]],
      ['the tie deleted', () => ['DELETE', `/access/${link}`]],
      ['the ties deleted', () => ['DELETE', '/access', [link]]],
      ['the tie without role', () => ['PATCH', `/access/${link}`, { role: null }]],
      ['the tie to another role', () => ['PATCH', `/access/${link}`, { policy: 'abf8a154-5b1c-4a46-ac9c-7300570f4f17' }]],
      ['a new role in place of the own', () => ['PATCH', `/users/${me.id}`, { role: { name: 'new' } }]],
    ]
    for (const [why, way] of ways) {
      test(why, async () => {
        assert.equal(await codeOf(call(...way())), 'UNPROCESSABLE_CONTENT')
        assert.equal((await call('GET', '/users')).status, 200)
      })
    }

    test('but what does no harm may be written', async () => {
      const fine: [string, string, unknown][] = [
        ['PATCH', `/users/${me.id}`, { title: 'Dr', status: 'active' }],
        ['PATCH', `/policies/${policy}`, { name: 'All', admin_access: true }],
        ['PATCH', `/roles/${me.role}`, { name: 'Boss', parent: null }],
      ]
      for (const one of fine) assert.equal((await call(...one)).status, 200, JSON.stringify(one))
    })

    test('also of two who send each other away at once', async () => {
      for (let round = 0; round < 4; round++) {
        const others = await Promise.all(
          [0, 1].map((i) => made('/users', { email: `x${round}${i}@example.com`, token: `x${round}${i}`, role: me.role })),
        )
        await sql(`update directus_users set status = 'draft' where id = $1`, [me.id])
        await new Promise((resolve) => setTimeout(resolve, 50))
        const answers = await Promise.all([
          call('PATCH', `/users/${others[1]}`, { status: 'suspended' }, `x${round}0`),
          round % 2
            ? call('DELETE', `/users/${others[0]}`, undefined, `x${round}1`)
            : call('PATCH', `/users/${others[0]}`, { role: null }, `x${round}1`),
        ])
        const [left] = await sql(`select count(*)::int as n from directus_users where status = 'active' and role = $1`, [me.role])
        assert.equal(left!.n, 1, JSON.stringify(answers.map(({ status, body }) => [status, body])))
        await sql(`update directus_users set status = 'active' where id = $1`, [me.id])
        await new Promise((resolve) => setTimeout(resolve, 50))
        await call('DELETE', '/users', others)
      }
    })
  })

  describe('no administrator shuts everybody out by an address', () => {
    const here = '10.1.2.3'
    /** Asked from `here`. */
    const ask = async (method: string, path: string, body?: unknown, token = admin.token): Promise<string | number> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const request = new Request(`http://localhost${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
      const response = await host.kernel.fetch(request, { ip: here, gone: () => false })
      const text = await response.text()
      return (text && JSON.parse(text).errors?.[0].extensions.code) || response.status
    }
    const far = ['192.0.2.1']
    const bound = (ip_access: unknown) => ({ name: 'Bound', admin_access: true, ip_access })
    const gql = (text: string) => ({ query: `mutation { ${text} }` })
    const snapshot = async (change: (rows: any) => void) => {
      const { data } = await call('GET', '/schema/snapshot?include=access')
      change(data)
      return data
    }

    const ways: [why: string, way: () => [string, string, unknown?] | Promise<[string, string, unknown?]>][] = [
      ['of their policy', () => ['PATCH', `/policies/${policy}`, { ip_access: far }]],
      ['as text', () => ['PATCH', `/policies/${policy}`, { ip_access: '192.0.2.1,192.0.2.2' }]],
      ['of several policies', () => ['PATCH', '/policies', { keys: [policy], data: { ip_access: far } }]],
      ['in a list', () => ['PATCH', '/policies', [{ id: policy, ip_access: far }]]],
      ['by query', () => ['PATCH', '/policies', { query: { filter: { id: { _eq: policy } } }, data: { ip_access: far } }]],
      ['nested in a role', () => ['PATCH', `/roles/${me.role}`, { policies: [{ id: link, policy: { id: policy, ip_access: far } }] }]],
      [
        'nested in a user',
        () => ['PATCH', '/users/me', { role: { id: me.role, policies: [{ id: link, policy: { id: policy, ip_access: far } }] } }],
      ],
      ['nested in a tie', () => ['PATCH', `/access/${link}`, { policy: { id: policy, ip_access: far } }]],
      ['by a new policy in place of the own', () => ['PATCH', `/access/${link}`, { policy: bound(far) }]],
      [
        'by another role',
        () => ['PATCH', '/users/me', { role: { name: 'Far', policies: { create: [{ policy: bound(far) }], update: [], delete: [] } } }],
      ],
      [
        'in GraphQL',
        () => ['POST', '/graphql/system', gql(`update_policies_item(id: "${policy}", data: { ip_access: "192.0.2.1" }) { id }`)],
      ],
      [
        'in GraphQL, several',
        () => ['POST', '/graphql/system', gql(`update_policies_items(ids: ["${policy}"], data: { ip_access: "192.0.2.1" }) { id }`)],
      ],
      [
        'with the schema',
        async () => [
          'POST',
          '/schema/apply',
          await snapshot(({ policies }) => {
            for (const one of policies) if (one.id === policy) one.ip_access = far
          }),
        ],
      ],
    ]
    for (const [why, way] of ways) {
      test(why, async () => {
        const code = await ask(...(await way()))
        assert.equal(await ask('GET', '/users'), 200)
        assert.equal(code, 'UNPROCESSABLE_CONTENT')
        assert.equal((await call('GET', `/policies/${policy}`)).data.ip_access, null)
      })
    }

    test('nor takes the right away with the schema', async () => {
      const body = await snapshot(({ policies }) => {
        for (const one of policies) one.admin_access = false
      })
      assert.equal(await ask('POST', '/schema/apply', body), 'UNPROCESSABLE_CONTENT')
    })

    test('the own address may be named, and any where somebody else stays in', async () => {
      const patch = (ip_access: unknown) => ask('PATCH', `/policies/${policy}`, { ip_access })
      assert.deepEqual([await patch(['10.1.0.0/16']), await patch([]), await patch(null)], [200, 200, 200])
      const other = await made('/policies', bound(['10.0.0.0/8']))
      const user = await made('/users', { email: 'bound@example.com', token: 'token-of-bound' })
      const tie = await made('/access', { policy: other, user })
      assert.equal(await patch(far), 200, 'an administrator by another policy can undo it')
      assert.equal(await ask('GET', '/users'), 'FORBIDDEN')
      const asBound = (...[method, path, body]: [string, string, unknown?]) => ask(method, path, body, 'token-of-bound')
      assert.equal(await asBound('DELETE', `/access/${tie}`), 'UNPROCESSABLE_CONTENT')
      assert.equal(await asBound('PATCH', `/policies/${other}`, { ip_access: ['10.2.0.0/16'] }), 'UNPROCESSABLE_CONTENT')
      assert.equal(await asBound('PATCH', `/policies/${policy}`, { ip_access: null }), 200)
      assert.equal(await asBound('DELETE', `/access/${tie}`), 204)
      await call('DELETE', `/users/${user}`)
    })

    test('who is no administrator changes others from anywhere', async () => {
      const role = await made('/roles', { name: 'Keepers' })
      const keeping = await made('/policies', { name: 'Keepers' })
      await made('/access', { role, policy: keeping })
      for (const action of ['read', 'update'])
        await call('POST', '/permissions', { policy: keeping, collection: 'directus_users', action, fields: ['id', 'status'] })
      await made('/users', { email: 'keeper@example.com', token: 'token-of-keeper', role })
      const other = await made('/users', { email: 'kept@example.com' })
      await sql(`update directus_policies set ip_access = '192.0.2.1' where id = $1`, [policy])
      assert.equal(await ask('PATCH', `/users/${other}`, { status: 'suspended' }, 'token-of-keeper'), 200)
      await sql('update directus_policies set ip_access = null where id = $1', [policy])
    })
  })

  describe('roles', () => {
    test('never stand below themselves', async () => {
      const a = await made('/roles', { name: 'A' })
      const b = await made('/roles', { name: 'B', parent: a })
      const c = await made('/roles', { name: 'C', parent: b })
      const self = 'aaaaaaaa-0000-4000-8000-000000000001'
      const ways: [string, string, unknown][] = [
        ['PATCH', `/roles/${a}`, { parent: a }],
        ['PATCH', `/roles/${a}`, { parent: c }],
        ['PATCH', '/roles', { keys: [a], data: { parent: c } }],
        ['PATCH', `/roles/${c}`, { children: [a] }],
        ['POST', '/roles', { id: self, name: 'S', parent: self }],
      ]
      for (const way of ways) assert.equal(await codeOf(call(...way)), 'INVALID_PAYLOAD', JSON.stringify(way))
      assert.equal((await call('PATCH', `/roles/${c}`, { parent: a })).status, 200)
      const [d, e] = [await made('/roles', { name: 'D' }), await made('/roles', { name: 'E' })]
      const both = await Promise.all([call('PATCH', `/roles/${d}`, { parent: e }), call('PATCH', `/roles/${e}`, { parent: d })])
      assert.deepEqual(both.map(({ status }) => status).sort(), [200, 400])
    })

    test('that are deleted suspend their users, and let go of the roles below', async () => {
      const parent = await made('/roles', { name: 'Parent' })
      const child = await made('/roles', { name: 'Child', parent })
      const users = await Promise.all(
        ['active', 'invited'].map((status, i) => made('/users', { email: `r${i}@example.com`, token: `r${i}`, role: parent, status })),
      )
      assert.equal((await call('DELETE', `/roles/${parent}`)).status, 204)
      for (const id of users)
        assert.deepEqual((await call('GET', `/users/${id}?fields=role,status`)).data, { role: null, status: 'suspended' })
      assert.equal((await call('GET', '/users/me', undefined, 'r0')).status, 401)
      assert.equal((await call('GET', `/roles/${child}`)).data.parent, null)
      const low = await made('/roles', { name: 'Low', parent: child })
      assert.equal((await call('DELETE', '/roles', [child, low])).status, 204, 'two of one line at once')
    })
  })

  describe('users', () => {
    let id: string
    before(async () => {
      id = await made('/users', { email: 'Eve@example.com', token: 'token-of-eve' })
    })
    const taken = (value: string) => ({ collection: 'directus_users', field: 'email', value: `[${value}]`, code: 'RECORD_NOT_UNIQUE' })

    test('have addresses that differ by more than case', async () => {
      const ways: [string, string, unknown, string][] = [
        ['POST', '/users', { email: 'EVE@example.com' }, 'eve@example.com'],
        ['POST', '/users', [{ email: 'new@example.com' }, { email: 'NEW@example.com' }], 'new@example.com'],
        ['PATCH', `/users/${id}`, { email: admin.email.toUpperCase() }, admin.email],
      ]
      for (const [method, path, body, value] of ways) {
        const { body: answer } = await call(method, path, body)
        assert.deepEqual(answer.errors?.[0].extensions, taken(value), JSON.stringify(body))
      }
      assert.equal((await call('PATCH', `/users/${id}`, { email: 'eve@EXAMPLE.com' })).status, 200, 'the own one in other case')
      const race = await Promise.all(['race', 'Race', 'RACE'].map((name) => call('POST', '/users', { email: `${name}@example.com` })))
      assert.deepEqual(race.map(({ status }) => status).sort(), [200, 400, 400])
    })

    test('go though the system names them; what they did stays', async () => {
      const user = await made('/users', { email: 'gone@example.com' })
      await sql(
        `insert into directus_files (id, storage, filename_download, uploaded_by, modified_by)
        values (gen_random_uuid(), 'local', 'both', $1, $1), (gen_random_uuid(), 'local', 'other', null, (select id from directus_users where id <> $1 limit 1))`,
        [user],
      )
      await sql(`insert into directus_notifications (recipient, sender, subject) values ($1, $2, 'hello')`, [me.id, user])
      await sql(
        `insert into directus_comments (id, collection, item, comment, user_created, user_updated)
        values (gen_random_uuid(), 'directus_users', $1::text, 'stays', $1::uuid, $1::uuid)`,
        [user],
      )
      await sql(`insert into directus_collections (collection) values ('nothing')`)
      await sql(
        `insert into directus_versions (id, key, collection, item, user_created, user_updated)
        values (gen_random_uuid(), 'v', 'nothing', '1', $1::uuid, $1::uuid)`,
        [user],
      )
      assert.equal((await call('DELETE', `/users/${user.toUpperCase()}`)).status, 204)
      assert.deepEqual(await sql('select filename_download, uploaded_by, modified_by is null as nobody from directus_files order by 1'), [
        { filename_download: 'both', uploaded_by: null, nobody: true },
        { filename_download: 'other', uploaded_by: null, nobody: false },
      ])
      assert.deepEqual(await sql(`select subject, sender from directus_notifications where subject = 'hello'`), [
        { subject: 'hello', sender: null },
      ])
      for (const table of ['comments', 'versions']) {
        const named = await sql(`select user_created, user_updated from directus_${table}`)
        assert.deepEqual(named, [{ user_created: null, user_updated: null }], table)
      }
    })

    test('do not go while rows of others name them, unless their foreign key says what becomes of those', async () => {
      const user = await made('/users', { email: 'owner@example.com' })
      await host.kernel.db.execute('create table owned (id serial primary key, owner uuid references directus_users)')
      await sql('insert into owned (owner) values ($1)', [user])
      await host.kernel.registry.reload()
      assert.equal(await codeOf(call('DELETE', `/users/${user}`)), 'INVALID_FOREIGN_KEY')
      assert.deepEqual(await sql('select owner from owned'), [{ owner: user }])
      await host.kernel.db.execute('drop table owned')
      await host.kernel.registry.reload()
    })

    test('have tokens of their own', async () => {
      const { body } = await call('POST', '/users', { email: 'two@example.com', token: 'token-of-eve' })
      assert.deepEqual([body.errors[0].extensions.code, body.errors[0].extensions.field], ['RECORD_NOT_UNIQUE', 'token'])
    })

    test('do not get by hand what the server writes', async () => {
      assert.equal(await codeOf(call('PATCH', `/users/${id}`, { tfa_secret: 'ABCDEFGHABCDEFGH' })), 'INVALID_PAYLOAD')
      assert.equal(await codeOf(call('PATCH', `/users/${id}`, { tfa_secret: null })), 'INVALID_PAYLOAD')
      assert.equal(await codeOf(call('POST', '/users', { email: 'tfa@example.com', tfa_secret: 'ABC' })), 'INVALID_PAYLOAD')
      await call('PATCH', `/users/${id}`, { last_access: '2001-01-01T00:00:00Z', title: 'Ms' })
      assert.deepEqual((await call('GET', `/users/${id}?fields=last_access,title`)).data, { last_access: null, title: 'Ms' })
      assert.equal(
        (await call('PATCH', `/users/${id}`, { provider: 'default', external_identifier: 'x' })).status,
        200,
        'an administrator may',
      )
    })

    test('have passwords that follow the rule of the project', async () => {
      const rule = (auth_password_policy: string | null) => call('PATCH', '/settings', { auth_password_policy })
      const set = (password: unknown) => call('PATCH', `/users/${id}`, { password })
      await rule('/^.{8,}$/')
      for (const one of [set('short'), call('POST', '/users', { email: 's@example.com', password: 'short' }), set('1234567')]) {
        const { body } = await one
        assert.deepEqual(body.errors?.[0].extensions, {
          reason: 'The password is not as this project wants it.',
          field: 'password',
          type: 'regex',
          path: [],
          code: 'FAILED_VALIDATION',
        })
      }
      assert.equal((await set('long enough')).status, 200)
      for (const none of [null, '', '**********']) assert.equal((await set(none)).status, 200)
      for (const odd of ['(((', '/^LONG/i']) {
        await rule(odd)
        assert.equal(await codeOf(set('anything')), 'INVALID_PAYLOAD', odd)
      }
      await rule('^(a+)+$')
      const began = performance.now()
      assert.equal(await codeOf(set(`${'a'.repeat(5000)}!`)), 'FAILED_VALIDATION')
      assert.ok(performance.now() - began < 5000, 'a pattern that others take years for')
      await rule(null)
    })

    test('/me is for whoever has signed in', async () => {
      assert.equal((await host.api('PATCH', '/users/me', { token: null, body: { title: 'x' } })).status, 401)
      assert.deepEqual((await call('PATCH', '/users/me?fields=title', { title: 'Sir' })).data, { title: 'Sir' })
      assert.equal(await codeOf(call('PATCH', '/users/me', { title: 'x' }, 'token-of-eve')), 'FORBIDDEN')
      const page = (body: unknown, token: string | null = 'token-of-eve') => host.api('PATCH', '/users/me/track/page', { body, token })
      assert.deepEqual([(await page({ last_page: '/x' })).status, (await page({})).status, (await page({}, null)).status], [204, 400, 401])
      for (const last_page of [{ toString: 1 }, ['/y'], 5, '\0'])
        assert.equal((await page({ last_page })).status, 400, JSON.stringify(last_page))
      assert.equal((await call('GET', `/users/${id}?fields=last_page`)).data.last_page, '/x')
    })
  })

  test('policies take addresses, ranges and networks alone', async () => {
    const id = await made('/policies', { name: 'Office' })
    for (const ip_access of [['nonsense'], ['10.0.0.1', '10.0.0'], ['10.0.0.0/99'], '1.2.3.4,x', [5]]) {
      assert.equal(await codeOf(call('PATCH', `/policies/${id}`, { ip_access })), 'INVALID_PAYLOAD', JSON.stringify(ip_access))
    }
    for (const ip_access of [null, [], ['10.0.0.1', '10.0.0.0/8', '::1', '10.0.0.1-10.0.0.9'], '1.2.3.4']) {
      assert.equal((await call('PATCH', `/policies/${id}`, { ip_access })).status, 200, JSON.stringify(ip_access))
    }
  })
})

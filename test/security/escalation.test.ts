/**
 * Rights are asked of the row as it becomes, not only as it was; nobody gives away what they have not; and what the server keeps is the server's.
 * Every attack is by Max, who may do all to users, roles, access and some books but is no administrator; each has a twin that works.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type FormPart, textFile } from '../form.ts'
import { startKernel, type TestHost } from '../host.ts'
import { upload } from '../plugins/files/library.ts'

const sql = `
create table author (id integer primary key, name text, open boolean default true);
create table book (id integer primary key, title text, open boolean default true, author integer references author,
  user_created uuid, date_created timestamptz, user_updated uuid, date_updated timestamptz);
`
const meta = `
insert into directus_relations (many_collection, many_field, one_collection, one_field) values ('book', 'author', 'author', 'books');
insert into directus_fields (collection, field, special) values ('author', 'books', 'o2m'), ('book', 'user_created', 'user-created'),
  ('book', 'date_created', 'date-created'), ('book', 'user_updated', 'user-updated'), ('book', 'date_updated', 'date-updated');
`
const max = 'token-of-max'
const system = ['users', 'roles', 'access', 'settings', 'policies', 'revisions', 'activity']
const rules = [
  ...system.flatMap((name) =>
    ['create', 'read', 'update', 'delete'].map((action) => ({ collection: `directus_${name}`, action, fields: ['*'] })),
  ),
  ...['book', 'author'].flatMap((collection) => [
    { collection, action: 'read', fields: ['*'] },
    ...['create', 'update', 'delete'].map((action) => ({ collection, action, permissions: { open: { _eq: true } }, fields: ['*'] })),
  ]),
]

describe('escalation', () => {
  let host: TestHost
  const ids: Record<string, string> = {}
  before(async () => {
    host = await startKernel({ sql })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    const make = async (path: string, body: object): Promise<string> => {
      const { status, body: answer } = await host.api('POST', path, { body })
      assert.equal(status, 200, JSON.stringify(answer))
      return answer.data.id
    }
    ids.policy = await make('/policies', { name: 'managers' })
    ids.strong = await make('/policies', { name: 'strong' })
    ids.admin = (await host.api('GET', '/policies?filter[admin_access]=true')).data[0].id
    ids.boss = (await host.api('GET', '/users?filter[email]=admin@example.com')).data[0].id
    ids.bosses = (await host.api('GET', '/roles')).data[0].id
    ids.max = await make('/users', { email: 'max@example.com', token: max })
    ids.eve = await make('/users', { email: 'eve@example.com' })
    ids.weakRole = await make('/roles', { name: 'weak' })
    ids.strongRole = await make('/roles', { name: 'strong' })
    await make('/access', { role: ids.strongRole, policy: ids.strong })
    await make('/access', { user: ids.max, policy: ids.policy })
    ids.given = await make('/access', { user: ids.eve, policy: ids.policy })
    ids.bossAccess = await make('/access', { user: ids.boss, policy: ids.admin })
    ids.strongAccess = await make('/access', { user: ids.boss, policy: ids.strong })
    await host.api('POST', '/permissions', { body: rules.map((rule) => ({ policy: ids.policy, ...rule })) })
  })
  after(() => host.close())
  beforeEach(async () => {
    await host.kernel.db.execute(`delete from book; delete from author;
      insert into author (id, name, open) values (1, 'Ann', true), (2, 'Bob', false);
      insert into book (id, title, open, author) values (1, 'one', true, 1), (2, 'two', false, 1), (3, 'three', true, 2);`)
  })

  type Request = [method: string, path: string, body: unknown]
  const filled = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replace(/\$(\w+)/g, (_, name) => ids[name] ?? `$${name}`))
  const ask = ([method, path, body]: Request) => host.api(method, filled(path) as string, { body: filled(body), token: max })
  const state = async () =>
    JSON.stringify([
      await host.kernel.db.query('select * from book order by id'),
      await host.kernel.db.query('select * from author order by id'),
      await host.kernel.db.query('select id, role, "user", policy from directus_access order by id'),
      await host.kernel.db.query('select id, role, status, provider, external_identifier, auth_data from directus_users order by id'),
      await host.kernel.db.query('select id, parent from directus_roles order by id'),
      await host.kernel.db.query('select id, admin_access from directus_policies order by id'),
      await host.kernel.db.query('select public_registration_role from directus_settings'),
    ])

  /** `[attack, request, twin]`: the attack is refused and leaves all as it was. */
  const attacks: [why: string, attack: Request, twin: Request][] = [
    ['a row moved out of scope', ['PATCH', '/items/book/1', { open: false }], ['PATCH', '/items/book/1', { open: true }]],
    [
      'a row moved out by a list',
      [
        'PATCH',
        '/items/book',
        [
          { id: 3, title: 'x' },
          { id: 1, open: false },
        ],
      ],
      ['PATCH', '/items/book', [{ id: 3, title: 'x' }]],
    ],
    [
      'a row moved out by keys',
      ['PATCH', '/items/book', { keys: [1, 3], data: { open: false } }],
      ['PATCH', '/items/book', { keys: [1, 3], data: { title: 'x' } }],
    ],
    ['a row made out of scope', ['POST', '/items/book', { id: 9, open: false }], ['POST', '/items/book', { id: 9 }]],
    [
      'one of several made out of scope',
      ['POST', '/items/book', [{ id: 8 }, { id: 9, open: false }]],
      ['POST', '/items/book', [{ id: 8 }, { id: 9 }]],
    ],
    [
      'a nested row moved out',
      ['PATCH', '/items/author/1', { books: { update: [{ id: 1, open: false }] } }],
      ['PATCH', '/items/author/1', { books: { update: [{ id: 1, title: 'x' }] } }],
    ],
    [
      'a nested row made out of scope',
      ['PATCH', '/items/author/1', { books: { create: [{ id: 9, open: false }] } }],
      ['PATCH', '/items/author/1', { books: { create: [{ id: 9 }] } }],
    ],
    [
      'a parent moved out',
      ['PATCH', '/items/book/1', { author: { id: 1, open: false } }],
      ['PATCH', '/items/book/1', { author: { id: 1, name: 'x' } }],
    ],
    [
      'a parent out of scope changed',
      ['PATCH', '/items/book/3', { author: { id: 2, name: 'x' } }],
      ['PATCH', '/items/book/3', { author: 2 }],
    ],
    ['a row out of scope let go of', ['PATCH', '/items/author/1', { books: [1] }], ['PATCH', '/items/author/1', { books: [1, 2] }]],
    [
      'a row out of scope taken over',
      ['PATCH', '/items/author/1', { books: [1, 2], name: 'x', open: false }],
      ['PATCH', '/items/author/1', { books: [1, 2], name: 'x' }],
    ],

    ["an administrator's role for oneself", ['PATCH', '/users/me', { role: '$bosses' }], ['PATCH', '/users/me', { role: '$weakRole' }]],
    ['a stronger role for another one', ['PATCH', '/users/$eve', { role: '$strongRole' }], ['PATCH', '/users/$eve', { role: '$weakRole' }]],
    [
      'a new user with a stronger role',
      ['POST', '/users', { email: 'new1@example.com', role: '$strongRole' }],
      ['POST', '/users', { email: 'new1@example.com', role: '$weakRole' }],
    ],
    [
      'a user put into a stronger role',
      ['PATCH', '/roles/$strongRole', { users: ['$eve'] }],
      ['PATCH', '/roles/$weakRole', { users: ['$eve'] }],
    ],
    [
      'a policy given to oneself',
      ['POST', '/access', { user: '$max', policy: '$admin' }],
      ['POST', '/access', { user: '$max', policy: '$policy' }],
    ],
    [
      'a policy given along with oneself',
      ['PATCH', '/users/me', { policies: { create: [{ policy: '$strong' }] } }],
      ['PATCH', '/users/me', { policies: { create: [{ policy: '$policy' }] } }],
    ],
    [
      'a policy given to everybody',
      ['POST', '/access', { policy: '$strong' }],
      ['POST', '/access', { role: '$weakRole', policy: '$policy' }],
    ],
    ["another's access made one's own", ['PATCH', '/access/$bossAccess', { user: '$max' }], ['PATCH', '/access/$given', { user: '$max' }]],
    [
      "another's access made a role's",
      ['PATCH', '/access/$strongAccess', { role: '$weakRole' }],
      ['PATCH', '/access/$given', { role: '$weakRole' }],
    ],
    [
      "another's access made everybody's",
      ['PATCH', '/access/$strongAccess', { user: null }],
      ['PATCH', '/access/$given', { user: '$eve' }],
    ],
    [
      "another's access put into one's own list",
      ['PATCH', '/users/me', { policies: { update: [{ id: '$bossAccess' }] } }],
      ['PATCH', '/users/me', { policies: { update: [{ id: '$given' }] } }],
    ],
    [
      'a role put below a stronger one',
      ['PATCH', '/roles/$weakRole', { parent: '$bosses' }],
      ['PATCH', '/roles/$weakRole', { parent: null }],
    ],
    [
      'a role put below by its children',
      ['PATCH', '/roles/$strongRole', { children: ['$weakRole'] }],
      ['PATCH', '/roles/$weakRole', { children: [] }],
    ],
    ["an administrator's policy made", ['POST', '/policies', { name: 'x', admin_access: true }], ['POST', '/policies', { name: 'x' }]],
    [
      "a policy made an administrator's",
      ['PATCH', '/policies/$policy', { admin_access: true }],
      ['PATCH', '/policies/$policy', { name: 'managers' }],
    ],
    [
      'a policy given to oneself by the policy',
      ['PATCH', '/policies/$strong', { users: { create: [{ user: '$max' }] } }],
      ['PATCH', '/policies/$policy', { users: { create: [{ user: '$eve' }] } }],
    ],
    [
      'a stronger role for whoever registers',
      ['PATCH', '/settings', { public_registration_role: '$bosses' }],
      ['PATCH', '/settings', { public_registration_role: '$weakRole' }],
    ],
    ['an invitation to a stronger role', ['PATCH', '/users/me', { role: '$strongRole' }], ['PATCH', '/users/me', { role: null }]],

    ['how somebody signs in', ['PATCH', '/users/$eve', { provider: 'other' }], ['PATCH', '/users/$eve', { title: 'x' }]],
    ['who somebody is elsewhere', ['PATCH', '/users/$eve', { external_identifier: 'x' }], ['PATCH', '/users/$eve', { title: 'x' }]],
    ['what another place knows of somebody', ['PATCH', '/users/$eve', { auth_data: { a: 1 } }], ['PATCH', '/users/$eve', { title: 'x' }]],
    ['a second factor without proof', ['PATCH', '/users/me', { tfa_secret: 'JBSWY3DPEHPK3PXP' }], ['PATCH', '/users/me', { title: 'x' }]],
    ["another's second factor", ['POST', '/users/$boss/tfa/disable', {}], ['PATCH', '/users/$eve', { title: 'x' }]],
  ]
  for (const [why, attack, twin] of attacks) {
    test(why, async () => {
      const untouched = await state()
      const refused = await ask(attack)
      assert.ok([400, 403].includes(refused.status), `${refused.status} ${JSON.stringify(refused.body)}`)
      assert.equal(await state(), untouched)
      const taken = await ask(twin)
      assert.ok(taken.status === 200 || taken.status === 204, `${taken.status} ${JSON.stringify(taken.body)}`)
    })
  }

  /** `$strongRole` for Eve, and as its twin `$weakRole`, by every way that leads to users. */
  const doors: [door: string, give: (role: string) => Promise<{ status: number; body: any }>][] = [
    ['PATCH by key', (role) => ask(['PATCH', '/users/$eve', { role }])],
    ['PATCH by keys', (role) => ask(['PATCH', '/users', { keys: ['$eve'], data: { role } }])],
    ['PATCH of a list', (role) => ask(['PATCH', '/users', [{ id: '$eve', role }]])],
    ['PATCH by query', (role) => ask(['PATCH', '/users', { query: { filter: { id: { _eq: '$eve' } } }, data: { role } }])],
    [
      'GraphQL',
      (role) =>
        ask(['POST', '/graphql/system', { query: `mutation { update_users_item(id: "$eve", data: { role: { id: "${role}" } }) { id } }` }]),
    ],
    ['a list of the role', (role) => ask(['PATCH', `/roles/${role}`, { users: { create: [], update: [{ id: '$eve' }], delete: [] } }])],
    ['an item of a policy given', (role) => ask(['PATCH', '/access/$given', { user: { id: '$eve', role } }])],
    ['an item in the list of another role', (role) => ask(['PATCH', `/roles/${role}`, { name: 'x', users: [{ id: '$eve', title: 'y' }] }])],
    [
      'an import',
      (role) => {
        const file: FormPart = ['file', textFile(filled(JSON.stringify([{ id: '$eve', role }])) as string, 'a.json', 'application/json')]
        return upload(host, [file], '/utils/import/directus_users', 'POST', max)
      },
    ],
  ]
  for (const [door, give] of doors) {
    test(`a stronger role by ${door}`, async () => {
      await host.api('PATCH', `/users/${ids.eve}`, { body: { role: null } })
      const untouched = await state()
      const refused = await give('$strongRole')
      assert.equal(await state(), untouched, JSON.stringify(refused.body))
      const { status, body } = await give('$weakRole')
      assert.ok(status < 300 && !body?.errors, JSON.stringify(body))
      assert.equal((await host.api('GET', `/users/${ids.eve}?fields=role`)).data.role, ids.weakRole)
    })
  }

  test('whoever may change a user may return them to what they were, but for what is not theirs to change', async () => {
    const path = `/users/${ids.eve}`
    await host.api('PATCH', path, { body: { title: 'before', provider: 'default' } })
    await host.api('PATCH', path, { body: { title: 'after' } })
    const [{ id }] = (await host.api('GET', `/revisions?filter[item]=${ids.eve}&sort=-id&limit=1&offset=1&fields=id`)).data
    assert.equal((await ask(['POST', `/utils/revert/${id}`, {}])).status, 204)
    assert.equal((await host.api('GET', path)).data.title, 'before')
    await host.api('PATCH', path, { body: { provider: 'other' } })
    assert.equal((await ask(['POST', `/utils/revert/${id}`, {}])).status, 400)
    assert.equal((await host.api('GET', path)).data.provider, 'other')
    await host.api('PATCH', path, { body: { provider: 'default' } })
  })

  test('an invitation brings no stronger role', async () => {
    const invite = (email: string, role: string) => host.api('POST', '/users/invite', { token: max, body: { email, role } })
    assert.equal((await invite('strong@example.com', ids.strongRole!)).status, 204)
    assert.equal((await invite('weak@example.com', ids.weakRole!)).status, 204)
    assert.deepEqual((await host.api('GET', '/users?filter[email][_in]=strong@example.com,weak@example.com&fields=email')).data, [
      { email: 'weak@example.com' },
    ])
  })

  describe('what the server keeps is not written by anybody', () => {
    const past = '2000-01-01T00:00:00.000Z'
    test('who made a row, and when', async () => {
      const claimed = { user_created: ids.boss, date_created: past, user_updated: ids.boss, date_updated: past }
      await ask(['POST', '/items/book', { id: 9, ...claimed }])
      const made = (await host.api('GET', '/items/book/9')).data
      assert.deepEqual([made.user_created, made.date_created === past, made.user_updated, made.date_updated], [ids.max, false, null, null])
      await ask(['PATCH', '/items/book/9', claimed])
      const changed = (await host.api('GET', '/items/book/9')).data
      assert.deepEqual([changed.user_created, changed.date_created], [ids.max, made.date_created])
      assert.deepEqual([changed.user_updated, changed.date_updated === past], [ids.max, false])
    })

    test('when somebody was here last', async () => {
      await host.api('PATCH', `/users/${ids.eve}`, { body: { last_access: past } })
      assert.equal((await host.api('GET', `/users/${ids.eve}`)).data.last_access, null)
    })

    test('who said something', async () => {
      const body = { collection: 'book', item: '1', comment: 'x', user_created: ids.eve, date_created: past }
      const { data } = await host.api('POST', '/comments', { body })
      assert.deepEqual([data.user_created, data.date_created === past], [ids.boss, false])
    })

    const closed: Request[] = ['activity', 'revisions'].flatMap((name): Request[] => [
      ['POST', `/${name}`, { action: 'create', collection: 'book', item: '1', user: ids.eve }],
      ['PATCH', `/${name}/1`, { user: ids.eve }],
      ['DELETE', `/${name}/1`, undefined],
    ])
    for (const [method, path, body] of closed) {
      test(`${method} ${path}`, async () => {
        assert.equal((await host.api(method, path, { body })).status, 404)
      })
    }

    test('histories, by way of what they are about', async () => {
      const [entry] = (await host.api('GET', '/activity?limit=1')).data
      const body = { user_created: { id: ids.boss, token: 'x' }, title: 'x' }
      assert.ok(entry)
      await host.api('PATCH', '/items/book/1', { body, token: max })
      assert.equal((await host.api('GET', '/users/me')).data.id, ids.boss, 'the token is the one that it was')
    })
  })
})

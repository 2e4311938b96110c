/**
 * Concealed fields are write-only, for administrators too: no answer tells what they hold, nothing can be found, ordered, counted or grouped by them, and
 * the mask that is shown in their place changes nothing when it comes back.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../host.ts'

type Query = Readonly<Record<string, unknown>>

const sql = `
create table safe (id serial primary key, name text, secret text, code integer, info json, owner uuid, lid integer references safe);
`
const meta = `
alter table safe add foreign key (owner) references directus_users;
insert into directus_collections (collection, versioning) values ('safe', true);
insert into directus_fields (collection, field, special) values
  ('safe', 'secret', 'conceal'), ('safe', 'code', 'conceal'), ('safe', 'info', 'cast-json,conceal'), ('safe', 'lids', 'o2m');
insert into directus_relations (many_collection, many_field, one_collection, one_field) values ('safe', 'lid', 'safe', 'lids');
`
const words = { secret: 'hush-hush', code: 424242, info: { a: 'quietly' }, password: 'Whisper-123', token: 'sotto-voce' }
const told = /hush|424242|quietly|Whisper|sotto|argon2/i
const mask = '**********'
const count = { count: ['*'] }
const known = { _nnull: true }

/** Ways to ask about a concealed field. */
const doors: [channel: string, query: (field: string) => Query][] = [
  ['filter', (field) => ({ filter: { [field]: known } })],
  ['filter by null', (field) => ({ filter: { [field]: { _null: true } } })],
  ['filter in a group', (field) => ({ filter: { _or: [{ _and: [{ [field]: known }] }] } })],
  ['filter below a relation', (field) => ({ filter: { lid: { [field]: known } } })],
  ['filter in _some', (field) => ({ filter: { lids: { _some: { [field]: known } } } })],
  ['filter in _none', (field) => ({ filter: { lids: { _none: { [field]: known } } } })],
  ['sort', (field) => ({ sort: [field] })],
  ['sort below a relation', (field) => ({ sort: [`-lid.${field}`] })],
  ['sort by an alias', (field) => ({ alias: { x: field }, fields: ['x'], sort: ['x'] })],
  ['groupBy', (field) => ({ groupBy: [field], aggregate: count })],
  ['groupBy below a relation', (field) => ({ groupBy: [`lid.${field}`], aggregate: count })],
  ...['count', 'countDistinct', 'min', 'max'].map((fn): [string, (field: string) => Query] => [
    `aggregate ${fn}`,
    (field) => ({ aggregate: { [fn]: [field] } }),
  ]),
  ['deep filter', (field) => ({ fields: ['lids.id'], deep: { lids: { _filter: { [field]: known } } } })],
  ['deep sort', (field) => ({ fields: ['lids.id'], deep: { lids: { _sort: [field] } } })],
  ['deep groupBy', (field) => ({ fields: ['lids.*'], deep: { lids: { _groupBy: [field], _aggregate: count } } })],
  ['an export ordered by it', (field) => ({ sort: [field], export: 'csv' })],
]

/** The same of the system's own, and what only some types have. */
const refused: [channel: string, path: string, query: Query][] = [
  ...['password', 'token', 'tfa_secret'].flatMap((field): [string, string, Query][] => [
    [`filter users by ${field}`, '/users', { filter: { [field]: known } }],
    [`sort users by ${field}`, '/users', { sort: [field] }],
    [`count ${field} of users`, '/users', { aggregate: { countDistinct: [field] } }],
    [`filter items by ${field} of their user`, '/items/safe', { filter: { owner: { [field]: { _starts_with: 'a' } } } }],
    [`sort items by ${field} of their user`, '/items/safe', { sort: [`owner.${field}`] }],
    [`compare with the caller's own ${field}`, '/items/safe', { filter: { name: { _eq: `$CURRENT_USER.${field}` } } }],
  ]),
  ['sum of a number', '/items/safe', { aggregate: { sum: ['code'] } }],
  ['average of a number', '/items/safe', { aggregate: { avg: ['code'] } }],
  ['a number in a filter', '/items/safe', { filter: { code: { _gt: 400_000 } } }],
  ['JSON by a path', '/items/safe', { fields: ['json(info, a)'] }],
  ['JSON by a path in an alias', '/items/safe', { alias: { x: 'json(info, a)' }, fields: ['x'] }],
  ['JSON by a path in a sort', '/items/safe', { sort: ['json(info, a)'] }],
  ['JSON by a path in a filter', '/items/safe', { filter: { info: { _json: { a: { _eq: 'quietly' } } } } }],
  ['the length of JSON', '/items/safe', { fields: ['count(info)'] }],
  ['the length of JSON in a filter', '/items/safe', { filter: { 'count(info)': { _gt: 0 } } }],
]

describe('concealed fields', () => {
  let host: TestHost
  let user: string
  before(async () => {
    host = await startKernel({ sql, env: { LOGIN_STALL_TIME: '1ms' } })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    const { password, token, ...own } = words
    user = (await host.api('POST', '/users', { body: { email: 'ann@example.com', password, token } })).data.id
    const { id: policy } = (await host.api('POST', '/policies', { body: { name: 'readers' } })).data
    await host.api('POST', '/access', { body: { user, policy } })
    const everything = ['safe', 'directus_users', 'directus_activity', 'directus_revisions', 'directus_versions']
    const rules = everything.map((collection) => ({ policy, collection, action: 'read', fields: ['*'] }))
    const { status } = await host.api('POST', '/permissions', { body: [...rules, { ...rules[0], action: 'update' }] })
    assert.equal(status, 200)
    const body = [
      { id: 1, name: 'one', owner: user, ...own },
      { id: 2, name: 'two', lid: 1, ...own, secret: null },
    ]
    assert.equal((await host.api('POST', '/items/safe', { body })).status, 200)
  })
  after(() => host.close())

  const people = ['admin-token', words.token]
  const ask = (path: string, query: Query, token: string) => host.api('SEARCH', path, { body: { query }, token })

  describe('tell nothing', () => {
    for (const [channel, query] of doors) {
      test(channel, async () => {
        for (const token of people) {
          for (const field of ['secret', 'code', 'info']) {
            const { status, body } = await ask('/items/safe', query(field), token)
            assert.equal(status, 400, `${field} ${JSON.stringify(body)}`)
          }
          assert.equal((await ask('/items/safe', query('name'), token)).status, 200)
        }
      })
    }
    for (const [channel, path, query] of refused) {
      test(channel, async () => {
        for (const token of people) {
          const { status, body } = await ask(path, query, token)
          assert.equal(status, 400, JSON.stringify(body))
        }
      })
    }
    // Only administrators get as far as sessions.
    test('the tokens of sessions', async () => {
      const asked = (field: string) => ({ filter: { '$FOLLOW(directus_sessions,user)': { _some: { [field]: known } } } })
      for (const [field, status] of [
        ['token', 400],
        ['next_token', 400],
        ['expires', 200],
      ] as const)
        assert.equal((await host.api('SEARCH', '/users', { body: { query: asked(field) } })).status, status, field)
    })
    for (const word of ['hush', '424242', 'quietly', 'Whisper', 'sotto-voce', mask]) {
      test(`search for ${word}`, async () => {
        for (const token of people) {
          for (const path of ['/items/safe', '/users']) {
            const found = await ask(path, { search: word }, token)
            assert.deepEqual(found.data, [], path)
          }
        }
      })
    }
  })

  describe('are shown masked', () => {
    const paths = [
      '/items/safe?fields=*.*.*',
      '/items/safe/1?fields=*,owner.*',
      '/items/safe?alias[x]=secret&fields=x,lids.secret,lid.info',
      '/users?fields=*',
      '/users/me?fields=*',
      ...['csv', 'json', 'ndjson', 'xml', 'yaml'].flatMap((format) => [
        `/items/safe?export=${format}&fields=*,owner.*`,
        `/users?export=${format}`,
      ]),
    ]
    for (const path of paths) {
      test(path, async () => {
        for (const token of people) {
          const { status, body } = await host.api('GET', path, { token })
          const text = typeof body === 'string' ? body : JSON.stringify(body)
          assert.equal(status, 200, text)
          assert.doesNotMatch(text, told)
          assert.ok(text.includes(mask), text)
        }
      })
    }

    test('where they are empty there is no mask', async () => {
      assert.deepEqual((await host.api('GET', '/items/safe?fields=secret&sort=id')).data, [{ secret: mask }, { secret: null }])
    })

    test('in the answer to a write', async () => {
      const { data } = await host.api('PATCH', '/items/safe/2?fields=*', { body: { secret: words.secret } })
      assert.deepEqual([data.secret, data.code, data.info], [mask, mask, mask])
      await host.api('PATCH', '/items/safe/2', { body: { secret: null } })
    })
  })

  const stored = (id: number) => host.kernel.db.query('select secret, code, info from safe where id = $1', [id])

  test('masks that come back change nothing, in items, in lists and in nested items', async () => {
    const before = await stored(1)
    const masks = { secret: mask, code: mask, info: mask }
    const writes: [method: string, path: string, body: unknown][] = [
      ['PATCH', '/items/safe/1', masks],
      ['PATCH', '/items/safe', [{ id: 1, ...masks }]],
      ['PATCH', '/items/safe', { keys: [1], data: masks }],
      ['PATCH', '/items/safe/2', { lid: { id: 1, ...masks } }],
      ['PATCH', '/items/safe/2', { lid: { id: 1, name: 'one', ...masks } }],
    ]
    for (const [method, path, body] of writes) {
      const answer = await host.api(method, path, { body })
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      assert.deepEqual(await stored(1), before)
    }
    const made = await host.api('POST', '/items/safe', { body: { name: 'three', ...masks } })
    assert.deepEqual(await stored(made.data.id), [{ secret: null, code: null, info: null }])
    await host.api('DELETE', `/items/safe/${made.data.id}`)
    await host.api('PATCH', `/users/${user}`, { body: { password: mask, token: mask } })
    const body = { email: 'ann@example.com', password: words.password }
    assert.equal((await host.api('POST', '/auth/login', { token: null, body })).status, 200)
    assert.equal((await host.api('GET', '/users/me', { token: words.token })).status, 200)
  })

  test('histories do not tell them, nor versions, nor a return to a revision', async () => {
    const version = await host.api('POST', '/versions', { body: { collection: 'safe', item: '1', key: 'draft' } })
    assert.equal((await host.api('POST', `/versions/${version.data.id}/save`, { body: { secret: 'hush again' } })).status, 400)
    await host.api('POST', `/versions/${version.data.id}/save`, { body: { name: 'saved', secret: mask } })
    await host.api('PATCH', '/items/safe/1', { body: { name: 'renamed', owner: { id: user, password: words.password, title: 'x' } } })
    const paths = [
      '/activity?fields=*.*',
      '/revisions?fields=*.*',
      `/versions/${version.data.id}`,
      `/versions/${version.data.id}/compare`,
      '/versions?fields=*',
    ]
    for (const path of paths) {
      const { status, body } = await host.api('GET', path)
      assert.equal(status, 200)
      assert.doesNotMatch(JSON.stringify(body), told, path)
    }
    const text = await host.kernel.db.text(
      `select string_agg(coalesce(data::text, '') || coalesce(delta::text, ''), ' ') from directus_revisions`,
    )
    assert.doesNotMatch(text!, told, 'what is not to be told is not kept twice')
    const revisions = await host.api('GET', '/revisions?filter[collection]=safe&filter[item]=1&sort=id&limit=1')
    const kept = await stored(1)
    assert.equal((await host.api('POST', `/utils/revert/${revisions.data[0].id}`)).status, 204)
    assert.deepEqual(await stored(1), kept)
    assert.equal((await host.api('GET', '/items/safe/1')).data.name, 'one')
  })

  test('a preset made of a secret is a mask', async () => {
    const { data: policy } = await host.api('POST', '/policies', { body: { name: 'presets' } })
    const presets = { name: '$CURRENT_USER.token' }
    await host.api('POST', '/permissions', { body: { policy: policy.id, collection: 'safe', action: 'create', fields: ['lid'], presets } })
    await host.api('POST', '/access', { body: { policy: policy.id, user } })
    const { data } = await host.api('POST', '/items/safe', { body: {}, token: words.token })
    assert.equal(data.name, mask)
  })
})

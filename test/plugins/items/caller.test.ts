/** `$CURRENT_USER` and its kin: what they stand for, for whom; that plans are shared and values are not. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { parseFilter } from '../../../plugins/items/parse.ts'
import { planFilter } from '../../../plugins/items/plan.ts'
import { startKernel, type TestHost } from '../../host.ts'
import { createRecorder } from '../../recorded.ts'

/** Users have a team (m2o), a number as text, and badges (o2m). */
const sql = `
create table team (id serial primary key, name text, size integer);
create table note (id serial primary key, owner uuid, word text, n integer, price numeric(10,2), day date, flag boolean, data json);
create table badge (id serial primary key, bearer uuid, name text);
`
const people = {
  ann: { role: 'writers', team: 1, title: 'red', number: '7', joined: '2001-02-03', badges: ['a', 'b'] },
  bob: { role: 'editors', team: 2, title: 'blue', number: 'x', joined: '2012-12-31', badges: ['c'] },
  cat: { role: 'writers', team: null, title: null, number: null, joined: null, badges: [] },
} as const
type Name = keyof typeof people
const names = Object.keys(people) as Name[]
const id = (kind: 'user' | 'role' | 'policy', name: string) =>
  `${kind === 'user' ? 'a' : kind === 'role' ? 'b' : 'c'}0000000-0000-4000-8000-${Buffer.from(name).toString('hex').padStart(12, '0').slice(-12)}`

describe('the caller in a filter', () => {
  let host: TestHost
  const recorder = createRecorder()
  before(async () => {
    host = await startKernel({ sql, wrap: recorder.wrap })
    const { db, registry } = host.kernel
    await db.execute(`
      alter table directus_users add team integer references team, add number text, add joined date;
      insert into directus_relations (many_collection, many_field, one_collection, one_field) values ('badge', 'bearer', 'directus_users', 'badges');
      insert into directus_fields (collection, field, special) values ('directus_users', 'badges', 'o2m');
      insert into team (name, size) values ('reds', 3), ('blues', 20);
      insert into directus_policies (id, name, admin_access) values ('${id('policy', 'staff')}', 'staff', true);
      insert into directus_roles (id, name, parent) values ('${id('role', 'staff')}', 'staff', null),
        ('${id('role', 'writers')}', 'writers', '${id('role', 'staff')}'), ('${id('role', 'editors')}', 'editors', '${id('role', 'staff')}');
      insert into directus_access (id, policy, role) values (gen_random_uuid(), '${id('policy', 'staff')}', '${id('role', 'staff')}');
      insert into note (word, n) values (null, null), ('%', 0), ('Reds', 3);
    `)
    for (const [name, { role, team, title, number, joined, badges }] of Object.entries(people)) {
      const user = id('user', name)
      await db.query(
        'insert into directus_users (id, email, token, role, team, title, number, joined) values ($1, $2, $3, $4, $5, $6, $7, $8)',
        [user, `${name}@example.com`, name, id('role', role), team, title, number, joined],
      )
      for (const badge of badges) await db.query('insert into badge (bearer, name) values ($1, $2)', [user, badge])
      await db.query('insert into note (owner, word, n, day) values ($1, $2, $3, $4)', [user, title, team, joined])
    }
    await db.query(`insert into note (word, n) values ('reds', 7), ('writers', 20), ('b', null), ('${id('role', 'staff')}', null)`)
    await registry.reload()
  })
  after(() => host.close())

  /** Rows as what tells them apart. */
  const found = async (filter: object, token: string) => {
    const { status, code, data } = await host.api('SEARCH', '/items/note', {
      token,
      body: { query: { filter, sort: ['id'], fields: ['id', 'owner', 'word'] } },
    })
    if (status !== 200) return code
    const nameOf = (owner: string | null, word: string | null, key: number) =>
      names.find((name) => id('user', name) === owner) ?? word ?? (key === 1 ? 'nothing' : 'null')
    return data.map((row: { id: number; owner: string | null; word: string | null }) => nameOf(row.owner, row.word, row.id)).join(' ')
  }

  const staff = id('role', 'staff')
  const rows: [filter: object, ...expected: string[]][] = [
    [{ owner: '$CURRENT_USER' }, 'ann', 'bob'],
    [{ owner: { _neq: '$CURRENT_USER' } }, 'bob cat', 'ann cat'],
    [{ owner: { _in: '$CURRENT_USER' } }, 'ann', 'bob'],
    [{ owner: { _nin: ['$CURRENT_USER'] } }, 'bob cat', 'ann cat'],
    [{ owner: { _in: ['$CURRENT_USER', id('user', 'cat')] } }, 'ann cat', 'bob cat'],
    [{ owner: '$CURRENT_USER.id' }, 'ann', 'bob'],
    [{ word: '$CURRENT_USER.title' }, 'ann', 'bob', 'nothing cat'],
    [
      { word: { _neq: '$CURRENT_USER.title' } },
      `% Reds bob reds writers b ${staff}`,
      `% Reds ann reds writers b ${staff}`,
      `% Reds ann bob reds writers b ${staff}`,
    ],
    [{ word: { _in: ['$CURRENT_USER.title', 'reds'] } }, 'ann reds', 'bob reds', 'reds'],
    [{ word: { _nin: ['$CURRENT_USER.title', 'reds', '%', 'Reds', 'b', 'writers', staff] } }, 'bob', 'ann', ''],
    [{ word: { _contains: '$CURRENT_USER.title' } }, 'ann reds', 'bob', ''],
    [{ word: { _icontains: '$CURRENT_USER.title' } }, 'Reds ann reds', 'bob', ''],
    [{ word: { _nstarts_with: '$CURRENT_USER.title' } }, `% Reds bob writers b ${staff}`, `% Reds ann reds writers b ${staff}`, ''],
    [{ word: '$CURRENT_USER.team.name' }, 'reds', '', 'nothing cat'],
    [{ word: '$CURRENT_ROLE.name' }, 'writers', ''],
    [{ word: '$CURRENT_USER.role.name' }, 'writers', ''],
    [{ word: '$CURRENT_USER.role.parent' }, staff, staff],
    [{ word: { _in: '$CURRENT_ROLES' } }, staff, staff],
    [{ word: { _in: '$CURRENT_ROLES.name' } }, 'writers', ''],
    [{ word: { _nin: '$CURRENT_ROLES.name' }, n: { _gt: 3 } }, 'reds', 'reds writers'],
    [{ word: { _in: '$CURRENT_USER.badges.name' } }, 'b', '', ''],
    [{ n: '$CURRENT_USER.team' }, 'ann', 'bob', `nothing cat b ${staff}`],
    [{ n: { _lt: '$CURRENT_USER.team.size' } }, '% ann bob', '% Reds ann bob reds', ''],
    [{ n: { _between: ['$CURRENT_USER.team', '$CURRENT_USER.team.size'] } }, 'Reds ann bob', 'Reds bob reds writers', ''],
    [{ n: { _nbetween: [0, '$CURRENT_USER.team.size'] } }, 'reds writers', '', ''],
    [{ n: '$CURRENT_USER.number' }, 'reds', '', `nothing cat b ${staff}`],
    [{ price: { _gte: '$CURRENT_USER.number' } }, '', '', ''],
    [{ owner: '$CURRENT_USER.number' }, '', '', `nothing % Reds reds writers b ${staff}`],
    [{ day: { _gte: '$CURRENT_USER.joined' } }, 'ann bob', 'bob', ''],
    [{ n: '$CURRENT_USER.year(joined)' }, '', '', `nothing cat b ${staff}`],
    [{ n: { _lte: '$CURRENT_USER.count(badges)' } }, '% ann bob', '% ann', '%'],
    [
      { _or: [{ word: '$CURRENT_USER.title' }, { _and: [{ owner: { _neq: '$CURRENT_USER' } }, { n: 2 }] }] },
      'ann bob',
      'bob',
      'nothing bob cat',
    ],
    // What means nothing.
    [{ owner: { _eq: '$CURRENT_USER.nope' } }, 'FORBIDDEN', 'FORBIDDEN'],
    [{ owner: { _eq: '$CURRENT_USER.nope.id' } }, 'FORBIDDEN', 'FORBIDDEN'],
    [{ owner: { _eq: '$CURRENT_USER.' } }, 'FORBIDDEN', 'FORBIDDEN'],
    [{ word: { _eq: '$CURRENT_USER.title.id' } }, 'FORBIDDEN', 'FORBIDDEN'],
    [{ word: { _eq: '$CURRENT_USER.password' } }, 'INVALID_QUERY', 'INVALID_QUERY'],
    [{ word: { _starts_with: '$CURRENT_USER.token' } }, 'INVALID_QUERY', 'INVALID_QUERY'],
    [{ word: { _eq: '$CURRENT_ROLES' } }, 'INVALID_QUERY', 'INVALID_QUERY'],
    [{ word: { _eq: '$CURRENT_USER.badges.name' } }, 'INVALID_QUERY', 'INVALID_QUERY'],
    [{ n: { _eq: '$CURRENT_USER' } }, 'INVALID_QUERY', 'INVALID_QUERY'],
    [{ flag: { _eq: '$CURRENT_USER.title' } }, 'INVALID_QUERY', 'INVALID_QUERY'],
    [{ owner: { _contains: '$CURRENT_USER' } }, 'INVALID_QUERY', 'INVALID_QUERY'],
    [{ data: { _eq: '$CURRENT_USER' } }, 'INVALID_QUERY', 'INVALID_QUERY'],
    [{ word: `$CURRENT_USER.${'role.users.'.repeat(5)}id` }, 'INVALID_QUERY', 'INVALID_QUERY'],
    [{ word: '$CURRENT_NOTHING' }, '', ''],
  ]
  for (const [filter, ...expected] of rows) {
    test(JSON.stringify(filter), async () => {
      for (const [i, want] of expected.entries()) assert.equal(await found(filter, names[i]!), want, names[i]!)
    })
  }

  test('each reads by one statement, the same for all, that holds nothing of who asked first', async () => {
    for (const [filter, ...expected] of rows.filter(([, ann]) => !/^[A-Z_]+$/.test(ann!))) {
      const about = JSON.stringify(filter)
      const texts = new Set<string>()
      for (const [i, want] of [...expected.entries(), ...expected.entries()].toReversed()) {
        await host.api('GET', '/items/note?limit=0', { token: names[i]! })
        recorder.take()
        assert.equal(await found(filter, names[i]!), want, about)
        const sent = recorder.take()
        assert.equal(sent.length, 1, about)
        texts.add(sent[0]!.text)
        for (const name of names) {
          const key = id('user', name)
          assert.ok(!sent[0]!.text.includes(key), about)
          if (name !== names[i] && !about.includes(key)) assert.ok(!JSON.stringify(sent[0]!.parameters).includes(key), about)
        }
      }
      assert.equal(texts.size, 1, about)
    }
  })

  test('a change of the user counts at once', async () => {
    const { db } = host.kernel
    assert.equal(await found({ word: '$CURRENT_USER.title' }, 'ann'), 'ann')
    await db.query(`update directus_users set title = 'reds' where token = 'ann'`)
    assert.equal(await found({ word: '$CURRENT_USER.title' }, 'ann'), 'reds')
    await db.query(`update directus_users set title = 'red' where token = 'ann'`)
  })

  test('nothing of a user is in the plan of a rule; its own values are', () => {
    const { snapshot } = host.kernel.registry
    const table = snapshot.tables.get('note')!
    const values: unknown[] = []
    const limits = { defaultLimit: 100, maxLimit: -1, depth: 10, fields: 500, filterNodes: 200, aliases: 50 }
    const rule = parseFilter('permissions', { owner: '$CURRENT_USER', word: { _in: ['a', '$CURRENT_USER.title'] } }, values, limits)
    const slots: Parameters<typeof planFilter>[3] = []
    const condition = planFilter(snapshot, table, rule!, slots, values)
    assert.equal(condition.kind, 'and')
    assert.deepEqual(
      slots.map(({ value }) => value),
      [{ constant: ['a'] }],
    )
  })
})

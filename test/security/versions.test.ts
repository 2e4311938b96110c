/**
 * A version is read as if it were written. Vic keeps versions of books, of which she sees everything; of authors she sees the names, and all of those
 * who are hers or whose book is hers. What she keeps makes nothing hers until it is.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { startKernel, type TestHost } from '../host.ts'
import { createRecorder } from '../recorded.ts'

const sql = `
create table author (id integer primary key, name text, salary integer, keeper uuid);
create table book (id integer primary key default (random() * 1e8)::integer + 10, title text, keeper uuid, author integer references author);
insert into author values (1, 'Ann', 10), (2, 'Bob', 20);
insert into book values (1, 'one', null, 1), (2, 'two', null, 2);
`
const meta = `
alter table book add editor uuid references directus_users;
insert into directus_collections (collection, versioning) values ('book', true);
insert into directus_relations (many_collection, many_field, one_collection, one_field) values
  ('book', 'author', 'author', 'books'), ('book', 'editor', 'directus_users', null);
insert into directus_fields (collection, field, special) values ('author', 'books', 'o2m');
`
const vic = 'token-of-vic'
const mine = { _eq: '$CURRENT_USER' }
const rules = [
  ...['create', 'read', 'update', 'delete'].map((action) => ({ collection: 'directus_versions', action, fields: ['*'] })),
  { collection: 'book', action: 'read', fields: ['*'] },
  { collection: 'book', action: 'update', permissions: { id: { _eq: 2 } }, fields: ['author', 'keeper'] },
  { collection: 'author', action: 'read', fields: ['id', 'name', 'books'] },
  { collection: 'author', action: 'read', permissions: { _or: [{ keeper: mine }, { books: { _some: { keeper: mine } } }] }, fields: ['*'] },
  { collection: 'author', action: 'read', permissions: { name: { _eq: '$CURRENT_USER.title' } }, fields: ['*'] },
  { collection: 'directus_users', action: 'read', permissions: { id: mine }, fields: ['id', 'title'] },
]

describe('versions', () => {
  let host: TestHost
  const ids: Record<string, string> = {}
  before(async () => {
    host = await startKernel({ sql })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    const make = async (path: string, body: object): Promise<string> => (await host.api('POST', path, { body })).data.id
    const policy = await make('/policies', { name: 'keepers', app_access: true })
    ids.vic = await make('/users', { email: 'vic@example.com', title: 'Vic', token: vic })
    await make('/access', { user: ids.vic, policy })
    await host.api('POST', '/permissions', { body: rules.map((rule) => ({ policy, ...rule })) })
  })
  after(() => host.close())
  beforeEach(() => host.kernel.db.execute('delete from directus_versions'))

  const ask = (method: string, path: string, body?: unknown, token = vic) => host.api(method, path, { body, token })
  const version = async (item: string, token = vic): Promise<string> =>
    (await ask('POST', '/versions', { key: 'k', collection: 'book', item }, token)).data.id
  const salaries = async () =>
    (await ask('GET', '/items/book?version=k&fields=author.salary')).data.map((row: any) => row.author?.salary ?? null)

  const attacks: [why: string, body: () => object][] = [
    ['an author made hers', () => ({ author: { id: 1, keeper: ids.vic } })],
    ['a book made hers', () => ({ keeper: ids.vic })],
    ['herself made somebody else', () => ({ editor: { id: ids.vic, title: 'Ann' } })],
    ['a book of hers given an author', () => ({ author: { id: 1, books: [{ id: 1, keeper: ids.vic }] } })],
    ['an author given a book of hers', () => ({ author: { id: 1, books: { create: [{ keeper: ids.vic }], update: [], delete: [] } } })],
  ]
  for (const [why, body] of attacks) {
    test(`${why}: nothing is hers by it`, async () => {
      const id = await version('1')
      assert.equal((await ask('POST', `/versions/${id}/save`, body())).status, 200)
      assert.deepEqual(await salaries(), [null])
      assert.deepEqual((await ask('GET', '/items/book?version=k&filter[author][salary][_gt]=0')).data, [])
    })
  }

  test('what she may change is hers once it is promoted', async () => {
    const id = await version('2')
    assert.equal((await ask('POST', `/versions/${id}/save`, { keeper: ids.vic })).status, 200)
    assert.deepEqual(await salaries(), [null])
    const { mainHash } = (await ask('GET', `/versions/${id}/compare`)).data
    assert.equal((await ask('POST', `/versions/${id}/promote`, { mainHash })).status, 200)
    assert.deepEqual((await ask('GET', '/items/book/2?fields=author.salary')).data, { author: { salary: 20 } })
  })
})

/**
 * Two together: Sam sees and changes everything but rights, and keeps in versions whatever he likes; Val sees what her rules say of the rows as they are.
 * What a version makes of rows may hide them from her, and shows her none.
 */
describe('versions of one read by another', () => {
  const sql = `
create table author (id integer primary key default (random() * 1e8)::integer + 10, name text, salary integer, keeper uuid, grade integer references author on delete set null);
create table book (id integer primary key default (random() * 1e8)::integer + 10, title text, secret text, keeper uuid, status text, author integer references author);
create table plan (id integer primary key default (random() * 1e8)::integer + 10, book integer references book, body text);
insert into author values (1, 'Ann', 10), (2, 'Bob', 20);
insert into author values (3, 'Cid', 30, null, 2);
insert into book values (1, 'one', 's1', null, 'open', 1), (2, 'two', 's2', null, 'closed', 2), (3, 'three', 's3', null, 'closed', 3);
insert into plan values (1, 1, 'p1'), (2, 2, 'p2');
`
  const meta = `
alter table book add editor uuid references directus_users;
insert into directus_collections (collection, versioning) values ('book', true);
insert into directus_relations (many_collection, many_field, one_collection, one_field) values
  ('book', 'author', 'author', 'books'), ('plan', 'book', 'book', 'plans'), ('author', 'grade', 'author', 'graded'), ('book', 'editor', 'directus_users', null);
insert into directus_fields (collection, field, special) values ('author', 'books', 'o2m'), ('book', 'plans', 'o2m'), ('author', 'graded', 'o2m');
`
  const collections = ['author', 'book', 'plan', 'directus_users']
  const kept = ['create', 'read', 'update', 'delete'].map((action) => ({ collection: 'directus_versions', action, fields: ['*'] }))
  const sams = [
    ...kept,
    ...collections.flatMap((collection) => ['create', 'read', 'update', 'delete'].map((action) => ({ collection, action, fields: ['*'] }))),
  ]
  const vals = [
    { collection: 'directus_versions', action: 'read', fields: ['*'] },
    {
      collection: 'book',
      action: 'read',
      permissions: { _or: [{ status: { _eq: 'open' } }, { keeper: mine }] },
      fields: ['id', 'title', 'status', 'author', 'plans'],
    },
    { collection: 'book', action: 'read', permissions: { keeper: mine }, fields: ['*'] },
    { collection: 'book', action: 'read', permissions: { title: { _eq: '$CURRENT_USER.title' } }, fields: ['*'] },
    { collection: 'author', action: 'read', permissions: { keeper: mine }, fields: ['*'] },
    { collection: 'author', action: 'read', permissions: { books: { _some: { keeper: mine } } }, fields: ['*'] },
    { collection: 'author', action: 'read', permissions: { id: { _eq: 3 }, grade: { _null: true } }, fields: ['*'] },
    { collection: 'author', action: 'read', fields: ['id', 'name', 'books', 'graded'] },
    { collection: 'plan', action: 'read', permissions: { book: { status: { _eq: 'open' } } }, fields: ['*'] },
  ]

  let host: TestHost
  const recorder = createRecorder()
  const ids: Record<string, string> = {}
  before(async () => {
    host = await startKernel({ sql, wrap: recorder.wrap })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    const make = async (path: string, body: object): Promise<string> => (await host.api('POST', path, { body })).data.id
    for (const [name, rules] of [
      ['sam', sams],
      ['val', vals],
    ] as const) {
      const policy = await make('/policies', { name })
      ids[name] = await make('/users', { email: `${name}@example.com`, title: name, token: name })
      await make('/access', { user: ids[name], policy })
      assert.equal((await host.api('POST', '/permissions', { body: rules.map((rule) => ({ policy, ...rule })) })).status, 200)
    }
  })
  after(() => host.close())
  beforeEach(() => host.kernel.db.execute('delete from directus_versions'))

  const ask = (method: string, path: string, token: string, body?: unknown) => host.api(method, path, { token, body })
  async function keep(item: string, body: object): Promise<void> {
    const { id } = (await ask('POST', '/versions', 'sam', { key: 'k', collection: 'book', item })).data
    const { status, body: answer } = await ask('POST', `/versions/${id}/save`, 'sam', body)
    assert.equal(status, 200, JSON.stringify(answer))
  }
  /** What Val reads of a book: a code, or what is shown. */
  async function seen(path: string): Promise<unknown> {
    const { code, data } = await ask('GET', `/items/book${path}`, 'val')
    const bare = ({ $meta, ...row }: any) => row
    return code ?? (Array.isArray(data) ? data.map(bare) : bare(data))
  }

  const attacks: [why: string, item: string, body: () => object, path: string, told: unknown][] = [
    ['a book opened', '2', () => ({ status: 'open' }), '/2?version=k&fields=title', 'FORBIDDEN'],
    ['a book opened, in a list', '2', () => ({ status: 'open' }), '?version=k&fields=title', []],
    ['a book opened, counted', '2', () => ({ status: 'open' }), '?version=k&aggregate[count]=*', []],
    ['a book made hers', '1', () => ({ keeper: ids.val }), '/1?version=k&fields=secret', { secret: null }],
    ['a book made hers, sought by its secret', '1', () => ({ keeper: ids.val }), '?version=k&fields=title&filter[secret]=s1', []],
    ['a book of her title', '1', () => ({ title: 'val' }), '/1?version=k&fields=secret', { secret: null }],
    [
      'an author made hers',
      '1',
      () => ({ author: { id: 1, keeper: ids.val } }),
      '/1?version=k&fields=author.salary',
      { author: { salary: null } },
    ],
    [
      'an author sought by salary',
      '1',
      () => ({ author: { id: 1, keeper: ids.val } }),
      '?version=k&fields=title&filter[author][salary][_gt]=5',
      [],
    ],
    [
      'an author of a new book of hers',
      '1',
      () => ({ author: { id: 1, books: { create: [{ keeper: ids.val }] } } }),
      '/1?version=k&fields=author.salary',
      { author: { salary: null } },
    ],
    ['another author', '1', () => ({ author: 2, keeper: ids.val }), '/1?version=k&fields=author.salary', { author: { salary: null } }],
    [
      'an author whose grade is deleted',
      '1',
      () => ({ author: { id: 3, grade: { id: 2, graded: { delete: [3] } } } }),
      '/1?version=k&fields=author.salary',
      { author: { salary: null } },
    ],
    ['herself called as a book is', '1', () => ({ editor: { id: ids.val, title: 'one' } }), '/1?version=k&fields=secret', { secret: null }],
    [
      'a plan of another book',
      '1',
      () => ({ plans: { update: [{ id: 2, book: 1 }], create: [], delete: [] } }),
      '/1?version=k&fields=plans.body',
      { plans: [{ body: 'p1' }] },
    ],
  ]
  for (const [why, item, body, path, told] of attacks) {
    test(`${why}: shows nothing`, async () => {
      await keep(item, body())
      assert.deepEqual(await seen(path), told)
    })
  }

  const twins: [why: string, body: () => object, path: string, told: unknown][] = [
    ['what she sees', () => ({ title: 'other' }), '/1?version=k&fields=title,status', { title: 'other', status: 'open' }],
    ['another author of hers', () => ({ author: 2 }), '/1?version=k&fields=author.name', { author: { name: 'Bob' } }],
    [
      'a plan that is new',
      () => ({ plans: { create: [{ body: 'new' }], update: [], delete: [] } }),
      '/1?version=k&fields=plans.body',
      { plans: [{ body: 'p1' }, { body: 'new' }] },
    ],
    [
      'a new author who is hers',
      () => ({ author: { name: 'New', salary: 1, keeper: ids.val } }),
      '/1?version=k&fields=author.salary',
      { author: { salary: 1 } },
    ],
    ['a book closed is hidden', () => ({ status: 'closed' }), '/1?version=k&fields=title', 'FORBIDDEN'],
  ]
  for (const [why, body, path, told] of twins) {
    test(`twin: ${why}`, async () => {
      await keep('1', body())
      assert.deepEqual(await seen(path), told)
    })
  }

  test('what Val may see before is hers in the version too', async () => {
    await host.kernel.db.query('update book set keeper = $1 where id = 2', [ids.val!])
    await keep('2', { title: 'two v', author: { id: 2, name: 'Robert' } })
    assert.deepEqual(await seen('/2?version=k&fields=title,secret,author.name,author.salary'), {
      title: 'two v',
      secret: 's2',
      author: { name: 'Robert', salary: 20 },
    })
    await host.kernel.db.execute('update book set keeper = null')
  })

  test('a version of a hidden item is answered as none is, after as many statements', async () => {
    await keep('2', { title: 'v' })
    const told = async (path: string) => {
      await ask('GET', `/items/book${path}`, 'val')
      recorder.take()
      const { status, body } = await ask('GET', `/items/book${path}`, 'val')
      return [status, body, recorder.take().length]
    }
    const missing = await told('/99?version=k')
    for (const path of ['/2?version=k', '/3?version=k', '/2?version=none']) assert.deepEqual(await told(path), missing, path)
    const none = await told('?version=none&fields=title')
    assert.deepEqual(await told('?version=k&fields=title'), none)
    assert.deepEqual(none.slice(0, 2), [200, { data: [] }])
  })
})

/**
 * What is nested in what was saved tells of items of other collections. Eve sees all of the books, names of authors, and no plans; Flo sees all of all three.
 * Both see all versions and revisions. Sam sees and changes everything but rights.
 */
describe('what a version nests', () => {
  const sql = `
create table author (id integer primary key default (random() * 1e8)::integer + 10, name text, salary integer);
create table book (id integer primary key default (random() * 1e8)::integer + 10, title text, info json, author integer references author, series integer references book);
create table plan (id integer primary key default (random() * 1e8)::integer + 10, book integer references book, body text);
insert into author values (1, 'Ann', 10);
insert into book values (1, 'one', null, 1, null);
`
  const meta = `
insert into directus_collections (collection, versioning) values ('book', true);
insert into directus_relations (many_collection, many_field, one_collection, one_field) values
  ('book', 'author', 'author', null), ('plan', 'book', 'book', 'plans'), ('book', 'series', 'book', 'volumes');
insert into directus_fields (collection, field, special) values ('book', 'plans', 'o2m'), ('book', 'volumes', 'o2m'), ('book', 'info', 'cast-json');
`
  const collections = ['author', 'book', 'plan']
  const actions = ['create', 'read', 'update', 'delete']
  const all = (collection: string, some = actions) => some.map((action) => ({ collection, action, fields: ['*'] }))
  const kept = [...all('directus_versions'), ...all('directus_revisions', ['read']), ...all('directus_activity', ['read'])]
  const people: Record<string, object[]> = {
    sam: [...kept, ...collections.flatMap((name) => all(name))],
    eve: [...kept, ...all('book', ['read', 'update']), { collection: 'author', action: 'read', fields: ['id', 'name'] }],
    flo: [...kept, ...collections.flatMap((name) => all(name, ['read']))],
  }

  let host: TestHost
  before(async () => {
    host = await startKernel({ sql })
    await host.kernel.db.execute(meta)
    await host.kernel.registry.reload()
    const make = async (path: string, body: object): Promise<string> => (await host.api('POST', path, { body })).data.id
    for (const [name, rules] of Object.entries(people)) {
      const policy = await make('/policies', { name })
      await make('/access', { user: await make('/users', { email: `${name}@example.com`, token: name }), policy })
      assert.equal((await host.api('POST', '/permissions', { body: rules.map((rule) => ({ policy, ...rule })) })).status, 200)
    }
  })
  after(() => host.close())
  beforeEach(() => host.kernel.db.execute('delete from directus_versions; delete from directus_activity'))

  const ask = (method: string, path: string, token: string, body?: unknown) => host.api(method, path, { token, body })
  async function keep(body: object): Promise<string> {
    const { id } = (await ask('POST', '/versions', 'sam', { key: 'k', collection: 'book', item: '1' })).data
    assert.equal((await ask('POST', `/versions/${id}/save`, 'sam', body)).status, 200)
    return id
  }

  const nested: [why: string, body: object][] = [
    ['an author', { author: { id: 1, salary: 4711 } }],
    ['a new author', { author: { name: 'x', salary: 4711 } }],
    ['plans', { plans: [{ body: '4711' }] }],
    ['plans in detail', { plans: { create: [{ body: '4711' }], update: [], delete: [] } }],
    ['an author of a volume', { volumes: { create: [{ title: 'v', author: { id: 1, salary: 4711 } }], update: [], delete: [] } }],
    ['plans of the series', { series: { title: 's', plans: [{ body: '4711' }] } }],
  ]
  const channels: [why: string, method: string, path: (id: string) => string, body?: (id: string) => unknown][] = [
    ['the list', 'GET', () => '/versions'],
    ['the key', 'GET', (id) => `/versions/${id}`],
    ['SEARCH', 'SEARCH', () => '/versions', () => ({ query: { fields: ['delta'] } })],
    ['an alias', 'GET', () => '/versions?alias[other]=delta&fields=other'],
    ['a function', 'GET', () => '/versions?fields=json(delta,author.salary),json(delta,plans[0].body),json(delta,series.plans[0].body)'],
    ['an export', 'GET', () => '/versions?export=csv'],
    ['a change of its name', 'PATCH', (id) => `/versions/${id}`, () => ({ name: 'n' })],
    ['a comparison', 'GET', (id) => `/versions/${id}/compare`],
    ['a save', 'POST', (id) => `/versions/${id}/save`, () => ({ title: 't' })],
    ['GraphQL', 'POST', () => '/graphql/system', () => ({ query: '{ versions { delta } }' })],
    ['GraphQL by key', 'POST', () => '/graphql/system', (id) => ({ query: `{ versions_by_id(id: "${id}") { delta } }` })],
    ['the raw item', 'GET', () => '/items/book/1?version=k&versionRaw=true'],
    ['the item', 'GET', () => '/items/book/1?version=k&fields=*'],
    ['revisions', 'GET', () => '/revisions'],
    ['revisions of versions', 'GET', () => '/revisions?fields=version.delta,data,delta'],
    ['revisions of activity', 'GET', () => '/activity?fields=*,revisions.data,revisions.delta'],
    ['revisions in GraphQL', 'POST', () => '/graphql/system', () => ({ query: '{ revisions { data delta } }' })],
  ]
  for (const [why, body] of nested) {
    test(`${why}: Eve is told nothing of it`, async () => {
      const id = await keep(body)
      const told: string[] = []
      for (const [channel, method, path, sent] of channels) {
        const answer = await ask(method, path(id), 'eve', sent?.(id))
        if (answer.status !== 200 || /4711/.test(JSON.stringify(answer.body)))
          told.push(`${channel}: ${answer.status} ${JSON.stringify(answer.body)}`)
      }
      assert.deepEqual(told, [])
      for (const path of ['$.author.salary', '$.plans[0].body', '$.series.plans[0].body']) {
        const filter = encodeURIComponent(
          JSON.stringify({ delta: { _json: { [path.slice(2)]: { _eq: path.includes('salary') ? 4711 : '4711' } } } }),
        )
        assert.deepEqual((await ask('GET', `/versions?filter=${filter}`, 'eve')).data, [], path)
      }
    })

    test(`twin: ${why}: Flo is told all of it`, async () => {
      const id = await keep(body)
      for (const path of ['/versions', `/versions/${id}`, `/versions/${id}/compare`, '/revisions?fields=data'])
        assert.match(JSON.stringify((await ask('GET', path, 'flo')).body), /4711/, path)
    })
  }

  test('twin: Eve is told what says nothing of others', async () => {
    const saved = {
      title: 'new',
      author: 1,
      series: null,
      info: { series: [1] },
      volumes: { create: [{ title: 'v' }], update: [], delete: [] },
    }
    const id = await keep(saved)
    for (const [path, of] of [
      ['/versions', ({ data }: any) => data[0].delta],
      [`/versions/${id}`, ({ data }: any) => data.delta],
      [`/versions/${id}/compare`, ({ data }: any) => data.current],
    ] as const) {
      const { _user, _date, volumes, ...told } = of((await ask('GET', path, 'eve')).body)
      assert.deepEqual({ ...told, title: told.title, volumes: volumes.create[0].title }, { ...told, ...saved, volumes: 'v' }, path)
    }
  })

  test('what Eve saves leaves what she does not see, and she cannot promote it', async () => {
    const id = await keep({ author: { id: 1, salary: 4711 } })
    assert.equal((await ask('POST', `/versions/${id}/save`, 'eve', { title: 'hers' })).data.title, 'hers')
    const { delta } = (await ask('GET', `/versions/${id}`, 'flo')).data
    assert.deepEqual([delta.title, delta.author.salary], ['hers', 4711])
    const promote = async (who: string) => {
      const { mainHash } = (await ask('GET', `/versions/${id}/compare`, who)).data
      const { code, status } = await ask('POST', `/versions/${id}/promote`, who, { mainHash })
      return code ?? status
    }
    assert.deepEqual([await promote('eve'), await promote('sam')], ['FORBIDDEN', 200])
    assert.deepEqual((await ask('GET', '/items/author/1', 'sam')).data.salary, 4711)
    await host.kernel.db.execute(`update author set salary = 10; update book set title = 'one'`)
  })

  test('what PostgreSQL cannot look into is told to nobody who does not see all', async () => {
    const id = await keep({ title: 'x' })
    await host.kernel.db.query(`update directus_versions set delta = $2 where id = $1`, [id, '{"title":"a\\u0000b"}'])
    assert.deepEqual((await ask('GET', '/versions?fields=delta', 'eve')).data, [{ delta: null }])
    assert.equal((await ask('GET', '/versions?fields=delta', 'flo')).data[0].delta.title, 'a\0b')
  })
})

/** Mutations: one transaction each, answered by what was written. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost

before(async () => {
  host = await startKernel({
    sql: `
      create table authors (id serial primary key, name text not null);
      create table articles (id serial primary key, title varchar(20), author int references authors);
      create table motto (id serial primary key, text text);`,
  })
  await host.api('POST', '/fields/authors', { body: { field: 'articles', type: 'alias', meta: { special: ['o2m'] } } })
  await host.api('PATCH', '/relations/articles/author', { body: { meta: { one_field: 'articles' } } })
  await host.api('PATCH', '/collections/motto', { body: { meta: { singleton: true } } })
})
after(() => host.close())

const ask = async (query: string, variables?: object) => (await host.api('POST', '/graphql', { body: { query, variables } })).body

/** One after the other: each builds on those before. */
const steps: [why: string, query: string, variables: object | undefined, data: object][] = [
  [
    'an item with items in it',
    'mutation ($data: create_authors_input!) { made: create_authors_item(data: $data) { id name articles(sort: ["id"]) { id title } } }',
    { data: { name: 'Ann', articles: [{ title: 'One' }, { title: 'Two' }] } },
    {
      made: {
        id: '1',
        name: 'Ann',
        articles: [
          { id: '1', title: 'One' },
          { id: '2', title: 'Two' },
        ],
      },
    },
  ],
  [
    'several items, of whom some are answered',
    'mutation { create_articles_items(data: [{ title: "Three", author: { id: 1 } }, { title: "Four" }], filter: { author: { id: { _eq: 1 } } }) { title author { name } } }',
    undefined,
    { create_articles_items: [{ title: 'Three', author: { name: 'Ann' } }] },
  ],
  [
    'an item that is linked by its key alone, though others need a name',
    'mutation { create_articles_item(data: { title: "Linked", author: { id: 1 } }) { author { name } } }',
    undefined,
    { create_articles_item: { author: { name: 'Ann' } } },
  ],
  [
    'one change',
    'mutation { update_articles_item(id: 1, data: { title: "Uno" }) { title } }',
    undefined,
    { update_articles_item: { title: 'Uno' } },
  ],
  [
    'the same for several',
    'mutation { update_articles_items(ids: [1, 2], data: { title: "Same" }, sort: ["id"]) { id title } }',
    undefined,
    {
      update_articles_items: [
        { id: '1', title: 'Same' },
        { id: '2', title: 'Same' },
      ],
    },
  ],
  [
    'each its own',
    'mutation { update_articles_batch(data: [{ id: 1, title: "A" }, { id: 2, title: "B" }], sort: ["-id"]) { title } }',
    undefined,
    { update_articles_batch: [{ title: 'B' }, { title: 'A' }] },
  ],
  [
    'two in one document',
    'mutation { a: delete_articles_item(id: 5) { id } b: delete_articles_items(ids: [3, 99]) { ids } }',
    undefined,
    { a: { id: '5' }, b: { ids: ['3', '99'] } },
  ],
  ['a singleton', 'mutation { update_motto(data: { text: "Onward" }) { text } }', undefined, { update_motto: { text: 'Onward' } }],
  ['and again', 'mutation { update_motto(data: { text: "Back" }) { id text } }', undefined, { update_motto: { id: '1', text: 'Back' } }],
]
test('mutations', async (t) => {
  for (const [why, query, variables, data] of steps) {
    await t.test(why, async () => assert.deepEqual(await ask(query, variables), { data }))
  }
})

test('a failing mutation keeps nothing of itself, and those before it stand', async () => {
  const body = await ask(
    'mutation { a: create_articles_item(data: { title: "Kept" }) { title } b: create_authors_item(data: { name: "Lost", articles: [{ title: "A title that is far too long" }] }) { id } c: create_articles_item(data: { title: "Also" }) { title } }',
  )
  assert.deepEqual(body.data, { a: { title: 'Kept' }, b: null, c: { title: 'Also' } })
  assert.deepEqual(
    body.errors.map(({ path, extensions }: { path: string[]; extensions: { code: string } }) => [path, extensions.code]),
    [[['b'], 'VALUE_TOO_LONG']],
  )
  assert.deepEqual((await ask('{ authors(filter: { name: { _eq: "Lost" } }) { id } }')).data, { authors: [] })
})

test('a failing list that must not be null takes all data away, and what follows is not begun', async () => {
  const body = await ask(
    'mutation { a: update_articles_items(ids: ["x"], data: { title: "y" }) { id } b: create_articles_item(data: { title: "Never" }) { id } }',
  )
  assert.deepEqual([Object.keys(body), body.errors[0].path], [['errors'], ['a']])
  assert.deepEqual((await ask('{ articles(filter: { title: { _eq: "Never" } }) { id } }')).data, { articles: [] })
})

test('items may be made in others by who may make them, though they may not read them', async () => {
  const make = async (path: string, body: object) => (await host.api('POST', path, { body })).data.id
  const policy = await make('/policies', { name: 'maker' })
  await make('/access', { user: await make('/users', { email: 'maker@example.com', token: 'maker-token' }), policy })
  for (const collection of ['authors', 'articles']) await make('/permissions', { policy, collection, action: 'create', fields: ['*'] })
  const query = 'mutation { create_authors_item(data: { name: "Hidden", articles: [{ title: "Unseen" }] }) }'
  const { body } = await host.api('POST', '/graphql', { body: { query }, token: 'maker-token' })
  assert.deepEqual(body, { data: { create_authors_item: true } })
  const made = await ask('{ authors(filter: { name: { _eq: "Hidden" } }) { articles { title } } }')
  assert.deepEqual(made.data, { authors: [{ articles: [{ title: 'Unseen' }] }] })
})

test('a singleton that has not been saved has its defaults, and promises no more', async (t) => {
  const fresh = await startKernel({
    sql: `create table motto (id serial primary key, text text not null, kind text not null default '', n int not null default 7)`,
  })
  t.after(() => fresh.close())
  await fresh.api('PATCH', '/collections/motto', { body: { meta: { singleton: true } } })
  const query = '{ motto { id text kind n } __type(name: "motto") { fields { name type { kind } } } }'
  const { data } = await fresh.api('POST', '/graphql', { body: { query } })
  assert.deepEqual(data.motto, { id: null, text: null, kind: '', n: 7 })
  const certain = data.__type.fields.filter(({ type }: any) => type.kind === 'NON_NULL').map(({ name }: any) => name)
  assert.deepEqual(certain, ['kind'])
})

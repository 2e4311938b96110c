/** Queries: one statement a root field, with the types of the API's GraphQL. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startKernel, type TestHost } from '../../host.ts'

let host: TestHost

before(async () => {
  host = await startKernel({
    sql: `
      create table authors (id serial primary key, name text not null);
      create table articles (
        id serial primary key, title varchar(255), price numeric(10, 2), views bigint, live boolean, born date, at timestamptz, info json,
        author int references authors
      );
      create table no_spelling ("a-b" int primary key, fine text);
      insert into authors (name) values ('Ann'), ('Bob');
      insert into articles (title, price, views, live, born, at, info, author) values
        ('One', 1.50, 9007199254740993, true, '2024-02-03', '2024-02-03 04:05:06Z', '{"a": {"b": 7}}', 1),
        ('Two', 2.25, 2, false, null, null, '[1, 2]', 1),
        ('Three', null, null, null, '2023-01-01', null, null, null);`,
  })
  await host.api('POST', '/fields/authors', { body: { field: 'articles', type: 'alias', meta: { special: ['o2m'] } } })
  const { status } = await host.api('PATCH', '/relations/articles/author', { body: { meta: { one_field: 'articles' } } })
  assert.equal(status, 200)
})
after(() => host.close())

const ask = (query: string, variables?: object) => host.api('POST', '/graphql', { body: { query, variables } })

const cases: [why: string, query: string, data: object][] = [
  [
    'keys are text, numbers numbers',
    '{ articles { id title price views live born at } }',
    {
      articles: [
        { id: '1', title: 'One', price: 1.5, views: '9007199254740993', live: true, born: '2024-02-03', at: '2024-02-03T04:05:06.000Z' },
        { id: '2', title: 'Two', price: 2.25, views: '2', live: false, born: null, at: null },
        { id: '3', title: 'Three', price: null, views: null, live: null, born: '2023-01-01', at: null },
      ],
    },
  ],
  [
    'aliases, fragments, directives',
    'query ($no: Boolean = false) { a: articles(limit: 1) { key: id ...T x: title @skip(if: true) y: title @include(if: $no) } } fragment T on articles { __typename t: title }',
    {
      a: [{ key: '1', __typename: 'articles', t: 'One' }],
    },
  ],
  [
    'a relation to one, and back',
    '{ articles(filter: { id: { _eq: 1 } }) { author { id name articles(sort: ["-id"], limit: 1) { id } } } }',
    {
      articles: [{ author: { id: '1', name: 'Ann', articles: [{ id: '2' }] } }],
    },
  ],
  [
    'the same relation twice',
    '{ authors(sort: ["id"]) { name few: articles(limit: 1, sort: ["id"]) { id } all: articles(sort: ["id"]) { title } } }',
    {
      authors: [
        { name: 'Ann', few: [{ id: '1' }], all: [{ title: 'One' }, { title: 'Two' }] },
        { name: 'Bob', few: [], all: [] },
      ],
    },
  ],
  [
    'functions',
    '{ articles(limit: 2) { born_func { year m: month __typename } info_func { count json(path: "a.b") } author { articles_func { count } } } }',
    {
      articles: [
        {
          born_func: { year: 2024, m: 2, __typename: 'date_functions' },
          info_func: { count: null, json: 7 },
          author: { articles_func: { count: 2 } },
        },
        {
          born_func: { year: null, m: null, __typename: 'date_functions' },
          info_func: { count: 2, json: null },
          author: { articles_func: { count: 2 } },
        },
      ],
    },
  ],
  [
    'functions and relations in filters',
    '{ articles(filter: { born_func: { year: { _eq: 2024 } }, author: { articles: { _some: { title: { _eq: "Two" } } } } }) { id } }',
    { articles: [{ id: '1' }] },
  ],
  ['by key', '{ articles_by_id(id: "2") { title } }', { articles_by_id: { title: 'Two' } }],
  [
    'groups',
    '{ articles_aggregated(groupBy: ["author"], sort: ["author"]) { group countAll count { id all: title __typename } sum { price } max { price } } }',
    {
      articles_aggregated: [
        {
          group: { author: 1 },
          countAll: 2,
          count: { id: 2, all: 2, __typename: 'articles_aggregated_count' },
          sum: { price: 3.75 },
          max: { price: 2.25 },
        },
        {
          group: { author: null },
          countAll: 1,
          count: { id: 1, all: 1, __typename: 'articles_aggregated_count' },
          sum: { price: null },
          max: { price: null },
        },
      ],
    },
  ],
  [
    'several roots, and the type itself',
    '{ __typename a: authors_aggregated { countAll } b: articles(limit: 0) { id } }',
    { __typename: 'Query', a: [{ countAll: 2 }], b: [] },
  ],
  [
    'introspection',
    '{ __type(name: "authors") { name fields { name } } }',
    { __type: { name: 'authors', fields: [{ name: 'id' }, { name: 'name' }, { name: 'articles' }, { name: 'articles_func' }] } },
  ],
]
for (const [why, query, data] of cases) {
  test(why, async () => {
    const { status, body } = await ask(query)
    assert.deepEqual(body, { data })
    assert.equal(status, 200)
  })
}

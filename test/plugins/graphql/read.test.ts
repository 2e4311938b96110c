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
  ['one text that sorts by several', '{ articles(sort: "live, -id") { id } }', { articles: [{ id: '2' }, { id: '1' }, { id: '3' }] }],
  [
    'spaces around what is sorted by',
    '{ articles(sort: ["live", " -id "]) { id } authors(sort: []) { id } }',
    { articles: [{ id: '2' }, { id: '1' }, { id: '3' }], authors: [{ id: '1' }, { id: '2' }] },
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

const half: [why: string, variables: string, filter: string, given?: object][] = [
  ['a value', '$v: String', 'title: { _eq: $v }'],
  ['one of two conditions', '$v: String', 'title: { _eq: $v, _nnull: true }'],
  ['a list', '$v: [String]', 'title: { _in: $v }'],
  ['an entry of a list', '$v: String', 'title: { _in: ["One", $v] }'],
  ['what is said of a field', '$v: string_filter_operators', 'title: $v'],
  ['a group', '$v: [articles_filter]', '_and: $v'],
  ['of a related row', '$v: String', 'author: { name: { _eq: $v } }'],
  ['of a function', '$v: number_filter_operators', 'born_func: { year: $v }'],
  ['in JSON', '$v: Int', 'info: { _json: { a: { _eq: $v } } }'],
  ['a function that is null', '$v: date_function_filter_operators', 'born_func: $v', { v: null }],
]
for (const [why, variables, filter, given = {}] of half) {
  test(`a condition without its value is none that may be left out: ${why}`, async () => {
    const { body, code } = await ask(`query (${variables}) { articles(filter: { ${filter} }) { id } }`, given)
    assert.deepEqual([code, body.data], ['INVALID_QUERY', undefined])
    const below = await ask(`query (${variables}) { authors { articles(filter: { ${filter} }) { id } } }`, given)
    assert.equal(below.code, 'INVALID_QUERY')
  })
}

test('a filter that is left out as a whole says nothing', async () => {
  const { body } = await ask(
    'query ($f: articles_filter, $n: String = "Two") { a: articles(filter: $f) { id } b: articles(filter: { title: { _eq: $n } }) { id } }',
  )
  assert.deepEqual([body.data.a.length, body.data.b], [3, [{ id: '2' }]])
})

test('what is not null is promised, but for what is filled in; a default that is nothing is no default there', async (t) => {
  const typed = await startKernel({
    sql: `create table facts (id serial primary key, no boolean not null default false, yes boolean not null default true, zero int not null default 0,
      one int not null default 1, big bigint not null default 0, half numeric(4, 2) not null default 0.00, f float8 not null default 0, word text not null default '', figure text not null default '0',
      at timestamptz not null default now(), must text not null, may boolean default false, own uuid not null)`,
  })
  t.after(() => typed.close())
  await typed.api('PATCH', '/fields/facts/own', { body: { meta: { special: ['uuid'] } } })
  const spelled = async (type: string, kind: string) => {
    const { body } = await typed.api('POST', '/graphql', {
      body: { query: `{ __type(name: "${type}") { ${kind} { name type { kind } } } }` },
    })
    return body.data.__type[kind].filter(({ type: { kind } }: any) => kind === 'NON_NULL').map(({ name }: any) => name)
  }
  assert.deepEqual(await spelled('facts', 'fields'), ['id', 'no', 'zero', 'big', 'half', 'f', 'word', 'must'])
  assert.deepEqual(await spelled('create_facts_input', 'inputFields'), ['must'])
})

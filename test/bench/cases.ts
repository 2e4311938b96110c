/** What is measured: for each case the API's request and the hand-written statement that gives the same answer. */
import type { LoadRequest } from 'autocannon'

export interface Case {
  readonly name: string
  readonly title: string
  /** Sent in turn, of a database with so many articles. If there are many, each connection sends its share of them. */
  requests(rows: number): readonly LoadRequest[]
  /** How the bare limit answers; nothing for a route without a database. */
  readonly bare: { readonly text: string; readonly kind: 'list' | 'key' | 'create' | 'update' | 'graphql' } | null
}

/** A row as the API shows it, by the columns' own names; the keys of its comments where no comments are shown. */
const article = (row: string, comments = commentKeys(row)) =>
  `${row}.id, ${row}.author, ${row}.title, ${row}.body, ${row}.status, ${row}.featured, ${row}.rating::text as rating, ${row}.views::text as views, ` +
  `${instant(`${row}.published_at`)} as published_at, to_char(${row}.edited_at, 'YYYY-MM-DD"T"HH24:MI:SS') as edited_at, ${comments} as comments`
const related = (row: string, shown: string) =>
  `coalesce((select json_agg(${shown} order by c.id) from comments c where c.article = ${row}.id), '[]')`
const commentKeys = (row: string) => related(row, 'c.id')
const comment = (row: string) => `${row}.id, ${row}.article, ${row}.text, ${row}.likes, ${instant(`${row}.written_at`)} as written_at`
const instant = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const list = (rows: string) => `select '{"data":[' || coalesce(string_agg(row_to_json(d)::text, ','), '') || ']}' from (${rows}) d`
const one = (rows: string) => `select '{"data":' || row_to_json(d)::text || '}' from (${rows}) d`

const get = (path: string): LoadRequest => ({ method: 'GET', path })
const json = (method: string, path: string, body: unknown): LoadRequest => ({
  method,
  path,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
/** Spread over the table. */
const keysOf = (rows: number) => Array.from({ length: 320 }, (_, i) => ((i * 7919) % rows) + 1)
const words = { text: 'A comment with some words in it', likes: 3, written_at: '2025-06-01T12:34:56.789Z' }

export const cases: readonly Case[] = [
  { name: 'ping', title: 'ping', requests: () => [get('/server/ping')], bare: null },
  {
    name: 'list',
    title: 'list of 100, all columns',
    requests: () => [get('/items/articles')],
    bare: { kind: 'list', text: list(`select ${article('a')} from (select * from articles order by id limit 100) a`) },
  },
  {
    name: 'key',
    title: 'one by key',
    requests: (rows) => keysOf(rows).map((key) => get(`/items/articles/${key}`)),
    bare: { kind: 'key', text: one(`select ${article('a')} from articles a where a.id = $1`) },
  },
  {
    name: 'filter',
    title: 'filter and sort, 25 rows',
    requests: () => [
      get(
        '/items/articles?fields=id,title,rating,published_at&filter[status][_eq]=published&filter[views][_gt]=500000&sort=-published_at&limit=25',
      ),
    ],
    bare: {
      kind: 'list',
      text: list(
        `select a.id, a.title, a.rating::text as rating, ${instant('a.published_at')} as published_at from articles a ` +
          `where a.status = 'published' and a.views > 500000 order by a.published_at desc, a.id limit 25`,
      ),
    },
  },
  {
    name: 'nested',
    title: 'list of 50 with m2o and o2m',
    requests: () => [get('/items/articles?fields=*,author.*,comments.*&limit=50')],
    bare: {
      kind: 'list',
      text: list(
        `select ${article('a', related('a', `(select row_to_json(o) from (select ${comment('c')}) o)`)).replace('a.author', 'case when w.id is not null then (select row_to_json(o) from (select w.id, w.name, w.email, w.born) o) end as author')} ` +
          `from (select * from articles order by id limit 50) a left join authors w on w.id = a.author order by a.id`,
      ),
    },
  },
  {
    name: 'graphql',
    title: 'GraphQL, list of 50 with m2o and o2m',
    requests: () => [
      json('POST', '/graphql', {
        query:
          '{ articles(limit: 50, sort: ["id"]) { id title body status featured rating views published_at author { id name email } comments(sort: ["id"]) { id text likes } } }',
      }),
    ],
    bare: {
      kind: 'graphql',
      text:
        `select '{"data":{"articles":[' || coalesce(string_agg(row_to_json(d)::text, ','), '') || ']}}' from (` +
        `select a.id::text as id, a.title, a.body, a.status, a.featured, a.rating, a.views::text as views, ${instant('a.published_at')} as published_at, ` +
        `case when w.id is not null then (select row_to_json(o) from (select w.id::text as id, w.name, w.email) o) end as author, ` +
        `${related('a', '(select row_to_json(o) from (select c.id::text as id, c.text, c.likes) o)')} as comments ` +
        `from (select * from articles order by id limit 50) a left join authors w on w.id = a.author order by a.id) d`,
    },
  },
  {
    name: 'aggregate',
    title: 'count and average by group',
    requests: () => [get('/items/articles?aggregate[count]=*&aggregate[avg]=rating&groupBy=status&sort=status')],
    bare: {
      kind: 'list',
      text: list(
        `select status, count::text as count, json_build_object('rating', avg::text) as avg ` +
          `from (select status, count(*), avg(rating) from articles group by status order by status) g`,
      ),
    },
  },
  {
    name: 'create',
    title: 'create one',
    requests: () => [json('POST', '/items/comments', { article: 7, ...words })],
    bare: {
      kind: 'create',
      text:
        `with made as (insert into comments as c (article, text, likes, written_at) values ($1, $2, $3, $4) returning *) ` +
        one(`select ${comment('c')} from made c`),
    },
  },
  {
    name: 'update',
    title: 'update one',
    requests: (rows) => keysOf(rows).map((key) => json('PATCH', `/items/comments/${key}`, { text: words.text, likes: key })),
    bare: {
      kind: 'update',
      text:
        `with changed as (update comments as c set text = $1, likes = $2 where c.id = $3 returning *) ` +
        one(`select ${comment('c')} from changed c`),
    },
  },
]

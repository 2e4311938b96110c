/** Types of GraphQL: of columns, filters, functions, aggregates, inputs; and what values of each type look like. */
import { typedTable, UUIDS } from '../data.ts'
import { field, key } from '../fields.ts'
import { graphqlAsker, typeAsker } from '../graphql.ts'
import { library } from '../library.ts'
import type { Scenario } from '../runner.ts'

const scenario: Scenario = async (api) => {
  await library(api)
  await typedTable(api, 'gt_types')
  await api.table('gt_secrets', [
    key('code', 'string'),
    field('secret', 'hash', { meta: { special: ['hash', 'conceal'] } }),
    field('must', 'string', { schema: { is_nullable: false } }),
    field('has', 'integer', { schema: { is_nullable: false, default_value: 3 } }),
    field('wanted', 'string', { meta: { required: true } }),
  ])
  const filled = (name: string, type: string, default_value: unknown) =>
    field(name, type, { schema: { is_nullable: false, default_value } })
  await api.table('gt_defaults', [
    key('id', 'integer'),
    filled('no', 'boolean', false),
    filled('yes', 'boolean', true),
    filled('zero', 'integer', 0),
    filled('one', 'integer', 1),
    filled('big', 'bigInteger', 0),
    filled('part', 'decimal', 0),
    filled('none', 'string', ''),
    filled('some', 'string', 'x'),
    filled('now', 'timestamp', 'now()'),
    field('own', 'uuid', { meta: { special: ['uuid'] }, schema: { is_nullable: false } }),
    field('made', 'timestamp', { meta: { special: ['date-created'] }, schema: { is_nullable: false } }),
  ])
  await api.seed('gt_secrets', [{ code: 'a', secret: 'word', must: 'x' }])
  const ask = graphqlAsker(api)
  const type = typeAsker(ask)

  api.proves('graphql: types')
  for (const name of ['gt_types', 'gt_secrets', 'gt_defaults', 'q_books', 'q_authors', 'q_books_blocks']) await type(name)
  await ask(
    '{ gt_types(sort: ["id"]) { id a_string a_text an_integer a_big a_decimal a_float a_boolean a_date a_time a_datetime a_timestamp a_uuid a_json a_csv } }',
  )
  await ask('{ gt_secrets { code secret must has wanted } }')
  await ask('{ q_books(sort: ["id"], limit: 1) { id author { id books(sort: ["id"]) { id } } } }')

  api.proves('graphql: filters')
  for (const kind of [
    'number',
    'string',
    'date',
    'boolean',
    'big_int',
    'id',
    'json',
    'hash',
    'count_function',
    'datetime_function',
    'date_function',
    'time_function',
  ])
    await type(`${kind}_filter_operators`)
  for (const name of ['gt_types_filter', 'q_books_filter', 'q_comments_quantifier_filter', 'q_books_blocks_filter', 'q_authors_filter'])
    await type(name)
  for (const filter of [
    'id: { _in: [1, "2"] }',
    'a_string: { _icontains: "ALPHA" }',
    'a_big: { _eq: "9007199254740993" }',
    'a_big: { _lt: 0 }',
    'a_decimal: { _between: [1, "2"] }',
    'a_boolean: { _eq: false }',
    'a_date: { _gt: "2005-01-01" }',
    'a_timestamp: { _lt: "$NOW" }',
    `a_uuid: { _eq: "${UUIDS[0]}" }`,
    'a_json: { _null: true }',
    'a_csv: { _contains: "red" }',
    '_or: [{ id: { _eq: 1 } }, { _and: [{ id: { _gt: 1 } }, { a_string: { _nnull: true } }] }]',
    'a_date_func: { year: { _eq: 2001 } }',
    'a_timestamp_func: { hour: { _gt: 5 } }',
    'a_json_func: { count: { _gt: 1 } }',
  ])
    await ask(`{ gt_types(sort: ["id"], filter: { ${filter} }) { id } }`)
  for (const filter of [
    'comments: { _some: { score: { _gt: 3 } } }',
    'comments: { _none: { score: { _gt: 3 } } }',
    'comments: { text: { _eq: "good" } }',
    'comments_func: { count: { _gt: 1 } }',
    'author: { name: { _eq: "Sigrid" } }',
    'author: { books: { _some: { pages: { _gt: 600 } } } }',
    'genres: { genre: { name: { _eq: "novel" } } }',
    'blocks: { item__q_texts: { body: { _eq: "Once" } } }',
    'data: { _json: { kind: { _eq: "novel" } } }',
  ])
    await ask(`{ q_books(sort: ["id"], filter: { ${filter} }) { id } }`)
  for (const [variables, filter] of [
    ['$v: GraphQLStringOrFloat', 'pages: { _eq: $v }'],
    ['$v: [GraphQLStringOrFloat]', 'pages: { _in: $v }'],
    ['$v: number_filter_operators', 'pages: $v'],
    ['$v: [q_books_filter]', '_and: $v'],
    ['$v: date_function_filter_operators = null', 'published_func: $v'],
    ['$v: q_books_filter = {}', '_and: [$v]'],
  ])
    await ask(`query (${variables}) { q_books(filter: { ${filter} }, sort: ["id"], limit: 1) { id } }`)
  await ask('query ($f: q_books_filter) { q_books(filter: $f, sort: ["id"], limit: 1) { id } }')
  await ask('{ q_books(sort: "pages, -id", limit: 2) { id } }')
  await ask('{ q_books(sort: ["pages", " -id"], limit: 2) { id } }')
  await ask('query ($f: q_books_filter) { q_books(filter: $f, sort: ["id"]) { id } }', { variables: { f: { pages: { _gte: 500 } } } })

  api.proves('graphql: functions')
  for (const name of ['date_functions', 'time_functions', 'datetime_functions', 'count_functions', 'gt_types_a_json_func']) await type(name)
  await ask(
    '{ gt_types(sort: ["id"]) { a_date_func { year month week day weekday } a_time_func { hour minute second } a_timestamp_func { year hour second } } }',
  )
  await ask('{ q_books(sort: ["id"]) { comments_func { count } genres_func { count } } }')
  await ask('{ q_books(sort: ["id"], filter: { id: { _in: [1, 2, 4] } }) { data_func { json(path: "kind") } } }')
  await ask('{ q_books(sort: ["id"], filter: { id: { _in: [2] } }) { data_func { count } } }')
  await ask('{ q_authors(sort: ["id"], limit: 2) { books(sort: ["id"]) { published_func { year } } } }')

  api.proves('graphql: aggregates')
  for (const name of ['gt_types_aggregated', 'gt_types_aggregated_count', 'gt_types_aggregated_fields']) await type(name)
  await ask(
    '{ q_books_aggregated { count { id author } countDistinct { author } countAll sum { pages } avg { pages price } min { pages } max { price } } }',
  )
  await ask('{ q_books_aggregated(filter: { id: { _eq: 99 } }) { countAll sum { pages } } }')
  await ask('{ q_books_aggregated(groupBy: ["author"], sort: ["author"]) { group countAll avg { pages } } }')
  await ask(
    '{ q_books_aggregated(groupBy: ["year(published)"], sort: ["-count.id"], filter: { author: { id: { _eq: 1 } } }) { group count { id } } }',
    {
      label: 'groups by year',
    },
  )
  await ask('{ q_books_aggregated(groupBy: ["pages"], sort: ["pages"], limit: 2) { group sum { pages } } }')

  api.proves('graphql: unions')
  await type('q_books_blocks_item_union')
  const blocks =
    '{ q_books(sort: ["id"]) { blocks(sort: ["sort"]) { collection item { __typename ... on q_texts { id body } ... on q_images { file width artist { name } } } } } }'
  await ask(blocks)
  await ask('{ q_books(sort: ["id"], limit: 1) { blocks(sort: ["sort"]) { item { ... on q_texts { body } } } } }')
  await ask('{ q_books_blocks(sort: ["id"]) { item { ...I } } } fragment I on q_images { name: file }')

  api.proves('graphql: inputs')
  for (const name of [
    'create_gt_secrets_input',
    'update_gt_secrets_input',
    'create_gt_defaults_input',
    'update_gt_defaults_input',
    'create_q_books_input',
    'create_q_books_blocks_input',
  ])
    await type(name)
  await ask('mutation { create_gt_secrets_item(data: { code: "b", must: "y" }) { code must has wanted } }')
  await ask('mutation { create_gt_secrets_item(data: { code: "c" }) { code } }')
  await ask('mutation { create_gt_secrets_item(data: { must: "c" }) { code } }')
  await ask('mutation { create_gt_secrets_item(data: { code: "c", must: null }) { code } }')
  await ask('mutation { create_gt_secrets_item(data: { code: "c", must: "y", nope: 1 }) { code } }')
  await ask('mutation { create_gt_secrets_item { code } }')
}

export default scenario
